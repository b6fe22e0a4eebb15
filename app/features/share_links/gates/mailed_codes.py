"""A code by mail, whatever it is for: how it is asked for, made, tried and used up.

Six digits from the system's random source, kept as a keyed digest bound to the purpose, the address and the one sending it
belongs to. It works in the browser that asked for it, for ten minutes, for five tries, once. The request writes the same
row whatever address was entered: whether there is anything for that address is looked at by the worker alone, so that
neither an answer nor the time it takes tells.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock
from app.core.crypto import ring, tokens
from app.features.share_links.models import MailedCode

DIGITS = 6
LIFETIME = timedelta(minutes=10)
TRIES = 5
RESEND_AFTER = timedelta(seconds=30)
#: Stands where a digest would, once the worker has decided that no code is sent.
NO_CODE = ""

Code = TypeVar("Code", bound=MailedCode)
#: The columns that name one code: the browser, and the link where there is one.
Key = Mapping[str, Any]


class Refusal(StrEnum):
    """Why no code is sent, or why one proves nothing. None depends on whom something is for."""

    NOT_AN_ADDRESS = "not_an_address"
    TOO_SOON = "too_soon"
    LIMITED = "limited"
    WRONG = "wrong"
    #: Used, too old, tried too often, or never asked for.
    OVER = "over"


@dataclass(frozen=True)
class Outcome:
    """What came of asking or trying; without a refusal it went well."""

    refusal: Refusal | None = None
    #: Seconds, where it helps to wait.
    retry_after: int | None = None


@dataclass(frozen=True)
class Waiting:
    """A code that this browser has asked for and not used yet."""

    address: str
    ends_at: datetime


def find(session: Session, table: type[Code], key: Key) -> Code | None:
    """Return the newest code of a browser for one purpose."""
    return session.scalars(select(table).filter_by(**key)).one_or_none()


def waiting(row: MailedCode | None) -> Waiting | None:
    """Return what may still be tried, or None."""
    if row is None or row.used_at is not None or row.tries >= TRIES or row.ends_at <= clock.now():
        return None
    return Waiting(row.address, row.ends_at)


def too_soon(row: MailedCode | None) -> Outcome | None:
    """Say how long to wait where another code was asked for a moment ago."""
    if row is None or row.used_at is not None:
        return None
    wait = (row.asked_at + RESEND_AFTER - clock.now()).total_seconds()
    return Outcome(Refusal.TOO_SOON, int(wait) + 1) if wait > 0 else None


def begin(session: Session, table: type[Code], key: Key, address: str, **more: Any) -> str:
    """Put a code that is yet to be made in the place of the last one; return the name of this sending."""
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    attempt, now = tokens.new_public_id(), clock.now()
    values = {
        "address": address,
        "attempt": attempt,
        "code_digest": None,
        "asked_at": now,
        "ends_at": now + LIFETIME,
        "tries": 0,
        "used_at": None,
    } | more
    # Two requests of one browser at once meet here: the later one counts.
    session.execute(
        insert(table).values(**key, **values).on_conflict_do_update(index_elements=list(key), set_=values),
        execution_options={"synchronize_session": False},
    )
    return attempt


def undecided(session: Session, table: type[Code], key: Key, attempt: str) -> Code | None:
    """Lock and return a code that is still to be made; it counts as decided now. A second run gets None."""
    row = session.scalars(select(table).filter_by(**key, attempt=attempt).with_for_update()).one_or_none()
    if row is None or row.code_digest is not None or row.ends_at <= clock.now():
        return None
    row.code_digest = NO_CODE
    return row


def make(row: MailedCode, purpose: str) -> str:
    """Return a new code, and keep its digest."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    row.code_digest = _digest(row, purpose, code)
    return code


def use(session: Session, table: type[Code], key: Key, purpose: str, entered: str) -> Code | Refusal:
    """Count a try, compare, and use the code up if it is the right one."""
    row = find(session, table, key)
    # The row counts decide: of many tries at once five are looked at, and one of them at most is right.
    usable = (table.used_at.is_(None), table.ends_at > clock.now())
    if row is None or not _changed(session, row, key, table.tries < TRIES, *usable, tries=table.tries + 1):
        return Refusal.OVER
    # Compared also where no code was made, at the same cost.
    if not hmac.compare_digest(row.code_digest or NO_CODE, _digest(row, purpose, "".join(entered.split()))):
        return Refusal.WRONG
    return row if _changed(session, row, key, *usable, used_at=clock.now()) else Refusal.OVER


def _changed(session: Session, row: MailedCode, key: Key, *where: ColumnElement[bool], **values: Any) -> bool:
    query = update(type(row)).filter_by(**key, attempt=row.attempt).where(*where).values(**values)
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        query.execution_options(synchronize_session=False)
    )
    return result.rowcount == 1


def _digest(row: MailedCode, purpose: str, code: str) -> str:
    return ring.current().digest(code, context=f"{purpose}|{row.address}|{row.attempt}")
