"""What is sent to and answered by `/api/v1/shares`: shapes, and how a link is told in them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from app.core.accounts.actor import Actor, ActorKind
from app.features.share_links import conditions as rules
from app.features.share_links import powers_api, rights, tokens
from app.features.share_links.conditions import NewPassword
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import networks, recipients
from app.features.share_links.guests import invitations
from app.features.share_links.life.halts import HaltKind
from app.features.share_links.life.history import ActivityRow, NoticeRow
from app.features.share_links.life.notices import sentence
from app.features.share_links.lists import filtering
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.lists.wanted import Condition, Risk, Wanted
from app.features.share_links.policy import LinkState
from app.features.share_links.powers_api import PowersBody
from app.features.share_links.rules.content_check import Unread, Why
from app.integrations.atlassian.addresses import MAX_ADDRESS_LENGTH
from app.web.api import Input, Instant, Output, PageQuery, Query
from app.web.surfaces import Surface, absolute

#: What a link is told with under the names that it has inside.
_AS_THEY_ARE = (
    *(
        "state",
        "paused_reason",
        "closed_reason",
        "name",
        "created_at",
        "opens_at",
        "expires_at",
        "max_views",
        "max_views_each",
        "views",
    ),
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
_NETWORKS = "Networks that it opens from, such as 192.0.2.0/24; none means everywhere."
_EACH = "Views for each reader: a person, a proven address, else a browser."
_THROUGH = "Id of the one connection to sign in through."
_RECIPIENTS = "Addresses and domains; who opens the link proves one by a code by mail."
#: Names a notice to the owner among the events of a link.
OWNER_TOLD = "share_links:owner:told"
_HALTS = frozenset({ShareLinkEvent.STOPPED, ShareLinkEvent.SWITCHED_OFF, ShareLinkEvent.SWITCHED_ON})
INVITE = "Addresses; each gets a link of its own by mail."
WORDS = "Plain text that stands in the mails."


class NewShare(Input):
    """A link to make. What is left out follows from the settings."""

    url: str = Field(min_length=1, max_length=MAX_ADDRESS_LENGTH, description="Address of a page or an issue.")
    name: str | None = Field(None, max_length=rules.MAXIMUM_NAME)
    password: str | None = Field(None, max_length=200)
    generate: bool = Field(False, description="Make a password, and answer it once.")
    opens_at: Instant | None = Field(None, description="Before this nobody opens it.")
    expires_at: Instant | None = None
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
    invite: list[str] = Field(default_factory=list, max_length=invitations.AT_ONCE, description=INVITE)
    words: str = Field("", max_length=invitations.MAXIMUM_WORDS, description=WORDS)


class SharePatch(Input):
    """What to change, as a merge patch: what is left out stays, null takes away."""

    name: str = Field("", max_length=rules.MAXIMUM_NAME)
    password: str | None = Field(None, max_length=200)
    generate: bool = False
    opens_at: Instant | None = None
    expires_at: Instant | None = None
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
    paused_reason: str | None = Field(description="Who or what paused it; `approval` while a second person decides.")
    closed_reason: str | None
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


class ShareInFull(Share):
    """One link with what only its own page tells."""

    terms: str | None = Field(description="The text of now; null where none are asked for.")
    declined: str | None = Field(
        description="What a second person said who declined it; null while it is not declined."
    )
    halted: HaltKind | None = Field(description="stop or off, where sharing is stopped whatever its own state is.")


class Shares(Output):
    """One page of links."""

    items: list[Share]
    next: str | None


class ActivityEntry(Output):
    """One thing that happened to a link, or that its owner was told."""

    at: datetime
    event: str = Field(
        description="As in the trail; `share_links:sharing:…` where a stop or a place that was switched off covered the "
        "link, `share_links:owner:told` for a notice."
    )
    actor: str = Field(description="person, visitor, token or system.")
    actor_id: str | None
    actor_name: str | None
    invited: str | None = Field(description="Whose own link was used.")
    reason: str | None = Field(description="What a reader stated, where it was asked for.")
    details: dict[str, Any] = Field(description="By the event: `scope` of a stop, `notice` and `sentence` of a notice.")


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


#: What the words that are looked for may be.
LOOKED_FOR = {
    "search": "Beginnings of words of a name, a title, a key or a space.",
    "page": "Id of a page or an issue, or the key of an issue.",
    "creator": "Id or address of who made it, or how their name begins; with `all`.",
    "recipient": "An address that may open it, by itself or by its domain, or has a link of its own under it.",
    "domain": "A domain that some recipient is of.",
}


def _LookedFor(name: str) -> Any:  # noqa: N802 - declares a field, as `Field` does
    return Field("", max_length=filtering.MAXIMUM_SEARCH, description=LOOKED_FOR[name])


class ShareFilter(BaseModel):
    """Which links."""

    state: LinkState | None = Field(None, description="Only links in this state.")
    search: str = _LookedFor("search")
    all: bool = Field(False, description="Everybody's links, where the token's person may read them.")
    page: str = _LookedFor("page")
    creator: str = _LookedFor("creator")
    recipient: str = _LookedFor("recipient")
    domain: str = _LookedFor("domain")
    condition: Condition | None = Field(None, description="Only links that ask for this.")
    risk: Risk | None = Field(None, description="Only active links with this risk.")
    never_opened: bool = Field(False, description="Only links that no reader has opened.")
    created_from: Instant | None = None
    created_to: Instant | None = Field(None, description="Up to before this instant, as are the others.")
    ends_from: Instant | None = None
    ends_to: Instant | None = None
    opened_from: Instant | None = Field(None, description="By when a reader last opened it.")
    opened_to: Instant | None = None

    def wanted(self, *, everybodys: bool, sort: str = "") -> Wanted:
        """Return what is asked of the list."""
        narrows = {name: getattr(self, name) for name in ShareFilter.model_fields if name != "all"}
        return Wanted(everybodys=everybodys, sort=sort, **narrows)


class ListQuery(Query, ShareFilter):
    """What a list or a file of it holds, and in which order."""

    saved: str | None = Field(
        None, max_length=24, description="Id of one of your saved filters, in place of all the others and of `sort`."
    )
    sort: Sort = Field(Sort.NEWEST, description="What the list is sorted by; from the last on with a `-`.")


class SharesQuery(PageQuery, ListQuery):
    """What to list."""

    cursor: str | None = Field(None, max_length=1_000, description="`next` of the page before, under the same `sort`.")


def share(row: LinkRow, reader: Actor) -> Share:
    """Tell of a link as `reader` may know it."""
    return Share(**_told(row, reader))


def answered(row: LinkRow, reader: Actor, password: NewPassword | None) -> NewShareAnswer:
    """Tell of a link that was made or changed, with the password that was made for it."""
    return NewShareAnswer(**_told(row, reader), password=password.generated if password else None)


def in_full(row: LinkRow, reader: Actor, terms: str, declined: str | None, halted: HaltKind | None) -> ShareInFull:
    """Tell of a link with its terms, and why it does not open where somebody else decided that."""
    return ShareInFull(**_told(row, reader), terms=terms or None, declined=declined, halted=halted)


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


def entry(row: ActivityRow | NoticeRow) -> ActivityEntry:
    """Tell of one entry of the trail or one notice; of a stop no more than the link's page does."""
    if isinstance(row, NoticeRow):
        told = {"notice": row.code, "sentence": sentence(row.code).render()}
        return ActivityEntry(
            at=row.at,
            event=OWNER_TOLD,
            actor=ActorKind.SYSTEM.value,
            actor_id=None,
            actor_name=None,
            invited=None,
            reason=None,
            details=told,
        )
    halts = row.event in _HALTS
    return ActivityEntry(
        at=row.at,
        event=row.event,
        actor=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        invited=row.invited,
        # Why sharing was stopped is for administrators, and so is how much else that covered.
        reason=row.reason if row.event == ShareLinkEvent.OPENED else None,
        details={"scope": row.details.get("scope")} if halts else row.details,
    )


class FoundBody(Output):
    """What a content check found, masked."""

    kind: str
    place: str = Field(
        description="The heading that it stands below, the page or sheet of the file, or who wrote the comment and when."
    )
    masked: str
    file: str = Field(description="The name of the file that it stands in; empty where it is no file.")
    comment: bool = Field(description="Whether it stands in the text of a comment.")
    child: str = Field(description="Title of the child page that it is on; empty for what is shared itself.")


class UnreadBody(Output):
    """A file that could not be looked through, or not all of it."""

    file: str
    why: Why
    child: str = Field(description="Title of the child page that it hangs on; empty for what is shared itself.")


def unread(one: Unread) -> UnreadBody:
    """Return a file that was not looked through as programs get it."""
    return UnreadBody(file=one.file, why=one.why, child=one.child)
