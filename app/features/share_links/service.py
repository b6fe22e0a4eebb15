"""What people do with links: create, change, pause, resume, revoke, give a new address.

Each function takes an open transaction, the actor and facts that were gathered before it. Whoever may not know a link
gets NotFound, whoever may see but not change it Forbidden.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries as accounts
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.audit import exports, trail
from app.core.connections.models import Connection
from app.core.crypto import tokens
from app.core.errors import Conflict, Forbidden
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links import applying, powers, rows
from app.features.share_links import conditions as rules
from app.features.share_links.conditions import Changes, Conditions
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.gates import grants, tightening
from app.features.share_links.gather import ShareFacts
from app.features.share_links.life import halts, standing
from app.features.share_links.life.notices import NoticeCode
from app.features.share_links.lists import words
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectFacts, ObjectKind
from app.features.share_links.policy import PauseReason
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.reading import tree
from app.features.share_links.reading.tree_reading import NO_SHARE
from app.features.share_links.rules import approving, content_guard, ruling
from app.features.share_links.rules.content_check import NOT_LOOKED, Scan
from app.features.share_links.rules.rulebook import CheckMode, mode_of

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


def create(
    session: Session, actor: Actor, facts: ShareFacts, conditions: Conditions, scan: Scan = NOT_LOOKED
) -> Created | NotShared:
    """Make a link to what the facts describe. Raises Forbidden, Invalid, and Conflict for facts that are too old."""
    if not actor.may(Permission.LINKS_OWN_MANAGE) or actor.person_id is None or actor.person_id != facts.person_id:
        raise Forbidden
    found = usable(session, actor, facts)
    if isinstance(found, NotShared):
        return found
    if not ruling.may_share(session, actor, ruling.rules_at(session, facts.site.id, found.container)):
        refused = replace(facts, refusal=RefusedToShare.NOT_A_SHARER)
        note_refusal(session, actor, refused)
        return NotShared(RefusedToShare.NOT_A_SHARER, facts.site.name)
    if mode_of(ruling.rules_at(session, facts.site.id, found.container)) is CheckMode.REFUSE and not scan.clean:
        note_refusal(session, actor, replace(facts, refusal=RefusedToShare.CONTENT))
        return NotShared(RefusedToShare.CONTENT, facts.site.name)
    link = _new_link(session, actor.person_id, facts, found, conditions)
    standing.note(session, link.shared_object_id, actor.person_id)
    made = applying.snapshot(session, link)
    trail.record(
        session,
        ShareLinkEvent.CREATED,
        subject=("link", link.public_id),
        actor=actor,
        name=link.name,
        object=facts.reference,
        expires_at=link.expires_at,
        conditions=made.asked(),
        proof=facts.proof,
        recipients=list(made.recipients) or None,
    )
    rules_here = ruling.rules_of(session, link)
    mode = mode_of(rules_here)
    if mode is not CheckMode.OFF and (scan.findings or scan.unread):
        content_guard.record(session, link, scan, mode)
    if rules_here.approval or (mode is CheckMode.APPROVE and not scan.clean):
        approving.ask(session, actor, link, scan)
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


def change(session: Session, actor: Actor, public_id: str, changes: Changes, *, seen: int | None = None) -> None:
    """Change name, conditions or powers; tightening any condition ends all grants.

    `seen` is the version that the changes were made from: where they hold what was set then, they would take back what
    somebody else has tightened since. Raises NotFound, Forbidden, Conflict for a link that has ended, may not be loosened
    or was changed since, Invalid with the field.
    """
    link = rows.locked(session, actor, public_id)
    rows.refuse_ended(link)
    before = applying.snapshot(session, link)
    password_set = applying.apply(session, link, changes)
    after = applying.snapshot(session, link)
    # A new password does not show in what is set: it is a change all the same.
    changed = [
        one for one in after.names() if after.value(one) != before.value(one) or (one == "password" and password_set)
    ]
    if not changed:
        return
    if seen is not None and seen != link.version:
        raise Conflict(
            Text("This link was changed after you opened this page. Open it again to see what is set now."),
            code="changed_meanwhile",
        )
    tightened = password_set or tightening.is_tighter(after, before)
    looser = tightening.is_looser(after, before)
    if looser:
        _refuse_sharing_on(session, link)
    link.version += 1
    if tightened:
        link.conditions_version += 1
    was, now = before.told(), after.told()
    trail.record(
        session,
        ShareLinkEvent.CHANGED,
        subject=("link", public_id),
        actor=actor,
        fields=changed,
        was={name: was[name] for name in changed},
        now={name: now[name] for name in changed},
        tightened=tightened,
        recipients=list(after.recipients) if "recipients" in changed else None,
    )
    if tightened:
        grants.end_of_link(session, actor, link, "tightened")
    if _asks_approval(session, link, looser=looser):
        approving.ask(session, actor, link)
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
    if link.paused_reason == PauseReason.APPROVAL:
        raise Conflict(Text("A second person has to approve this link before it opens."), code="approval")
    if _asks_for_proof(session, link):
        if facts is None or facts.person_id != link.created_by_id:
            raise Conflict(
                Text(
                    "Who may see this in Atlassian has changed. Only the owner of the link can prove it and resume it."
                )
            )
        found = usable(session, actor, facts)
        if isinstance(found, NotShared):
            return found
        _require_same_object(session, link, facts.site.id, found)
        link.restriction_digest = found.restriction_digest
        standing.note(session, link.shared_object_id, link.created_by_id)
    # While it was paused nobody asked whether it may go on.
    tree.ask_again(session, link.shared_object_id)
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
    exports.record_export(session, actor, needs, name, filters=wanted.filters, search=wanted.looked_for)


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


def usable(session: Session, actor: Actor, facts: ShareFacts) -> ObjectFacts | NotShared:
    """Return what the facts are about, or the refusal, which is recorded. Raises Conflict for facts that are too old."""
    if clock.now() - facts.read_at > FACTS_LIFETIME:
        raise Conflict(Text("Reading this took too long. Try again."), code="stale_facts")
    if facts.refusal is not None or facts.object is None:
        note_refusal(session, actor, facts)
        return NotShared(facts.refusal or RefusedToShare.NOT_VISIBLE, facts.site.name)
    row = session.get(Connection, facts.site.id, with_for_update={"read": True})
    if row is None or row.disabled_at is not None or row.version != facts.site.version:
        raise Conflict(Text("The connection was changed meanwhile. Try again."), code="connection_changed")
    if NO_SHARE in facts.object.labels:
        refused = replace(facts, refusal=RefusedToShare.NO_SHARE_LABEL)
        note_refusal(session, actor, refused)
        return NotShared(RefusedToShare.NO_SHARE_LABEL, facts.site.name)
    return facts.object


def _new_link(
    session: Session, creator_id: int, facts: ShareFacts, found: ObjectFacts, conditions: Conditions
) -> ShareLink:
    halts.refuse_new(session, facts.site.id, found.container, found.object_id, creator_id)
    now, ruled = clock.now(), ruling.rules_at(session, facts.site.id, found.container)
    named = rules.checked_name(conditions.name) if conditions.name else None
    link = ShareLink(
        public_id=tokens.new_public_id(),
        generation=0,
        name=named or rules.name_for(found.object_key, found.object_id),
        shared_object_id=rows.shared_object(session, facts.site.id, found),
        created_by_id=creator_id,
        created_at=now,
        expires_at=rules.default_expiry(now, usual_days=ruled.default_days, maximum_days=ruled.maximum_days),
        powers=powers.dump(powers.checked(conditions.powers, is_page=found.kind is ObjectKind.PAGE)),
        restriction_digest=found.restriction_digest,
        made_for_version=found.version,
    )
    session.add(link)
    session.flush()
    words.of_link(session, link)
    applying.apply(session, link, rules.changes_of(conditions))
    session.flush()
    return link


def _refuse_sharing_on(session: Session, link: ShareLink) -> None:
    """Raise Conflict where the rules no longer let the owner share: what exists goes on, and nothing is added to it."""
    owner = accounts.actor_for(session, session.get_one(Person, link.created_by_id))
    if not ruling.may_share(session, owner, ruling.rules_of(session, link)):
        raise Conflict(
            Text("The rules here no longer let the owner of this link share. It can be tightened, or transferred."),
            code=RefusedToShare.NOT_A_SHARER.value,
        )


def _asks_approval(session: Session, link: ShareLink, *, looser: bool) -> bool:
    """Tell whether a change has to be approved: it lets in more than was approved, or shows more."""
    # Whatever became of one that waits, the decision is about what stands now.
    return link.paused_reason == PauseReason.APPROVAL or (looser and ruling.rules_of(session, link).approval)


def _asks_for_proof(session: Session, link: ShareLink) -> bool:
    """Tell whether restrictions changed: that paused the link, or it happened while the link was paused anyway."""
    if link.paused_reason != PauseReason.OWNER:
        return True
    return session.get_one(SharedObject, link.shared_object_id).restriction_digest != link.restriction_digest


def _require_same_object(session: Session, link: ShareLink, connection_id: int, found: ObjectFacts) -> None:
    row = session.get_one(SharedObject, link.shared_object_id)
    if (row.connection_id, row.object_id) != (connection_id, found.object_id):
        raise Conflict(Text("Reading this took too long. Try again."), code="stale_facts")
