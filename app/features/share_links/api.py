"""The programming interface of links, `/api/v1/shares`: the same service as the pages, in JSON."""

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, url_for
from pydantic import AwareDatetime, Field

from app.core.accounts.actor import Actor
from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.errors import Invalid
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.text import Text
from app.features.share_links import conditions as rules
from app.features.share_links import (
    filtering,
    gather,
    listing,
    networks,
    outlook,
    powers_api,
    recipients,
    rights,
    service,
    timeline,
    tokens,
)
from app.features.share_links.conditions import UNCHANGED, Changes, Conditions, NewPassword, Unchanged
from app.features.share_links.content_check import NOT_LOOKED
from app.features.share_links.gather import ShareFacts
from app.features.share_links.listing import ActivityRow, LinkRow
from app.features.share_links.names import Names
from app.features.share_links.policy import LinkState
from app.features.share_links.powers import Powers
from app.features.share_links.powers_api import PowersBody
from app.features.share_links.rulebook import Rules
from app.features.share_links.settings import ShareLinkSettings
from app.features.share_links.wanted import Condition, Risk, Wanted
from app.integrations.atlassian.addresses import MAX_ADDRESS_LENGTH
from app.web import api
from app.web.access import bearer, public
from app.web.api import MERGE_PATCH, Input, Output, PageQuery
from app.web.identity import actor
from app.web.openapi import Operation, document, operation
from app.web.surfaces import Surface, absolute

blueprint = Blueprint("api_v1", __name__, url_prefix="/api/v1")

VERSION = "1.2.0"
#: Members of a merge patch that null takes away, by what nothing is for them.
_OPTIONAL = ("opens_at", "max_views", "max_views_each", "sign_in_through")
_SWITCHES = ("asks_sign_in", "all_groups", "asks_second_factor", "asks_reason")
_LISTS = ("networks", "groups", "recipients")
#: What a link is told with under the names that it has inside.
_AS_THEY_ARE = (
    *("state", "name", "created_at", "opens_at", "expires_at", "max_views", "max_views_each", "views"),
    *(
        "last_opened_at",
        "asks_sign_in",
        "sign_in_through",
        "all_groups",
        "asks_second_factor",
        "has_password",
        "terms_version",
        "asks_reason",
    ),
)
#: Arguments of the list that choose no links, or have another name inside.
_NOT_FILTERS = frozenset({"limit", "cursor", "all", "sort"})
_NETWORKS = "Networks that it opens from, such as 192.0.2.0/24; none means everywhere."
_EACH = "Views for each reader: a person, a proven address, else a browser."
_THROUGH = "Id of the one connection to sign in through."
_RECIPIENTS = "Addresses and domains; who opens the link proves one by a code by mail."
_ID = {"public_id": "The id of the link."}


class NewShare(Input):
    """A link to make. What is left out follows from the settings."""

    url: str = Field(min_length=1, max_length=MAX_ADDRESS_LENGTH, description="Address of a page or an issue.")
    name: str | None = Field(None, max_length=rules.MAXIMUM_NAME)
    password: str | None = Field(None, max_length=200)
    generate: bool = Field(False, description="Make a password, and answer it once.")
    opens_at: AwareDatetime | None = Field(None, description="Before this nobody opens it.")
    expires_at: AwareDatetime | None = None
    networks: list[str] = Field(default_factory=list, max_length=networks.MAXIMUM, description=_NETWORKS)
    max_views: int | None = Field(None, ge=1, le=rules.MAXIMUM_VIEWS)
    max_views_each: int | None = Field(None, ge=1, le=rules.MAXIMUM_VIEWS, description=_EACH)
    asks_sign_in: bool = False
    sign_in_through: str | None = Field(None, max_length=40, description=_THROUGH)
    groups: list[str] = Field(default_factory=list, max_length=rules.MAXIMUM_GROUPS, description="Ids or unique names.")
    all_groups: bool = Field(False, description="Membership in all groups is asked for, not only in one.")
    recipients: list[str] = Field(default_factory=list, max_length=recipients.MAXIMUM, description=_RECIPIENTS)
    asks_second_factor: bool = False
    terms: str | None = Field(None, max_length=rules.MAXIMUM_TERMS, description="To be accepted before opening.")
    asks_reason: bool = False
    powers: PowersBody | None = None


