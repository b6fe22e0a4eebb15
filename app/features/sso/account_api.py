"""The programming interface of accounts at providers, `/api/v1/sso/accounts` and `/api/v1/sso/conflicts`.

An account is a connection and a subject. Assigning it to a person settles its conflict; dismissing the conflict forgets it
until it is tried again.
"""

from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.features.sso import account_rows, accounts
from app.features.sso.account_rows import MAXIMUM_SEARCH, AccountRow, ConflictRow, Wanted
from app.features.sso.api import MANAGE, READ
from app.features.sso.verified import MAXIMUM_SUBJECT
from app.web import api
from app.web.access import bearer
from app.web.api import Input, Output, PageQuery, Query
from app.web.identity import actor
from app.web.openapi import Operation, operation

blueprint = Blueprint("sso_accounts_api", __name__, url_prefix="/api/v1/sso")

_CONNECTION = "The id of the connection."
_SUBJECT = (
    "What stands for the person at the provider for good: NameID or sub, as the explanation of an attempt shows it."
)


class SsoAccountQuery(PageQuery):
    """Which accounts."""

    connection: str = Field("", max_length=40, description=_CONNECTION)
    person: str = Field("", max_length=40, description="The id of a person here.")
    search: str = Field("", max_length=MAXIMUM_SEARCH, description="Part of account, name or address.")


class SsoConflictQuery(PageQuery):
    """Which conflicts."""

    connection: str = Field("", max_length=40, description=_CONNECTION)
    person: str = Field("", max_length=40, description="The id of the person whose address was sent.")


class SsoSubjectQuery(Query):
    """One account, by what it is known by."""

    connection: str = Field(min_length=1, max_length=40, description=_CONNECTION)
    subject: str = Field(min_length=1, max_length=MAXIMUM_SUBJECT, description=_SUBJECT)


class NewSsoAccount(Input):
    """An account, and whose it is."""

    connection: str = Field(min_length=1, max_length=40, description=_CONNECTION)
    subject: str = Field(min_length=1, max_length=MAXIMUM_SUBJECT, description=_SUBJECT)
    email: str = Field(min_length=1, max_length=254, description="Address of the person here.")


class SsoAccount(Output):
    """An account at a provider, and whose it is."""

    connection: str
    subject: str
    person: str
    email: str = Field(description="Address of the person here.")
    created_at: datetime
    last_used_at: datetime | None


class SsoAccounts(Output):
    """One page of accounts, newest first."""

    items: list[SsoAccount]
    next: str | None


class SsoConflict(Output):
    """An account that asked to be let in with somebody's address, which nobody vouched for."""

    connection: str
    subject: str
    email: str = Field(description="As the provider sent it.")
    person: str = Field(description="Whose address it is here.")
    first_at: datetime
    last_at: datetime
    reference: str = Field(description="Names the last attempt in administration.")


class SsoConflicts(Output):
    """One page of conflicts that wait for a decision, newest first."""

    items: list[SsoConflict]
    next: str | None


@blueprint.get("/accounts")
@bearer(Scope.CONNECTIONS_READ, READ)
@operation(Operation("listSsoAccounts", "List accounts at providers", query=SsoAccountQuery, answers=SsoAccounts))
def list_accounts() -> Response:
    """List accounts, of one connection or person or of all."""
    query = api.read_query(SsoAccountQuery)
    wanted = Wanted(query.connection, query.person, search=query.search)
    with reading() as db:
        found = account_rows.accounts(db, wanted, before=api.after(query), limit=query.limit + 1)
    rows, following = api.page(found, query.limit, lambda one: one.id)
    return api.answer(SsoAccounts(items=[_account(one) for one in rows], next=following))


@blueprint.post("/accounts")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "assignSsoAccount",
        "Say whose an account is, which settles its conflict",
        status=HTTPStatus.CREATED,
        takes=NewSsoAccount,
        answers=SsoAccount,
        problems=(404, 409),
    )
)
def assign_account() -> Response:
    """Assign an account; one that is the person's already is answered as it is."""
    body = api.read_body(NewSsoAccount)
    with transaction() as db:
        accounts.assign(db, actor(), body.connection, subject=body.subject, email=body.email)
        (told,) = account_rows.accounts(db, Wanted(body.connection, subject=body.subject))
    return api.answer(_account(told), HTTPStatus.CREATED)


@blueprint.delete("/accounts")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "unassignSsoAccount",
        "Take an account away, and end its sessions and memberships",
        status=HTTPStatus.NO_CONTENT,
        query=SsoSubjectQuery,
        problems=(404,),
    )
)
def unassign_account() -> Response:
    """Take an account from whom it is assigned to; the person stays."""
    one = api.read_query(SsoSubjectQuery)
    with transaction() as db:
        accounts.unassign(db, actor(), one.connection, subject=one.subject)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.get("/conflicts")
@bearer(Scope.CONNECTIONS_READ, READ)
@operation(
    Operation(
        "listSsoConflicts", "List sign-ins that wait for a decision", query=SsoConflictQuery, answers=SsoConflicts
    )
)
def list_conflicts() -> Response:
    """List conflicts, of one connection or person or of all."""
    query = api.read_query(SsoConflictQuery)
    with reading() as db:
        found = account_rows.conflicts(
            db, Wanted(query.connection, query.person), before=api.after(query), limit=query.limit + 1
        )
    rows, following = api.page(found, query.limit, lambda one: one.id)
    return api.answer(SsoConflicts(items=[_conflict(one) for one in rows], next=following))


@blueprint.delete("/conflicts")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "dismissSsoConflict",
        "Forget a conflict until it is tried again",
        status=HTTPStatus.NO_CONTENT,
        query=SsoSubjectQuery,
        problems=(404,),
    )
)
def dismiss_conflict() -> Response:
    """Forget a conflict until it is tried again."""
    one = api.read_query(SsoSubjectQuery)
    with transaction() as db:
        accounts.dismiss(db, actor(), one.connection, subject=one.subject)
    return Response(status=HTTPStatus.NO_CONTENT)


def _account(row: AccountRow) -> SsoAccount:
    return SsoAccount(
        connection=row.connection_public_id,
        subject=row.subject,
        person=row.person_public_id,
        email=row.email,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )


def _conflict(row: ConflictRow) -> SsoConflict:
    return SsoConflict(
        connection=row.connection_public_id,
        subject=row.subject,
        email=row.email,
        person=row.person_public_id,
        first_at=row.first_at,
        last_at=row.last_at,
        reference=row.reference,
    )
