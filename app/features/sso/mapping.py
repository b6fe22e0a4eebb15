"""What a provider said about somebody becomes what Portico keeps: pure rules over received attributes.

Every rule answers with what it saw and why, so that a test sign-in and an explanation can show it. No group received is
no group: whatever is missing takes rights away and never leaves them.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import regex

#: Longer values are cut off before they are looked at: nobody's name or address is.
MAXIMUM_VALUE = 1_000
#: Values of one attribute that are looked at; Entra ID sends 150 groups at most, directories of universities 500.
MAXIMUM_VALUES = 2_000
MAXIMUM_PATTERN = 200
MAXIMUM_TRANSFORMS = 10
#: Seconds of a processor that all patterns of one rule may take together: one that backtracks needs minutes, a usual one a
#: microsecond. On a busy machine nobody is kept out because their turn came late.
PATTERN_SECONDS = 0.1
#: Longest name of a group of the connection's own: it is the group's identity.
MAXIMUM_GROUP = 120
_REFERENCE = regex.compile(r"\\([0-9])")
_PLACE = regex.compile(r"\{([^{}]{1,200})\}")

Attributes = Mapping[str, Sequence[str]]


class Target(StrEnum):
    """What a rule fills."""

    EMAIL = "email"
    NAME = "name"


class TransformKind(StrEnum):
    """How a value is changed."""

    LOWER = "lower"
    STRIP_DOMAIN = "strip_domain"
    REGEX = "regex"
    TEMPLATE = "template"


class Otherwise(StrEnum):
    """What happens when no received value goes through a rule's transforms."""

    #: The first value is taken as it was received.
    KEEP = "keep"
    #: What Portico has stays.
    IGNORE = "ignore"
    #: It becomes empty.
    CLEAR = "clear"
    #: The sign-in is refused.
    REFUSE = "refuse"


class Answer(StrEnum):
    """What a rule decided."""

    TAKEN = "taken"
    LEFT = "left"
    CLEARED = "cleared"
    REFUSED = "refused"


class OwnGroups(StrEnum):
    """Which groups of its own a connection may put people into."""

    NONE = "none"
    #: Those that exist with the same name already.
    EXISTING = "existing"
    #: All that are received; missing ones are made.
    ALL = "all"


