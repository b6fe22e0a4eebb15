"""Addresses and domains that a link is for: reading what was entered, and comparing. Pure.

Addresses are compared in lower case. A domain stands for the addresses directly in it, not in domains below it.
"""

import re
from collections.abc import Collection, Iterable

from app.core.errors import Invalid
from app.core.text import Text

MAXIMUM = 100
#: RFC 5321 section 4.5.3.1, with the limit of a path taken off.
LONGEST_ADDRESS = 254
_LONGEST_LOCAL = 64
#: RFC 5322 section 3.2.3 dot-atom: what mail systems really use, and nothing that a header could be broken with.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+{_LABEL}", re.ASCII)


def address(entered: str) -> str | None:
    """Return an address as it is compared and written to, or None where it is none."""
    text = entered.strip().lower()
    local, at, named = text.rpartition("@")
    host = _domain(named)
    if not at or host is None or len(local) > _LONGEST_LOCAL or _LOCAL.fullmatch(local) is None:
        return None
    found = f"{local}@{host}"
    return found if len(found) <= LONGEST_ADDRESS else None


def domain_of(value: str) -> str:
    """Return the domain of an address, or the domain itself."""
    return value.rpartition("@")[2]


def read(entered: Iterable[str]) -> tuple[str, ...]:
    """Return addresses and domains without doubles, sorted; raise Invalid for `recipients` with the entry."""
    found: set[str] = set()
    for one in entered:
        text = one.strip()
        # "@example.org" is how many write a domain.
        value = address(text) if "@" in text[1:] else _domain(text.removeprefix("@").lower())
        if value is None:
            raise Invalid(
                "recipients",
                Text(
                    "%(entry)s is neither an address nor a domain. Enter them such as anna@example.org or example.org.",
                    entry=text[:80],
                ),
            )
        found.add(value)
        if len(found) > MAXIMUM:
            raise Invalid("recipients", Text("Enter at most %(count)s addresses and domains.", count=MAXIMUM))
    return tuple(sorted(found))


def covered(inner: Collection[str], outer: Collection[str]) -> bool:
    """Tell whether everybody whom `inner` lets in is let in by `outer`; an empty one lets everybody in."""
    if not outer:
        return True
    return bool(inner) and all(one in outer or domain_of(one) in outer for one in inner)


def domains(entered: str) -> frozenset[str]:
    """Return the domains that a text separated by commas or spaces names; what is none is left out."""
    found = (_domain(one.removeprefix("@")) for one in entered.replace(",", " ").split())
    return frozenset(one for one in found if one is not None)


def not_domains(entered: str) -> Text | None:
    """Say what is wrong with a text of domains, or None."""
    for one in entered.replace(",", " ").split():
        if _domain(one.removeprefix("@")) is None:
            return Text("%(entry)s is not a domain. Enter one such as example.org.", entry=one[:80])
    return None


def _domain(entered: str) -> str | None:
    try:
        text = entered.strip().lower()
        host = text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        return None
    return host if _DOMAIN.fullmatch(host) else None
