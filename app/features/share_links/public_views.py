"""What readers of a link reach: the page itself, the pages of its gates, pictures and files.

Every view asks `sheets.approach`, which asks `policy.next_step`; nothing of a link leaves by another way. A request
without a live grant writes nothing and asks Atlassian nothing unless it is a POST.
"""

from dataclasses import replace
from functools import partial

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.core import context, db
from app.core.crypto import tokens as secrets
from app.core.errors import NotFound
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.features.share_links import tokens
from app.features.share_links.gates import forged, opening
from app.features.share_links.gates import pages as gate_pages
from app.features.share_links.gates.opening import NOTHING, Asked, Brought, NotOpened, Opened
from app.features.share_links.gates.pages import At
from app.features.share_links.life import halts
from app.features.share_links.policy import Ask, Closed, ClosedBecause, Gate, Refused, RefusedBecause
from app.features.share_links.queries import Visit
from app.features.share_links.reading import file_answers, reader_page, ready, sheets
from app.features.share_links.reading.page_cache import Kept
from app.features.share_links.reading.reader_page import Look
from app.features.share_links.reading.sheets import Approach, Sheet
from app.web import cookies, theme
from app.web.access import public
from app.web.surfaces import Surface
from app.web.templating import endpoint_url, language

blueprint = Blueprint("share_links_public", __name__, url_prefix="/s")
open_to_strangers = public("the link's own gates decide", surface=Surface.PUBLIC, share_link=True)
#: What may open again.
_FOR_NOW = frozenset(
    {
        ClosedBecause.STOPPED,
        ClosedBecause.SWITCHED_OFF,
        ClosedBecause.PAUSED,
        ClosedBecause.CONNECTION_OFF,
        ClosedBecause.NOT_YET,
    }
)
_CLOSED_PAGES: Kept[bytes] = Kept(256 * 1024, len)


@blueprint.get("/<token>")
@open_to_strangers
def add_slash(token: str) -> BaseResponse:
    """Lead to the address that relative ones are relative to, whatever the token."""
    return redirect(url_for("share_links_public.read_link", token=token), 308)


@blueprint.get("/<token>/")
@open_to_strangers
def read_link(token: str) -> BaseResponse:
    """Show the landing page, a gate or the content, as the policy says."""
    return _read(token, None)


@blueprint.get("/<token>/page-<page_id>")
@open_to_strangers
def read_page(token: str, page_id: str) -> BaseResponse:
    """Show a page that the link covers besides the one it names; the same gates stand before it."""
    return _read(token, page_id)


@blueprint.get("/<token>/media/<attachment_id>")
@blueprint.get("/<token>/media/<page_id>/<attachment_id>")
@open_to_strangers
def show_media(token: str, attachment_id: str, page_id: str | None = None) -> BaseResponse:
    """Send a picture of the content, or another of its files as a download."""
    return _file(token, page_id, attachment_id, as_file=False)


@blueprint.get("/<token>/media/small/<attachment_id>")
@open_to_strangers
def show_small(token: str, attachment_id: str) -> BaseResponse:
    """Send the small picture of a file of an issue."""
    found = part_of(token)
    if isinstance(found, BaseResponse):
        return found
    _asked, visit, sheet = found
    answer = file_answers.small(visit, sheet, attachment_id)
    if answer is None:
        raise NotFound
    return answer


@blueprint.get("/<token>/files/<attachment_id>")
@blueprint.get("/<token>/files/<page_id>/<attachment_id>")
@open_to_strangers
def download_file(token: str, attachment_id: str, page_id: str | None = None) -> BaseResponse:
    """Send a listed file as a download."""
    return _file(token, page_id, attachment_id, as_file=True)


def asked_by(token: str) -> Asked | None:
    """Return what a request names and brings, or None for a token that nobody here signed."""
    seen: tuple[str, tuple[str, int]] | None = request.environ.get(forged.NAMED)
    named = seen[1] if seen is not None and seen[0] == token else tokens.read(token)
    if named is None:
        return None
    secret = cookies.session_secret()
    session_digest = secrets.digest(secret) if secret else None
    return Asked(*named, cookies.browser_digest(), session_digest, context.current().address)


def closed_page(*, known: bool) -> Response:
    """Return the one page that strangers get for every link that does not open.

    For a forged token (not `known`) no question is asked: the organisation is the one this process has in mind already.
    """
    organisation = (None if known else registry.peek(OrganisationSettings)) or registry.get(OrganisationSettings)
    key = (organisation, str(get_locale()))
    page = _CLOSED_PAGES.get(key)
    if page is None:
        names = {"organisation_name": organisation.name, "contact": organisation.contact}
        page = render_template("errors/link_closed.html", **names).encode()
        _CLOSED_PAGES.put(key, page)
    return Response(page, 404, content_type="text/html; charset=utf-8")


def forget() -> None:
    """Drop the pages that this process keeps."""
    reader_page.forget()
    _CLOSED_PAGES.clear()


def why_closed(because: ClosedBecause) -> str:
    """Return the sentence for somebody who may know why a link does not open."""
    return {
        ClosedBecause.REVOKED: _("This link was revoked."),
        ClosedBecause.CLOSED: _("What this link showed is no longer there, so the link is closed."),
        ClosedBecause.STOPPED: _("Sharing was stopped for the time being. This link may open again later."),
        ClosedBecause.SWITCHED_OFF: _("Sharing is switched off for the time being. This link may open again later."),
        ClosedBecause.PAUSED: _("This link is paused. It may open again later."),
        ClosedBecause.CREATOR_INACTIVE: _("The person who shared this no longer works here, so the link is closed."),
        ClosedBecause.CONNECTION_OFF: _("The system this comes from is switched off. It may open again later."),
        ClosedBecause.NOT_YET: _("This link is not open yet. It opens later."),
        ClosedBecause.EXPIRED: _("This link has expired."),
        ClosedBecause.USED_UP: _("This link was opened as often as it may be."),
    }[because]


