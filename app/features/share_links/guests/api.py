"""The programming interface of handing on, below `/api/v1/shares/<id>`: QR code, invitations, reports. Only for who manages it."""

from datetime import datetime
from http import HTTPStatus
from typing import Literal

from flask import Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.features.share_links import tokens
from app.features.share_links.api import blueprint
from app.features.share_links.api_bodies import INVITE, WORDS
from app.features.share_links.guests import invitations, listing, qr, reports
from app.features.share_links.guests.listing import InvitationRow, InvitationState
from app.features.share_links.guests.reports import ReportReason
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output, PageQuery, Query
from app.web.identity import actor
from app.web.openapi import Operation, operation
from app.web.surfaces import Surface, absolute

_LINK = {"public_id": "The id of the link."}
_BOTH = _LINK | {"invitation_id": "The id of the invitation."}


class PictureQuery(Query):
    """What kind of picture."""

    kind: Literal["svg", "png"] = "svg"


class NewInvitations(Input):
    """Whom to send a link of their own."""

    invite: list[str] = Field(min_length=1, max_length=invitations.AT_ONCE, description=INVITE)
    words: str = Field("", max_length=invitations.MAXIMUM_WORDS, description=WORDS)


class InvitationBody(Output):
    """One person's own link, without its address: that goes by mail alone."""

    id: str
    address: str
    state: InvitationState
    invited_at: datetime
    mailed_at: datetime
    reminded_at: datetime | None
    openings: int
    opened_at: datetime | None = Field(description="The last opening.")


class Invitations(Output):
    """One page of invitations, newest first."""

    items: list[InvitationBody]
    next: str | None


class ReportBody(Output):
    """What somebody found wrong with a link."""

    at: datetime
    reason: ReportReason
    words: str | None
    invited: str | None = Field(description="Whose own link they came by.")


class Reports(Output):
    """One page of reports, newest first."""

    items: list[ReportBody]
    next: str | None


@blueprint.get("/shares/<public_id>/qr-code")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "drawShare",
        "Draw the address of a link as a QR code",
        query=PictureQuery,
        sends=(qr.SVG, qr.PNG),
        problems=(404,),
        places=_LINK,
    )
)
def draw_share(public_id: str) -> Response:
    """Send the address as a picture, to whom `readShare` tells it."""
    kind = api.read_query(PictureQuery).kind
    with reading() as db:
        link = listing.link_of(db, actor(), public_id)
    address = absolute(f"/s/{tokens.make(link.public_id, link.generation)}/", Surface.PUBLIC)
    return Response(qr.draw(address, kind), content_type=qr.SVG if kind == "svg" else qr.PNG)


@blueprint.get("/shares/<public_id>/invitations")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "listInvitations",
        "List whom a link was sent to",
        query=PageQuery,
        answers=Invitations,
        problems=(404,),
        places=_LINK,
    )
)
def list_invitations(public_id: str) -> Response:
    """List whom a link was sent to, and what became of it."""
    query = api.read_query(PageQuery)
    with reading() as db:
        link = listing.link_of(db, actor(), public_id)
        found = listing.find(db, link.id, after=api.after(query), limit=query.limit + 1)
    rows, following = api.page(found, query.limit, lambda row: row.id)
    return api.answer(Invitations(items=[_told(row) for row in rows], next=following))


@blueprint.post("/shares/<public_id>/invitations")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "invite",
        "Send people links of their own",
        status=HTTPStatus.CREATED,
        takes=NewInvitations,
        answers=Invitations,
        repeatable=True,
        problems=(404, 409),
        places=_LINK,
    )
)
def invite(public_id: str) -> Response:
    """Send people links of their own; who has one is left alone, and only the new ones are answered."""
    body, repeat = api.read_body(NewInvitations), api.repetition()
    return api.once(repeat, lambda: _invite(public_id, body, repeat))


@blueprint.post("/shares/<public_id>/invitations/<invitation_id>/resend")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "resendInvitation",
        "Send somebody their own link once more",
        status=HTTPStatus.NO_CONTENT,
        problems=(404, 409, 422),
        places=_BOTH,
    )
)
def resend_invitation(public_id: str, invitation_id: str) -> Response:
    """Send somebody their own link once more."""
    with transaction() as db:
        invitations.resend(db, actor(), public_id, invitation_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.delete("/shares/<public_id>/invitations/<invitation_id>")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "withdrawInvitation",
        "Take one own link back",
        status=HTTPStatus.NO_CONTENT,
        problems=(404,),
        places=_BOTH,
    )
)
def withdraw_invitation(public_id: str, invitation_id: str) -> Response:
    """Take one own link back: it opens nothing any more, and the others do. Doing it twice changes nothing."""
    with transaction() as db:
        invitations.revoke(db, actor(), public_id, invitation_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/shares/<public_id>/reports")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "listReports",
        "List what was reported of a link",
        query=PageQuery,
        answers=Reports,
        problems=(404,),
        places=_LINK,
    )
)
def list_reports(public_id: str) -> Response:
    """List what visitors reported of a link."""
    query = api.read_query(PageQuery)
    with reading() as db:
        link = listing.link_of(db, actor(), public_id)
        found = reports.of_link(db, link.id, after=api.after(query), limit=query.limit + 1)
    rows, following = api.page(found, query.limit, lambda row: row.id)
    items = [ReportBody(at=row.at, reason=row.reason, words=row.words, invited=row.invited) for row in rows]
    return api.answer(Reports(items=items, next=following))


def _invite(public_id: str, body: NewInvitations, repeat: api.Repetition) -> Response:
    with transaction() as db:
        count = invitations.invite(db, actor(), public_id, body.invite, body.words)
        link = listing.link_of(db, actor(), public_id)
        made = listing.find(db, link.id, limit=count) if count else []
        told = Invitations(items=[_told(row) for row in made], next=None)
        repeat.remember(db, told)
    return api.answer(told, HTTPStatus.CREATED)


def _told(row: InvitationRow) -> InvitationBody:
    return InvitationBody(
        id=row.public_id,
        address=row.address,
        state=row.state,
        invited_at=row.invited_at,
        mailed_at=row.mailed_at,
        reminded_at=row.reminded_at,
        openings=row.openings,
        opened_at=row.opened_at,
    )