class SharePatch(Input):
    """What to change, as a merge patch: what is left out stays, null takes away."""

    name: str = Field("", max_length=rules.MAXIMUM_NAME)
    password: str | None = Field(None, max_length=200)
    generate: bool = False
    opens_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    networks: list[str] | None = Field(None, max_length=networks.MAXIMUM, description=_NETWORKS)
    max_views: int | None = Field(None, ge=1, le=rules.MAXIMUM_VIEWS)
    max_views_each: int | None = Field(None, ge=1, le=rules.MAXIMUM_VIEWS, description=_EACH)
    asks_sign_in: bool | None = None
    sign_in_through: str | None = Field(None, max_length=40, description=_THROUGH)
    groups: list[str] | None = Field(None, max_length=rules.MAXIMUM_GROUPS)
    all_groups: bool | None = None
    recipients: list[str] | None = Field(None, max_length=recipients.MAXIMUM, description=_RECIPIENTS)
    asks_second_factor: bool | None = None
    terms: str | None = Field(None, max_length=rules.MAXIMUM_TERMS)
    asks_reason: bool | None = None
    powers: PowersBody | None = None
    paused: bool = False


class Named(Output):
    """Somebody or something by id and name."""

    id: str
    name: str


class ObjectBody(Output):
    """What a link shows."""

    kind: str
    id: str
    key: str | None
    title: str
    container: str | None
    url: str


class Share(Output):
    """One link."""

    id: str
    link: str | None = Field(description="The address to hand on; null for whoever only reads.")
    state: LinkState
    name: str
    object: ObjectBody
    owner: Named
    created_at: datetime
    opens_at: datetime | None
    expires_at: datetime
    networks: list[str]
    max_views: int | None
    max_views_each: int | None
    views: int
    last_opened_at: datetime | None = Field(description="By a reader; null where none has opened it.")
    asks_sign_in: bool
    sign_in_through: str | None
    groups: list[Named]
    all_groups: bool
    recipients: list[str]
    asks_second_factor: bool
    has_password: bool
    terms_version: int | None = Field(description="Raised when the terms change; null where none are asked for.")
    asks_reason: bool
    powers: PowersBody


class NewShareAnswer(Share):
    """A link that was just made, or given a new password."""

    password: str | None = Field(description="The generated password; it is answered only now.")


class Shares(Output):
    """One page of links."""

    items: list[Share]
    next: str | None


class ActivityEntry(Output):
    """One thing that happened to a link."""

    at: datetime
    event: str
    actor: str = Field(description="person, visitor, token or system.")
    actor_id: str | None
    actor_name: str | None
    details: dict[str, Any]


class Activity(Output):
    """One page of what happened, newest first."""

    items: list[ActivityEntry]
    next: str | None


class Sort(StrEnum):
    """The orders of the list."""

    NEWEST = "-created"
    OLDEST = "created"
    NAME = "name"
    NAME_FROM_LAST = "-name"
    ENDS = "ends"
    ENDS_FROM_LAST = "-ends"
    VIEWS = "views"
    VIEWS_FROM_MOST = "-views"
    OPENED = "opened"
    OPENED_FROM_LAST = "-opened"


def _LookedFor(description: str) -> Any:  # noqa: N802 - declares a field, as `Field` does
    return Field("", max_length=filtering.MAXIMUM_SEARCH, description=description)


class SharesQuery(PageQuery):
    """What to list."""

    cursor: str | None = Field(None, max_length=1_000, description="`next` of the page before, under the same `sort`.")
    state: LinkState | None = Field(None, description="Only links in this state.")
    search: str = _LookedFor("Beginnings of words of a name, a title, a key or a space.")
    all: bool = Field(False, description="Everybody's links, where the token's person may read them.")
    sort: Sort = Field(Sort.NEWEST, description="What the list is sorted by; from the last on with a `-`.")
    page: str = _LookedFor("Id of a page or an issue, or the key of an issue.")
    creator: str = _LookedFor("Id or address of who made it, or how their name begins; with `all`.")
    recipient: str = _LookedFor("An address that may open it, by itself or by its domain.")
    domain: str = _LookedFor("A domain that some recipient is of.")
    condition: Condition | None = Field(None, description="Only links that ask for this.")
    risk: Risk | None = Field(None, description="Only active links with this risk.")
    never_opened: bool = Field(False, description="Only links that no reader has opened.")
    created_from: AwareDatetime | None = None
    created_to: AwareDatetime | None = Field(None, description="Up to before this instant, as are the others.")
    ends_from: AwareDatetime | None = None
    ends_to: AwareDatetime | None = None
    opened_from: AwareDatetime | None = Field(None, description="By when a reader last opened it.")
    opened_to: AwareDatetime | None = None


