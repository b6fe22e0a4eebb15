"""The rows that the service changes: finding them for an actor, locking them, and what hangs on them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.accounts.actor import Actor
from app.core.accounts.models import Group
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.text import Text
from app.features.share_links import rights
from app.features.share_links.conditions import MAXIMUM_GROUPS
from app.features.share_links.life.notices import NoticeCode, tell_owner
from app.features.share_links.lists import words
from app.features.share_links.models import LinkGroup, LinkRecipient, SharedObject, ShareLink
from app.features.share_links.objects import ObjectFacts


def seen(session: Session, actor: Actor, public_id: str, *, lock: bool = False) -> ShareLink:
    """Return a link that the actor may know of; raises NotFound."""
    if not rights.could_be_id(public_id):
        raise NotFound
    query = select(ShareLink).where(ShareLink.public_id == public_id)
    link = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if link is None or not rights.may_see(actor, link.created_by_id):
        raise NotFound
    return link


def locked(session: Session, actor: Actor, public_id: str) -> ShareLink:
    """Return a link that the actor may change, locked; raises NotFound and Forbidden."""
    link = seen(session, actor, public_id, lock=True)
    if not rights.may_manage(actor, link.created_by_id):
        raise Forbidden
    return link


def refuse_ended(link: ShareLink) -> None:
    """Raise Conflict for a link that was revoked or closed: both are for good."""
    if link.revoked_at is not None:
        raise Conflict(Text("This link was revoked. Create a new one instead."), code="revoked")
    if link.closed_at is not None:
        raise Conflict(
            Text("This link was closed, because what it showed is gone. Create a new one instead."), code="closed"
        )


def tell_if_other(session: Session, actor: Actor, link: ShareLink, code: NoticeCode) -> None:
    """Let the owner know what somebody else did to their link."""
    if actor.person_id != link.created_by_id:
        tell_owner(session, link, code)


def groups_of_link(session: Session, link_id: int) -> dict[int, str]:
    """Return the groups of a link: public ids by row id."""
    query = (
        select(Group.id, Group.public_id)
        .join(LinkGroup, LinkGroup.group_id == Group.id)
        .where(LinkGroup.link_id == link_id)
        .order_by(Group.public_id)
    )
    return {row.id: row.public_id for row in session.execute(query)}


def set_groups(session: Session, link_id: int, group_ids: set[int]) -> None:
    """Make these the groups of a link."""
    session.execute(delete(LinkGroup).where(LinkGroup.link_id == link_id, LinkGroup.group_id.not_in(group_ids)))
    known = set(session.scalars(select(LinkGroup.group_id).where(LinkGroup.link_id == link_id)))
    session.add_all(LinkGroup(link_id=link_id, group_id=group_id) for group_id in sorted(group_ids - known))
    session.flush()


def recipients_of_link(session: Session, link_id: int) -> tuple[str, ...]:
    """Return the addresses and domains that a link is for, sorted."""
    query = select(LinkRecipient.value).where(LinkRecipient.link_id == link_id)
    return tuple(sorted(session.scalars(query)))


def resolve_groups(session: Session, wanted: Sequence[str]) -> list[Group]:
    """Return groups by public id or by a name that only one group has; raise Invalid for `groups` otherwise."""
    if len(wanted) > MAXIMUM_GROUPS:
        raise Invalid("groups", Text("Choose at most %(count)s groups.", count=MAXIMUM_GROUPS))
    found: dict[int, Group] = {}
    for one in wanted:
        if not one.isprintable():
            raise Invalid("groups", Text("There is no such group."))
        group = session.scalars(select(Group).where(Group.public_id == one)).one_or_none()
        if group is None:
            named = session.scalars(select(Group).where(Group.name == one).limit(2)).all()
            if len(named) > 1:
                raise Invalid(
                    "groups", Text("Several groups are named %(name)s. Use the id of one.", name=one), code="ambiguous"
                )
            if not named:
                raise Invalid("groups", Text("There is no group %(name)s.", name=one[:120]))
            group = named[0]
        found[group.id] = group
    return list(found.values())


def shared_object(session: Session, connection_id: int, found: ObjectFacts) -> int:
    """Return the row id of what is shared. What a check decides by – version and restrictions – is left to the check."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    seen = {
        "object_key": found.object_key,
        "title": found.title,
        "container": found.container,
        "web_url": found.web_url,
    }
    query = insert(SharedObject).values(
        connection_id=connection_id,
        kind=found.kind.value,
        object_id=found.object_id,
        version=found.version,
        restriction_digest=found.restriction_digest,
        checked_at=found.read_at,
        **seen,
    )
    # Two people who share the same page for the first time at once meet here.
    query = query.on_conflict_do_update(index_elements=["connection_id", "object_id"], set_=seen)
    object_id = int(session.execute(query.returning(SharedObject.id)).scalar_one())
    words.of_object(session, object_id, found.title, found.object_key, found.container)
    return object_id
