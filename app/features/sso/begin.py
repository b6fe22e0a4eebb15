"""Sending somebody to their provider: the request is remembered with the browser that asks, then the browser goes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.features.sso import addresses, configuration, outstanding, parties, relying_party
from app.features.sso.configuration import Connection, Kind, SamlSettings
from app.features.sso.models import Purpose, SsoConnection
from app.protocols.saml import requests
from app.protocols.saml.requests import Post


@dataclass(frozen=True)
class Going:
    """Where the browser goes: to `url`, with `fields` posted where there are any."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A request as it was made, before it is remembered."""

    connection_id: int
    going: Going
    #: The SAML request id or the OAuth state.
    secret: str = field(repr=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def connection(session: Session, public_id: str, *, switched_off: bool = False) -> Connection | None:
    """Return a connection that is on, or with `switched_off` any; None where there is none."""
    row = session.scalars(select(SsoConnection).where(SsoConnection.public_id == public_id)).one_or_none()
    if row is None or (row.enabled_at is None and not switched_off):
        return None
    return configuration.of(row)


def by_id(session: Session, row_id: int) -> Connection:
    """Return a connection by its row id."""
    return configuration.of(session.get_one(SsoConnection, row_id))


def prepare(found: Connection, base_url: str, *, again: bool = False) -> Prepared:
    """Make a request, with `again` for a new proof; nothing is remembered yet, and no transaction is open while it is signed."""
    if found.kind is not Kind.SAML:
        attempt, url = relying_party.request(found, addresses.redirect_uri(found.public_id, base_url), again=again)
        kept = {"nonce": attempt.nonce, "verifier": attempt.verifier, "base_url": base_url}
        return Prepared(found.id, Going(url), attempt.state, kept)
    settings = found.settings
    if not isinstance(settings, SamlSettings):
        raise TypeError("a SAML connection has SAML settings")
    # An XML name begins with a letter or an underscore.
    request_id = f"_{secrets.token_hex(20)}"
    made = requests.make_request(
        parties.identity_provider(settings),
        parties.service_provider(found, base_url=base_url),
        parties.demands(settings, force_authn=again),
        request_id=request_id,
        now=clock.now(),
    )
    going = Going(made.url, made.fields) if isinstance(made, Post) else Going(made.url)
    return Prepared(found.id, going, request_id, {"base_url": base_url})


def remember(
    session: Session,
    prepared: Prepared,
    *,
    browser_digest: str,
    next_path: str,
    purpose: Purpose,
    person_id: int | None,
) -> None:
    """Keep a request until its answer comes."""
    outstanding.remember(
        session,
        prepared.connection_id,
        prepared.secret,
        browser_digest=browser_digest,
        next_path=next_path,
        purpose=purpose,
        person_id=person_id,
        secrets=prepared.secrets,
    )