@blueprint.post("/shares")
@bearer(Scope.SHARES_WRITE, Permission.LINKS_OWN_MANAGE)
@operation(
    Operation(
        "createShare",
        "Make a link",
        status=HTTPStatus.CREATED,
        takes=NewShare,
        answers=NewShareAnswer,
        repeatable=True,
        problems=(409, 503),
    )
)
def create_share() -> Response:
    """Make a link."""
    body, repeat = api.read_body(NewShare), api.repetition()
    return api.once(repeat, lambda: _create(body, repeat))


@blueprint.get("/shares")
@bearer(Scope.SHARES_READ)
@operation(Operation("listShares", "List links", query=SharesQuery, answers=Shares))
def list_shares() -> Response:
    """List links, newest first where no other order is asked for."""
    query = api.read_query(SharesQuery)
    everybodys = query.all or not actor().may(Permission.LINKS_OWN_MANAGE)
    asked = {name: getattr(query, name) for name in SharesQuery.model_fields if name not in _NOT_FILTERS}
    wanted = Wanted(everybodys=everybodys, sort=query.sort.value, **asked)
    if query.cursor is not None and not listing.ORDERS.chosen(wanted.sort).leads_on(query.cursor):
        raise Invalid("cursor", api.NOT_OURS)
    with reading() as db:
        found = listing.page(db, actor(), wanted, query.cursor, query.limit)
    return api.answer(Shares(items=[_share(row, actor()) for row in found.rows], next=found.next))


@blueprint.get("/shares/<public_id>")
@bearer(Scope.SHARES_READ)
@operation(Operation("readShare", "Read a link", answers=Share, problems=(404,), places=_ID))
def read_share(public_id: str) -> Response:
    """Read one link, also one that was revoked."""
    with reading() as db:
        return api.answer(_share(listing.one(db, actor(), public_id), actor()))


@blueprint.patch("/shares/<public_id>")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "changeShare",
        "Change, pause or resume a link",
        takes=SharePatch,
        content_type=MERGE_PATCH,
        answers=NewShareAnswer,
        problems=(404, 409, 503),
        places=_ID,
    )
)
def change_share(public_id: str) -> Response:
    """Change, pause or resume a link by a JSON merge patch (RFC 7396)."""
    body = api.read_body(SharePatch, MERGE_PATCH, api.JSON)
    facts = _proof_for(public_id, body)
    with reading() as db:
        before = listing.one(db, actor(), public_id).powers
    changes, password = _changes(body, before, gather.rules_of(public_id))
    with transaction() as db:
        resumes = "paused" in body.model_fields_set and not body.paused
        refused = service.resume(db, actor(), public_id, facts) if resumes else None
        # A patch is done whole or not at all; only the refusal is kept.
        if refused is None:
            service.change(db, actor(), public_id, changes)
            if body.paused:
                service.pause(db, actor(), public_id)
    if refused is not None:
        raise _refusal("paused", refused)
    with reading() as db:
        return api.answer(_with_password(listing.one(db, actor(), public_id), password))


@blueprint.delete("/shares/<public_id>")
@bearer(Scope.SHARES_WRITE)
@operation(Operation("revokeShare", "Revoke a link", status=HTTPStatus.NO_CONTENT, problems=(404,), places=_ID))
def revoke_share(public_id: str) -> Response:
    """Revoke a link for good; it stays readable, and doing it twice changes nothing."""
    with transaction() as db:
        service.revoke(db, actor(), public_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/shares/<public_id>/activity")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "readActivity", "Read what happened to a link", query=PageQuery, answers=Activity, problems=(404,), places=_ID
    )
)
def read_activity(public_id: str) -> Response:
    """Read what happened to a link, newest first."""
    query = api.read_query(PageQuery)
    with reading() as db:
        listing.one(db, actor(), public_id)
        found = listing.activity(db, public_id, after=api.after(query), limit=query.limit + 1)
    rows, following = api.page(found, query.limit, lambda row: row.id)
    return api.answer(Activity(items=[_entry(row) for row in rows], next=following))


@blueprint.get("/openapi.json")
@public("describes the interface; holds nothing of anybody", surface=Surface.API)
@operation(Operation("describe", "This description"))
def openapi() -> Response:
    """Describe the interface."""
    return jsonify(document(current_app, title="Portico", version=VERSION, server=absolute("")))