def told_page(because: ClosedBecause, visit: Visit | None = None) -> Response:
    """Return the page that says why a link does not open, in an administrator's words where there are such."""
    later = because in _FOR_NOW
    message = ""
    if because is ClosedBecause.SWITCHED_OFF and visit is not None:
        with db.reading() as session:
            message = halts.message_for(session, visit.shown.link_id)
    page = render_template("share_links/public/closed.html", sentence=message or why_closed(because))
    return make_response(page, 403 if later else 410)


def _read(token: str, page_id: str | None) -> BaseResponse:
    asked = asked_by(token)
    if asked is None:
        return closed_page(known=False)
    first = ready.reached(request.environ, asked) or sheets.approach(asked)
    if first.served is None:
        return _without_content(token, asked, first)
    look, shape = partial(sheets.approach, asked), Look(theme.current(), language())
    fresh = sheets.freshen(look, first, page_id)
    if (page := reader_page.kept(fresh, shape)) is not None:
        return reader_page.answer(page)
    found, sheet = sheets.with_content(look, fresh, page_id)
    if found.served is None:
        return _without_content(token, asked, found)
    if sheet is None:
        raise NotFound
    page = reader_page.page(found.served, sheet, found.stale_since)
    reader_page.keep(found, shape, page)
    return reader_page.answer(page)


def _without_content(token: str, asked: Asked, found: Approach) -> BaseResponse:
    """Answer a page request that gets no content."""
    if found.visit is None:
        return closed(asked, found)
    at = At(token, found.visit, asked.browser_digest, another=request.args.get("address") == "another")
    match found.step:
        case Ask(Gate.RENEW):
            return _renew(at)
        case Ask(gate):
            return gate_pages.show(at, gate)
        case Refused(reason):
            return gate_pages.turned_away(at, reason)
    return closed(asked, found)


def _renew(at: At) -> BaseResponse:
    """Send somebody whose membership has to be asserted again to who asserted it, and back to what they asked for."""
    with db.reading() as session:
        way = gate_pages.way_through(session, at.visit.visitor.renews_through)
    if way is None:
        return gate_pages.turned_away(at, RefusedBecause.NOT_MEMBER)
    return redirect(endpoint_url(way.endpoint, next=request.path, **way.values) or at.address, 303)


def pass_gate(token: str, asked: Asked, brought: Brought = NOTHING) -> BaseResponse:
    """Take what was brought to a gate; where it was the last one, the link is open now. Either way the page says more."""
    browser_id = cookies.browser_id() or secrets.new_secret()
    known = replace(asked, browser_digest=secrets.digest(browser_id))
    with db.transaction() as session:
        outcome = opening.open_link(session, known, brought)
    if isinstance(outcome, NotOpened) and (outcome.step is None or isinstance(outcome.step, Closed)):
        return closed(asked, sheets.approach(asked))
    if isinstance(outcome, Opened) and outcome.elsewhere:
        # A sign that somebody else may have what is theirs: they see it before they read.
        response = make_response(redirect(url_for("share_links_public.show_access", token=token), 303))
    else:
        response = back(token)
    cookies.ensure_browser_id(response, browser_id)
    return response


def is_closed(found: Approach) -> bool:
    """Tell whether a link is closed, or is none."""
    return found.visit is None or isinstance(found.step, Closed)


def closed(asked: Asked, found: Approach) -> BaseResponse:
    """Return the page for a link that does not open: with the reason for those who may know it."""
    told = sheets.told_why(asked, found.visit)
    if told and isinstance(found.step, Closed):
        return told_page(found.step.reason, found.visit)
    return closed_page(known=True)


def back(token: str) -> Response:
    """Lead back to the page of a link."""
    return make_response(redirect(url_for("share_links_public.read_link", token=token), 303))


def part_of(token: str, page_id: str | None = None) -> tuple[Asked, Visit, Sheet] | BaseResponse:
    """Return what a request for a part of the content may have it from, or the answer that it gets instead.

    Raises NotFound for a page that the link does not cover.
    """
    asked = asked_by(token)
    if asked is None:
        return closed_page(known=False)
    first = sheets.approach(asked)
    if first.served is None:
        return without_part(token, asked, first)
    look = partial(sheets.approach, asked)
    ready, sheet = sheets.with_content(look, sheets.freshen(look, first, page_id), page_id)
    if ready.served is None:
        return without_part(token, asked, ready)
    if sheet is None:
        raise NotFound
    return asked, ready.served, sheet


def without_part(token: str, asked: Asked, found: Approach) -> BaseResponse:
    """Answer a request for a part of a link, or for a page beside its content, that gets none."""
    # Whoever saves a file goes on with it after renewing; a picture has a page around it that does.
    goes_there = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if found.visit is not None and found.step == Ask(Gate.RENEW) and goes_there:
        return _renew(At(token, found.visit, asked.browser_digest))
    return closed(asked, found) if is_closed(found) else back(token)


def _file(token: str, page_id: str | None, attachment_id: str, *, as_file: bool) -> BaseResponse:
    found = part_of(token, page_id)
    if isinstance(found, BaseResponse):
        return found
    asked, visit, sheet = found
    answer = file_answers.answer(visit, sheet, attachment_id, as_file=as_file, browser_digest=asked.browser_digest)
    if answer is None:
        raise NotFound
    return answer
