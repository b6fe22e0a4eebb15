"""The programming interface of what readers will not see, told before there is a link: `/api/v1/shares/outlook`."""

from flask import Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import transaction
from app.core.permissions import Permission
from app.documents.types import Reason
from app.features.share_links import gather, powers_api, service
from app.features.share_links.api import blueprint, refusal
from app.features.share_links.powers_api import PowersBody
from app.features.share_links.reading import outlook
from app.features.share_links.reading.outlook import Part
from app.integrations.atlassian.addresses import MAX_ADDRESS_LENGTH
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output
from app.web.identity import actor
from app.web.openapi import Operation, operation


class OutlookQuestion(Input):
    """What would be shared, and what its readers might do."""

    url: str = Field(min_length=1, max_length=MAX_ADDRESS_LENGTH, description="Address of a page or an issue.")
    powers: PowersBody | None = None


class LeftOutBody(Output):
    """A kind of content that readers will not see."""

    child: str | None = Field(description="Title of the child page that it is on; null for what is shared itself.")
    comments: bool = Field(description="Whether it stands in comments.")
    name: str
    count: int
    reason: Reason


class OutlookBody(Output):
    """What readers will not see, of comments and child pages whether or not they would be shown."""

    left_out: list[LeftOutBody]
    complete: bool = Field(description="Whether everything was looked at; a few child pages and seconds are.")


@blueprint.post("/shares/outlook")
@bearer(Scope.SHARES_WRITE, Permission.LINKS_OWN_MANAGE)
@operation(
    Operation(
        "foreseeShare",
        "See what readers of a link to be made will not see",
        takes=OutlookQuestion,
        answers=OutlookBody,
        problems=(409, 503),
    )
)
def foresee_share() -> Response:
    """Say what would be left out of a page or issue that whoever asks may share; no link is made."""
    body = api.read_body(OutlookQuestion)
    facts = gather.share(actor(), body.url)
    with transaction() as db:
        found = service.usable(db, actor(), facts)
    if isinstance(found, service.NotShared):
        raise refusal("url", found)
    powers = powers_api.of_new(body.powers)
    itself = outlook.left_out(facts.site, found, powers, gather.rules_for(facts)).left_out
    besides = outlook.besides(facts.site, found, powers)
    parts = [Part("", False, itself or ()), *besides.parts]
    return api.answer(
        OutlookBody(
            left_out=[told for part in parts for told in _told(part)],
            complete=itself is not None and not besides.partly,
        )
    )


def _told(part: Part) -> list[LeftOutBody]:
    return [
        LeftOutBody(child=part.title or None, comments=part.comments, name=one.name, count=one.count, reason=one.reason)
        for one in part.left_out
    ]
