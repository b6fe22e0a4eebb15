"""The programming interface of identity providers, `/api/v1/sso/connections`: the same service as the pages, in JSON.

A client secret goes in and never comes out. A new connection is off; it is switched on after a test sign-in, or expressly
without one.
"""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, url_for
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.sso import entries, examining, gather, presets, queries, service
from app.features.sso.configuration import (
    MAXIMUM_CERTIFICATES,
    IdentityRules,
    Kind,
    OAuthSettings,
    OidcSettings,
    SamlSettings,
)
from app.features.sso.entries import Entry
from app.features.sso.gather import MAXIMUM_METADATA_BYTES, Metadata
from app.features.sso.mapping import AttributeRule, GroupRules
from app.features.sso.queries import Detail
from app.web import api
from app.web.access import bearer
from app.web.api import MERGE_PATCH, Input, Output, PageQuery
from app.web.identity import actor
from app.web.openapi import Operation, operation
from app.web.surfaces import absolute

blueprint = Blueprint("sso_api", __name__, url_prefix="/api/v1/sso/connections")

READ, MANAGE = Permission.ADMIN_SSO_READ, Permission.ADMIN_SSO_MANAGE
_ID = {"public_id": "The id of the connection."}
_ONE_OF = [{"$ref": f"#/components/schemas/{one.__name__}"} for one in (SamlSettings, OidcSettings, OAuthSettings)]
_SETTINGS: dict[str, Any] = {"anyOf": _ONE_OF}
_AS_ANSWERED: dict[str, dict[str, Any]] = {
    one.__name__: {"anyOf": [{"$ref": f"#/components/schemas/{one.__name__}"}, {"type": "null"}]}
    for one in (IdentityRules, AttributeRule, GroupRules)
}
_METADATA = {"metadata", "metadata_url", "metadata_certificate"}
_ONE_RULE = _AS_ANSWERED["AttributeRule"]["anyOf"][0]


class _Said(Input):
    """What may be said of a connection. What is left out of `settings`, `identity` and `groups` has its usual value."""

    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="By the connection's kind. Of an OpenID provider `issuer` and `client_id` are enough: the rest is discovered.",
        json_schema_extra=_SETTINGS,
    )
    metadata: str = Field("", max_length=MAXIMUM_METADATA_BYTES, description="SAML metadata, in place of its settings.")
    metadata_url: str = Field("", max_length=2_000, description="Where SAML metadata is read, once, now.")
    metadata_certificate: str = Field(
        "",
        max_length=40_000,
        description="Certificate that the metadata has to be signed with; without it any is read.",
    )
    client_secret: str | None = Field(None, max_length=1_000, description="Is never answered.")
    button_label: str = Field("", max_length=80)
    position: int = Field(0, ge=-service.FARTHEST, le=service.FARTHEST)
    for_staff: bool = True
    for_guests: bool = True
    domains: list[str] | None = Field(
        None, max_length=100, description="Mail domains that it may vouch for: their addresses count."
    )
    identity: dict[str, Any] | None = Field(None, json_schema_extra=_AS_ANSWERED["IdentityRules"])
    mapping: list[dict[str, Any]] | None = Field(
        None, max_length=20, json_schema_extra={"anyOf": [{"type": "array", "items": _ONE_RULE}, {"type": "null"}]}
    )
    groups: dict[str, Any] | None = Field(None, json_schema_extra=_AS_ANSWERED["GroupRules"])


class NewSsoConnection(_Said):
    """A connection to make."""

    id: str = Field(
        "", max_length=30, description="Stands in the addresses the provider is given. Made of the name if left out."
    )
    name: str = Field(min_length=1, max_length=80)
    kind: Kind
    preset: str = Field(presets.OTHER, max_length=40, description="Fills in mapping, scopes and what else is left out.")


class SsoConnectionPatch(_Said):
    """What to change, as a merge patch: what is left out stays, also the secret; null gives back the usual value."""

    name: str = Field("", max_length=80)


class SwitchOn(Input):
    """Whether to go without a test sign-in."""

    untested: bool = Field(False, description="Switch on although nobody has come through with this configuration.")


class KeyBody(Output):
    """A certificate, and how long it is good for."""

    fingerprint: str = Field(description="SHA-256, in small hexadecimal.")
    not_before: datetime
    not_after: datetime
    signs: bool


