"""Clients of Atlassian sites, pooled per process and replaced when their connection changes.

Never call one inside a transaction: a slow site would lock out every writer. Tests fail where it happens.
"""

import threading
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock, context, db
from app.core.config import Config
from app.core.connections.models import Connection
from app.integrations.atlassian.auth import ApiToken
from app.integrations.atlassian.cloud.confluence import ConfluenceCloud
from app.integrations.atlassian.cloud.jira import JiraCloud
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.hosts import HostPolicy
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Product, RateLimitState

_policy = HostPolicy()
_lock = threading.Lock()
_pool: dict[tuple[int, str], tuple[int, Transport]] = {}


@dataclass(frozen=True)
class Site:
    """What is needed to speak to a connection, read before any transaction."""

    id: int
    public_id: str
    name: str
    product: Product
    base_url: str
    site_host: str
    version: int
    disabled: bool


def configure(config: Config) -> None:
    """Set what may be an Atlassian host, from the deploy-time settings."""
    global _policy
    _policy = HostPolicy(config.atlassian.atlassian_cloud_hosts, allow_loopback=config.web.development)


def policy() -> HostPolicy:
    """Return what may be an Atlassian host."""
    return _policy


def site_of(row: Connection) -> Site:
    """Return the frozen facts of a connection."""
    return Site(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        product=Product(row.product),
        base_url=row.base_url,
        site_host=row.site_host,
        version=row.version,
        disabled=row.disabled_at is not None,
    )


def site(session: Session, connection_id: int) -> Site | None:
    """Return a connection's facts by row id."""
    row = session.scalars(select(Connection).where(Connection.id == connection_id)).one_or_none()
    return site_of(row) if row else None


def confluence(connection: Site) -> ConfluenceCloud:
    """Return the client that reads with the connection's reading credential."""
    return ConfluenceCloud(_pooled(connection, "reading"))


def jira(connection: Site) -> JiraCloud:
    """Return the client that reads with the connection's reading credential."""
    return JiraCloud(_pooled(connection, "reading"))


def checking_confluence(connection: Site) -> ConfluenceCloud | None:
    """Return the client with the checking credential, where there is one."""
    transport = _pooled_or_none(connection, "checking")
    return ConfluenceCloud(transport) if transport else None


def checking_jira(connection: Site) -> JiraCloud | None:
    """Return the client with the checking credential, where there is one."""
    transport = _pooled_or_none(connection, "checking")
    return JiraCloud(transport) if transport else None


def with_token(connection: Site, email: str, token: str) -> ConfluenceCloud | JiraCloud:
    """Return a client that speaks with a person's own token; close it after use through `close`."""
    transport = _transport(connection.base_url, email, token)
    return ConfluenceCloud(transport) if connection.product is Product.CONFLUENCE else JiraCloud(transport)


def candidate(product: Product, base_url: str, email: str, token: str) -> ConfluenceCloud | JiraCloud:
    """Return a client for a connection that is only being tried; raises ValueError for unusable values."""
    transport = _transport(base_url, email, token)
    return ConfluenceCloud(transport) if product is Product.CONFLUENCE else JiraCloud(transport)


def note_success(connection: Site, state: RateLimitState | None = None) -> None:
    """Remember that a connection works; a write at most once a minute."""
    now = clock.now()
    with db.reading() as session:
        last = session.execute(
            select(Connection.last_success_at, Connection.last_error_at).where(Connection.id == connection.id)
        ).one_or_none()
    if last is None or (
        last[0] is not None and (now - last[0]).total_seconds() < 60 and (last[1] is None or last[1] < last[0])
    ):
        return
    values: dict[str, object] = {"last_success_at": now}
    if state is not None:
        described = asdict(state)
        values["rate_limit"] = {
            key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in described.items()
        }
    with db.transaction() as session:
        session.execute(update(Connection).where(Connection.id == connection.id).values(**values))


def note_error(connection: Site, error: AtlassianError) -> None:
    """Remember what went wrong with a connection, for the connections page and `portico doctor`."""
    with db.transaction() as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection.id)
            .values(last_error_at=clock.now(), last_error=str(error)[:400])
        )


def forget() -> None:
    """Close every pooled client of this process."""
    with _lock:
        for _, transport in _pool.values():
            transport.close()
        _pool.clear()


def _pooled(connection: Site, role: str) -> Transport:
    transport = _pooled_or_none(connection, role)
    if transport is None:
        raise LookupError(f"{connection.name} has no {role} credential")
    return transport


def _pooled_or_none(connection: Site, role: str) -> Transport | None:
    key = (connection.id, role)
    with _lock:
        known = _pool.get(key)
    if known is not None and known[0] == connection.version:
        return known[1]
    with db.reading() as session:
        row = session.scalars(select(Connection).where(Connection.id == connection.id)).one()
        email = row.reading_email if role == "reading" else row.checking_email
        token = row.reading_token if role == "reading" else row.checking_token
    if email is None or token is None:
        return None
    transport = _transport(row.base_url, email, token)
    with _lock:
        _pool[key] = (row.version, transport)
    return transport


def _transport(base_url: str, email: str, token: str) -> Transport:
    return Transport(
        base_url,
        ApiToken(email, token),
        policy=_policy,
        request_id=lambda: context.current().request_id,
    )
