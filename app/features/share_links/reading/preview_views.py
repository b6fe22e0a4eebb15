"""View as a recipient: what readers of a link see, for its owner, for administrators, and for whom it waits to be approved by.

Spends nothing, is recorded.
"""

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from app.core import db
from app.core.errors import NotFound
from app.features.share_links.gates import opening
from app.features.share_links.policy import Closed
from app.features.share_links.public_views import told_page
from app.features.share_links.reading import file_answers, previewing, reader_page
from app.web.access import signed_in
from app.web.identity import actor

blueprint = Blueprint("share_links_preview", __name__, url_prefix="/links/<public_id>/as-recipient")


@blueprint.get("/")
@blueprint.get("/page-<page_id>")
@signed_in()
def view_as_recipient(public_id: str, page_id: str | None = None) -> BaseResponse:
    """Show the reader page, or why recipients see none."""
    found, sheet = previewing.look(actor(), public_id, page_id)
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
    found, sheet = previewing.look(actor(), public_id)
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


def _file(public_id: str, page_id: str | None, attachment_id: str, *, as_file: bool) -> BaseResponse:
    found, sheet = previewing.look(actor(), public_id, page_id)
    if found.visit is None or sheet is None:
        raise NotFound
    # A download is the person's own act, so the trail names them.
    visit = opening.as_person(found.visit, actor().person_id)
    answer = file_answers.answer(visit, sheet, attachment_id, as_file=as_file, browser_digest=None)
    if answer is None:
        raise NotFound
    return answer