class SsoConnectionBody(Output):
    """One connection, without its secrets."""

    id: str
    name: str
    kind: Kind
    preset: str
    enabled: bool
    tested: bool = Field(description="Whether a test sign-in went through with exactly this configuration.")
    version: int
    button_label: str
    position: int
    for_staff: bool
    for_guests: bool
    settings: SamlSettings | OidcSettings | OAuthSettings
    has_client_secret: bool
    certificates: list[KeyBody] = Field(max_length=MAXIMUM_CERTIFICATES, description="Of the provider.")
    own_keys: list[KeyBody]
    domains: list[str]
    identity: IdentityRules
    mapping: list[AttributeRule]
    groups: GroupRules
    entity_id: str | None = Field(description="Who Portico is towards a SAML provider; its metadata is there.")
    answer_urls: list[str] = Field(description="Where answers go: ACS of SAML, redirect addresses of the others.")
    created_at: datetime
    last_success_at: datetime | None
    last_refused_at: datetime | None


class SsoConnections(Output):
    """One page of connections."""

    items: list[SsoConnectionBody]
    next: str | None


class Finding(Output):
    """One thing that was looked at."""

    check: str
    passed: bool
    expected: str
    found: str


class Examination(Output):
    """What could be looked at without a person, and where a person tests the sign-in."""

    passed: bool
    findings: list[Finding]
    test_url: str


@blueprint.get("")
@bearer(Scope.CONNECTIONS_READ, READ)
@operation(Operation("listSsoConnections", "List identity providers", query=PageQuery, answers=SsoConnections))
def list_connections() -> Response:
    """List connections in the order in which they were made."""
    query = api.read_query(PageQuery)
    with reading() as db:
        found = queries.details(db, after=api.after(query), limit=query.limit + 1)
    rows, following = api.page(found, query.limit, lambda one: one.facts.id)
    return api.answer(SsoConnections(items=[_body(one) for one in rows], next=following))


@blueprint.post("")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "createSsoConnection",
        "Add an identity provider, switched off",
        status=HTTPStatus.CREATED,
        takes=NewSsoConnection,
        answers=SsoConnectionBody,
        repeatable=True,
        problems=(409, 503),
    )
)
def create_connection() -> Response:
    """Add a connection, switched off."""
    body, repeat = api.read_body(NewSsoConnection), api.repetition()
    return api.once(repeat, lambda: _create(body, repeat))


@blueprint.get("/<public_id>")
@bearer(Scope.CONNECTIONS_READ, READ)
@operation(
    Operation("readSsoConnection", "Read an identity provider", answers=SsoConnectionBody, problems=(404,), places=_ID)
)
def read_connection(public_id: str) -> Response:
    """Read one connection."""
    return api.answer(_body(_found(public_id)))


@blueprint.patch("/<public_id>")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "changeSsoConnection",
        "Change an identity provider",
        takes=SsoConnectionPatch,
        content_type=MERGE_PATCH,
        answers=SsoConnectionBody,
        problems=(404, 409, 503),
        places=_ID,
    )
)
def change_connection(public_id: str) -> Response:
    """Change a connection by a JSON merge patch (RFC 7396)."""
    body, before = api.read_body(SsoConnectionPatch, MERGE_PATCH, api.JSON), _found(public_id)
    plan = entries.planned(_patched(before, body))
    with transaction() as db:
        entries.change(db, actor(), plan, version=before.version)
    return api.answer(_body(_found(public_id)))


@blueprint.delete("/<public_id>")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "removeSsoConnection",
        "Remove an identity provider and what it asserted",
        status=HTTPStatus.NO_CONTENT,
        problems=(404,),
        places=_ID,
    )
)
def remove_connection(public_id: str) -> Response:
    """Remove a connection with its accounts and every membership it asserted; people stay."""
    with transaction() as db:
        service.remove(db, actor(), public_id)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/<public_id>/enable")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "enableSsoConnection",
        "Let people sign in through an identity provider",
        takes=SwitchOn,
        answers=SsoConnectionBody,
        problems=(404, 409),
        places=_ID,
    )
)
def enable_connection(public_id: str) -> Response:
    """Switch a connection on, after a test sign-in or expressly without."""
    body = api.read_body(SwitchOn)
    with transaction() as db:
        service.switch_on(db, actor(), public_id, untested=body.untested)
    return api.answer(_body(_found(public_id)))


