"""Clients of Atlassian sites, pooled per process and replaced when their connection changes.

Never call one inside a transaction: a slow site would lock out every writer. Tests fail where it happens.
"""

import threading
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock, context, db
from app.core.config import Config
from app.core.connections import alarms
from app.core.connections.models import Connection, CredentialRole
from app.integrations.atlassian.addresses import Place, place_of
from app.integrations.atlassian.auth import ApiToken, Auth, PersonalAccessToken
from app.integrations.atlassian.cloud.confluence import ConfluenceCloud
from app.integrations.atlassian.cloud.jira import JiraCloud
from app.integrations.atlassian.data_center.confluence import ConfluenceDataCenter
from app.integrations.atlassian.data_center.jira import JiraDataCenter
from app.integrations.atlassian.errors import AtlassianError, NotAuthorised
from app.integrations.atlassian.hosts import HostPolicy, NamedHost
from app.integrations.atlassian.interfaces import ConfluenceReader, JiraReader
from app.integrations.atlassian.transport import Transport
from app.integrations.atlassian.types import Deployment, Product, RateLimitState
from app.integrations.http.connections import tls_context
from app.integrations.http.hosts import PublicHosts

_cloud = HostPolicy()
_plain_hosts: tuple[str, ...] = ()
_ca_file: str | None = None
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
    deployment: Deployment = Deployment.CLOUD
    site_path: str = ""

    @property
    def place(self) -> Place:
        """Where people find it."""
        return Place(self.site_host, self.site_path)

    @property
    def hosts(self) -> frozenset[str]:
        """Names of the hosts that it is known by, without ports: to people, and to us."""
        return frozenset({_host_name(self.site_host), _host_name(place_of(self.base_url).host)})

    @property
    def site_url(self) -> str:
        """Return the address where people find it."""
        return self.base_url if place_of(self.base_url) == self.place else f"https://{self.site_host}{self.site_path}"


def configure(config: Config) -> None:
    """Set what may be an Atlassian host, from the deploy-time settings."""
    global _cloud, _plain_hosts, _ca_file
    _cloud = HostPolicy(config.atlassian.atlassian_cloud_hosts, allow_loopback=config.web.development)
    _plain_hosts = config.atlassian.data_center_http_hosts
    _ca_file = str(config.atlassian.data_center_ca_file) if config.atlassian.data_center_ca_file else None


def policy(deployment: Deployment, base_url: str) -> PublicHosts:
    """Return which hosts a connection may speak to: Atlassian's own, or the one that an administrator named."""
    if deployment is Deployment.CLOUD:
        return _cloud
    return NamedHost(base_url, _plain_hosts, allow_loopback=_cloud.allow_loopback)


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
        deployment=Deployment(row.deployment),
        site_path=row.site_path,
    )


def site(session: Session, connection_id: int) -> Site | None:
    """Return a connection's facts by row id."""
    row = session.scalars(select(Connection).where(Connection.id == connection_id)).one_or_none()
    return site_of(row) if row else None


def hosts_of_all() -> frozenset[str]:
    """Return the names of the hosts of every connection, switched off or not."""
    with db.reading() as session:
        return frozenset(host for row in session.scalars(select(Connection)) for host in site_of(row).hosts)


def data_center_sites(session: Session) -> tuple[tuple[Place, Product], ...]:
    """Return where the Data Center sites lie: only these know what an address on their host means."""
    query = select(Connection).where(Connection.deployment == Deployment.DATA_CENTER.value)
    return tuple((site_of(row).place, Product(row.product)) for row in session.scalars(query))


def confluence(connection: Site) -> ConfluenceReader:
    """Return the client that reads with the connection's reading credential."""
    return _confluence(connection, _pooled(connection, "reading"))


def jira(connection: Site) -> JiraReader:
    """Return the client that reads with the connection's reading credential."""
    return _jira(connection, _pooled(connection, "reading"))


def checking_confluence(connection: Site) -> ConfluenceReader | None:
    """Return the client with the checking credential, where there is one."""
    transport = _pooled_or_none(connection, "checking")
    return _confluence(connection, transport) if transport else None


def checking_jira(connection: Site) -> JiraReader | None:
    """Return the client with the checking credential, where there is one."""
    transport = _pooled_or_none(connection, "checking")
    return _jira(connection, transport) if transport else None


def own_confluence(connection: Site, email: str | None, token: str) -> ConfluenceReader:
    """Return a client that speaks with a person's own token; close it after use. Raises ValueError for unusable values."""
    return _confluence(connection, _transport(connection.deployment, connection.base_url, email, token))


def own_jira(connection: Site, email: str | None, token: str) -> JiraReader:
    """Return a client that speaks with a person's own token; close it after use. Raises ValueError for unusable values."""
    return _jira(connection, _transport(connection.deployment, connection.base_url, email, token))


def with_token(connection: Site, email: str | None, token: str) -> ConfluenceReader | JiraReader:
    """Return a client of the connection's product that speaks with a person's own token; close it after use."""
    own = own_confluence if connection.product is Product.CONFLUENCE else own_jira
    return own(connection, email, token)


def note_success(connection: Site, state: RateLimitState | None = None) -> None:
    """Remember that a connection works; a write at most once a minute."""
    now = clock.now()
    with db.reading() as session:
        last = session.execute(
            select(Connection.last_success_at, Connection.last_error_at, Connection.reading_refused_at).where(
                Connection.id == connection.id
            )
        ).one_or_none()
    if last is None or (
        last[0] is not None
        and (now - last[0]).total_seconds() < 60
        and (last[1] is None or last[1] < last[0])
        and last[2] is None
    ):
        return
    values: dict[str, object] = {"last_success_at": now, "reading_refused_at": None}
    if state is not None:
        described = asdict(state)
        values["rate_limit"] = {
            key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in described.items()
        }
    with db.transaction() as session:
        session.execute(update(Connection).where(Connection.id == connection.id).values(**values))


def note_error(connection: Site, error: AtlassianError, role: CredentialRole = CredentialRole.READING) -> None:
    """Remember what went wrong with a connection, for its page and `portico doctor`; a refused credential alarms."""
    with db.transaction() as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection.id)
            .values(last_error_at=clock.now(), last_error=str(error)[:400])
        )
        if isinstance(error, NotAuthorised):
            alarms.refused(session, connection.id, role)


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
    if token is None:
        return None
    transport = _transport(Deployment(row.deployment), row.base_url, email, token)
    with _lock:
        _pool[key] = (row.version, transport)
    return transport


def _host_name(host: str) -> str:
    return host[: host.rindex("]") + 1].strip("[]") if host.startswith("[") else host.partition(":")[0]


def _confluence(connection: Site, transport: Transport) -> ConfluenceReader:
    if connection.deployment is Deployment.CLOUD:
        return ConfluenceCloud(transport)
    return ConfluenceDataCenter(transport, site_url=connection.site_url)


def _jira(connection: Site, transport: Transport) -> JiraReader:
    if connection.deployment is Deployment.CLOUD:
        return JiraCloud(transport)
    return JiraDataCenter(transport, site_url=connection.site_url)


def _transport(deployment: Deployment, base_url: str, email: str | None, token: str) -> Transport:
    on_cloud = deployment is Deployment.CLOUD
    auth: Auth = ApiToken(email or "", token) if on_cloud else PersonalAccessToken(token)
    return Transport(
        base_url,
        auth,
        policy=policy(deployment, base_url),
        request_id=lambda: context.current().request_id,
        tls=None if on_cloud else tls_context(_ca_file),
    )
