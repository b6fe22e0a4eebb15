"""What an attempt leaves behind, so that it can be explained: the checks that were made and what was received.

The flow writes it, pages read it. Both are kept encrypted, as JSON.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True)
class CheckLine:
    """One check, in the order in which it was made. `name` is a value of the protocol's Check."""

    name: str
    passed: bool
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class ReceivedAttribute:
    """One attribute or claim with all its values."""

    name: str
    values: tuple[str, ...]
    #: What the provider calls it besides, such as `mail` for an OID.
    friendly_name: str | None = None
    name_format: str | None = None


@dataclass(frozen=True)
class Received:
    """What a verified answer said about somebody."""

    subject: str
    attributes: tuple[ReceivedAttribute, ...] = ()
    #: amr, acr and AuthnContextClassRefs.
    contexts: tuple[str, ...] = ()
    #: Format of the NameID; None for OpenID Connect.
    subject_format: str | None = None

    @property
    def by_name(self) -> dict[str, tuple[str, ...]]:
        """Values by name, and by friendly name where no attribute has that as its name."""
        found: dict[str, tuple[str, ...]] = {}
        for one in self.attributes:
            found[one.name] = found.get(one.name, ()) + one.values
        for one in self.attributes:
            if one.friendly_name and all(one.friendly_name != other.name for other in self.attributes):
                found[one.friendly_name] = found.get(one.friendly_name, ()) + one.values
        return found


def dump(value: Received) -> str:
    """Return what was received, as it is stored."""
    return TypeAdapter(Received).dump_json(value).decode()


def load(stored: str | None) -> Received | None:
    """Return what was stored; None where nothing could be believed."""
    return TypeAdapter(Received).validate_json(stored) if stored else None


def dump_checks(checks: tuple[CheckLine, ...]) -> str:
    """Return checks as they are stored."""
    return TypeAdapter(tuple[CheckLine, ...]).dump_json(checks).decode()


def load_checks(stored: str) -> tuple[CheckLine, ...]:
    """Return stored checks."""
    return TypeAdapter(tuple[CheckLine, ...]).validate_json(stored)


def lines(checks: tuple[Any, ...]) -> tuple[CheckLine, ...]:
    """Return a protocol's check results as lines."""
    return tuple(CheckLine(str(one.name), one.passed, one.expected, one.found) for one in checks)
