"""Internal pages of invitations: who has a link of their own, inviting, resending, taking back; the QR code of a link."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.core.accounts.actor import Actor
from app.core.db import reading, transaction
from app.core.errors import Conflict
from app.features.share_links import rights, tokens
from app.features.share_links.guests import invitations, listing, qr, reports
from app.features.share_links.guests.forms import STATE_LABELS, InviteForm
from app.features.share_links.lists.listing import LinkRow
from app.web.access import signed_in
from app.web.forms import errors_onto
from app.web.identity import actor
from app.web.surfaces import Surface, absolute
from app.web.tables import with_query

blueprint = Blueprint("share_links_guests", __name__, url_prefix="/links")
Answer = BaseResponse | str | tuple[str, int]
#: So many invitations stand on the page of a link; the others on a page of their own.
ON_LINKS_PAGE = 10


@blueprint.get("/<public_id>/invitations/")
@signed_in()
def list_invitations(public_id: str) -> Answer:
    """Show whom a link was sent to, and ask for more addresses."""
    return _page(public_id, InviteForm(formdata=None))


@blueprint.post("/<public_id>/invitations/")
@signed_in()
def invite_people(public_id: str) -> Answer:
    """Send people a link of their own."""
    form = InviteForm()
    if form.validate():
        with errors_onto(form):
            with transaction() as db:
                count = invitations.invite(db, actor(), public_id, form.invite.entries(), form.words.data or "")
            if count:
                say_sent(count)
            else:
                flash(_("Nobody was invited: enter addresses that have no own link yet."), "info")
            return redirect(url_for("share_links_guests.list_invitations", public_id=public_id), code=303)
    return _page(public_id, form)


@blueprint.post("/<public_id>/invitations/<invitation_id>/resend/")
@signed_in()
def resend_invitation(public_id: str, invitation_id: str) -> Answer:
    """Send somebody their own link once more."""
    try:
        with transaction() as db:
            invitations.resend(db, actor(), public_id, invitation_id)
    except Conflict as error:
        flash(error.sentence.render(_), "danger")
    else:
        flash(_("The mail is on its way again."), "success")
    return redirect(url_for("share_links_guests.list_invitations", public_id=public_id), code=303)


@blueprint.post("/<public_id>/invitations/<invitation_id>/revoke/")
@signed_in()
def revoke_invitation(public_id: str, invitation_id: str) -> Answer:
    """Take one own link back."""
    with transaction() as db:
        invitations.revoke(db, actor(), public_id, invitation_id)
    flash(_("This own link opens nothing any more. The others still do."), "success")
    return redirect(url_for("share_links_guests.list_invitations", public_id=public_id), code=303)


@blueprint.get("/<public_id>/qr.svg")
@signed_in()
def show_qr(public_id: str) -> Response:
    """Send the address of a link as a QR code, to those who may hand it on."""
    with reading() as db:
        link = listing.link_of(db, actor(), public_id)
    address = absolute(f"/s/{tokens.make(link.public_id, link.generation)}/", Surface.PUBLIC)
    return Response(qr.draw(address), content_type=qr.SVG)


def say_sent(count: int) -> None:
    """Say on the next page how many invitations were sent."""
    flash(ngettext("One invitation is on its way.", "%(num)s invitations are on their way.", count), "success")


def of_link(session: Session, asking: Actor, link: LinkRow) -> dict[str, Any] | None:
    """Return what the page of a link shows of its guests, to those who manage it."""
    if not rights.may_manage(asking, link.owner_id):
        return None
    return {
        "counts": listing.counts(session, link.id),
        "rows": listing.find(session, link.id, limit=ON_LINKS_PAGE),
        "reports": [(one, reports.SENTENCES[one.reason].render(_)) for one in reports.of_link(session, link.id)],
        "labels": STATE_LABELS,
    }


def _page(public_id: str, form: InviteForm) -> Answer:
    with reading() as db:
        link = listing.link_of(db, actor(), public_id)
        rows = listing.find(db, link.id, after=_after(), limit=listing.PAGE_SIZE + 1)
        counts = listing.counts(db, link.id)
    shown, more = rows[: listing.PAGE_SIZE], len(rows) > listing.PAGE_SIZE
    page = render_template(
        "share_links/guests/invitations.html",
        link=link,
        form=form,
        rows=shown,
        counts=counts,
        next_url=with_query(after=shown[-1].id) if more else None,
        labels=STATE_LABELS,
    )
    return page, 422 if form.errors or form.form_errors else 200


def _after() -> int | None:
    given = request.args.get("after", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 18 else None
