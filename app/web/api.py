"""What every endpoint of the programming interface shares: bodies, queries, lists, repeated requests.

A body is read strictly by a pydantic model: an unknown field, a number in quotes or a time without offset is answered
422 with the name of each field. Nothing is guessed.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, NoReturn, TypeVar

from flask import Response, request
from flask import abort as stop
from flask_babel import gettext as _
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from app.core import context, db, idempotency
from app.core.errors import Invalid
from app.core.idempotency import Answer
from app.core.text import Text
from app.web.errors import problem
from app.web.identity import actor

JSON = "application/json"
#: RFC 7396.
MERGE_PATCH = "application/merge-patch+json"
MAXIMUM_LIMIT = 200
DEFAULT_LIMIT = 50
IDEMPOTENCY_HEADER = "Idempotency-Key"
_MAXIMUM_ERRORS = 20
#: What is said of a cursor that no list gave.
NOT_OURS = Text("Use the value of `next` as it came.")


class Input(BaseModel):
    """A body that a client sends: no unknown fields, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Query(BaseModel):
    """Query arguments: text that is converted, and no unknown names."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class PageQuery(Query):
    """Query arguments of every list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAXIMUM_LIMIT, description="How many items at most.")
    cursor: str | None = Field(None, max_length=100, description="`next` of the page before.")


