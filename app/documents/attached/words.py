"""What comes out of a file: lines with their places, and what could not be read."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

#: Characters of all lines of one file; what is beyond counts as not read.
MOST_CHARACTERS = 2_000_000


class Left(StrEnum):
    """Why a file, or a part of it, was not read; stored, so values stay."""

    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    #: It says or holds more than is read.
    TOO_MUCH = "too_much"
    #: Other files stand in it that are not read.
    HOLDS_FILES = "holds_files"
    #: Pages of it are pictures.
    PICTURES = "pictures"


class Unreadable(Exception):
    """The reading ends here; what was read before stays."""

    def __init__(self, left: Left) -> None:
        super().__init__(left.value)
        self.left = left


class Words:
    """The lines of one file, each with its place in it, such as "page 3"; bounded."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.left: set[Left] = set()
        self._room = MOST_CHARACTERS
        self._inside = ""

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """Take down what stands in one file of an archive."""
        self._inside = name
        try:
            yield
        finally:
            self._inside = ""

    def add(self, place: str, text: str) -> None:
        """Take down the lines of a text; raise Unreadable where there is no more room."""
        place = ", ".join(one for one in (self._inside, place) if one)
        for line in text.splitlines():
            said = line.strip()
            if said:
                self._room -= len(said) + 1
                if self._room < 0:
                    raise Unreadable(Left.TOO_MUCH)
                self.lines.append((place, said))
