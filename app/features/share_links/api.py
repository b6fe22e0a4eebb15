"""The programming interface of links, `/api/v1/shares`: the same service as the pages, in JSON."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, url_for
from werkzeug.datastructures import MultiDict

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.errors import Invalid
from app.core.permissions import Permission
from app.core.text import Text
from app.features.share_links import conditions as rules
from app.features.share_links import gather, powers_api, service
from app.features.share_links.api_bodies import (
    Activity,
    ListQuery,
    NewShare,
    NewShareAnswer,
    Share,
    ShareInFull,
    SharePatch,
    Shares,
    SharesQuery,
    answered,
    entry,
    in_full,
    share,
)
from app.features.share_links.conditions import UNCHANGED, Changes, Conditions, NewPassword, Unchanged
from app.features.share_links.forms import ListForm
from app.features.share_links.gather import ShareFacts
from app.features.share_links.guests import invitations
from app.features.share_links.life import halts, history, timeline
from app.features.share_links.lists import listing, saved_filters
from app.features.share_links.lists.wanted import Wanted
from app.features.share_links.policy import PauseReason
from app.features.share_links.powers import Powers
from app.features.share_links.reading import outlook
from app.features.share_links.rules import approving
from app.features.share_links.rules.content_check import NOT_LOOKED
from app.features.share_links.rules.rulebook import Rules
from app.web import api
from app.web.access import bearer, public
from app.web.api import MERGE_PATCH, PageQuery
from app.web.identity import actor
from app.web.openapi import Operation, document, operation
from app.web.surfaces import Surface, absolute

blueprint = Blueprint("api_v1", __name__, url_prefix="/api/v1")

VERSION = "1.7.0"
#: Members of a merge patch that null takes away, by what nothing is for them.
_OPTIONAL = ("opens_at", "max_views", "max_views_each", "sign_in_through")
_SWITCHES = ("asks_sign_in", "all_groups", "asks_second_factor", "asks_reason")
_LISTS = ("networks", "groups", "recipients")
_ID = {"public_id": "The id of the link."}


@blueprint.post("/shares")
@bearer(Scope.SHARES_WRITE, Permission.LINKS_OWN_MANAGE)
@operation(
    Operation(
        "createShare",
        "Make a link",
        status=HTTPStatus.CREATED,
        takes=NewShare,
        answers=NewShareAnswer,
        repeatable=True,
        problems=(409, 503),
    )
)
def create_share() -> Response:
    """Make a link."""
    body, repeat = api.read_body(NewShare), api.repetition()
    return api.once(repeat, lambda: _create(body, repeat))


@blueprint.get("/shares")
@bearer(Scope.SHARES_READ)
@operation(Operation("listShares", "List links", query=SharesQuery, answers=Shares, problems=(404,)))
def list_shares() -> Response:
    """List links, newest first where no other order is asked for."""
    query = api.read_query(SharesQuery)
    wanted = wanted_by(query)
    if query.cursor is not None and not listing.ORDERS.chosen(wanted.sort).leads_on(query.cursor):
        raise Invalid("cursor", api.NOT_OURS)
    with reading() as db:
        found = listing.page(db, actor(), wanted, query.cursor, query.limit)
    return api.answer(Shares(items=[share(row, actor()) for row in found.rows], next=found.next))


@blueprint.get("/shares/<public_id>")
@bearer(Scope.SHARES_READ)
@operation(Operation("readShare", "Read a link", answers=ShareInFull, problems=(404,), places=_ID))
def read_share(public_id: str) -> Response:
    """Read one link, also one that was revoked."""
    with reading() as db:
        row = listing.one(db, actor(), public_id)
        decided = approving.last_note(db, row.id) if row.paused_reason == PauseReason.APPROVAL else None
        declined = decided[1] if decided is not None and not decided[0] else None
        halted = next((one.kind for one in halts.covering(db, row.id)), None)
        return api.answer(in_full(row, actor(), listing.terms(db, row.id, row.terms_version), declined, halted))


@blueprint.patch("/shares/<public_id>")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "changeShare",
        "Change, pause or resume a link",
        takes=SharePatch,
        content_type=MERGE_PATCH,
        answers=NewShareAnswer,
        problems=(404, 409, 503),
        places=_ID,
    )
)
def change_share(public_id: str) -> Response:
    """Change, pause or resume a link by a JSON merge patch (RFC 7396)."""
    body = api.read_body(SharePatch, MERGE_PATCH, api.JSON)
    facts = _proof_for(public_id, body)
    with reading() as db:
        before = listing.one(db, actor(), public_id)
    changes, password = _changes(body, before.powers, gather.rules_of(public_id))
    # Powers are merged with what they were; every other member stands for itself.
    seen = before.version if body.powers is not None else None
    with transaction() as db:
        resumes = "paused" in body.model_fields_set and not body.paused
        refused = service.resume(db, actor(), public_id, facts) if resumes else None
        # A patch is done whole or not at all; only the refusal is kept.
        if refused is None:
            service.change(db, actor(), public_id, changes, seen=seen)
            if body.paused:
                service.pause(db, actor(), public_id)
    if refused is not None:
        raise refusal("paused", refused)
    with reading() as db:
        return api.answer(answered(listing.one(db, actor(), public_id), actor(), password))


@blueprint.delete("/shares/<public_id>")
@bearer(Scope.SHARES_WRITE)
@operation(Operation("revokeShare", "Revoke a link", status=HTTPStatus.NO_CONTENT, problems=(404,), places=_ID))
def revoke_share(public_id: str) -> Response:
    """Revoke a link for good; it stays readable, and doing it twice changes nothing."""
    with transaction() as db:
        service.revoke(db, actor(), public_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/shares/<public_id>/new-address")
@bearer(Scope.SHARES_WRITE)
@operation(Operation("newAddress", "Give a link a new address", answers=Share, problems=(404, 409), places=_ID))
def new_address(public_id: str) -> Response:
    """Give a link a new address: the old one is unknown from now on, and whoever reads passes the gates again."""
    with transaction() as db:
        service.new_address(db, actor(), public_id)
    with reading() as db:
        return api.answer(share(listing.one(db, actor(), public_id), actor()))


@blueprint.get("/shares/<public_id>/activity")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "readActivity", "Read what happened to a link", query=PageQuery, answers=Activity, problems=(404,), places=_ID
    )
)
def read_activity(public_id: str) -> Response:
    """Read what happened to a link, stops that covered it and what its owner was told, newest first."""
    query = api.read_query(PageQuery)
    if query.cursor is not None and not history.is_place(query.cursor):
        raise Invalid("cursor", api.NOT_OURS)
    with reading() as db:
        found = history.page(db, listing.one(db, actor(), public_id), query.cursor, query.limit)
    return api.answer(Activity(items=[entry(row) for row in found.rows], next=found.next))


@blueprint.get("/openapi.json")
@public("describes the interface; holds nothing of anybody", surface=Surface.API)
@operation(Operation("describe", "This description"))
def openapi() -> Response:
    """Describe the interface."""
    return jsonify(document(current_app, title="Portico", version=VERSION, server=absolute("")))


def wanted_by(query: ListQuery) -> Wanted:
    """Return what is asked of the list. Raises Invalid for `saved` beside other filters, NotFound for one that is not there."""
    if query.saved is None:
        everybodys = query.all or not actor().may(Permission.LINKS_OWN_MANAGE)
        return query.wanted(everybodys=everybodys, sort=query.sort.value)
    if query.model_fields_set - {"saved", "limit", "cursor"}:
        raise Invalid("saved", Text("Give `saved` without other filters: it stands for all of them."))
    with reading() as db:
        kept = saved_filters.one(db, actor(), query.saved)
    return ListForm(MultiDict(kept.query)).wanted(kept.query.get("sort", ""), everybodys=kept.everybodys)


def _create(body: NewShare, repeat: api.Repetition) -> Response:
    facts = gather.share(actor(), body.url)
    ruled = gather.rules_for(facts)
    password = gather.new_password(body.password, generate=body.generate, rules=ruled)
    wanted = Conditions(
        name=body.name or None,
        opens_at=body.opens_at,
        expires_at=body.expires_at,
        networks=tuple(body.networks),
        max_views=body.max_views,
        max_views_each=body.max_views_each,
        asks_sign_in=body.asks_sign_in,
        sign_in_through=body.sign_in_through,
        groups=tuple(body.groups),
        all_groups=body.all_groups,
        recipients=tuple(body.recipients),
        asks_second_factor=body.asks_second_factor,
        password=password,
        terms=body.terms or "",
        asks_reason=body.asks_reason,
        powers=powers_api.of_new(body.powers, ruled),
    )
    scan = (
        outlook.left_out(facts.site, facts.object, wanted.powers, ruled).scan
        if facts.object is not None
        else NOT_LOOKED
    )
    with transaction() as db:
        made = service.create(db, actor(), facts, wanted, scan)
        told = None
        if isinstance(made, service.Created):
            invitations.invite(db, actor(), made.public_id, body.invite, body.words)
            told = answered(listing.one(db, actor(), made.public_id), actor(), password)
            repeat.remember(db, told)
    if isinstance(made, service.NotShared) or told is None:
        raise refusal("url", made)
    where = url_for("api_v1.read_share", public_id=made.public_id)
    return api.answer(told, HTTPStatus.CREATED, Location=absolute(where))


def refusal(field: str, refused: service.NotShared | service.Created) -> Invalid:
    """Return the problem of somebody who did not prove that they may see what they would share."""
    assert isinstance(refused, service.NotShared)
    return Invalid(field, timeline.refusal_sentence(refused.reason, refused.site), code=refused.reason.value)


def _proof_for(public_id: str, body: SharePatch) -> ShareFacts | None:
    if "paused" not in body.model_fields_set or body.paused:
        return None
    with reading() as db:
        needed = service.needs_proof(db, actor(), public_id)
    return gather.again(actor(), public_id) if needed else None


def _changes(body: SharePatch, before: Powers, ruled: Rules | None) -> tuple[Changes, NewPassword | None]:
    given = body.model_fields_set
    if "expires_at" in given and body.expires_at is None:
        raise Invalid("expires_at", Text("A link always ends. Give a time with its offset."))
    made = gather.new_password(body.password, generate=body.generate, rules=ruled)
    password: NewPassword | Unchanged | None = (
        made if made or ("password" in given and body.password is None) else UNCHANGED
    )
    if "password" in given and body.password == "":
        rules.check_password("")
    wanted: dict[str, Any] = {name: getattr(body, name) for name in _OPTIONAL}
    wanted |= {name: bool(getattr(body, name)) for name in _SWITCHES}
    wanted |= {name: tuple(getattr(body, name) or ()) for name in _LISTS}
    wanted |= {"name": body.name, "terms": body.terms or "", "powers": powers_api.chosen(before, body.powers, ruled)}
    if body.expires_at is not None:
        wanted["expires_at"] = body.expires_at
    return Changes(password=password, **{name: value for name, value in wanted.items() if name in given}), made
