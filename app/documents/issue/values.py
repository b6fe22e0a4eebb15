"""A raw value of one field to what it means; what has no meaning here is None and never shown as it was written."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

from app.documents.bodies import body_of
from app.documents.issue.kinds import FieldKind
from app.documents.issue.people import account_of
from app.documents.issue.view import (
    Address,
    Day,
    Goal,
    Issues,
    LinkedIssue,
    Moment,
    People,
    Plain,
    Priority,
    Progress,
    Rating,
    Status,
    StatusCategory,
    Tags,
    TimeTracking,
    Value,
)

_MAX_TEXT = 2_000
_MAX_TAGS = 200
_MAX_NUMBER = 10**30
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,60}-\d{1,15}")
#: `com.atlassian.greenhopper.service.sprint.Sprint@1[id=1,state=ACTIVE,name=Week 3,startDate=…]` of older versions.
_OLD_SPRINT = re.compile(r"[\[,]name=([^\]]{1,300}?)(?:,[A-Za-z]{1,30}=|\]|$)")
_LEVELS = {
    name: level
    for level, names in enumerate(
        ("highest blocker", "high critical", "medium major", "low minor", "lowest trivial"), 1
    )
    for name in names.split()
}
_NAMES = ("name", "value", "displayName", "title", "label", "languageCode")


def value_of(kind: FieldKind, raw: object) -> Value | None:
    """Return what a raw value of this kind means, or None where it is empty or has no meaning for a reader."""
    read = _READERS.get(kind)
    return read(raw) if read is not None else None


def _plain(raw: object) -> Value | None:
    if isinstance(raw, list | tuple):
        return _tags(raw)
    if isinstance(raw, Mapping):
        # A text field whose renderer is the editor holds a document.
        return body_of(raw) if raw.get("type") == "doc" else _line(_name(raw))
    return _line(_text(raw))


def _line(text: str) -> Plain | None:
    return Plain(text[:_MAX_TEXT]) if text else None


def _text(raw: object) -> str:
    if isinstance(raw, bool):
        return ""
    if isinstance(raw, int | float):
        return number_text(raw)
    return raw.strip() if isinstance(raw, str) else ""


def number_text(number: float) -> str:
    """Return a number as people write it: no exponent, no zeros behind a whole one."""
    if not -_MAX_NUMBER < number < _MAX_NUMBER:
        return ""
    if number == int(number):
        return str(int(number))
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _name(raw: object) -> str:
    """Return the name that an option, version, component, project, group or team has."""
    if isinstance(raw, Mapping):
        return next((text for key in _NAMES if (text := _text(raw.get(key)))), "")
    return _text(raw)


def _tags(raw: object) -> Value | None:
    names = tuple(name[:_MAX_TEXT] for one in _list(raw)[:_MAX_TAGS] if (name := _name(one)))
    return Tags(names) if names else None


def _named(raw: object) -> Value | None:
    return _tags(raw) if isinstance(raw, list | tuple) else _line(_name(raw))


def _number(raw: object) -> Value | None:
    return _line(_text(raw)) if isinstance(raw, int | float | str) else None


def _cascade(raw: object) -> Value | None:
    path: list[str] = []
    while isinstance(raw, Mapping) and len(path) < 5:
        path.append(_name(raw))
        raw = raw.get("child")
    return _line(" / ".join(name for name in path if name))


def _date(raw: object) -> Value | None:
    try:
        return Day(date.fromisoformat(str(raw)[:10])) if isinstance(raw, str) else None
    except ValueError:
        return None


def instant_of(raw: object) -> datetime | None:
    """Return an aware instant as Jira writes them (ISO 8601, zone without a colon), or None."""
    try:
        found = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    # Instants at either end of the calendar cannot be written in every zone.
    return found if found is not None and found.tzinfo is not None and 1 < found.year < 9999 else None


def _instant(raw: object) -> Value | None:
    at = instant_of(raw)
    return Moment(at) if at is not None else _date(raw)


def _people(raw: object) -> Value | None:
    several = raw if isinstance(raw, list | tuple) else (raw,)
    accounts = tuple(account for one in several[:_MAX_TAGS] if (account := account_of(one)))
    return People(accounts) if accounts else None


def status_of(raw: object) -> Status | None:
    """Return a raw status with its category."""
    name = _name(raw)
    if not name or not isinstance(raw, Mapping):
        return None
    given = raw.get("statusCategory")
    key = given.get("key") if isinstance(given, Mapping) else None
    known = {str(one) for one in StatusCategory}
    return Status(name[:_MAX_TEXT], StatusCategory(str(key)) if key in known else StatusCategory.UNDEFINED)


def _priority(raw: object) -> Value | None:
    name = _name(raw)
    return Priority(name[:_MAX_TEXT], _LEVELS.get(name.casefold())) if name else None


def _address(raw: object) -> Value | None:
    return Address(raw.strip()[:_MAX_TEXT]) if isinstance(raw, str) and raw.strip() else None


def _sprint(raw: object) -> Value | None:
    names = [_sprint_name(one) for one in _list(raw)[:_MAX_TAGS]]
    kept = tuple(name[:_MAX_TEXT] for name in names if name)
    return Tags(kept) if kept else None


def _sprint_name(raw: object) -> str:
    if not isinstance(raw, str):
        return _name(raw)
    old = _OLD_SPRINT.search(raw)
    # Anything else that is written like the inside of a program is not for readers.
    return old[1].strip() if old else "" if "[" in raw or "=" in raw else raw.strip()


def issue_of(raw: object, relation: str = "") -> LinkedIssue | None:
    """Return another issue as a raw link, parent or subtask names it."""
    if not isinstance(raw, Mapping) or not isinstance(key := raw.get("key"), str) or not _KEY.fullmatch(key):
        return None
    fields = raw.get("fields")
    if not isinstance(fields, Mapping):
        return LinkedIssue(key, relation=relation[:_MAX_TEXT])
    return LinkedIssue(
        key,
        _text(fields.get("summary"))[:_MAX_TEXT],
        status_of(fields.get("status")),
        _name(fields.get("issuetype"))[:_MAX_TEXT],
        relation[:_MAX_TEXT],
    )


def _issue(raw: object) -> Value | None:
    found = issue_of(raw.get("data") if isinstance(raw, Mapping) and "data" in raw else raw)
    return Issues((found,)) if found else None


def _key(raw: object) -> Value | None:
    return issue_of_key(raw) if isinstance(raw, str) else _issue(raw)


def issue_of_key(key: str) -> Issues | None:
    """Return an issue of which only the key is known."""
    return Issues((LinkedIssue(key),)) if _KEY.fullmatch(key) else None


def _progress(raw: object) -> Value | None:
    if not isinstance(raw, Mapping) or not (total := _seconds(raw.get("total"))):
        return None
    return Progress(min(round(100 * (_seconds(raw.get("progress")) or 0) / total), 100))


def _time(raw: object) -> Value | None:
    if not isinstance(raw, Mapping):
        return None
    found = TimeTracking(
        _seconds(raw.get("originalEstimateSeconds")),
        _seconds(raw.get("timeSpentSeconds")),
        _seconds(raw.get("remainingEstimateSeconds")),
    )
    return None if found == TimeTracking(None, None, None) else found


def _duration(raw: object) -> Value | None:
    seconds = _seconds(raw)
    return TimeTracking(None, seconds, None) if seconds is not None else None


def _seconds(raw: object) -> int | None:
    fits = isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 10**12
    return raw if fits and isinstance(raw, int) else None


def _count(raw: object) -> Value | None:
    if not isinstance(raw, Mapping):
        return None
    counts = (raw.get(key) for key in ("votes", "watchCount"))
    return next((Plain(str(count)) for one in counts if (count := _seconds(one)) is not None), None)


def _goal(raw: object) -> Value | None:
    if not isinstance(raw, Mapping):
        return None
    running = raw.get("ongoingCycle")
    if isinstance(running, Mapping):
        missed = True if running.get("breached") is True else None
        return Goal(None if missed is None else False, running.get("paused") is True, _cycle_end(running))
    done = [one for one in _list(raw.get("completedCycles")) if isinstance(one, Mapping)]
    return Goal(done[-1].get("breached") is not True) if done else None


def _cycle_end(cycle: Mapping[str, object]) -> datetime | None:
    due = cycle.get("breachTime")
    return instant_of(due.get("iso8601")) if isinstance(due, Mapping) else None


def _request_type(raw: object) -> Value | None:
    found = raw.get("requestType") if isinstance(raw, Mapping) else None
    return _line(_name(found))


def _rating(raw: object) -> Value | None:
    stars = _seconds(raw.get("rating")) if isinstance(raw, Mapping) else None
    return Rating(stars) if stars is not None and 1 <= stars <= 5 else None


def _approvals(raw: object) -> Value | None:
    texts = []
    for one in _list(raw)[:_MAX_TAGS]:
        if isinstance(one, Mapping) and (name := _name(one)):
            decision = _text(one.get("finalDecision"))
            texts.append(f"{name}: {decision}"[:_MAX_TEXT] if decision else name[:_MAX_TEXT])
    return Tags(tuple(texts)) if texts else None


def _other(raw: object) -> Value | None:
    """Read a value of unknown kind: only where it says itself what it is called."""
    if isinstance(raw, str):
        # What apps keep for themselves as text is JSON or the inside of a program.
        text = raw.strip()
        inside = text[:1] in ("{", "[", "<") or ("@" in text[:200] and "[" in text)
        return None if inside else _line(text)
    if isinstance(raw, Mapping):
        if raw.get("type") == "doc":
            return body_of(raw)
        return _people(raw) if "displayName" in raw else _line(_name(raw))
    if isinstance(raw, list | tuple):
        if any(isinstance(one, Mapping) and "displayName" in one for one in raw):
            return _people(raw)
        return _tags([one for one in raw if isinstance(one, Mapping) or (isinstance(one, str) and _other(one))])
    return _number(raw)


def _list(raw: object) -> list[object]:
    return list(raw) if isinstance(raw, list | tuple) else []


_READERS: Mapping[FieldKind, Callable[[object], Value | None]] = {
    FieldKind.TEXT: _plain,
    FieldKind.RICH: body_of,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.INSTANT: _instant,
    FieldKind.PERSON: _people,
    FieldKind.NAMED: _named,
    FieldKind.CASCADE: _cascade,
    FieldKind.STATUS: status_of,
    FieldKind.PRIORITY: _priority,
    FieldKind.URL: _address,
    FieldKind.SPRINT: _sprint,
    FieldKind.ISSUE: _issue,
    FieldKind.KEY: _key,
    FieldKind.PROGRESS: _progress,
    FieldKind.TIME: _time,
    FieldKind.DURATION: _duration,
    FieldKind.COUNT: _count,
    FieldKind.GOAL: _goal,
    FieldKind.REQUEST_TYPE: _request_type,
    FieldKind.RATING: _rating,
    FieldKind.APPROVALS: _approvals,
    FieldKind.OTHER: _other,
}
