"""People, groups and sessions to test with. Everybody made with a password has the same one: `PASSWORD`."""

from functools import lru_cache

import bcrypt
from sqlalchemy.orm import Session

from app.core.accounts import membership, queries, service
from app.core.accounts.actor import SYSTEM, Actor, PersonKind
from app.core.accounts.models import Group, MembershipSource, Person
from app.core.crypto import passwords, ring
from app.core.permissions import Role

PASSWORD = "four unrelated lantern words"
#: Another one that the rules accept, for whoever changes theirs.
OTHER_PASSWORD = "brisk otter beneath the harbour"


@lru_cache(maxsize=8)
def _hashed(key_id: str) -> str:
    # Not through `hash_password`: it refuses to run while a transaction is open, and factories write in one.
    made = bcrypt.hashpw(passwords._prehash(PASSWORD, key_id), bcrypt.gensalt(4))
    return f"{key_id}${made.decode()}"


def password_hash() -> str:
    """Return a hash of `PASSWORD` under the installed key ring."""
    return _hashed(ring.current().newest.id)


def make_person(
    db: Session,
    name: str = "Ines Duarte",
    *,
    email: str | None = None,
    kind: PersonKind = PersonKind.STAFF,
    roles: tuple[Role, ...] = (),
    groups: tuple[Group, ...] = (),
    password: bool = True,
    time_zone: str | None = None,
) -> Person:
    """Make a person; the address follows from the name: `ines.duarte@example.com`."""
    person = service.create_person(
        db,
        SYSTEM,
        email=email or f"{name.lower().replace(' ', '.')}@example.com",
        name=name,
        kind=kind,
        password_hash=password_hash() if password else None,
    )
    person.time_zone = time_zone
    for role in roles:
        service.give_role(db, SYSTEM, role, person=person)
    for group in groups:
        add_to_group(db, group, person)
    db.flush()
    return person


def make_administrator(db: Session, name: str = "Ada Admin") -> Person:
    """Make a person who may do everything."""
    return make_person(db, name, roles=(Role.ADMINISTRATOR,))


def make_author(db: Session, name: str = "Ines Duarte") -> Person:
    """Make a person who makes links."""
    return make_person(db, name, roles=(Role.AUTHOR,))


def make_auditor(db: Session, name: str = "Otto Auditor") -> Person:
    """Make a person who reads everything and changes nothing."""
    return make_person(db, name, roles=(Role.AUDITOR,))


def make_guest(db: Session, name: str = "Greta Guest", *, groups: tuple[Group, ...] = ()) -> Person:
    """Make somebody from outside who can sign in."""
    return make_person(db, name, kind=PersonKind.GUEST, groups=groups)


def make_customer(db: Session, name: str = "Carl Customer") -> Person:
    """Make a customer of a service desk."""
    return make_person(db, name, kind=PersonKind.CUSTOMER)


def make_group(db: Session, name: str = "Partners", *members: Person) -> Group:
    """Make a local group with members."""
    group = membership.create_group(db, SYSTEM, name=name)
    for member in members:
        add_to_group(db, group, member)
    return group


def make_foreign_group(db: Session, name: str = "Finance", *, source: str = "idp-1", external_id: str = "42") -> Group:
    """Make a group that comes from elsewhere."""
    return membership.create_group(db, SYSTEM, name=name, source=source, external_id=external_id)


def add_to_group(db: Session, group: Group, person: Person) -> None:
    """Put a person into a group, by hand where it is local and as its source otherwise."""
    source = MembershipSource.MANUAL if group.source == "local" else MembershipSource.DIRECTORY
    membership.add_member(db, SYSTEM, group, person, source)


def actor_of(db: Session, person: Person) -> Actor:
    """Return a person as services take them."""
    return queries.actor_for(db, person)