class Need(StrEnum):
    """How many of several groups are needed."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True)
class Transform:
    """One change of a value. A pattern that is not found, or a template that lacks a part, lets the value go."""

    kind: TransformKind
    #: The pattern of REGEX, the text of TEMPLATE.
    text: str = ""
    #: What REGEX puts in its place, with \\1 for the first group; empty = the first group, or what was found.
    replacement: str = ""


@dataclass(frozen=True)
class AttributeRule:
    """One property of a person: names of attributes that are tried in order, and what is done to their values."""

    target: Target
    sources: tuple[str, ...] = ()
    transforms: tuple[Transform, ...] = ()
    otherwise: Otherwise = Otherwise.IGNORE


@dataclass(frozen=True)
class GroupMapping:
    """A received group, and the group of Portico (by public id) that it stands for."""

    received: str
    group: str


@dataclass(frozen=True)
class GroupRules:
    """Which groups follow. `mapped` are added and removed; `default_*` are only added; nothing else is touched."""

    sources: tuple[str, ...] = ()
    transforms: tuple[Transform, ...] = ()
    #: Public ids of groups that everybody gets at each sign-in.
    default_all: tuple[str, ...] = ()
    #: Public ids of groups that people get when they are made.
    default_new: tuple[str, ...] = ()
    mapped: tuple[GroupMapping, ...] = ()
    own: OwnGroups = OwnGroups.NONE
    #: Received groups without which nobody signs in through this connection.
    required: tuple[str, ...] = ()
    need: Need = Need.ANY


@dataclass(frozen=True)
class Mapped:
    """What one rule made of what was received."""

    target: Target
    #: Name of the attribute whose value was used; None where none was there.
    source: str | None
    received: tuple[str, ...]
    answer: Answer
    value: str | None
    #: Whether the transforms went through; otherwise the rule's `otherwise` decided.
    matched: bool
    #: Whether a pattern took too long.
    too_slow: bool = False


@dataclass(frozen=True)
class GroupPlan:
    """Which groups follow from what was received; the service applies it."""

    #: Names of the attributes that held groups.
    found_in: tuple[str, ...]
    #: Values after the transforms, in the order received, each once.
    received: tuple[str, ...]
    #: Public ids that the mapping gives.
    mapped: frozenset[str]
    #: Public ids that the mapping manages: of these, the ones not in `mapped` are taken away.
    managed: frozenset[str]
    #: Groups of the connection itself, by external id: of these, all others are taken away.
    own: tuple[str, ...]
    #: Values that no rule uses.
    unused: tuple[str, ...]
    #: Public ids that are only added.
    defaults: frozenset[str]
    #: Required groups that were not received, where too many are missing; empty = may sign in.
    missing: tuple[str, ...]

    @property
    def may_sign_in(self) -> bool:
        """Whether the groups that are needed for signing in are there."""
        return not self.missing


class PatternRefused(ValueError):
    """A pattern cannot be used; the message says why, for an administrator."""


class _TooSlow(Exception):
    """A pattern took longer than a rule may."""


def apply(rule: AttributeRule, attributes: Attributes) -> Mapped:
    """Return what a rule makes of the attributes."""
    source, values = _first_present(rule.sources, attributes)
    deadline, too_slow, found = time.thread_time() + PATTERN_SECONDS, False, None
    # A template needs no attribute of its own: it names the ones it is made of.
    templated = bool(rule.transforms) and rule.transforms[0].kind is TransformKind.TEMPLATE
    try:
        for value in values or (("",) if templated else ()):
            found = _through(rule.transforms, value, attributes, deadline)
            if found:
                break
    except _TooSlow:
        found, too_slow = None, True
    if found:
        return Mapped(rule.target, source, values, Answer.TAKEN, found, matched=True)
    answer, value_kept = _otherwise(rule.otherwise, values)
    return Mapped(rule.target, source, values, answer, value_kept, matched=False, too_slow=too_slow)


def plan_groups(
    rules: GroupRules, attributes: Attributes, *, existing: frozenset[str] = frozenset(), is_new: bool = False
) -> GroupPlan:
    """Return which groups follow. `existing` are the external ids of the connection's own groups."""
    found_in, received = _groups_received(rules, attributes)
    here = frozenset(received)
    mapped = frozenset(one.group for one in rules.mapped if one.received in here)
    own = tuple(one for one in received if _is_own(rules.own, one, existing))
    used = {one.received for one in rules.mapped} | set(own) | set(rules.required)
    missing = tuple(one for one in rules.required if one not in here)
    enough = not missing if rules.need is Need.ALL else len(missing) < len(rules.required) or not rules.required
    return GroupPlan(
        found_in=found_in,
        received=received,
        mapped=mapped,
        managed=frozenset(one.group for one in rules.mapped),
        own=own,
        unused=tuple(one for one in received if one not in used),
        defaults=frozenset(rules.default_all) | (frozenset(rules.default_new) if is_new else frozenset()),
        missing=() if enough else missing,
    )


def check_transform(transform: Transform) -> None:
    """Raise PatternRefused, with a sentence, where a transform could never be applied."""
    if len(transform.text) > MAXIMUM_PATTERN or len(transform.replacement) > MAXIMUM_PATTERN:
        raise PatternRefused(f"Use at most {MAXIMUM_PATTERN} characters for a pattern or template.")
    if transform.kind is TransformKind.TEMPLATE and not _PLACE.search(transform.text):
        raise PatternRefused("A template names at least one attribute, such as {givenName} {sn} or {value}.")
    if transform.kind is TransformKind.REGEX:
        if not transform.text:
            raise PatternRefused("Enter a pattern.")
        try:
            groups = regex.compile(transform.text).groups
        except regex.error as error:
            raise PatternRefused(f"This pattern cannot be read: {error}.") from error
        if any(int(one.group(1)) > groups for one in _REFERENCE.finditer(transform.replacement)):
            raise PatternRefused(f"The replacement names a group that the pattern does not have; it has {groups}.")


