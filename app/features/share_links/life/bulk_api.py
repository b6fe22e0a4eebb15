"""The programming interface of work on many links, `/api/v1/shares/bulk`: it answers where the progress is."""

from datetime import datetime
from http import HTTPStatus

from flask import Response, url_for
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.features.share_links.api import blueprint
from app.features.share_links.life import bulk
from app.features.share_links.life.bulk import BulkAction, Order
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output
from app.web.identity import actor
from app.web.openapi import Operation, operation
from app.web.surfaces import absolute


class NewBulk(Input):
    """What to do to which links."""

    action: BulkAction
    ids: list[str] = Field(min_length=1, max_length=1_000, description="Ids of links.")
    days: int | None = Field(None, ge=1, le=bulk.MOST_DAYS, description="To extend by.")
    email: str | None = Field(None, max_length=254, description="Of the new owner, to transfer.")


class RefusedShare(Output):
    """A link that nothing was done to."""

    id: str
    reason: str


class Bulk(Output):
    """How far it is."""

    id: str
    action: BulkAction
    total: int
    done: int
    refused: int
    finished_at: datetime | None
    refusals: list[RefusedShare] = Field(description="The first 200.")


@blueprint.post("/shares/bulk")
@bearer(Scope.SHARES_WRITE)
@operation(Operation("changeShares", "Change many links", status=HTTPStatus.ACCEPTED, takes=NewBulk, answers=Bulk))
def change_shares() -> Response:
    """Begin the work; the answer says where its progress is."""
    body = api.read_body(NewBulk)
    with transaction() as db:
        public_id = bulk.plan(db, actor(), Order(body.action, body.days, body.email), body.ids)
        bulk.confirm(db, actor(), public_id)
    where = absolute(url_for("api_v1.read_bulk", public_id=public_id))
    return api.answer(_told(public_id), HTTPStatus.ACCEPTED, Location=where)


@blueprint.get("/shares/bulk/<public_id>")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "readBulk",
        "Read how far the work is",
        answers=Bulk,
        problems=(404,),
        places={"public_id": "The id of the work."},
    )
)
def read_bulk(public_id: str) -> Response:
    """Read how far the work is, and what was refused."""
    return api.answer(_told(public_id))


def _told(public_id: str) -> Bulk:
    with reading() as db:
        run, refused = bulk.progress(db, actor(), public_id), bulk.refused(db, actor(), public_id)
    return Bulk(
        id=run.public_id,
        action=run.action,
        total=run.total,
        done=run.done,
        refused=run.refused,
        finished_at=run.finished_at,
        refusals=[RefusedShare(id=one.public_id, reason=one.reason) for one in refused],
    )
