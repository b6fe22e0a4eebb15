"""The programming interface beside the lists: the list as a file, one's own saved filters, and what the risk board counts."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from flask import Response
from pydantic import Field
from werkzeug.datastructures import MultiDict

from app.core import paging
from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.permissions import Permission
from app.features.share_links import service
from app.features.share_links.api import blueprint, wanted_by
from app.features.share_links.api_bodies import LOOKED_FOR, ListQuery, Sort
from app.features.share_links.forms import ListForm
from app.features.share_links.lists import figures, listing, saved_filters, tallies
from app.features.share_links.lists.filtering import MAXIMUM_SEARCH
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.lists.saved_filters import MAXIMUM_NAME, SavedRow
from app.features.share_links.lists.wanted import Condition, Risk
from app.features.share_links.policy import LinkState
from app.web import api
from app.web.access import bearer
from app.web.api import MERGE_PATCH, Input, Output
from app.web.identity import actor
from app.web.openapi import Operation, operation
from app.web.tables import csv_file

_PLACE = {"public_id": "The id of the filter."}
_DAY = "A day of the owner's zone, as are the others; those that end a span are in it."


def _LookedFor(name: str) -> Any:  # noqa: N802 - declares a field, as `Field` does
    return Field("", max_length=MAXIMUM_SEARCH, description=LOOKED_FOR[name])


class FilterBody(Input):
    """What narrows the list, in the words of `listShares` but for whole days, and its order."""

    search: str = _LookedFor("search")
    state: LinkState | None = None
    condition: Condition | None = None
    risk: Risk | None = None
    page: str = _LookedFor("page")
    creator: str = _LookedFor("creator")
    recipient: str = _LookedFor("recipient")
    domain: str = _LookedFor("domain")
    created_from: date | None = Field(None, description=_DAY)
    created_to: date | None = None
    ends_from: date | None = None
    ends_to: date | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    never_opened: bool = False
    sort: Sort | None = None


class NewFilter(Input):
    """A filter to keep; one of the same name is replaced."""

    name: str = Field(min_length=1, max_length=MAXIMUM_NAME)
    all: bool = Field(False, description="For the list of everybody's links, where the token's person may read them.")
    filter: FilterBody


class FilterName(Input):
    """Another name."""

    name: str = Field(min_length=1, max_length=MAXIMUM_NAME)


class SavedFilterBody(Output):
    """One saved filter; `listShares` takes its id as `saved`."""

    id: str
    name: str
    all: bool
    filter: FilterBody


class SavedFilters(Output):
    """All of one's own, by name."""

    items: list[SavedFilterBody]


class DayBody(Output):
    """One day in UTC."""

    day: date
    openings: int


class LinkFiguresBody(Output):
    """How often what happened to a link."""

    openings: int
    failures: int = Field(description="Gates that were not passed.")
    downloads: int
    readers: int = Field(description="Browsers that may read on now.")
    days: list[DayBody] = Field(description="The last 30 days, in UTC.")


class BoardBody(Output):
    """What was counted over all links; empty before the first count."""

    counted_at: datetime | None
    risks: dict[Risk, int]
    states: dict[LinkState, int]
    openings: list[DayBody]


@blueprint.get("/shares.csv")
@bearer(Scope.SHARES_READ)
@operation(
    Operation("exportShares", "Read the list of links as CSV", query=ListQuery, sends=("text/csv",), problems=(404,))
)
def export_shares() -> Response:
    """Send all of the list as a file, after recording that it is handed out; it has no addresses of links."""
    wanted, asking = wanted_by(api.read_query(ListQuery)), actor()
    with transaction() as db:
        service.record_export(db, asking, wanted)
    rows = paging.whole(lambda db, after: listing.page(db, asking, wanted, after, paging.BATCH))
    return csv_file("links", LinkRow.HEAD, (row.cells for row in rows))


@blueprint.get("/share-filters")
@bearer(Scope.SHARES_READ)
@operation(Operation("listFilters", "List your saved filters", answers=SavedFilters))
def list_filters() -> Response:
    """List one's own saved filters, those of lists that one may read."""
    with reading() as db:
        return api.answer(SavedFilters(items=[_told(one) for one in saved_filters.of_person(db, actor())]))


