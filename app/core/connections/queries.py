"""Reading connections and accounts: frozen rows for pages; no secret is among them, only whether there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from app.core import clock
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.connections.models import EXPIRY_WARNING, AtlassianAccount, Connection
from app.integrations.atlassian import addresses
from app.integrations.atlassian.addresses import Place
from app.integrations.atlassian.types import Deployment, Product

#: Pages never need them, and what is not read cannot be printed.
_WITHOUT_SECRETS = (
    defer(Connection.reading_token, raiseload=True),
    defer(Connection.checking_token, raiseload=True),
    defer(AtlassianAccount.token, raiseload=True),
)


@dataclass(frozen=True)
class ConnectionRow:
    """A connection as administrators see it."""

    id: int
    public_id: str
    name: str
    product: str
    deployment: str
    base_url: str
    site_host: str
    site_path: str
    has_checking: bool
    disabled_at: datetime | None
    reading_email: str | None
    reading_expires_at: datetime | None
    checking_email: str | None
    checking_expires_at: datetime | None
    created_at: datetime
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str | None
    rate_limit: dict[str, Any] | None
    reading_refused_at: datetime | None
    checking_refused_at: datetime | None
    capabilities: tuple[dict[str, Any], ...]
    accounts: int

    @property
    def disabled(self) -> bool:
        """Whether an administrator switched it off."""
        return self.disabled_at is not None

    @property
    def other_address(self) -> str | None:
        """The address that people see, where it is not the API's."""
        shown = addresses.place_of(self.base_url)
        if self.deployment == Deployment.CLOUD:
            shown = Place(shown.host)
        place = Place(self.site_host, self.site_path)
        return None if place == shown else f"https://{place.host}{place.path}"

    @property
    def may_check(self) -> bool:
        """Whether a checking credential is of use: Confluence Data Center cannot be asked about others."""
        return self.deployment == Deployment.CLOUD or self.product == Product.JIRA

    @property
    def plain(self) -> bool:
        """Whether tokens and content travel to it unencrypted."""
        return self.deployment == Deployment.DATA_CENTER and self.base_url.startswith("http://")

    @property
    def failing(self) -> bool:
        """Whether the last thing that happened was an error."""
        return self.last_error_at is not None and (
            self.last_success_at is None or self.last_success_at < self.last_error_at
        )

    @property
    def refused_at(self) -> datetime | None:
        """Since when Atlassian refuses one of its credentials."""
        return self.reading_refused_at or self.checking_refused_at

    @property
    def expires_at(self) -> datetime | None:
        """When the first of its credentials ends."""
        return min((at for at in (self.reading_expires_at, self.checking_expires_at) if at is not None), default=None)

    @property
    def expired(self) -> bool:
        """Whether one of its credentials has ended."""
        return self.expires_at is not None and self.expires_at <= clock.now()

    @property
    def expires_soon(self) -> bool:
        """Whether one of its credentials ends within 30 days."""
        return self.expires_at is not None and not self.expired and self.expires_at - clock.now() <= EXPIRY_WARNING

    @property
    def near_limit(self) -> bool:
        """Whether Atlassian said that its limit is nearly reached."""
        return bool(self.rate_limit and self.rate_limit.get("near_limit"))


@dataclass(frozen=True)
class AccountRow:
    """A person's account on one connection; the fields of the account are None where there is none."""

    connection: Site
    account_id: str | None
    display_name: str | None
    source: str | None
    connected_at: datetime | None

    @property
    def connected(self) -> bool:
        """Whether there is an account at all."""
        return self.account_id is not None

    @property
    def on_cloud(self) -> bool:
        """Whether the site is one of Atlassian's own."""
        return self.connection.deployment is Deployment.CLOUD

    @property
    def assignable(self) -> bool:
        """Whether an account that somebody assigns proves anything: Confluence Data Center cannot be asked about others."""
        return self.on_cloud or self.connection.product is Product.JIRA

    @property
    def by_token(self) -> bool:
        """Whether the person proved it by a token of their own."""
        return self.source == "token"


def connections(session: Session) -> tuple[ConnectionRow, ...]:
    """Return all connections by name; there are few."""
    query = select(Connection).options(*_WITHOUT_SECRETS[:2])
    rows = session.scalars(query.order_by(func.lower(Connection.name), Connection.id))
    counts = _account_counts(session)
    return tuple(_row(row, counts.get(row.id, 0)) for row in rows)


def connection(session: Session, public_id: str) -> ConnectionRow | None:
    """Return one connection."""
    row = by_public_id(session, public_id)
    return _row(row, _account_counts(session).get(row.id, 0)) if row else None


def by_public_id(session: Session, public_id: str) -> Connection | None:
    """Return a connection's own row, for services."""
    return session.scalars(select(Connection).where(Connection.public_id == public_id)).one_or_none()


def site(session: Session, public_id: str) -> Site | None:
    """Return what clients need to speak to a connection."""
    row = by_public_id(session, public_id)
    return clients.site_of(row) if row else None


def accounts_of(session: Session, person_id: int) -> Sequence[AccountRow]:
    """Return one row for every connection in use, with the person's account where there is one."""
    query = (
        select(Connection, AtlassianAccount)
        .outerjoin(
            AtlassianAccount,
            (AtlassianAccount.connection_id == Connection.id) & (AtlassianAccount.person_id == person_id),
        )
        .where(Connection.disabled_at.is_(None) | AtlassianAccount.id.is_not(None))
        .order_by(func.lower(Connection.name))
        .options(*_WITHOUT_SECRETS)
    )
    return tuple(_account_row(row, account) for row, account in session.execute(query))


def _account_counts(session: Session) -> dict[int, int]:
    query = select(AtlassianAccount.connection_id, func.count()).group_by(AtlassianAccount.connection_id)
    return dict(session.execute(query).all())


def _row(row: Connection, accounts: int) -> ConnectionRow:
    return ConnectionRow(
        id=row.id,
        public_id=row.public_id,
        name=row.name,
        product=row.product,
        deployment=row.deployment,
        base_url=row.base_url,
        site_host=row.site_host,
        site_path=row.site_path,
        has_checking=row.has_checking,
        disabled_at=row.disabled_at,
        reading_email=row.reading_email,
        reading_expires_at=row.reading_expires_at,
        checking_email=row.checking_email,
        checking_expires_at=row.checking_expires_at,
        created_at=row.created_at,
        last_success_at=row.last_success_at,
        last_error_at=row.last_error_at,
        last_error=row.last_error,
        rate_limit=row.rate_limit,
        reading_refused_at=row.reading_refused_at,
        checking_refused_at=row.checking_refused_at,
        capabilities=tuple(row.capabilities or ()),
        accounts=accounts,
    )


def _account_row(row: Connection, account: AtlassianAccount | None) -> AccountRow:
    connection = clients.site_of(row)
    if account is None:
        return AccountRow(connection, None, None, None, None)
    return AccountRow(connection, account.account_id, account.display_name, account.source, account.connected_at)
