"""The programming interface of viewing as a recipient, `/api/v1/shares/<id>/preview`: what readers see, as JSON.

It hands out content, so it takes the scope that could change the conditions of the link anyway: who may only read lists
of links does not read pages by it.
"""

from datetime import datetime

from flask import Response
from pydantic import Field

from app.core import db
from app.core.accounts.api_tokens import Scope
from app.core.errors import NotFound
from app.features.share_links.api import blueprint
from app.features.share_links.gates import opening
from app.features.share_links.policy import Closed, ClosedBecause
from app.features.share_links.queries import Visit
from app.features.share_links.reading import previewing
from app.features.share_links.reading.sheets import Approach, Sheet
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output
from app.web.identity import actor
from app.web.openapi import Operation, operation


class PreviewQuestion(Input):
    """What to look at."""

    page: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Id of a child page that the link shows; without it what it names.",
    )


class SeenFileBody(Output):
    """A file that readers have listed."""

    id: str
    name: str
    media_type: str
    size: int = Field(description="In bytes, as Atlassian says.")


class SeenPageBody(Output):
    """A child page that readers are led to."""

    id: str
    title: str
    depth: int


class SeenBody(Output):
    """What readers see."""

    title: str
    html: str = Field(description="The body, sanitised; addresses in it are relative to the link's.")
    comments: str | None = Field(description="The same of the comments; null where the link shows none, or has none.")
    files: list[SeenFileBody]
    pages: list[SeenPageBody]
    copy_of: datetime | None = Field(description="When the copy was last known to be good, while Atlassian is down.")


class PreviewBody(Output):
    """What readers see, or why they see nothing."""

    closed: ClosedBecause | None
    seen: SeenBody | None


@blueprint.post("/shares/<public_id>/preview")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "previewShare",
        "View a link as a recipient",
        takes=PreviewQuestion,
        answers=PreviewBody,
        problems=(404, 503),
        places={"public_id": "The id of the link."},
    )
)
def preview_share(public_id: str) -> Response:
    """Tell what readers see; it spends no view, and is recorded."""
    page_id = api.read_body(PreviewQuestion).page
    found, sheet = previewing.look(actor(), public_id, page_id)
    if isinstance(found.step, Closed):
        return api.answer(PreviewBody(closed=found.step.reason, seen=None))
    if found.visit is None or sheet is None:
        raise NotFound
    with db.transaction() as session:
        opening.record_preview(session, actor(), public_id)
    return api.answer(PreviewBody(closed=None, seen=_seen(found, found.visit, sheet)))


def _seen(found: Approach, visit: Visit, sheet: Sheet) -> SeenBody:
    listed = (
        sorted(sheet.content.files.values(), key=lambda one: one.filename) if visit.shown.powers.attachments else []
    )
    return SeenBody(
        title=sheet.target.title,
        html=sheet.content.html,
        comments=(sheet.comments.html or None) if sheet.comments is not None else None,
        files=[SeenFileBody(id=one.id, name=one.filename, media_type=one.media_type, size=one.size) for one in listed],
        pages=[SeenPageBody(id=one.page_id, title=one.title, depth=one.depth) for one in sheet.coverage.pages],
        copy_of=found.stale_since,
    )
