"""The PDF of a link: ordered by the first reader who wants it, awaited briefly, then stamped for each who takes it."""

import time
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, db
from app.core.errors import NotFound
from app.features.share_links.gates import opening
from app.features.share_links.gates.opening import Asked
from app.features.share_links.paper import orders, watermark
from app.features.share_links.paper.child import NotMade
from app.features.share_links.paper.orders import Paper
from app.features.share_links.public_views import (
    asked_by,
    blueprint,
    closed_page,
    open_to_strangers,
    part_of,
    without_part,
)
from app.features.share_links.queries import Visit
from app.features.share_links.reading import file_answers, sheets
from app.features.share_links.reading.sheets import Sheet
from app.web.headers import FILE_POLICY

#: Seconds that a reader waits before a page says that it takes longer.
PATIENCE = 2.0
_POLL_SECONDS = 0.1
#: Seconds after which that page looks again.
_AGAIN = 3


@dataclass(frozen=True)
class _Wanted:
    """Somebody wants a page that a link shows as PDF, and may have it."""

    token: str
    page_id: str | None
    asked: Asked
    visit: Visit
    sheet: Sheet


@blueprint.get("/<token>/pdf")
@blueprint.get("/<token>/pdf/<page_id>")
@open_to_strangers
def download_pdf(token: str, page_id: str | None = None) -> BaseResponse:
    """Send the PDF, or lead to the page that says how far it is."""
    wanted = _wanted(token, page_id)
    if isinstance(wanted, BaseResponse):
        return wanted
    done = _ordered(wanted, PATIENCE)
    if done is None or done.refused is not None:
        return redirect(url_for("share_links_public.follow_pdf", token=token, page_id=page_id), 303)
    return _sent(wanted, done)


@blueprint.get("/<token>/pdf/progress")
@blueprint.get("/<token>/pdf/<page_id>/progress")
@open_to_strangers
def follow_pdf(token: str, page_id: str | None = None) -> BaseResponse:
    """Say whether the PDF is being made, ready, or not to be had; the page can be left and come back to."""
    wanted = _wanted(token, page_id)
    if isinstance(wanted, BaseResponse):
        return wanted
    # Whoever comes back may find that the order was given up: the page had changed.
    return _progress(wanted, _ordered(wanted, 0.0))


@blueprint.get("/<token>/watermark.svg")
@open_to_strangers
def show_watermark(token: str) -> BaseResponse:
    """Send the words that lie over the page on screen; a picture, since the page itself is the same for every reader."""
    asked = asked_by(token)
    if asked is None:
        return closed_page(known=False)
    found = sheets.approach(asked)
    visit = found.served
    if visit is None:
        return without_part(token, asked, found)
    if not visit.shown.powers.watermark:
        raise NotFound
    with db.reading() as session:
        across = watermark.marks(session, visit, clock.now()).watermark
    response = Response(watermark.picture(across or ""), content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _wanted(token: str, page_id: str | None) -> _Wanted | BaseResponse:
    found = part_of(token, page_id)
    if isinstance(found, BaseResponse):
        return found
    wanted = _Wanted(token, page_id, *found)
    if not wanted.visit.shown.powers.pdf:
        raise NotFound
    return wanted


def _ordered(wanted: _Wanted, patience: float) -> Paper | None:
    """Return what became of the order, which is placed where there is none, after so many seconds at most."""
    key = orders.key_of(wanted.sheet)
    done = orders.look(key)
    if done is None:
        orders.order(key, wanted.visit.shown.public_id, wanted.page_id)
    end = time.monotonic() + patience
    while done is None and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        done = orders.look(key)
    return done


def _progress(wanted: _Wanted, done: Paper | None, refused: str | None = None) -> Response:
    refused = refused or (done.refused if done else None)
    page = render_template(
        "share_links/public/pdf.html",
        ready=done is not None,
        refused=refused,
        address=url_for("share_links_public.download_pdf", token=wanted.token, page_id=wanted.page_id),
        back=_page_of(wanted),
    )
    response = make_response(page, 200 if refused is None else 422)
    if done is None:
        response.headers["Refresh"] = str(_AGAIN)
    return response


def _page_of(wanted: _Wanted) -> str:
    if wanted.page_id is None:
        return url_for("share_links_public.read_link", token=wanted.token)
    return url_for("share_links_public.read_page", token=wanted.token, page_id=wanted.page_id)


def _sent(wanted: _Wanted, done: Paper) -> Response:
    visit, target = wanted.visit, wanted.sheet.target
    with db.reading() as session:
        marks = watermark.marks(session, visit, clock.now())
    try:
        pdf = orders.stamped(done.found, marks)
    except NotMade as error:
        return _progress(wanted, done, str(error))
    with db.transaction() as session:
        opening.record_pdf(session, visit, target, wanted.asked.browser_digest)
    response = Response(pdf, content_type="application/pdf")
    name = target.object_key or target.title
    response.headers.set("Content-Disposition", "attachment", **file_answers.named(f"{name[:100]}.pdf"))
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response