@blueprint.post("/share-filters")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "saveFilter",
        "Save a filter",
        status=HTTPStatus.CREATED,
        takes=NewFilter,
        answers=SavedFilterBody,
        repeatable=True,
        problems=(409,),
    )
)
def save_filter() -> Response:
    """Save a filter; one of the same name is replaced."""
    body, repeat = api.read_body(NewFilter), api.repetition()
    return api.once(repeat, lambda: _save(body, repeat))


@blueprint.patch("/share-filters/<public_id>")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "renameFilter",
        "Rename a saved filter",
        takes=FilterName,
        content_type=MERGE_PATCH,
        answers=SavedFilterBody,
        problems=(404,),
        places=_PLACE,
    )
)
def rename_filter(public_id: str) -> Response:
    """Give one of one's own saved filters another name."""
    body = api.read_body(FilterName, MERGE_PATCH, api.JSON)
    with transaction() as db:
        return api.answer(_told(saved_filters.rename(db, actor(), public_id, body.name)))


@blueprint.delete("/share-filters/<public_id>")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation("deleteFilter", "Delete a saved filter", status=HTTPStatus.NO_CONTENT, problems=(404,), places=_PLACE)
)
def delete_filter(public_id: str) -> Response:
    """Delete one of one's own saved filters."""
    with transaction() as db:
        saved_filters.forget(db, actor(), public_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/shares/figures")
@bearer(Scope.SHARES_READ, Permission.LINKS_ALL_READ)
@operation(Operation("readFigures", "Read how many links there are by risk and state", answers=BoardBody))
def read_figures() -> Response:
    """Read what was counted last over all links, every ten minutes."""
    with reading() as db:
        found = figures.latest(db)
    if found is None:
        return api.answer(BoardBody(counted_at=None, risks={}, states={}, openings=[]))
    return api.answer(
        BoardBody(
            counted_at=found.counted_at,
            risks=dict(found.risks),
            states=dict(found.states),
            openings=[DayBody(day=day, openings=number) for day, number in found.openings],
        )
    )


@blueprint.get("/shares/<public_id>/figures")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "readShareFigures",
        "Read how often a link was opened",
        answers=LinkFiguresBody,
        problems=(404,),
        places={"public_id": "The id of the link."},
    )
)
def read_share_figures(public_id: str) -> Response:
    """Read how often a link was opened, refused and downloaded from, and how many may read on now."""
    with reading() as db:
        link = listing.one(db, actor(), public_id)
        counts, days = listing.counts(db, link), tallies.openings_by_day(db, link.id, figures.DAYS)
    return api.answer(
        LinkFiguresBody(
            openings=counts.openings,
            failures=counts.failures,
            downloads=counts.downloads,
            readers=counts.live_grants,
            days=[DayBody(day=day, openings=number) for day, number in days],
        )
    )


def _save(body: NewFilter, repeat: api.Repetition) -> Response:
    given = body.filter.model_dump(mode="json", exclude_defaults=True)
    # The pages call the words `q` and write a tick as they send it; only what their form reads is kept.
    asked = {"q" if name == "search" else name: "yes" if value is True else value for name, value in given.items()}
    form, sort = ListForm(MultiDict(asked)), asked.get("sort")
    form.validate()
    query = form.asked() | ({"sort": sort} if sort else {})
    with transaction() as db:
        told = _told(saved_filters.save(db, actor(), name=body.name, everybodys=body.all, query=query))
        repeat.remember(db, told)
    return api.answer(told, HTTPStatus.CREATED)


def _told(row: SavedRow) -> SavedFilterBody:
    form = ListForm(MultiDict(row.query))
    narrowed = form.wanted(row.query.get("sort", ""), everybodys=True)
    same = ("search", "state", "condition", "risk", "page", "creator", "recipient", "domain", "never_opened")
    days = {name: form[name].data for name in FilterBody.model_fields if name.endswith(("_from", "_to"))}
    sort = next((one for one in Sort if one.value == narrowed.sort), None)
    told = FilterBody(**{name: getattr(narrowed, name) for name in same}, **days, sort=sort)
    return SavedFilterBody(id=row.public_id, name=row.name, all=row.everybodys, filter=told)
