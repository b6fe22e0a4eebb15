"""View as a recipient: what readers of a link see, for its owner, for administrators, and for whom it waits to be approved by.

Spends nothing, is recorded.
"""

from functools import partial

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from app.core import db
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.share_links.gates import opening
from app.features.share_links.gates.opening import Asked
from app.features.share_links.policy import Closed
from app.features.share_links.public_views import told_page
from app.features.share_links.reading import file_answers, reader_page, sheets
from app.features.share_links.reading.sheets import Approach, Sheet
from app.features.share_links.rules import approving
from app.web.access import signed_in
from app.web.identity import actor

blueprint = Blueprint("share_links_preview", __name__, url_prefix="/links/<public_id>/as-recipient")


@blueprint.get("/")
@blueprint.get("/page-<page_id>")
@signed_in()
def view_as_recipient(public_id: str, page_id: str | None = None) -> BaseResponse:
    """Show the reader page, or why recipients see none."""
    found, sheet = _look(public_id, page_id)
    if isinstance(found.step, Closed):
        return told_page(found.step.reason, found.visit)
    if found.visit is None or sheet is None:
        raise NotFound
    with db.transaction() as session:
        opening.record_preview(session, actor(), public_id)
    return reader_page.answer(reader_page.page(found.visit, sheet, found.stale_since, preview=True))


@blueprint.get("/media/<attachment_id>")
@blueprint.get("/media/<page_id>/<attachment_id>")
@signed_in()
def preview_media(public_id: str, attachment_id: str, page_id: str | None = None) -> BaseResponse:
    """Send a picture of the content."""
    return _file(public_id, page_id, attachment_id, as_file=False)


@blueprint.get("/media/small/<attachment_id>")
@signed_in()
def preview_small(public_id: str, attachment_id: str) -> BaseResponse:
    """Send the small picture of a file of an issue."""
    found, sheet = _look(public_id, None)
    answer = file_answers.small(found.visit, sheet, attachment_id) if found.visit and sheet else None
    if answer is None:
        raise NotFound
    return answer


@blueprint.get("/files/<attachment_id>")
@blueprint.get("/files/<page_id>/<attachment_id>")
@signed_in()
def preview_file(public_id: str, attachment_id: str, page_id: str | None = None) -> BaseResponse:
    """Send a listed file as a download."""
    return _file(public_id, page_id, attachment_id, as_file=True)


def _look(public_id: str, page_id: str | None) -> tuple[Approach, Sheet | None]:
    asked = Asked(public_id, None, None, None)
    if _decides(public_id):
        return _as_approver(asked, page_id)
    visit = sheets.approach(asked).visit
    person = actor()
    owns = visit is not None and visit.shown.owner_id == person.person_id and person.may(Permission.LINKS_OWN_MANAGE)
    if visit is None or not (owns or person.may(Permission.LINKS_ALL_MANAGE)):
        raise NotFound
    look = partial(sheets.as_owner, asked)
    return sheets.with_content(look, sheets.freshen(look, look(), page_id), page_id)


def _as_approver(asked: Asked, page_id: str | None) -> tuple[Approach, Sheet | None]:
    """Return what readers would see, as long as the link waits for the person: also when Atlassian has been asked."""

    def look() -> Approach:
        return sheets.as_approver(asked) if _decides(asked.public_id) else sheets.as_owner(asked)

    fresh = sheets.freshen(look, look(), page_id)
    if not _decides(asked.public_id):
        return sheets.as_owner(asked), None
    return sheets.with_content(look, fresh, page_id, guarded=False)


def _decides(public_id: str) -> bool:
    with db.reading() as session:
        return approving.waits_for(session, actor(), public_id)


def _file(public_id: str, page_id: str | None, attachment_id: str, *, as_file: bool) -> BaseResponse:
    found, sheet = _look(public_id, page_id)
    if found.visit is None or sheet is None:
        raise NotFound
    # A download is the person's own act, so the trail names them.
    visit = opening.as_person(found.visit, actor().person_id)
    answer = file_answers.answer(visit, sheet, attachment_id, as_file=as_file, browser_digest=None)
    if answer is None:
        raise NotFound
    return answer
