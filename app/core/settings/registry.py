"""Declaring run-time settings and reading them.

A feature declares a frozen dataclass whose fields are made with `setting(...)`, and registers it in its wiring.
"""

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import db
from app.core.errors import Invalid
from app.core.settings.models import RuntimeSetting
from app.core.text import Text

#: Seconds that a process may go on with values that another process has changed.
FRESH_SECONDS = 1.0
#: Seconds that `peek` goes on with them.
PEEK_SECONDS = 60.0

Area = TypeVar("Area")


@dataclass(frozen=True)
class Declaration:
    """One setting: its label and help, its bounds, and the choices where it has some."""

    name: str
    kind: type
    default: Any
    label: Text
    help: Text | None
    minimum: int | None
    maximum: int | None
    choices: tuple[str, ...] | None
    secret: bool
    #: Whether it is set on a page of its feature, and not among the settings.
    own_page: bool
    #: Says what is wrong with a text that is within its bounds, or None.
    check: Callable[[str], Text | None] | None


def setting(
    default: Any,
    *,
    label: Text,
    help: Text | None = None,  # noqa: A002 - the word that people see
    minimum: int | None = None,
    maximum: int | None = None,
    choices: tuple[str, ...] | None = None,
    secret: bool = False,
    own_page: bool = False,
    check: Callable[[str], Text | None] | None = None,
) -> Any:
    """Declare a field of a settings dataclass. For text, the bounds are lengths."""
    metadata = {
        "label": label,
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "choices": choices,
        "secret": secret,
        "own_page": own_page,
        "check": check,
    }
    return dataclasses.field(default=default, metadata={"setting": metadata})


@dataclass(frozen=True)
class AreaDeclaration:
    """One area: its key, title and settings in order."""

    key: str
    title: Text
    cls: type[Any]
    settings: tuple[Declaration, ...]

    @property
    def listed(self) -> tuple[Declaration, ...]:
        """Those that the settings page shows."""
        return tuple(one for one in self.settings if not one.own_page)


_areas: dict[str, AreaDeclaration] = {}
_keys: dict[type[Any], str] = {}
_cache: dict[str, tuple[float, Any]] = {}
_lock = threading.Lock()


def register(key: str, title: Text, cls: type[Any]) -> None:
    """Register the settings of one feature; doing it twice with the same class changes nothing."""
    hints = get_type_hints(cls)
    declared = tuple(
        Declaration(field.name, hints[field.name], field.default, **field.metadata["setting"])
        for field in dataclasses.fields(cls)
    )
    _areas[key] = AreaDeclaration(key, title, cls, declared)
    _keys[cls] = key


def areas() -> list[AreaDeclaration]:
    """Return all areas: the organisation's first, the others in order of registration."""
    return sorted(_areas.values(), key=lambda one: one.key != "organisation")


def area(key: str) -> AreaDeclaration | None:
    """Return one area, or None."""
    return _areas.get(key)


def get(cls: type[Area]) -> Area:
    """Return the settings in force, at most a second old."""
    key = _keys[cls]
    cached = _cache.get(key)
    if cached is not None and time.monotonic() - cached[0] < FRESH_SECONDS:
        value: Area = cached[1]
        return value
    # They are as old as the question: the answer may take its time.
    asked = time.monotonic()
    with db.reading() as session:
        fresh = read(session, cls)
    with _lock:
        _cache[key] = (asked, fresh)
    return fresh


def peek(cls: type[Area]) -> Area | None:
    """Return the settings as this process last read them, within a minute and without asking the database; else None."""
    cached = _cache.get(_keys[cls])
    if cached is None or time.monotonic() - cached[0] >= PEEK_SECONDS:
        return None
    value: Area = cached[1]
    return value


def read(session: Session, cls: type[Area]) -> Area:
    """Return the settings as the database has them now; unknown or damaged values fall back to their defaults."""
    declared = _areas[_keys[cls]]
    stored = session.scalar(select(RuntimeSetting.values).where(RuntimeSetting.area == declared.key)) or {}
    values: dict[str, Any] = {}
    for one in declared.settings:
        if one.name in stored:
            try:
                values[one.name] = check(one, stored[one.name])
            except Invalid:
                continue
    return cls(**values)


def forget() -> None:
    """Make the next read of this process ask the database."""
    with _lock:
        _cache.clear()


def check(declared: Declaration, value: Any) -> Any:
    """Return a value of the declared kind within its bounds; raise Invalid that names the bound."""
    if declared.kind is bool:
        return bool(value)
    if declared.kind is int:
        return _number(declared, value)
    text = str(value).strip()
    if declared.choices is not None and text not in declared.choices:
        raise Invalid(declared.name, Text("Choose one of: %(choices)s.", choices=", ".join(declared.choices)))
    if declared.maximum is not None and len(text) > declared.maximum:
        raise Invalid(declared.name, Text("Use at most %(count)s characters.", count=declared.maximum))
    if declared.minimum is not None and len(text) < declared.minimum:
        raise Invalid(declared.name, Text("Use at least %(count)s characters.", count=declared.minimum))
    problem = declared.check(text) if declared.check is not None else None
    if problem is not None:
        raise Invalid(declared.name, problem)
    return text


def _number(declared: Declaration, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise Invalid(declared.name, Text("Enter a whole number.")) from None
    if declared.minimum is not None and number < declared.minimum:
        raise Invalid(declared.name, Text("Enter %(bound)s or more.", bound=declared.minimum))
    if declared.maximum is not None and number > declared.maximum:
        raise Invalid(declared.name, Text("Enter %(bound)s or less.", bound=declared.maximum))
    return number
