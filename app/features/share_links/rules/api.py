"""The programming interface of the rules for links, `/api/v1/link-rules`: the same service as the pages, in JSON."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import Field

from app.core import paging
from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.permissions import Permission
from app.features.share_links.api import blueprint
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules import impact, rulebook, ruling
from app.features.share_links.rules import lists as rule_lists
from app.features.share_links.rules.impact import Impact
from app.features.share_links.rules.rulebook import Level, Plain
from app.features.share_links.rules.ruling import Place
from app.web import api
from app.web.access import bearer
from app.web.api import MERGE_PATCH, Input, Output, Query
from app.web.identity import actor
from app.web.openapi import Operation, operation

_CONNECTION = "Public id of a connection; without it the rules for everywhere."
_CONTAINER = "Key of a space or project on the connection."


class PlaceQuery(Query):
    """Which level."""

    connection: str | None = Field(None, max_length=24, description=_CONNECTION)
    container: str | None = Field(None, max_length=64, description=_CONTAINER)


class DryRunQuery(PlaceQuery):
    """Which level, and where to go on."""

    after: int = Field(0, ge=0, le=paging.MAXIMUM_ID, description="`next` of the answer before.")


class RulesPatch(Input):
    """What to change on a level, as a merge patch: what is left out stays, null leaves a rule to the other levels."""

    rules: dict[str, bool | int | str | None] = Field(max_length=len(rulebook.SETTABLE))


class RuleBody(Output):
    """One rule at a place."""

    #: Set on this level itself; null where it is left to the others.
    own: bool | int | str | None
    effective: bool | int | str | list[str] | None
    decided_by: list[str] = Field(description="`everywhere`, the name of a connection, or a key.")


class RulesBody(Output):
    """The rules of a level."""

    rules: dict[str, RuleBody]


class VerdictBody(Output):
    """A link that breaks rules."""

    id: str
    name: str
    breaks: list[str]
    breaks_now: list[str]


class ImpactBody(Output):
    """What a change would do to the links of a place."""

    live: int
    looked_at: int
    breaking: list[VerdictBody]
    mended: int
    next: int | None


class LevelBody(Output):
    """A connection, space or project with rules of its own."""

    connection: str
    connection_name: str
    container: str | None
    rules: int = Field(description="How many are set on it.")
    approval: bool
    changed_at: datetime
    changed_by: str | None


class LevelsBody(Output):
    """The levels below everywhere."""

    items: list[LevelBody]


@blueprint.get("/link-rules/levels")
@bearer(Scope.RULES_READ, Permission.ADMIN_SETTINGS_READ)
@operation(Operation("listRuleLevels", "List what has rules of its own", answers=LevelsBody))
def list_rule_levels() -> Response:
    """List the connections, spaces and projects that have rules of their own: at most 500."""
    with reading() as db:
        found = rule_lists.levels(db)
    items = [
        LevelBody(
            connection=one.connection,
            connection_name=one.connection_name,
            container=one.container or None,
            rules=one.count,
            approval=one.approval,
            changed_at=one.changed_at,
            changed_by=one.changed_by,
        )
        for one in found
    ]
    return api.answer(LevelsBody(items=items))


@blueprint.get("/link-rules/breaches")
@bearer(Scope.RULES_READ, Permission.ADMIN_SETTINGS_READ)
@operation(
    Operation(
        "listBreaches",
        "List the links that break the rules of now",
        query=DryRunQuery,
        answers=ImpactBody,
        problems=(404,),
    )
)
def list_breaches() -> Response:
    """List the links of a place that break the rules that hold for them."""
    query = api.read_query(DryRunQuery)
    with reading() as db:
        where = rule_changes.place(db, query.connection, query.container)
        return api.answer(_impact(impact.assess(db, where, after=query.after)))


@blueprint.get("/link-rules")
@bearer(Scope.RULES_READ, Permission.ADMIN_SETTINGS_READ)
@operation(Operation("readRules", "Read the rules of a level", query=PlaceQuery, answers=RulesBody, problems=(404,)))
def read_rules() -> Response:
    """Read what is set on a level, what is in force there, and which levels decide it."""
    query = api.read_query(PlaceQuery)
    return api.answer(_rules(query.connection, query.container))


@blueprint.patch("/link-rules")
@bearer(Scope.RULES_WRITE, Permission.ADMIN_SETTINGS_MANAGE)
@operation(
    Operation(
        "changeRules",
        "Change the rules of a level",
        query=PlaceQuery,
        takes=RulesPatch,
        content_type=MERGE_PATCH,
        answers=RulesBody,
        problems=(404,),
    )
)
def change_rules() -> Response:
    """Change rules by a JSON merge patch (RFC 7396); a value looser than a level above is refused."""
    query, body = api.read_query(PlaceQuery), api.read_body(RulesPatch, MERGE_PATCH, api.JSON)
    with transaction() as db:
        where = rule_changes.place(db, query.connection, query.container)
        rule_changes.change(db, actor(), where, body.rules)
    return api.answer(_rules(query.connection, query.container))


@blueprint.post("/link-rules/dry-run")
@bearer(Scope.RULES_READ, Permission.ADMIN_SETTINGS_READ)
@operation(
    Operation(
        "tryRules",
        "See what a change of rules would do",
        query=DryRunQuery,
        takes=RulesPatch,
        answers=ImpactBody,
        problems=(404,),
    )
)
def try_rules() -> Response:
    """Say which links a change would break, without making it."""
    query, body = api.read_query(DryRunQuery), api.read_body(RulesPatch)
    with reading() as db:
        where = rule_changes.place(db, query.connection, query.container)
        found = impact.assess(db, where, rule_changes.checked(db, where, body.rules), after=query.after)
    return api.answer(_impact(found))


def _impact(found: Impact) -> ImpactBody:
    breaking = [
        VerdictBody(
            id=one.link.public_id,
            name=one.link.name,
            breaks=[breach.rule for breach in one.then],
            breaks_now=[breach.rule for breach in one.now],
        )
        for one in found.breaking
    ]
    return ImpactBody(
        live=found.live, looked_at=found.looked_at, breaking=breaking, mended=found.mended, next=found.next
    )


def _rules(connection: str | None, container: str | None) -> RulesBody:
    with reading() as db:
        where: Place = rule_changes.place(db, connection, container)
        own, effective = rule_changes.own_values(db, where), ruling.effective_at(db, where)
    return RulesBody(
        rules={
            name: RuleBody(
                own=own.get(name),
                effective=_plain(getattr(effective.rules, name)),
                decided_by=[_name(one) for one in effective.decided[name]],
            )
            for name in rulebook.SETTABLE
        }
    )


def _name(level: Level) -> str:
    return level.name or level.scope.value


def _plain(value: Any) -> Plain | list[str] | None:
    if not isinstance(value, frozenset):
        plain: Plain | None = value
        return plain
    return sorted(
        one if isinstance(one, str) else "|".join(sorted(one)) if isinstance(one, frozenset) else one.name
        for one in value
    )