def _create(body: NewShare, repeat: api.Repetition) -> Response:
    facts = gather.share(actor(), body.url)
    password = gather.new_password(body.password, generate=body.generate, rules=gather.rules_for(facts))
    wanted = Conditions(
        name=body.name or None,
        opens_at=body.opens_at,
        expires_at=body.expires_at,
        networks=tuple(body.networks),
        max_views=body.max_views,
        max_views_each=body.max_views_each,
        asks_sign_in=body.asks_sign_in,
        sign_in_through=body.sign_in_through,
        groups=tuple(body.groups),
        all_groups=body.all_groups,
        recipients=tuple(body.recipients),
        asks_second_factor=body.asks_second_factor,
        password=password,
        terms=body.terms or "",
        asks_reason=body.asks_reason,
        powers=_powers(_powers(Powers(), None), body.powers),
    )
    scan = (
        outlook.left_out(facts.site, facts.object, wanted.powers, gather.rules_for(facts)).scan
        if facts.object is not None
        else NOT_LOOKED
    )
    with transaction() as db:
        made = service.create(db, actor(), facts, wanted, scan)
        told = None
        if isinstance(made, service.Created):
            told = _with_password(listing.one(db, actor(), made.public_id), password)
            repeat.remember(db, told)
    if isinstance(made, service.NotShared) or told is None:
        raise _refusal("url", made)
    where = url_for("api_v1.read_share", public_id=made.public_id)
    return api.answer(told, HTTPStatus.CREATED, Location=absolute(where))


def _refusal(field: str, refused: service.NotShared | service.Created) -> Invalid:
    assert isinstance(refused, service.NotShared)
    return Invalid(field, timeline.refusal_sentence(refused.reason, refused.site), code=refused.reason.value)


def _proof_for(public_id: str, body: SharePatch) -> ShareFacts | None:
    if "paused" not in body.model_fields_set or body.paused:
        return None
    with reading() as db:
        needed = service.needs_proof(db, actor(), public_id)
    return gather.again(actor(), public_id) if needed else None


def _changes(body: SharePatch, before: Powers, ruled: Rules | None) -> tuple[Changes, NewPassword | None]:
    given = body.model_fields_set
    if "expires_at" in given and body.expires_at is None:
        raise Invalid("expires_at", Text("A link always ends. Give a time with its offset."))
    made = gather.new_password(body.password, generate=body.generate, rules=ruled)
    password: NewPassword | Unchanged | None = (
        made if made or ("password" in given and body.password is None) else UNCHANGED
    )
    if "password" in given and body.password == "":
        rules.check_password("")
    wanted: dict[str, Any] = {name: getattr(body, name) for name in _OPTIONAL}
    wanted |= {name: bool(getattr(body, name)) for name in _SWITCHES}
    wanted |= {name: tuple(getattr(body, name) or ()) for name in _LISTS}
    wanted |= {"name": body.name, "terms": body.terms or "", "powers": _powers(before, body.powers)}
    if body.expires_at is not None:
        wanted["expires_at"] = body.expires_at
    return Changes(password=password, **{name: value for name, value in wanted.items() if name in given}), made


def _powers(before: Powers, body: PowersBody | None) -> Powers:
    return powers_api.merged(before, body, Names(registry.get(ShareLinkSettings).names))


def _share(row: LinkRow, reader: Actor) -> Share:
    return Share(**_told(row, reader))


def _with_password(row: LinkRow, password: NewPassword | None) -> NewShareAnswer:
    return NewShareAnswer(**_told(row, actor()), password=password.generated if password else None)


def _told(row: LinkRow, reader: Actor) -> dict[str, Any]:
    address = absolute(f"/s/{tokens.make(row.public_id, row.generation)}/", Surface.PUBLIC)
    same = {name: getattr(row, name) for name in _AS_THEY_ARE}
    return same | {
        "id": row.public_id,
        "link": address if rights.may_manage(reader, row.owner_id) else None,
        "object": ObjectBody(
            kind=row.kind,
            id=row.object_id,
            key=row.object_key,
            title=row.title,
            container=row.container,
            url=row.web_url,
        ),
        "owner": Named(id=row.owner_public_id, name=row.owner_name),
        "groups": [Named(id=group.public_id, name=group.name) for group in row.groups],
        "networks": list(row.networks),
        "recipients": list(row.recipients),
        "powers": powers_api.told(row.powers),
    }


def _entry(row: ActivityRow) -> ActivityEntry:
    return ActivityEntry(
        at=row.at,
        event=row.event,
        actor=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        details=row.details,
    )
