"""What has to be met before a link opens, as its creator enters it, and the rules for what may be entered.

Pure: settings, times and what stands already are arguments. Each refusal names its field and the bound.
"""

import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from app.core.crypto.passwords import MAXIMUM_LENGTH, strength
from app.core.errors import Invalid
from app.core.text import Text
from app.features.share_links.powers import Powers
from app.features.share_links.rules.rulebook import Rules

MINIMUM_PASSWORD = 10
MAXIMUM_NAME = 120
MAXIMUM_GROUPS = 50
#: The largest number of views that can be asked for; beyond it no limit is meant.
MAXIMUM_VIEWS = 1_000_000
MAXIMUM_TERMS = 20_000
MAXIMUM_REASON = 500

#: One day more than a link can live by any rule.
FARTHEST = timedelta(days=3_651)

#: Why a password cannot be set and removed in one step.
ONE_OR_THE_OTHER = Text("Set a new password or remove it, not both.")

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"


@dataclass(frozen=True)
class NewPassword:
    """A hashed password; `generated` holds it in plain where Portico made it, to be shown once."""

    hashed: str = field(repr=False)
    generated: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Conditions:
    """What a creator enters for a new link; whatever is None follows from the settings or is not asked for."""

    name: str | None = None
    opens_at: datetime | None = None
    expires_at: datetime | None = None
    #: CIDR; empty = from everywhere.
    networks: tuple[str, ...] = ()
    max_views: int | None = None
    max_views_each: int | None = None
    asks_sign_in: bool = False
    #: Name of a way to sign in (`sign_in.Way`).
    sign_in_through: str | None = None
    #: Public ids of groups, or names that only one group has.
    groups: tuple[str, ...] = ()
    all_groups: bool = False
    #: Addresses and domains; empty = whoever has the link.
    recipients: tuple[str, ...] = ()
    asks_second_factor: bool = False
    password: NewPassword | None = None
    #: Text to accept; empty = none.
    terms: str = ""
    asks_reason: bool = False
    powers: Powers = field(default_factory=Powers)


class Unchanged:
    """Says that an edit leaves something as it is."""


UNCHANGED = Unchanged()


@dataclass(frozen=True)
class Changes:
    """What an edit changes; None, False or nothing at all takes a condition away."""

    name: str | Unchanged = UNCHANGED
    opens_at: datetime | Unchanged | None = UNCHANGED
    expires_at: datetime | Unchanged = UNCHANGED
    networks: tuple[str, ...] | Unchanged = UNCHANGED
    max_views: int | Unchanged | None = UNCHANGED
    max_views_each: int | Unchanged | None = UNCHANGED
    asks_sign_in: bool | Unchanged = UNCHANGED
    sign_in_through: str | Unchanged | None = UNCHANGED
    groups: tuple[str, ...] | Unchanged = UNCHANGED
    all_groups: bool | Unchanged = UNCHANGED
    recipients: tuple[str, ...] | Unchanged = UNCHANGED
    asks_second_factor: bool | Unchanged = UNCHANGED
    password: NewPassword | Unchanged | None = UNCHANGED
    terms: str | Unchanged = UNCHANGED
    asks_reason: bool | Unchanged = UNCHANGED
    powers: Powers | Unchanged = UNCHANGED


def changes_of(conditions: Conditions) -> Changes:
    """Return what a new link is given, as changes to one that asks for nothing; its name and usual end it has already."""
    given = {one.name: getattr(conditions, one.name) for one in fields(conditions)} | {"name": UNCHANGED}
    return Changes(**given | ({} if conditions.expires_at is not None else {"expires_at": UNCHANGED}))


def checked_name(name: str) -> str:
    """Return a name with single spaces; raise Invalid where it is empty or too long."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable():
        raise Invalid("name", Text("Enter a name of 1 to %(count)s characters.", count=MAXIMUM_NAME))
    return name


def name_for(object_key: str | None, object_id: str) -> str:
    """Return the name of a link that got none; never the title, since names stand in the audit trail and in mail."""
    return object_key or f"Page {object_id}"


def checked_expiry(expires_at: datetime, *, now: datetime) -> datetime:
    """Return the end of a link; raise Invalid where it is over already. How late it may be is for `abiding`."""
    if expires_at <= now:
        raise Invalid("expires_at", Text("Choose an end that is still to come."))
    # Beyond what any rule allows, and before what no database can tell; `abiding` names the days that are allowed.
    return min(expires_at, now + FARTHEST)


def default_expiry(now: datetime, *, usual_days: int, maximum_days: int) -> datetime:
    """Return the end of a link for which none was entered."""
    return now + timedelta(days=min(usual_days, maximum_days))


def check_opening(opens_at: datetime | None, expires_at: datetime) -> None:
    """Raise Invalid where a link would end before it opens."""
    if opens_at is not None and opens_at >= expires_at:
        raise Invalid("opens_at", Text("Choose an opening before the end."))


def checked_views(max_views: int, name: str = "max_views") -> int:
    """Return a view limit; raise Invalid for the field `name` where it is none."""
    if not 1 <= max_views <= MAXIMUM_VIEWS:
        raise Invalid(name, Text("Enter 1 to %(maximum)s views, or leave the limit away.", maximum=MAXIMUM_VIEWS))
    return max_views


def check_password(password: str, rules: Rules | None = None) -> None:
    """Raise Invalid where a password for a link is too short, too long, or too easy to guess for the rules."""
    shortest = max(MINIMUM_PASSWORD, rules.password_length if rules is not None else 0)
    if len(password) < shortest:
        raise Invalid("password", Text("Use at least %(count)s characters.", count=shortest))
    if len(password) > MAXIMUM_LENGTH:
        raise Invalid("password", Text("Use at most %(count)s characters.", count=MAXIMUM_LENGTH))
    if not password.strip() or any(unicodedata.category(character) == "Cc" for character in password):
        raise Invalid("password", Text("Use characters that can be typed, and not blanks alone."))
    if rules is not None and rules.password_score and strength(password).score < rules.password_score:
        raise Invalid(
            "password",
            Text("This password is too easy to guess. Use a longer one, such as four unrelated words."),
            code="password_score",
        )


def checked_terms(text: str) -> str:
    """Return terms with plain line ends and without spaces around; raise Invalid where they are too long."""
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
    if len(plain) > MAXIMUM_TERMS:
        raise Invalid("terms", Text("Use at most %(count)s characters.", count=MAXIMUM_TERMS))
    if not plain.replace("\n", "").replace("\t", "").isprintable():
        raise Invalid("terms", Text("The terms hold characters that cannot be shown."))
    return plain


def checked_reason(text: str) -> str | None:
    """Return a stated reason in single spaces, or None where it says nothing or is longer than may be kept."""
    reason = " ".join(text.split())
    return reason if 1 <= len(reason) <= MAXIMUM_REASON and reason.isprintable() else None


def check_sources(sources: Collection[str], through: str | None, local: str) -> None:
    """Raise Invalid where a group can never be met by who signs in through the named connection."""
    if through is not None and set(sources) - {through, local}:
        raise Invalid(
            "groups",
            Text("A group of another sign-in was chosen. Choose groups of the one that the link names, or of Portico."),
        )


def generate_password() -> str:
    """Return a password that can be read out: four pronounceable parts and a number, 57 bits in all."""
    parts = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2)) for _ in range(4)]
    return "-".join([*parts, f"{secrets.randbelow(100):02d}"])
