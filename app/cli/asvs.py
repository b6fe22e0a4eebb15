"""The page of security requirements: a row for each requirement of OWASP ASVS 5.0.0, read from `docs/security/asvs.toml`.

The file holds the number and level of each requirement, what it asks in our own short words, our answer, and for one
that is met the test or code that shows it. A test looks each of those up.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.core import migrations

SOURCE = Path("docs/security/asvs.toml")


class Status(StrEnum):
    """Our answer to a requirement."""

    MET = "met"
    NOT_MET = "not met yet"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Requirement:
    """One requirement: its chapter's name, number, level, what it asks, our answer, why, and what shows it."""

    chapter: str
    id: str
    level: int
    asks: str
    status: Status
    says: str
    #: `path` or `path:name`, relative to the repository.
    shown_by: tuple[str, ...]


def read() -> list[Requirement]:
    """Return all rows in the order of the file."""
    document = tomllib.loads((migrations.FOLDER.parent / SOURCE).read_text(encoding="utf-8"))
    return [
        Requirement(chapter["name"], row[0], int(row[1]), row[3], Status(row[2]), row[4], tuple(row[5:]))
        for chapter in document["chapter"]
        for row in chapter["rows"]
    ]


def page(rows: list[Requirement]) -> str:
    """Return the page: what is met per level, then a table per chapter."""
    lines = [
        "# OWASP ASVS 5.0.0, requirement by requirement",
        "",
        f"<!-- Made from {SOURCE.name} by `portico docs`; change that file, not this page. -->",
        "",
        "The second column is the requirement in our own words; the standard has the full text under its number. *Met*",
        "names a test or the code that shows it, and a test checks that it is there. A requirement that is met in part",
        "counts as not met yet.",
        "",
        "| Level | Requirements | Met | Not met yet | Not applicable |",
        "|---|---|---|---|---|",
    ]
    for level in (1, 2, 3):
        of_level = [row for row in rows if row.level == level]
        counts = [sum(row.status is status for row in of_level) for status in Status]
        lines.append(f"| {level} | {len(of_level)} | {' | '.join(str(count) for count in counts)} |")
    chapter = ""
    for row in rows:
        if row.chapter != chapter:
            chapter = row.chapter
            lines += [
                "",
                f"## {chapter}",
                "",
                "| Number | Asks | Level | Answer | How, or why not |",
                "|---|---|---|---|---|",
            ]
        shown = ", ".join(f"`{place}`" for place in row.shown_by)
        says = f"{row.says} Shown by {shown}." if shown else row.says
        lines.append(f"| {row.id} | {row.asks} | {row.level} | {row.status.value} | {says} |")
    return "\n".join(lines) + "\n"
