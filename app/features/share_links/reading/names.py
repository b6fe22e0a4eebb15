"""How much of people's names a link shows: decided here, before a renderer sees anything of anybody."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from app.integrations.atlassian.types import Account

_MOST_INITIALS = 3


class Names(StrEnum):
    """What readers of a link learn of people in Atlassian."""

    #: The name, and the address where its owner shows it.
    FULL = "full"
    NAME = "name"
    INITIALS = "initials"
    #: That there is somebody.
    NONE = "none"


def shown_as(account: Account, names: Names) -> str:
    """Return what readers see instead of a person; empty where that is nothing."""
    name = " ".join(account.display_name.split())
    match names:
        case Names.FULL:
            return f"{name} ({account.email})" if name and account.email else name or account.email or ""
        case Names.NAME:
            return name
        case Names.INITIALS:
            return initials(name)
        case Names.NONE:
            return ""


def initials(name: str) -> str:
    """Return the first letters of a name, such as “I. M.”."""
    letters = [word[0].upper() for word in name.replace("-", " ").split() if word[0].isalpha()]
    if len(letters) > _MOST_INITIALS:
        letters = [*letters[: _MOST_INITIALS - 1], letters[-1]]
    return " ".join(f"{letter}." for letter in letters)


def people(accounts: Iterable[Account], names: Names) -> Mapping[str, str]:
    """Return what to call people, by account id; whoever is not to be named is not in it."""
    return {one.account_id: name for one in accounts if (name := shown_as(one, names))}
