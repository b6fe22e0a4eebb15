"""The programming interface of approval, `/api/v1/approvals`: what waits for whom the token stands for, and deciding.

Its scopes are its own: a token that makes links does not approve them.
"""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus

from flask import Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.features.share_links.api import blueprint
from app.features.share_links.api_bodies import FoundBody, UnreadBody, unread
from app.features.share_links.rules import approving
from app.features.share_links.rules.approving import Request
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output
from app.web.identity import actor
from app.web.openapi import Operation, operation

_PLACE = {"request_id": "The id of the request."}


class Decision(Input):
    """What its owner is told."""

    note: str = Field("", max_length=approving.MAXIMUM_NOTE, description="Needed where it is declined.")


class ApprovalBody(Output):
    """A link that waits for a decision."""

    id: int
    share: str = Field(description="The id of the link.")
    name: str
    title: str
    container: str | None
    asked_by: str
    asked_at: datetime
    ends_at: datetime = Field(description="After this its owner has to ask again.")
    found: list[FoundBody]
    not_looked_through: list[UnreadBody]


class Approvals(Output):
    """What waits, the oldest first."""

    items: list[ApprovalBody]


@blueprint.get("/approvals")
@bearer(Scope.APPROVALS_READ)
@operation(Operation("listApprovals", "List the links that wait for your decision", answers=Approvals))
def list_approvals() -> Response:
    """List the links that whom the token stands for may decide about: at most 200."""
    with reading() as db:
        return api.answer(Approvals(items=[_told(one) for one in approving.waiting(db, actor())]))


@blueprint.get("/approvals/<row:request_id>")
@bearer(Scope.APPROVALS_READ)
@operation(
    Operation("readApproval", "Read a link that waits", answers=ApprovalBody, problems=(404,), places=_PLACE),
)
def read_approval(request_id: int) -> Response:
    """Read one request that waits."""
    with reading() as db:
        return api.answer(_told(approving.one(db, actor(), request_id)))


@blueprint.post("/approvals/<row:request_id>/approve")
@bearer(Scope.APPROVALS_WRITE)
@operation(
    Operation(
        "approve",
        "Let a link open",
        status=HTTPStatus.NO_CONTENT,
        takes=Decision,
        problems=(404, 409),
        places=_PLACE,
    )
)
def approve(request_id: int) -> Response:
    """Let a link open."""
    body = api.read_body(Decision)
    with transaction() as db:
        approving.approve(db, actor(), request_id, body.note)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/approvals/<row:request_id>/decline")
@bearer(Scope.APPROVALS_WRITE)
@operation(
    Operation(
        "decline",
        "Keep a link shut",
        status=HTTPStatus.NO_CONTENT,
        takes=Decision,
        problems=(404, 409),
        places=_PLACE,
    )
)
def decline(request_id: int) -> Response:
    """Keep a link shut, and tell its owner why."""
    body = api.read_body(Decision)
    with transaction() as db:
        approving.decline(db, actor(), request_id, body.note)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/shares/<public_id>/ask-approval")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "askApproval",
        "Ask again for approval",
        status=HTTPStatus.NO_CONTENT,
        problems=(404, 409),
        places={"public_id": "The id of the link."},
    )
)
def ask_approval(public_id: str) -> Response:
    """Ask again for a link that was declined, or whose request is over."""
    with transaction() as db:
        approving.ask_again(db, actor(), public_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _told(request: Request) -> ApprovalBody:
    return ApprovalBody(
        id=request.id,
        share=request.link.public_id,
        name=request.link.name,
        title=request.shared.title,
        container=request.shared.container,
        asked_by=request.asked_by,
        asked_at=request.asked_at,
        ends_at=request.ends_at,
        found=[FoundBody(**asdict(one)) for one in request.scan.findings],
        not_looked_through=[unread(one) for one in request.scan.unread],
    )
