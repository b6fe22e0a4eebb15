"""What has to be met before a link opens, as its creator enters it, and the rules for what may be entered.

Pure: settings, times and what stands already are arguments. Each refusal names its field and the bound.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.core.crypto.passwords import MAXIMUM_LENGTH
from app.core.errors import Invalid
from app.core.text import Text
from app.features.share_links.powers import Powers
from app.features.share_links.settings import ShareLinkSettings

MINIMUM_PASSWORD = 10
MAXIMUM_NAME = 120
MAXIMUM_GROUPS = 50
#: The largest number of views that can be asked for; beyond it no limit is meant.
MAXIMUM_VIEWS = 1_000_000

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
    expires_at: datetime | None = None
    password: NewPassword | None = None
    #: Public ids of groups, or names that only one group has.
    groups: tuple[str, ...] = ()
    max_views: int | None = None
    powers: Powers = field(default_factory=Powers)


class Unchanged:
    """Says that an edit leaves something as it is."""


UNCHANGED = Unchanged()


@dataclass(frozen=True)
class Changes:
    """What an edit changes. None takes a password, a view limit or all groups away."""

    name: str | Unchanged = UNCHANGED
    expires_at: datetime | Unchanged = UNCHANGED
    password: NewPassword | Unchanged | None = UNCHANGED
    groups: tuple[str, ...] | Unchanged = UNCHANGED
    max_views: int | Unchanged | None = UNCHANGED
    powers: Powers | Unchanged = UNCHANGED


def checked_name(name: str) -> str:
    """Return a name with single spaces; raise Invalid where it is empty or too long."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= MAXIMUM_NAME or not name.isprintable():
        raise Invalid("name", Text("Enter a name of 1 to %(count)s characters.", count=MAXIMUM_NAME))
    return name


def name_for(object_key: str | None, object_id: str) -> str:
    """Return the name of a link that got none; never the title, since names stand in the audit trail and in mail."""
    return object_key or f"Page {object_id}"


def checked_expiry(
    expires_at: datetime, *, created_at: datetime, now: datetime, settings: ShareLinkSettings
) -> datetime:
    """Return the end of a link; raise Invalid where it is over already or beyond the longest life."""
    if expires_at <= now:
        raise Invalid("expires_at", Text("Choose an end that is still to come."))
    if expires_at > created_at + timedelta(days=settings.maximum_days):
        raise Invalid(
            "expires_at",
            Text("A link lives at most %(days)s days, counted from its creation.", days=settings.maximum_days),
        )
    return expires_at


def default_expiry(now: datetime, settings: ShareLinkSettings) -> datetime:
    """Return the end of a link for which none was entered."""
    return now + timedelta(days=min(settings.default_days, settings.maximum_days))


def checked_views(max_views: int) -> int:
    """Return a view limit; raise Invalid where it is none."""
    if not 1 <= max_views <= MAXIMUM_VIEWS:
        raise Invalid(
            "max_views", Text("Enter 1 to %(maximum)s views, or leave the limit away.", maximum=MAXIMUM_VIEWS)
        )
    return max_views


def check_password(password: str) -> None:
    """Raise Invalid where a password for a link is too short or too long."""
    if len(password) < MINIMUM_PASSWORD:
        raise Invalid("password", Text("Use at least %(count)s characters.", count=MINIMUM_PASSWORD))
    if len(password) > MAXIMUM_LENGTH:
        raise Invalid("password", Text("Use at most %(count)s characters.", count=MAXIMUM_LENGTH))


def check_gate(*, has_password: bool, has_groups: bool, settings: ShareLinkSettings) -> None:
    """Raise Invalid where a link would open for everybody who has its address, and the settings forbid that."""
    if settings.require_gate and not has_password and not has_groups:
        raise Invalid("password", Text("A link needs a password or a group. Enter a password or choose a group."))


def generate_password() -> str:
    """Return a password that can be read out: four pronounceable parts and a number, 57 bits in all."""
    parts = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2)) for _ in range(4)]
    return "-".join([*parts, f"{secrets.randbelow(100):02d}"])
