"""The programming interface of work on many links, `/api/v1/shares/bulk`: it answers where the progress is."""

from datetime import datetime
from http import HTTPStatus

from flask import Response, url_for
from pydantic import Field
from sqlalchemy.orm import Session

from app.core import paging
from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links.api import blueprint
from app.features.share_links.api_bodies import ShareFilter
from app.features.share_links.life import bulk, rehearsing
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.lists.wanted import Wanted
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output, Query
from app.web.identity import actor
from app.web.openapi import Operation, operation
from app.web.surfaces import absolute


class BulkFilter(Input, ShareFilter):
    """All links that the list shows with these; without any, all of one's own."""


class NewBulk(Input):
    """What to do to which links: those that are named, or all that a filter finds."""

    action: BulkAction
    ids: list[str] | None = Field(None, min_length=1, max_length=1_000, description="Ids of links; or `filter`.")
    filter: BulkFilter | None = Field(None, description="All that the list shows with it; or `ids`.")
    days: int | None = Field(None, ge=1, le=bulk.MOST_DAYS, description="To extend by.")
    email: str | None = Field(None, max_length=254, description="Of the new owner, to transfer.")


class RehearsalQuery(Query):
    """Where to go on."""

    after: int = Field(0, ge=0, le=paging.MAXIMUM_ID, description="`next` of the answer before.")


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


class RehearsalBody(Output):
    """What would become of the links, if it were done now."""

    total: int = Field(description="Of all that are chosen.")
    looked_at: int = Field(description="200 in one answer at most.")
    refused: list[RefusedShare]
    undecided: int = Field(
        description="Of those Atlassian decides when it is done: it says who may see what they show."
    )
    next: int | None = Field(description="Where the next answer goes on; null after the last link.")


@blueprint.post("/shares/bulk/dry-run")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "rehearseBulk",
        "See what a change of many links would come to",
        query=RehearsalQuery,
        takes=NewBulk,
        answers=RehearsalBody,
        problems=(503,),
    )
)
def rehearse_bulk() -> Response:
    """Say which links would be refused, and why; nothing is done."""
    query, body = api.read_query(RehearsalQuery), api.read_body(NewBulk)
    found = rehearsing.rehearse(actor(), _order(body), _chosen(body), after=query.after)
    return api.answer(
        RehearsalBody(
            total=found.total,
            looked_at=found.looked_at,
            refused=[RefusedShare(id=one.public_id, reason=one.reason) for one in found.refused],
            undecided=found.undecided,
            next=found.next,
        )
    )


@blueprint.post("/shares/bulk")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "changeShares",
        "Change many links",
        status=HTTPStatus.ACCEPTED,
        takes=NewBulk,
        answers=Bulk,
        repeatable=True,
        problems=(409,),
    )
)
def change_shares() -> Response:
    """Begin the work; the answer says where its progress is."""
    body, repeat = api.read_body(NewBulk), api.repetition()
    return api.once(repeat, lambda: _begin(body, repeat))


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
    with reading() as db:
        return api.answer(_told(db, public_id))


def _begin(body: NewBulk, repeat: api.Repetition) -> Response:
    chosen = _chosen(body)
    with transaction() as db:
        public_id = bulk.plan(db, actor(), _order(body), chosen)
        bulk.confirm(db, actor(), public_id)
        told = _told(db, public_id)
        repeat.remember(db, told, HTTPStatus.ACCEPTED)
    where = absolute(url_for("api_v1.read_bulk", public_id=public_id))
    return api.answer(told, HTTPStatus.ACCEPTED, Location=where)


def _order(body: NewBulk) -> Order:
    return Order(body.action, body.days, body.email)


def _chosen(body: NewBulk) -> list[str] | Wanted:
    if (body.ids is None) == (body.filter is None):
        raise Invalid("ids", Text("Give either `ids` or a `filter`."))
    if body.filter is None:
        return body.ids or []
    if body.filter.all and not actor().may(Permission.LINKS_ALL_MANAGE):
        raise Forbidden
    return body.filter.wanted(everybodys=body.filter.all)


def _told(db: Session, public_id: str) -> Bulk:
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
