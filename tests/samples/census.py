"""What became of each element of a document: shown by a renderer of its own, denied, missing, or boxed.

Every element of the source counts once, by name: elements of XHTML and `ac:`, macros, nodes and marks. What stands inside
the body of a macro that is not shown is not shown either.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from app.documents.bodies import Body
from app.documents.errors import DocumentError
from app.documents.reasons import is_quiet, reason_of
from app.documents.storage.macros import MACROS
from app.documents.storage.parse import AC, AT, RI, XHTML, parse
from app.documents.types import Limits, Reason, Rendered

_PARTS = frozenset(
    {"parameter", "rich-text-body", "plain-text-body", "adf-attribute", "adf-parameter", "default-parameter"}
)
_MACROS = frozenset({f"{AC}structured-macro", f"{AC}macro"})
#: Denied on purpose: content of what a link does not cover, and what would run or be loaded from elsewhere.
_DENIED = frozenset({Reason.NOT_COVERED, Reason.ACTIVE})


class Outcome(StrEnum):
    """What became of one element."""

    SHOWN = "shown"
    BOXED = "boxed"
    DENIED = "denied"
    MISSING = "missing"


_OF_REASON = {
    Reason.NOT_COVERED: Outcome.DENIED,
    Reason.ACTIVE: Outcome.DENIED,
    Reason.MISSING: Outcome.MISSING,
    Reason.BOUNDED: Outcome.BOXED,
    Reason.UNKNOWN: Outcome.BOXED,
}


@dataclass
class Census:
    """Elements by name and outcome, over all documents that were counted."""

    seen: Counter[str] = field(default_factory=Counter)
    left_out: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    hidden: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def count(self, body: Body, rendered: Rendered) -> None:
        """Count one document that was shown."""
        self.seen.update(name for name, _ in _storage(body))
        self.hidden.update((name, outcome) for name, outcome in _storage(body) if outcome is not None)
        self.seen.update(_adf(body.content))
        for one in rendered.left_out:
            self.left_out[one.name, _OF_REASON[one.reason]] += one.count

    def total(self, outcome: Outcome) -> int:
        """Return how many elements came to this end; what stands within a box is not counted as shown."""
        lost = self.left_out + self.hidden
        if outcome is Outcome.SHOWN:
            return self.seen.total() - lost.total()
        return sum(count for (_, found), count in lost.items() if found is outcome)

    @property
    def share(self) -> float:
        """The share of elements with a renderer of their own, what is denied aside."""
        return self.total(Outcome.SHOWN) / max(self.seen.total() - self.total(Outcome.DENIED), 1)

    def lines(self) -> Iterator[str]:
        """Yield the report."""
        yield f"{self.seen.total()} elements of {len(self.seen)} kinds, {self.share:.2%} shown, what is denied aside"
        for outcome in Outcome:
            yield f"{outcome}: {self.total(outcome)}"
        for title, counts in (("left out", self.left_out), ("within something left out", self.hidden)):
            for (name, outcome), count in counts.most_common():
                yield f"  {title}, {outcome}: {count:6} {name}"
        for code, count in self.refused.most_common():
            yield f"  refused, {code}: {count}"
        for name, count in self.seen.most_common():
            yield f"  seen: {count:6} {name}"


def _storage(body: Body) -> Iterator[tuple[str, Outcome | None]]:
    if not isinstance(body.content, str):
        return
    try:
        root = parse(body.content, Limits())
    except DocumentError:
        return
    for element in root.iterdescendants():
        tag: object = element.tag
        if isinstance(tag, str) and not tag.startswith((RI, AT)) and tag.removeprefix(AC) not in _PARTS:
            yield _name(element, tag), _above(element)


def _name(element: etree._Element, tag: str) -> str:
    if tag in _MACROS:
        return f"macro {(element.get(f'{AC}name') or '').lower()}"
    return tag.replace(AC, "ac:").removeprefix(XHTML).lower()


def _above(element: etree._Element) -> Outcome | None:
    """Say what became of the macro that hides this element, if one does."""
    for found in element.iterancestors(*_MACROS):
        name = (found.get(f"{AC}name") or "").lower()
        if name not in MACROS:
            return Outcome.DENIED if is_quiet(name) or reason_of(name) in _DENIED else Outcome.BOXED
    return None


def _adf(document: object) -> Iterator[str]:
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        if node.get("type") != "doc":
            yield f"node {node.get('type')}"
        marks, children = node.get("marks"), node.get("content")
        yield from (f"mark {one.get('type')}" for one in marks or () if isinstance(one, Mapping))
        waiting += children if isinstance(children, list) else []
