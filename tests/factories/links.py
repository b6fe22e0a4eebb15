"""Links and what they show, made through the service; nothing is asked of any site."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.connections import clients
from app.core.connections.models import Connection
from app.features.share_links import service
from app.features.share_links.conditions import Conditions, NewPassword
from app.features.share_links.gather import ShareFacts
from app.features.share_links.models import Grant, ShareLink
from app.features.share_links.objects import ObjectFacts, ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.proof import Proof
from tests.factories import connections, people

#: The password of every link that was made with one: that of the people.
PASSWORD = people.PASSWORD


def page_facts(object_id: str = "100101", title: str = "Berth and crane plan, week 48", **more: object) -> ObjectFacts:
    """Return a page as Confluence would describe it now."""
    found = ObjectFacts(
        kind=ObjectKind.PAGE,
        object_id=object_id,
        object_key=None,
        title=title,
        container="OPS",
        web_url=f"https://acme.atlassian.net/wiki/spaces/OPS/pages/{object_id}",
        version="5-0123456789abcdef",
        restriction_digest="",
        read_at=clock.now(),
        status="current",
    )
    return replace(found, **more)  # type: ignore[arg-type]


def share_facts(db: Session, owner: Person, connection: Connection, found: ObjectFacts | None = None) -> ShareFacts:
    """Return what gathering would find out about an object that the owner may share."""
    found = found or page_facts()
    return ShareFacts(
        site=clients.site_of(connection),
        reference=f"{connection.product}:{found.object_id}",
        read_at=clock.now(),
        person_id=owner.id,
        object=found,
        proof=Proof.OWN_TOKEN,
    )


def hashed_password() -> NewPassword:
    """Return `PASSWORD`, hashed."""
    return NewPassword(people.password_hash())


def make_link(
    db: Session,
    owner: Person,
    connection: Connection | None = None,
    *,
    found: ObjectFacts | None = None,
    name: str | None = "For Northwind",
    password: bool = True,
    groups: tuple[str, ...] = (),
    max_views: int | None = None,
    expires_at: datetime | None = None,
    powers: Powers | None = None,
    **conditions: Any,
) -> ShareLink:
    """Make a link to a page, on the first connection there is or a new one."""
    connection = connection or db.scalars(select(Connection).limit(1)).one_or_none() or connections.make_connection(db)
    made = service.create(
        db,
        people.actor_of(db, owner),
        share_facts(db, owner, connection, found),
        Conditions(
            name=name,
            expires_at=expires_at,
            password=hashed_password() if password else None,
            groups=groups,
            max_views=max_views,
            powers=powers or Powers(),
            **conditions,
        ),
    )
    assert isinstance(made, service.Created)
    return db.scalars(select(ShareLink).where(ShareLink.public_id == made.public_id)).one()


def make_grant(db: Session, link: ShareLink, *, browser: str = "a" * 64, person: Person | None = None) -> Grant:
    """Let one browser read on, as an opening does."""
    row = Grant(
        link_id=link.id,
        browser_digest=browser,
        person_id=person.id if person else None,
        conditions_version=link.conditions_version,
        created_at=clock.now(),
        ends_at=clock.now() + timedelta(hours=12),
    )
    db.add(row)
    db.flush()
    return row
