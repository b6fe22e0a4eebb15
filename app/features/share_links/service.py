"""What people do with links: create, change, pause, resume, revoke, give a new address.

Each function takes an open transaction, the actor and facts that were gathered before it. Whoever may not know a link
gets NotFound, whoever may see but not change it Forbidden.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.audit import exports, trail
from app.core.connections.models import Connection
from app.core.crypto import tokens
from app.core.errors import Conflict, Forbidden
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.text import Text
from app.features.share_links import conditions as rules
from app.features.share_links import grants, powers, rows, tree
from app.features.share_links.conditions import Changes, Conditions, Unchanged
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gather import ShareFacts
from app.features.share_links.listing import Wanted
from app.features.share_links.models import LinkGroup, SharedObject, ShareLink
from app.features.share_links.notices import NoticeCode
from app.features.share_links.objects import ObjectFacts
from app.features.share_links.policy import PauseReason
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.settings import ShareLinkSettings

#: Older facts prove nothing any more.
FACTS_LIFETIME = timedelta(seconds=60)
#: The generation of an address is one byte of its token.
LAST_GENERATION = 255


@dataclass(frozen=True)
class Created:
    """A link was made."""

    public_id: str
    generation: int


@dataclass(frozen=True)
class NotShared:
    """No link was made, or it stays paused; the refusal is recorded."""

    reason: RefusedToShare
    site: str


def create(session: Session, actor: Actor, facts: ShareFacts, conditions: Conditions) -> Created | NotShared:
    """Make a link to what the facts describe. Raises Forbidden, Invalid, and Conflict for facts that are too old."""
    if not actor.may(Permission.LINKS_OWN_MANAGE) or actor.person_id is None or actor.person_id != facts.person_id:
        raise Forbidden
    found = _usable(session, actor, facts)
    if isinstance(found, NotShared):
        return found
    groups = rows.resolve_groups(session, conditions.groups)
    link = _new_link(session, actor.person_id, facts, found, conditions, asks_for_groups=bool(groups))
    session.add_all(LinkGroup(link_id=link.id, group_id=group.id) for group in groups)
    session.flush()
    trail.record(
        session,
        ShareLinkEvent.CREATED,
        subject=("link", link.public_id),
        actor=actor,
        name=link.name,
        object=facts.reference,
        expires_at=link.expires_at,
        conditions={
            "password": link.password_hash is not None,
            "groups": [group.public_id for group in groups],
            "max_views": link.max_views,
        },
        proof=facts.proof,
    )
    return Created(link.public_id, link.generation)


def note_refusal(session: Session, actor: Actor, facts: ShareFacts) -> None:
    """Record that somebody was refused a link."""
    if facts.refusal is not None:
        trail.record(
            session,
            ShareLinkEvent.REFUSED_TO_CREATE,
            subject=None,
            actor=actor,
            reason=facts.refusal.value,
            object=facts.reference,
        )


def change(session: Session, actor: Actor, public_id: str, changes: Changes) -> None:
    """Change name, end, password, groups, view limit or powers; tightening any condition ends all grants.

    Raises NotFound, Forbidden, Conflict for a link that has ended, Invalid with the field.
    """
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    groups_before = rows.groups_of_link(session, link.id)
    before = _shown(link, groups_before)
    tightened = _apply(session, link, changes, groups_before)
    groups_after = rows.groups_of_link(session, link.id)
    rules.check_gate(
        has_password=link.password_hash is not None,
        has_groups=bool(groups_after),
        settings=registry.read(session, ShareLinkSettings),
    )
    after = _shown(link, groups_after)
    # A new password does not show in what is set: it is a change all the same.
    fields = [name for name in after if after[name] != before[name] or (name == "password" and tightened.password)]
    if not fields:
        return
    link.version += 1
    if tightened.any:
        link.conditions_version += 1
    trail.record(
        session,
        ShareLinkEvent.CHANGED,
        subject=("link", public_id),
        actor=actor,
        fields=fields,
        was={name: before[name] for name in fields},
        now={name: after[name] for name in fields},
        tightened=tightened.any,
    )
    if tightened.any:
        grants.end_of_link(session, actor, link, "tightened")
    rows.tell_if_other(session, actor, link, NoticeCode.CHANGED_BY_OTHER)


def pause(session: Session, actor: Actor, public_id: str) -> None:
    """Pause a link: nobody can open it or read on until it is resumed."""
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    if link.paused_at is not None:
        return
    link.paused_at = clock.now()
    link.paused_reason = PauseReason.OWNER.value
    link.version += 1
    trail.record(
        session,
        ShareLinkEvent.PAUSED,
        subject=("link", public_id),
        actor=actor,
        reason="owner" if link.created_by_id == actor.person_id else "administrator",
    )
    grants.end_of_link(session, actor, link, "paused")
    rows.tell_if_other(session, actor, link, NoticeCode.PAUSED_BY_OTHER)


def resume(session: Session, actor: Actor, public_id: str, facts: ShareFacts | None = None) -> NotShared | None:
    """Resume a paused link; None where it is active again.

    A link that was paused because its restrictions changed asks for a fresh proof of its owner: `facts` by
    `gather.again`. Then the digest of that proof is the one the link stands for.
    """
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    if link.paused_at is None:
        return None
    if _asks_for_proof(session, link):
        if facts is None or facts.person_id != link.created_by_id:
            raise Conflict(
                Text(
                    "Who may see this in Atlassian has changed. Only the owner of the link can prove it and resume it."
                )
            )
        found = _usable(session, actor, facts)
        if isinstance(found, NotShared):
            return found
        _require_same_object(session, link, facts.site.id, found)
        link.restriction_digest = found.restriction_digest
    link.paused_at = None
    link.paused_reason = None
    link.version += 1
    trail.record(session, ShareLinkEvent.RESUMED, subject=("link", public_id), actor=actor)
    rows.tell_if_other(session, actor, link, NoticeCode.RESUMED_BY_OTHER)
    return None


def record_export(session: Session, actor: Actor, wanted: Wanted) -> None:
    """Record that a list of links is handed out. Raises Forbidden."""
    needs = Permission.LINKS_ALL_READ if wanted.everybodys else Permission.LINKS_OWN_MANAGE
    name = "all links" if wanted.everybodys else "own links"
    filters = {"state": wanted.state.value if wanted.state else ""}
    exports.record_export(session, actor, needs, name, filters=filters, search=wanted.search)


def needs_proof(session: Session, actor: Actor, public_id: str) -> bool:
    """Tell whether resuming asks for a fresh proof."""
    link = rows.seen(session, actor, public_id)
    return link.paused_at is not None and _asks_for_proof(session, link)


def revoke(session: Session, actor: Actor, public_id: str) -> int:
    """Revoke a link for good; returns how many browsers were cut off. Doing it twice changes nothing."""
    link = rows.locked(session, actor, public_id)
    if link.revoked_at is not None:
        return 0
    link.revoked_at = clock.now()
    link.version += 1
    trail.record(session, ShareLinkEvent.REVOKED, subject=("link", public_id), actor=actor)
    ended = grants.end_of_link(session, actor, link, "revoked")
    rows.tell_if_other(session, actor, link, NoticeCode.REVOKED_BY_OTHER)
    return ended


def new_address(session: Session, actor: Actor, public_id: str) -> int:
    """Give a link a new address: the old one is unknown from now on. Returns the generation."""
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    if link.generation >= LAST_GENERATION:
        raise Conflict(
            Text("This link has had %(count)s addresses. Create a new link instead.", count=LAST_GENERATION + 1)
        )
    link.generation += 1
    link.version += 1
    trail.record(
        session,
        ShareLinkEvent.NEW_ADDRESS,
        subject=("link", public_id),
        actor=actor,
        generation=link.generation,
    )
    # Who came by the old address passes the gates again.
    grants.end_of_link(session, actor, link, "new_address")
    rows.tell_if_other(session, actor, link, NoticeCode.READDRESSED_BY_OTHER)
    return link.generation


def _usable(session: Session, actor: Actor, facts: ShareFacts) -> ObjectFacts | NotShared:
    if clock.now() - facts.read_at > FACTS_LIFETIME:
        raise Conflict(Text("Reading this took too long. Try again."), code="stale_facts")
    if facts.refusal is not None or facts.object is None:
        note_refusal(session, actor, facts)
        return NotShared(facts.refusal or RefusedToShare.NOT_VISIBLE, facts.site.name)
    row = session.get(Connection, facts.site.id, with_for_update={"read": True})
    if row is None or row.disabled_at is not None or row.version != facts.site.version:
        raise Conflict(Text("The connection was changed meanwhile. Try again."), code="connection_changed")
    return facts.object


def _new_link(
    session: Session,
    creator_id: int,
    facts: ShareFacts,
    found: ObjectFacts,
    conditions: Conditions,
    *,
    asks_for_groups: bool,
) -> ShareLink:
    now, settings, password = clock.now(), registry.read(session, ShareLinkSettings), conditions.password
    rules.check_gate(has_password=password is not None, has_groups=asks_for_groups, settings=settings)
    expires_at = conditions.expires_at or rules.default_expiry(now, settings)
    named = rules.checked_name(conditions.name) if conditions.name else None
    link = ShareLink(
        public_id=tokens.new_public_id(),
        generation=0,
        name=named or rules.name_for(found.object_key, found.object_id),
        shared_object_id=rows.shared_object(session, facts.site.id, found),
        created_by_id=creator_id,
        created_at=now,
        expires_at=rules.checked_expiry(expires_at, created_at=now, now=now, settings=settings),
        password_hash=password.hashed if password else None,
        max_views=rules.checked_views(conditions.max_views) if conditions.max_views is not None else None,
        powers=powers.dump(conditions.powers),
        restriction_digest=found.restriction_digest,
    )
    session.add(link)
    session.flush()
    if conditions.powers.children is not None:
        tree.ask_again(session, link.shared_object_id)
    return link


def _asks_for_proof(session: Session, link: ShareLink) -> bool:
    """Tell whether restrictions changed: that paused the link, or it happened while the link was paused anyway."""
    if link.paused_reason != PauseReason.OWNER:
        return True
    return session.get_one(SharedObject, link.shared_object_id).restriction_digest != link.restriction_digest


def _require_same_object(session: Session, link: ShareLink, connection_id: int, found: ObjectFacts) -> None:
    row = session.get_one(SharedObject, link.shared_object_id)
    if (row.connection_id, row.object_id) != (connection_id, found.object_id):
        raise Conflict(Text("Reading this took too long. Try again."), code="stale_facts")


def _shown(link: ShareLink, groups: dict[int, str]) -> dict[str, Any]:
    """Return what an edit can change, as it may stand in the trail."""
    return {
        "name": link.name,
        "expires_at": link.expires_at.isoformat(timespec="seconds"),
        "password": link.password_hash is not None,
        "groups": sorted(groups.values()),
        "max_views": link.max_views,
        "powers": link.powers,
    }


@dataclass
class _Tightened:
    """Which conditions became stricter."""

    password: bool = False
    others: bool = False

    @property
    def any(self) -> bool:
        return self.password or self.others


def _apply(session: Session, link: ShareLink, changes: Changes, groups_before: dict[int, str]) -> _Tightened:
    tightened = _Tightened()
    if not isinstance(changes.name, Unchanged):
        link.name = rules.checked_name(changes.name)
    if not isinstance(changes.expires_at, Unchanged) and changes.expires_at != link.expires_at:
        settings = registry.read(session, ShareLinkSettings)
        wanted = rules.checked_expiry(
            changes.expires_at, created_at=link.created_at, now=clock.now(), settings=settings
        )
        tightened.others |= wanted < link.expires_at
        link.expires_at = wanted
    if not isinstance(changes.password, Unchanged):
        tightened.password = changes.password is not None
        link.password_hash = changes.password.hashed if changes.password else None
    if not isinstance(changes.max_views, Unchanged):
        wanted_views = rules.checked_views(changes.max_views) if changes.max_views is not None else None
        tightened.others |= wanted_views is not None and (link.max_views is None or wanted_views < link.max_views)
        link.max_views = wanted_views
    if not isinstance(changes.groups, Unchanged):
        wanted_groups = {group.id for group in rows.resolve_groups(session, changes.groups)}
        tightened.others |= bool(wanted_groups) and (not groups_before or not wanted_groups >= groups_before.keys())
        rows.set_groups(session, link.id, wanted_groups)
    if not isinstance(changes.powers, Unchanged):
        link.powers = powers.dump(changes.powers)
        if changes.powers.children is not None:
            tree.ask_again(session, link.shared_object_id)
    return tightened