class Output(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What to do, in a sentence.")
    code: str = Field(description="Stable; what a program decides by.")
    reference: str | None = Field(None, description="Names this call in the logs.")
    field: str | None = Field(None, description="The first field that has to change.")
    errors: list[dict[str, str]] | None = Field(None, description="Each field that has to change, with a sentence.")


def _within(instant: datetime) -> datetime:
    return min(max(instant, _EARLIEST), _LATEST)


#: A time with its offset; beyond these years it could not be told in every zone, and means "long ago" or "never".
Instant = Annotated[AwareDatetime, AfterValidator(_within)]
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

Model = TypeVar("Model", bound=BaseModel)
Row = TypeVar("Row")


def read_body(model: type[Model], *types: str) -> Model:
    """Read the request's body; answer 415, 400 or 422 in the view's place where it cannot be used."""
    if request.mimetype not in (types or (JSON,)):
        raise UnsupportedMediaType
    raw = request.get_data()
    try:
        read = model.model_validate_json(raw)
    except ValidationError as error:
        _refuse(error)
    if b"\\u0000" in raw:
        _refuse_nul("", json.loads(raw))
    return read


def read_query(model: type[Model]) -> Model:
    """Read the query arguments; answer 422 in the view's place where they cannot be used."""
    given = request.args.to_dict()
    try:
        read = model.model_validate(given)
    except ValidationError as error:
        _refuse(error)
    _refuse_nul("", given)
    return read


def answer(body: BaseModel, status: int = HTTPStatus.OK, **headers: str) -> Response:
    """Answer a model as JSON."""
    return _respond(Answer(int(status), body.model_dump_json()), headers)


def page(rows: Sequence[Row], limit: int, id_of: Callable[[Row], int]) -> tuple[Sequence[Row], str | None]:
    """Cut a list that was read with one row more than wanted; return the rows and the cursor of the next page."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], _cursor(id_of(rows[limit - 1]))


def after(query: PageQuery) -> int | None:
    """Return the row id that a list goes on after; raise Invalid for a cursor that this interface did not give."""
    if query.cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(query.cursor.encode() + b"=" * (-len(query.cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raw = ""
    if not raw.isdecimal() or len(raw) > 18 or _cursor(int(raw)) != query.cursor:
        raise Invalid("cursor", NOT_OURS)
    return int(raw)


@dataclass(frozen=True)
class Repetition:
    """A request that may be a repeat of an earlier one; without the header it never is."""

    key: str | None
    digest: str

    def earlier(self) -> Response | None:
        """Return the answer to the same request before this one; raise Conflict where the key was for another."""
        if self.key is None:
            return None
        with db.reading() as session:
            found = idempotency.find(session, _person_id(), self.key, self.digest)
        return _respond(found, {}) if found else None

    def remember(self, session: Session, body: BaseModel, status: int = HTTPStatus.CREATED) -> None:
        """Keep the answer in the transaction of what it answers."""
        if self.key is not None:
            kept = Answer(int(status), body.model_dump_json())
            idempotency.remember(session, _person_id(), self.key, self.digest, kept)


def repetition() -> Repetition:
    """Read the Idempotency-Key header; raise Invalid where it is none."""
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is not None and not (
        1 <= len(key) <= idempotency.MAXIMUM_KEY_LENGTH and key.isascii() and key.isprintable()
    ):
        raise Invalid(
            IDEMPOTENCY_HEADER,
            Text("Use 1 to %(count)s printable ASCII characters.", count=idempotency.MAXIMUM_KEY_LENGTH),
        )
    return Repetition(key, idempotency.request_digest(request.method, request.path, request.get_data()))


def once(repeat: Repetition, act: Callable[[], Response]) -> Response:
    """Answer a repeated request as the first time; of two at once, one acts and the other gets its answer."""
    before = repeat.earlier()
    if before is not None:
        return before
    try:
        return act()
    except IntegrityError:
        # The other one remembered its answer first; ours was rolled back whole.
        won = repeat.earlier()
        if won is None:
            raise
        return won


def _respond(kept: Answer, headers: dict[str, str]) -> Response:
    response = Response(kept.body + "\n", kept.status, mimetype=JSON)
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def _cursor(row_id: int) -> str:
    return base64.urlsafe_b64encode(str(row_id).encode()).decode().rstrip("=")


def _person_id() -> int:
    person_id = actor().person_id
    assert person_id is not None, "a bearer token stands for a person"
    return person_id


def _refuse_nul(place: str, value: object) -> None:
    """Raise Invalid where a text holds NUL, which no database of ours keeps: PostgreSQL refuses it with an error."""
    if isinstance(value, str) and "\0" in value:
        raise Invalid(place, Text("Leave the character NUL out."))
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_nul(f"{place}.{name}".lstrip("."), inner)
    if isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_nul(f"{place}.{number}".lstrip("."), inner)


def _refuse(error: ValidationError) -> NoReturn:
    found = error.errors(include_url=False, include_input=False)
    reference = context.current().request_id
    if found[0]["type"] == "json_invalid":
        stop(problem(400, "not_json", _("The body is not JSON."), reference=reference))
    errors = [{"field": _field(one), "detail": _sentence(one)} for one in found[:_MAXIMUM_ERRORS]]
    first = errors[0]
    detail = f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]
    stop(problem(422, "not_valid", detail, field=first["field"], errors=errors, reference=reference))


def _field(error: ErrorDetails) -> str:
    return ".".join(str(part) for part in error["loc"])[:200]


def _sentence(error: ErrorDetails) -> str:
    kind, given = error["type"], error.get("ctx") or {}
    sentences: dict[str, str] = {
        "missing": _("Fill this in."),
        "extra_forbidden": _("There is no such field."),
        "string_type": _("Give text in quotes."),
        "bool_type": _("Give true or false."),
        "bool_parsing": _("Give true or false."),
        "int_type": _("Give a whole number."),
        "int_parsing": _("Give a whole number."),
        "int_from_float": _("Give a whole number."),
        "list_type": _("Give a list."),
        "tuple_type": _("Give a list."),
        "model_type": _("Give an object."),
        "timezone_aware": _("Give the time with its offset, such as 2026-12-31T18:00:00+01:00."),
        "enum": _("Give one of: %(choices)s.", choices=given.get("expected", "")),
        "literal_error": _("Give one of: %(choices)s.", choices=given.get("expected", "")),
        "greater_than_equal": _("Give %(bound)s or more.", bound=given.get("ge", "")),
        "less_than_equal": _("Give %(bound)s or less.", bound=given.get("le", "")),
        "string_too_long": _("Use at most %(count)s characters.", count=given.get("max_length", "")),
        "string_too_short": _("Use at least %(count)s characters.", count=given.get("min_length", "")),
        "too_long": _("Give at most %(count)s entries.", count=given.get("max_length", "")),
    }
    if kind.startswith("datetime"):
        return sentences["timezone_aware"]
    return sentences.get(kind) or str(_("This value cannot be used here."))
