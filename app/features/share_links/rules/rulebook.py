"""What rules hold for a link: everywhere, on its connection, in its space or project. Pure.

A lower level may tighten and never loosen: of two values the stricter holds, whichever level it stands on. What is only
chosen beforehand on new links is no rule, and there the lowest level decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from app.features.share_links.gates.recipients import domains
from app.features.share_links.reading.names import Names
from app.features.share_links.rules import patterns
from app.features.share_links.rules.patterns import OwnPattern
from app.features.share_links.settings import CHECK_MODES, SHARERS

#: A value as it is stored and entered.
Plain = bool | int | str


class Scope(StrEnum):
    """Which kind of level, from the uppermost to the lowest."""

    EVERYWHERE = "everywhere"
    CONNECTION = "connection"
    CONTAINER = "container"


class CheckMode(StrEnum):
    """What is done with what a content check finds; the values of `settings.CHECK_MODES`."""

    OFF = "off"
    WARN = "warn"
    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Level:
    """One level and what is set on it; what is not among the values is left to the others."""

    scope: Scope
    values: Mapping[str, Plain]
    #: What people call it: of a connection its name, of a space or project its key.
    name: str = ""


@dataclass(frozen=True)
class Rules:
    """The rules for one place, in the types that they are compared in."""

    require_gate: bool
    require_password: bool
    #: Characters.
    password_length: int
    #: 0 to 4, as zxcvbn rates.
    password_score: int
    require_person: bool
    maximum_days: int
    #: None = any.
    allowed_domains: frozenset[str] | None
    blocked_domains: frozenset[str]
    allow_attachments: bool
    allow_download: bool
    allow_pdf: bool
    allow_comments: bool
    allow_children: bool
    force_watermark: bool
    share_restricted: bool
    #: Rank in `SHARERS`.
    sharers: int
    #: Public ids: somebody has to be in one group of each set.
    sharing_groups: frozenset[frozenset[str]]
    approval: bool
    approver_groups: frozenset[frozenset[str]]
    #: Rank in `CHECK_MODES`.
    content_check: int
    patterns: frozenset[OwnPattern]
    #: Chosen beforehand on new links, and no rule: creators may choose otherwise.
    default_days: int
    names: str
    default_watermark: bool


@dataclass(frozen=True)
class Effective:
    """The rules for one place, and which levels decide each; none where nothing is asked for."""

    rules: Rules
    decided: Mapping[str, tuple[Level, ...]]


@dataclass(frozen=True)
class Comparison:
    """How the values of one rule compare."""

    parse: Callable[[Any], Any]
    #: The stricter of two, or what asks for all that both ask for.
    stricter: Callable[[Any, Any], Any]
    #: What asks for nothing.
    loosest: Any
    #: Whether levels add up, so that none can loosen.
    adds: bool = False


def _as_it_is(value: Any) -> Any:
    return value


def _both(one: bool, other: bool) -> bool:
    return one and other


def _either(one: bool, other: bool) -> bool:
    return one or other


def _in_both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _all_of(one: frozenset[Any], other: frozenset[Any]) -> frozenset[Any]:
    return one | other


def _some_domains(value: str) -> frozenset[str] | None:
    return domains(value) or None


def groups_of(value: str) -> frozenset[str]:
    """Return the group ids that a text separated by commas names."""
    return frozenset(one for part in value.split(",") if (one := part.strip()))


def _one_set(value: str) -> frozenset[frozenset[str]]:
    found = groups_of(value)
    return frozenset({found}) if found else frozenset()


def _patterns(value: str) -> frozenset[OwnPattern]:
    return frozenset(patterns.read(value))


_NEED = Comparison(_as_it_is, _either, False)
_ALLOW = Comparison(_as_it_is, _both, True)
_GROUPS = Comparison(_one_set, _all_of, frozenset(), adds=True)
#: How each rule is compared; its declaration stands in `settings`.
COMPARISONS: dict[str, Comparison] = {
    "require_gate": _NEED,
    "require_password": _NEED,
    "password_length": Comparison(_as_it_is, max, 10),
    "password_score": Comparison(_as_it_is, max, 0),
    "require_person": _NEED,
    "maximum_days": Comparison(_as_it_is, min, 3_650),
    "allowed_domains": Comparison(_some_domains, _in_both, None),
    "blocked_domains": Comparison(domains, _all_of, frozenset(), adds=True),
    "allow_attachments": _ALLOW,
    "allow_download": _ALLOW,
    "allow_pdf": _ALLOW,
    "allow_comments": _ALLOW,
    "allow_children": _ALLOW,
    "force_watermark": _NEED,
    "share_restricted": _ALLOW,
    "sharers": Comparison(SHARERS.index, max, 0),
    "sharing_groups": _GROUPS,
    "approval": _NEED,
    "approver_groups": _GROUPS,
    "content_check": Comparison(CHECK_MODES.index, max, 0),
    "patterns": Comparison(_patterns, _all_of, frozenset(), adds=True),
}

#: What is chosen beforehand on a new link where no level says anything. The lowest that does decides: it knows its place best.
PRESELECTED: dict[str, Plain] = {"default_days": 14, "names": Names.NAME.value, "default_watermark": False}
#: All that can be set on a level.
SETTABLE = (*COMPARISONS, *PRESELECTED)


def effective(levels: Sequence[Level]) -> Effective:
    """Return the rules that hold under all of the levels, and for each rule the levels that decide it."""
    values: dict[str, Any] = {}
    decided: dict[str, tuple[Level, ...]] = {}
    for one in fields(Rules):
        find = _chosen if one.name in PRESELECTED else _decide
        values[one.name], decided[one.name] = find(one.name, levels)
    return Effective(Rules(**values), decided)


def mode_of(rules: Rules) -> CheckMode:
    """Return what is done with what a content check finds."""
    return CheckMode(CHECK_MODES[rules.content_check])


def loosens(name: str, value: Plain, above: Sequence[Level]) -> Level | None:
    """Return the upper level that a value would loosen, or None where it is as strict or stricter."""
    if name in PRESELECTED or COMPARISONS[name].adds:
        return None
    comparison = COMPARISONS[name]
    parsed = comparison.parse(value)
    for level in above:
        if name in level.values and comparison.stricter(comparison.parse(level.values[name]), parsed) != parsed:
            return level
    return None


def _chosen(name: str, levels: Sequence[Level]) -> tuple[Any, tuple[Level, ...]]:
    for level in reversed(levels):
        if name in level.values:
            return level.values[name], (level,)
    return PRESELECTED[name], ()


def _decide(name: str, levels: Sequence[Level]) -> tuple[Any, tuple[Level, ...]]:
    comparison = COMPARISONS[name]
    held = comparison.loosest
    asking: list[tuple[Level, Any]] = []
    for level in levels:
        if name in level.values:
            parsed = comparison.parse(level.values[name])
            held = comparison.stricter(held, parsed)
            if parsed != comparison.loosest:
                asking.append((level, parsed))
    alone = [level for level, parsed in asking if parsed == held]
    # The uppermost that asks for all of it decides; where none does alone, they do together.
    return held, tuple(alone[:1] or [level for level, _ in asking])
