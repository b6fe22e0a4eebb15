"""An organisation's own patterns to look for in what is shared: reading what was entered, and matching in bounded time.

`regex` stops a search that takes too long; the standard library's `re` cannot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from app.core.text import Text

MAXIMUM = 50
LONGEST_NAME = 60
LONGEST = 300


@dataclass(frozen=True)
class OwnPattern:
    """A named regular expression."""

    name: str
    expression: str


def read(entered: str) -> tuple[OwnPattern, ...]:
    """Return the patterns that a text of lines names; raise ValueError where `not_patterns` has something to say."""
    return tuple(_one(line) for line in entered.splitlines() if line.strip())


def not_patterns(entered: str) -> Text | None:
    """Say what is wrong with a text of patterns, or None."""
    lines = [line for line in entered.splitlines() if line.strip()]
    if len(lines) > MAXIMUM:
        return Text("Enter at most %(count)s patterns.", count=MAXIMUM)
    for line in lines:
        try:
            one = _one(line)
            if _compiled(one.expression).search("") is not None:
                return Text("The pattern %(name)s is found everywhere. Have it ask for something.", name=one.name)
        except (ValueError, regex.error):
            return Text(
                "%(line)s is not a pattern. Enter a name, a colon, and a regular expression.", line=line.strip()[:80]
            )
    return None


def find(pattern: OwnPattern, text: str, seconds: float) -> Iterator[tuple[int, int]]:
    """Yield where a pattern is found, as start and end; raise TimeoutError after so many seconds."""
    for match in _compiled(pattern.expression).finditer(text, timeout=max(seconds, 0.001)):
        if match.end() > match.start():
            yield match.start(), match.end()


def _one(line: str) -> OwnPattern:
    name, colon, expression = line.partition(":")
    name, expression = " ".join(name.split()), expression.strip()
    if not colon or not 1 <= len(name) <= LONGEST_NAME or not 1 <= len(expression) <= LONGEST:
        raise ValueError(line)
    return OwnPattern(name, expression)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> "regex.Pattern[str]":
    return regex.compile(expression)
