"""Checks in the order they are made, and values of foreign messages made fit to be shown."""

import hmac
import json
from typing import Any

from app.protocols.oidc.errors import Refused
from app.protocols.oidc.types import Check, CheckResult

#: More of a foreign value helps nobody to understand it.
MAX_SHOWN = 200


class Checklist:
    """Records what was looked at. A check that later ones build on is demanded; independent ones are noted and raised together."""

    def __init__(self) -> None:
        self._results: list[CheckResult] = []

    def note(self, check: Check, passed: bool, expected: str, found: str) -> None:
        """Record a check whose failure shall not hide those after it."""
        self._results.append(CheckResult(check, passed, expected, found))

    def demand(self, check: Check, passed: bool, expected: str, found: str) -> None:
        """Record a check and raise Refused at once where it failed."""
        self.note(check, passed, expected, found)
        if not passed:
            self.finish()

    def finish(self) -> tuple[CheckResult, ...]:
        """Return all checks, or raise Refused for the first that failed."""
        results = tuple(self._results)
        for one in results:
            if not one.passed:
                raise Refused(one.name, one.expected, one.found, results)
        return results

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """The checks so far, failed ones too."""
        return tuple(self._results)


def shown(value: Any) -> str:
    """Return a foreign value as one printable line of bounded length; the absent one as "nothing"."""
    if value is None:
        return "nothing"
    if value == "":
        return "an empty text"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    cut = text[:MAX_SHOWN]
    line = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in cut)
    return line + ("…" if len(text) > MAX_SHOWN else "")


def same(found: Any, expected: str) -> bool:
    """Compare a foreign value with one that only we and the provider know, in constant time."""
    return bool(expected) and isinstance(found, str) and hmac.compare_digest(found.encode(), expected.encode())