@blueprint.post("/<public_id>/disable")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "disableSsoConnection",
        "Let nobody sign in through an identity provider",
        answers=SsoConnectionBody,
        problems=(404,),
        places=_ID,
    )
)
def disable_connection(public_id: str) -> Response:
    """Switch a connection off; sessions that began go on."""
    with transaction() as db:
        service.switch_off(db, actor(), public_id)
    return api.answer(_body(_found(public_id)))


@blueprint.post("/<public_id>/test")
@bearer(Scope.CONNECTIONS_WRITE, MANAGE)
@operation(
    Operation(
        "testSsoConnection",
        "Look at certificates, clocks and what the provider publishes",
        answers=Examination,
        problems=(404,),
        places=_ID,
    )
)
def test_connection(public_id: str) -> Response:
    """Look at what can be looked at without a person; the sign-in itself is tested with a browser."""
    with reading() as db:
        found = queries.of_public_id(db, public_id)
    if found is None:
        raise NotFound
    lines = examining.examine(found)
    return api.answer(
        Examination(
            passed=all(one.passed for one in lines),
            findings=[
                Finding(check=one.name, passed=one.passed, expected=one.expected, found=one.found) for one in lines
            ],
            test_url=absolute(url_for("sso.test_sign_in", public_id=public_id)),
        )
    )


def _create(body: NewSsoConnection, repeat: api.Repetition) -> Response:
    said = body.model_dump(exclude=_METADATA)
    entry = Entry(**said | {"domains": tuple(body.domains or ())})
    plan = entries.planned(entry, gather.described(body.kind, body.settings, _metadata(body)))
    if service.needs_key(plan.settings):
        plan = replace(plan, key=gather.new_key(body.name))
    with transaction() as db:
        row = entries.create(db, actor(), plan)
        made = queries.connection(db, row.public_id)
        assert made is not None
        told = _body(made)
        repeat.remember(db, told)
    where = url_for("sso_api.read_connection", public_id=row.public_id)
    return api.answer(told, HTTPStatus.CREATED, Location=absolute(where))


def _patched(before: Detail, body: SsoConnectionPatch) -> Entry:
    facts, given = before.facts, body.model_dump(exclude_unset=True, exclude=_METADATA)
    if body.metadata or body.metadata_url:
        metadata = _metadata(body, getattr(facts.settings, "entity_id", ""))
        read = gather.described(facts.kind, {}, metadata)
        # What is demanded of the provider stays as it was, and what the patch says stands above what the provider says.
        if isinstance(read, SamlSettings):
            own = {name: getattr(read, name) for name in ("sso_redirect_url", "sso_post_url", "certificates")}
            given["settings"] = own | given.get("settings", {})
    return entries.patched(facts, before.domains, given)


def _metadata(body: _Said, entity_id: str = "") -> Metadata:
    wanted = entity_id or str(body.settings.get("entity_id", ""))
    return Metadata(body.metadata.encode(), body.metadata_url, wanted, body.metadata_certificate)


def _found(public_id: str) -> Detail:
    with reading() as db:
        detail = queries.connection(db, public_id) if service.could_be_id(public_id) else None
    if detail is None:
        raise NotFound
    return detail


def _body(detail: Detail) -> SsoConnectionBody:
    facts, row = detail.facts, detail.row
    saml = facts.kind is Kind.SAML
    return SsoConnectionBody(
        id=facts.public_id,
        name=facts.name,
        kind=facts.kind,
        preset=facts.preset,
        enabled=facts.enabled,
        tested=row.tested,
        version=detail.version,
        button_label=facts.button_label,
        position=facts.position,
        for_staff=facts.for_staff,
        for_guests=facts.for_guests,
        settings=facts.settings,
        has_client_secret=detail.has_secret,
        certificates=[_key(one) for one in row.certificates],
        own_keys=[_key(one) for one in detail.keys],
        domains=list(detail.domains),
        identity=facts.identity,
        mapping=list(facts.mapping),
        groups=facts.groups,
        entity_id=detail.entity_id if saml else None,
        answer_urls=list(detail.acs_urls if saml else detail.redirect_uris),
        created_at=detail.created_at,
        last_success_at=row.last_success_at,
        last_refused_at=row.last_refused_at,
    )


def _key(row: queries.CertificateRow) -> KeyBody:
    return KeyBody(fingerprint=row.fingerprint, not_before=row.not_before, not_after=row.not_after, signs=row.signs)
