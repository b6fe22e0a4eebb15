"""Who acts: a signed-in person, a visitor of a link, a program with a token, or Portico itself."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.core.permissions import Permission


class ActorKind(StrEnum):
    """The kinds of actor the audit trail knows."""

    PERSON = "person"
    VISITOR = "visitor"
    TOKEN = "token"  # noqa: S105 - names a kind
    SYSTEM = "system"


class PersonKind(StrEnum):
    """Staff work in the app; guests and customers only open what is shared with them."""

    STAFF = "staff"
    GUEST = "guest"
    CUSTOMER = "customer"


@dataclass(frozen=True)
class Actor:
    """An actor with what it may do; made once per request."""

    kind: ActorKind
    #: Row id of the person, None for visitors and the system.
    person_id: int | None = None
    #: Public id for the audit trail: of the person, or a short digest of a visitor's browser.
    public_id: str | None = None
    name: str = ""
    email: str | None = None
    person_kind: PersonKind | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset)
    #: IANA zone name for times shown to this person; None = the organisation's.
    time_zone: str | None = None
    #: Row id of the session, where there is one.
    session_id: int | None = None
    #: Scopes of the API token, where one was used.
    scopes: frozenset[str] | None = None

    def may(self, permission: Permission) -> bool:
        """Tell whether the actor's roles include `permission`."""
        return permission in self.permissions

    @property
    def is_staff(self) -> bool:
        """Whether this is a signed-in internal person."""
        return self.person_kind is PersonKind.STAFF

    @property
    def initials(self) -> str:
        """One or two letters for the avatar."""
        return initials_of(self.name)


def initials_of(name: str) -> str:
    """Return one or two letters for the avatar of somebody with this name."""
    words = [word for word in name.split() if word[0].isalnum()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


#: Portico itself: jobs, sweeps and the command line.
SYSTEM = Actor(ActorKind.SYSTEM, name="Portico")


def visitor(browser_digest: str | None) -> Actor:
    """Return the actor for somebody who has not signed in; the digest names the browser, if it is known."""
    return Actor(ActorKind.VISITOR, public_id=browser_digest[:16] if browser_digest else None)
