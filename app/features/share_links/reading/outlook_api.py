"""The programming interface of looking before a link is made, `/api/v1/shares/outlook`: what it shows and what is asked of it."""

from dataclasses import asdict

from flask import Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.permissions import Permission
from app.documents.types import Reason
from app.features.share_links import gather, powers_api, service
from app.features.share_links.api import blueprint, refusal
from app.features.share_links.api_bodies import FoundBody, ObjectBody, UnreadBody, unread
from app.features.share_links.lists import listing
from app.features.share_links.objects import ObjectFacts
from app.features.share_links.powers_api import PowersBody
from app.features.share_links.reading import outlook
from app.features.share_links.reading.outlook import Part
from app.features.share_links.rules.rulebook import CheckMode, Rules, mode_of
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


class AskedBody(Output):
    """What the rules of this place ask of a link."""

    gate: bool = Field(description="A password, or something by which readers show who they are.")
    password: bool
    password_length: int
    person: bool = Field(description="A sign-in, a group, or a code by mail.")
    maximum_days: int
    allowed_domains: list[str] | None = Field(description="Of recipients; null for any.")
    blocked_domains: list[str]
    watermark: bool
    approval: bool = Field(description="By a second person, before it opens.")


class LaterBody(Output):
    """What a content check did not come to in time: it is looked through when it is shown, before anybody sees it."""

    child_pages: int
    others: bool = Field(description="Whether there may be more child pages, or comments, than Atlassian told of.")


class OutlookBody(Output):
    """What a link would show, and what its readers will not see.

    For what is left out, comments and child pages are looked at whether or not they would be shown; what a content check
    finds is told of what the powers show.
    """

    object: ObjectBody
    restricted: bool = Field(description="Not everybody inside may see it.")
    shared_already: int = Field(description="Links to it that could still be opened, whoever made them.")
    left_out: list[LeftOutBody]
    complete: bool = Field(description="Whether everything was looked at; a few child pages and seconds are.")
    check: CheckMode = Field(description="What follows where a content check finds something.")
    found: list[FoundBody]
    not_looked_through: list[UnreadBody]
    later: LaterBody
    asked: AskedBody


@blueprint.post("/shares/outlook")
@bearer(Scope.SHARES_WRITE, Permission.LINKS_OWN_MANAGE)
@operation(
    Operation(
        "foreseeShare",
        "See what a link to be made will show, and what it leaves out",
        takes=OutlookQuestion,
        answers=OutlookBody,
        problems=(409, 503),
    )
)
def foresee_share() -> Response:
    """Say what a link to a page or issue that whoever asks may share would show and leave out; no link is made."""
    body = api.read_body(OutlookQuestion)
    facts = gather.share(actor(), body.url)
    with transaction() as db:
        found = service.usable(db, actor(), facts)
    if isinstance(found, service.NotShared):
        raise refusal("url", found)
    ruled = gather.rules_for(facts)
    powers = powers_api.of_new(body.powers, ruled)
    itself = outlook.left_out(facts.site, found, powers, ruled)
    besides = outlook.besides(facts.site, found, powers)
    parts = [Part("", False, itself.left_out or ()), *besides.parts]
    with reading() as db:
        already = listing.shared_already(db, facts.site.id, found.object_id)
    return api.answer(
        OutlookBody(
            object=_object(found),
            restricted=bool(found.restriction_digest),
            shared_already=already,
            left_out=[told for part in parts for told in _told(part)],
            complete=itself.left_out is not None and not besides.partly,
            check=mode_of(ruled),
            found=[FoundBody(**asdict(one)) for one in itself.scan.findings],
            not_looked_through=[unread(one) for one in itself.scan.unread],
            later=LaterBody(child_pages=itself.draft.later, others=itself.draft.unsure),
            asked=_asked(ruled),
        )
    )


def _object(found: ObjectFacts) -> ObjectBody:
    return ObjectBody(
        kind=found.kind,
        id=found.object_id,
        key=found.object_key,
        title=found.title,
        container=found.container,
        url=found.web_url,
    )


def _asked(rules: Rules) -> AskedBody:
    return AskedBody(
        gate=rules.require_gate,
        password=rules.require_password,
        password_length=rules.password_length,
        person=rules.require_person,
        maximum_days=rules.maximum_days,
        allowed_domains=sorted(rules.allowed_domains) if rules.allowed_domains is not None else None,
        blocked_domains=sorted(rules.blocked_domains),
        watermark=rules.force_watermark,
        approval=rules.approval,
    )


def _told(part: Part) -> list[LeftOutBody]:
    return [
        LeftOutBody(child=part.title or None, comments=part.comments, name=one.name, count=one.count, reason=one.reason)
        for one in part.left_out
    ]
