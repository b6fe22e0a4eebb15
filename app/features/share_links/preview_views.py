"""View as a recipient: what readers of a link see, for its owner and for administrators. Spends nothing, is recorded."""

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from app.core import db
from app.core.audit import trail
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.share_links import file_answers, opening, reading
from app.features.share_links.content import Content
from app.features.share_links.opening import Asked
from app.features.share_links.policy import Closed
from app.features.share_links.public_views import reader_page, told_page
from app.features.share_links.reading import Approach
from app.web.access import signed_in
from app.web.identity import actor

blueprint = Blueprint("share_links_preview", __name__, url_prefix="/links/<public_id>/as-recipient")


@blueprint.get("/")
@signed_in()
def view_as_recipient(public_id: str) -> BaseResponse:
    """Show the reader page, or why recipients see none."""
    found, content = _look(public_id)
    if isinstance(found.step, Closed):
        return told_page(found.step.reason)
    if found.visit is None or content is None:
        raise NotFound
    with db.transaction() as session:
        opening.record_preview(session, actor(), public_id)
    return reader_page(found.visit, content, found.stale_since, preview=True)


@blueprint.get("/media/<attachment_id>")
@signed_in()
def preview_media(public_id: str, attachment_id: str) -> BaseResponse:
    """Send a picture of the content."""
    return _file(public_id, attachment_id, as_file=False)


@blueprint.get("/files/<attachment_id>")
@signed_in()
def preview_file(public_id: str, attachment_id: str) -> BaseResponse:
    """Send a listed file as a download."""
    return _file(public_id, attachment_id, as_file=True)


def _look(public_id: str) -> tuple[Approach, Content | None]:
    asked = Asked(public_id, None, None, None)
    visit = reading.approach(asked).visit
    person = actor()
    owns = visit is not None and visit.shown.owner_id == person.person_id and person.may(Permission.LINKS_OWN_MANAGE)
    if visit is None or not (owns or person.may(Permission.LINKS_ALL_MANAGE)):
        raise NotFound
    trail.ensure_writable()
    return reading.preview(asked)


def _file(public_id: str, attachment_id: str, *, as_file: bool) -> BaseResponse:
    found, content = _look(public_id)
    if found.visit is None or content is None:
        raise NotFound
    # A download is the person's own act, so the trail names them.
    visit = opening.as_person(found.visit, actor().person_id)
    answer = file_answers.answer(visit, content, attachment_id, as_file=as_file, browser_digest=None)
    if answer is None:
        raise NotFound
    return answer