def _first_present(sources: Sequence[str], attributes: Attributes) -> tuple[str | None, tuple[str, ...]]:
    for name in sources:
        values = tuple(value[:MAXIMUM_VALUE].strip() for value in attributes.get(name, ())[:MAXIMUM_VALUES])
        values = tuple(value for value in values if value)
        if values:
            return name, values
    return None, ()


def _otherwise(otherwise: Otherwise, values: tuple[str, ...]) -> tuple[Answer, str | None]:
    match otherwise:
        case Otherwise.KEEP if values:
            return Answer.TAKEN, values[0]
        case Otherwise.CLEAR:
            return Answer.CLEARED, ""
        case Otherwise.REFUSE:
            return Answer.REFUSED, None
        case _:
            return Answer.LEFT, None


def _through(transforms: Sequence[Transform], value: str, attributes: Attributes, deadline: float) -> str | None:
    for transform in transforms[:MAXIMUM_TRANSFORMS]:
        changed = _transformed(transform, value, attributes, deadline)
        if changed is None:
            return None
        value = changed[:MAXIMUM_VALUE].strip()
    return value


def _transformed(transform: Transform, value: str, attributes: Attributes, deadline: float) -> str | None:
    match transform.kind:
        case TransformKind.LOWER:
            return value.lower()
        case TransformKind.STRIP_DOMAIN:
            return _without_domain(value)
        case TransformKind.REGEX:
            return _by_pattern(transform, value, deadline)
        case TransformKind.TEMPLATE:
            return _filled(transform.text, value, attributes)


def _without_domain(value: str) -> str:
    """Return the name of `name@domain` and of `DOMAIN\\name`."""
    return value.rpartition("\\")[2].partition("@")[0]


def _by_pattern(transform: Transform, value: str, deadline: float) -> str | None:
    left = deadline - time.thread_time()
    if left <= 0:
        raise _TooSlow
    try:
        found = regex.search(transform.text, value, timeout=left)
    except TimeoutError as error:
        raise _TooSlow from error
    except regex.error:
        return None
    if found is None:
        return None
    groups = (found.group(), *found.groups(default=""))
    if not transform.replacement:
        return str(groups[min(1, len(groups) - 1)])
    return str(_REFERENCE.sub(lambda one: _group(groups, int(one.group(1))), transform.replacement))


def _group(groups: Sequence[str], number: int) -> str:
    return groups[number] if number < len(groups) else ""


def _filled(template: str, value: str, attributes: Attributes) -> str | None:
    parts: dict[str, str] = {}
    for name in {str(found.group(1)) for found in _PLACE.finditer(template)}:
        part = value if name == "value" else next(iter(_first_present((name,), attributes)[1]), "")
        if not part:
            return None
        parts[name] = part
    return str(_PLACE.sub(lambda found: parts[found.group(1)], template))


def _groups_received(rules: GroupRules, attributes: Attributes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found_in: list[str] = []
    received: dict[str, None] = {}
    deadline = time.thread_time() + PATTERN_SECONDS
    for name in rules.sources:
        _, values = _first_present((name,), attributes)
        if values:
            found_in.append(name)
        for value in values:
            try:
                group = _through(rules.transforms, value, attributes, deadline)
            except _TooSlow:
                return tuple(found_in), ()
            if group:
                received[group] = None
    return tuple(found_in), tuple(received)


def _is_own(own: OwnGroups, name: str, existing: frozenset[str]) -> bool:
    if len(name) > MAXIMUM_GROUP or not name.isprintable():
        return False
    return own is OwnGroups.ALL or (own is OwnGroups.EXISTING and name in existing)
