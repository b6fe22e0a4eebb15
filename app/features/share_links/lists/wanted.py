"""What is asked of the lists of links: pages, files, the API and saved filters say it the same way."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

from app.features.share_links.policy import LinkState

#: An active link that is open for longer than this from now is long-lived.
LONG = timedelta(days=90)
#: An active link that nobody has opened for this long since it was made is never opened.
UNOPENED = timedelta(days=14)
#: For how long a network that a link was opened from is new.
NEW = timedelta(days=7)


class Condition(StrEnum):
    """A condition that links can be found by."""

    PASSWORD = "password"  # noqa: S105 - names a condition
    SIGN_IN = "sign_in"
    GROUPS = "groups"
    RECIPIENTS = "recipients"
    NETWORKS = "networks"
    SECOND_FACTOR = "second_factor"
    TERMS = "terms"
    REASON = "reason"


class Risk(StrEnum):
    """Why an active link deserves a look."""

    #: Nobody proves who they are: neither sign-in nor an address.
    NO_SIGN_IN = "no_sign_in"
    #: A password, which can be handed on, is all that is asked for.
    PASSWORD_ONLY = "password_only"  # noqa: S105 - names a risk
    LONG_LIVED = "long_lived"
    NEVER_OPENED = "never_opened"
    #: What it shows has another version than when the link was made.
    PAGE_CHANGED = "page_changed"
    NEW_NETWORK = "new_network"


@dataclass(frozen=True)
class Wanted:
    """What is asked of the list of links: without `everybodys` only the actor's own. Each part narrows it."""

    everybodys: bool = False
    #: Words of a name, a title, a key or a container; each has to begin one.
    search: str = ""
    state: LinkState | None = None
    sort: str = ""
    #: Atlassian's id or the key of a page or issue.
    page: str = ""
    #: Public id or address of who made it, or how their name begins.
    creator: str = ""
    #: An address that is among the recipients, by itself or by its domain, or has an own link.
    recipient: str = ""
    #: A domain that some recipient is of.
    domain: str = ""
    condition: Condition | None = None
    risk: Risk | None = None
    never_opened: bool = False
    #: From an instant on, up to before another.
    created_from: datetime | None = None
    created_to: datetime | None = None
    ends_from: datetime | None = None
    ends_to: datetime | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None

    @property
    def filters(self) -> dict[str, str]:
        """What narrows the list, but for the words and people that are looked for: it may stand in the trail for ever."""
        private = ("everybodys", "search", "sort", "page", "creator", "recipient", "domain")
        found = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in private}
        return {name: _words(value) for name, value in found.items() if value}

    @property
    def looked_for(self) -> str:
        """The words and people that are looked for, in one line."""
        return " ".join(one for one in (self.search, self.page, self.creator, self.recipient, self.domain) if one)


def _words(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "yes" if value is True else str(value)
