"""The programming interface of the emergency stop, `/api/v1/stops`; for tokens of administrators."""

from datetime import datetime
from http import HTTPStatus

from flask import Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.permissions import Permission
from app.features.share_links.api import blueprint
from app.features.share_links.life import halt_targets, halting, halts
from app.features.share_links.life.halts import HaltKind, HaltRow, HaltScope
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output, Query
from app.web.identity import actor
from app.web.openapi import Operation, operation


class StopTarget(Input):
    """What a stop would cover."""

    scope: HaltScope
    what: str = Field(
        "", max_length=halt_targets.MAXIMUM_NAMED, description="Id or address of a link or page, key, or a person's."
    )
    connection: str = Field("", max_length=80, description="Id or name, for a space, project or connection.")


class NewStop(StopTarget):
    """What to stop, or to switch off."""

    kind: HaltKind = Field(HaltKind.STOP, description="stop, or off for a space, project or connection.")
    reason: str = Field("", max_length=halting.MAXIMUM_REASON)
    message: str = Field("", max_length=halting.MAXIMUM_REASON, description="For whoever read before, where it is off.")


class Stop(Output):
    """A stop, or a place that is switched off."""

    id: str
    kind: HaltKind
    scope: HaltScope
    label: str
    reason: str
    message: str
    began_at: datetime
    began_by: str | None
    ended_at: datetime | None
    ended_by: str | None


class StopsQuery(Query):
    """Which."""

    over: bool = Field(False, description="Those that are over, in place of those in force.")


class Covered(Output):
    """What a stop covers, or would cover."""

    label: str
    links: int = Field(description="That could be opened.")
    readers: int = Field(description="Browsers that read by them now.")


class Stops(Output):
    """At most 200, the newest first."""

    items: list[Stop]


@blueprint.post("/stops")
@bearer(Scope.SHARES_WRITE, Permission.LINKS_ALL_MANAGE)
@operation(
    Operation(
        "stopSharing",
        "Stop sharing, or switch it off",
        status=HTTPStatus.CREATED,
        takes=NewStop,
        answers=Stop,
        repeatable=True,
        problems=(409,),
    )
)
def stop_sharing() -> Response:
    """Stop or switch off; what is in force already is answered as it is."""
    body, repeat = api.read_body(NewStop), api.repetition()
    return api.once(repeat, lambda: _begin(body, repeat))


@blueprint.post("/stops/dry-run")
@bearer(Scope.SHARES_READ, Permission.LINKS_ALL_MANAGE)
@operation(Operation("tryStop", "See what a stop would cover", takes=StopTarget, answers=Covered))
def try_stop() -> Response:
    """Say what a stop would cover, without stopping anything."""
    body = api.read_body(StopTarget)
    with reading() as db:
        target = halt_targets.named(db, body.scope, body.what, body.connection)
        found = halting.effect(db, target)
    return api.answer(Covered(label=target.label, links=found.links, readers=found.readers))


@blueprint.get("/stops")
@bearer(Scope.SHARES_READ, Permission.LINKS_ALL_MANAGE)
@operation(Operation("listStops", "List what is stopped or switched off", query=StopsQuery, answers=Stops))
def list_stops() -> Response:
    """List what is in force, or what was, newest first."""
    query = api.read_query(StopsQuery)
    with reading() as db:
        found = halting.listed(db, actor(), over=query.over, limit=200)
    return api.answer(Stops(items=[_told(one) for one in found]))


@blueprint.delete("/stops/<public_id>")
@bearer(Scope.SHARES_WRITE, Permission.LINKS_ALL_MANAGE)
@operation(
    Operation(
        "resumeSharing",
        "Let sharing go on",
        status=HTTPStatus.NO_CONTENT,
        problems=(404,),
        places={"public_id": "The id of the stop."},
    )
)
def resume_sharing(public_id: str) -> Response:
    """Let sharing go on; grants of before stay dead."""
    with transaction() as db:
        halting.lift(db, actor(), public_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _begin(body: NewStop, repeat: api.Repetition) -> Response:
    with transaction() as db:
        target = halt_targets.named(db, body.scope, body.what, body.connection)
        row = halting.begin(db, actor(), body.kind, target, reason=body.reason, message=body.message)
        told = _told(halts.row_of(row))
        repeat.remember(db, told)
    return api.answer(told, HTTPStatus.CREATED)


def _told(row: HaltRow) -> Stop:
    return Stop(
        id=row.public_id,
        kind=row.kind,
        scope=row.scope,
        label=row.label,
        reason=row.reason,
        message=row.message,
        began_at=row.began_at,
        began_by=row.began_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )
