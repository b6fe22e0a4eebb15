"""Deploy-time settings: read once from `PORTICO_*` variables, checked, and frozen.

Each attribute's docstring is its documentation: `docs/settings.md` is generated from here. A secret may be given as
`PORTICO_NAME` or, better, as `PORTICO_NAME_FILE` naming a file that holds it. What administrators change while
Portico runs is not here but in `app.core.settings`.
"""

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, FilePath, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.integrations.atlassian.hosts import ATLASSIAN_CLOUD_HOSTS

PREFIX = "PORTICO_"
#: Names that Kubernetes sets for a service called "portico"; they are none of ours.
_KUBERNETES = re.compile(r"^PORTICO_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$")
#: Beginnings of addresses that Huey has a storage for.
REDIS = ("redis://", "rediss://", "unix://")
QUEUES = (*REDIS, "postgresql://", "postgres://")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Network = IPv4Network | IPv6Network


class ConfigurationError(Exception):
    """The environment cannot be used as it is; the message names each variable and how to mend it."""


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: object) -> object:
    parts = _split(value)
    return tuple(ip_network(part) for part in parts) if isinstance(parts, tuple) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]


def _is_database(address: str) -> bool:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return False
    if url.get_backend_name() == "sqlite":
        return url.drivername in ("sqlite", "sqlite+pysqlite") and bool(url.database) and url.database != ":memory:"
    return url.drivername in ("postgresql", "postgresql+psycopg") and bool(url.database)


_environ: ContextVar[Mapping[str, str]] = ContextVar("portico_environ")


class _Environment(PydanticBaseSettingsSource):
    """`PORTICO_NAME`, and for secrets `PORTICO_NAME_FILE`, out of the mapping that is being loaded."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        environ = _environ.get()
        name = PREFIX + field_name.upper()
        if name in environ:
            return environ[name], field_name, False
        if is_secret(field) and name + "_FILE" in environ:
            path = Path(environ[name + "_FILE"])
            try:
                return path.read_text(encoding="utf-8").strip(), field_name, False
            except OSError as error:
                raise ConfigurationError(
                    f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
                ) from error
            except UnicodeDecodeError:
                raise ConfigurationError(f"{name}_FILE names {path}, which is not text in UTF-8.") from None
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                found[key] = value
        return found


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a setting is a secret: never printed, and readable from a file."""
    return "SecretStr" in str(field.annotation)


class Area(BaseSettings):
    """One area of deploy-time settings."""

    model_config = SettingsConfigDict(frozen=True, use_attribute_docstrings=True, extra="forbid")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, _Environment(settings_cls))


class Web(Area):
    """Addresses, surfaces and the portal's processes."""

    environment: Literal["production", "development"] = "production"
    """`development` allows plain http on loopback and shows `/_gallery`; everything else is `production`."""

    base_url: str = "http://localhost:8000"
    """Where staff and administrators reach Portico, such as `https://portico.example.com`. Outside development it starts with https."""

    public_url: str | None = None
    """A second address for links, guests and sign-in only, so that administration can stay inside. Without it one host serves both."""

    listen: str = "127.0.0.1:8000"
    """Address and port the portal listens on."""

    workers: int = Field(2, ge=1, le=64)
    """Processes of the portal."""

    threads: int = Field(8, ge=2, le=64)
    """Threads of each process. At most half of them serve downloads at a time."""

    trusted_proxies: Networks = ()
    """Networks of the reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, separated by commas."""

    data_dir: Path = Path("var")
    """Folder for the embedded database, the embedded queue, mail in development and, unless named elsewhere, the key file."""

    @field_validator("base_url", "public_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        beyond = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in ("http", "https") or not parts.hostname or beyond:
            raise ValueError("write scheme and host only, such as https://portico.example.com")
        # Browsers leave the port of the scheme out of `Host` and `Origin` (WHATWG URL, host serializing).
        port = "" if parts.port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{parts.port}"
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}{port}"

    @field_validator("listen")
    @classmethod
    def _bindable(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not host or not colon or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ValueError("write address and port, such as 127.0.0.1:8000")
        return value

    @model_validator(mode="after")
    def _https(self) -> "Web":
        for name in ("base_url", "public_url"):
            value = getattr(self, name)
            if value is None or value.startswith("https://"):
                continue
            if self.environment != "development":
                raise ValueError(
                    f"{PREFIX}{name.upper()} starts with http; outside development it has to start with https"
                )
            host = urlsplit(value).hostname or ""
            # RFC 6761 section 6.3: names below localhost are this machine too.
            if host not in _LOOPBACK_NAMES and not host.endswith(".localhost"):
                raise ValueError(f"{PREFIX}{name.upper()}: plain http is for localhost only, also in development")
        return self

    @property
    def development(self) -> bool:
        """Whether this is a development machine."""
        return self.environment == "development"

    @property
    def secure(self) -> bool:
        """Whether cookies and headers are those of https."""
        return self.base_url.startswith("https://")

    @property
    def links_url(self) -> str:
        """The origin that share links are made with."""
        return self.public_url or self.base_url


class Database(Area):
    """Where rows are kept."""

    database_url: SecretStr | None = None
    """SQLAlchemy address such as `postgresql+psycopg://portico@db/portico`. Without it an SQLite file in the data folder."""

    database_pool_size: int = Field(10, ge=1, le=100)
    """Connections each process keeps to PostgreSQL."""

    @field_validator("database_url")
    @classmethod
    def _spoken(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_database(value.get_secret_value()):
            # The address may hold a password: it is not repeated.
            raise ValueError(
                "write an address such as postgresql+psycopg://portico@db/portico or sqlite:////srv/portico.db"
            )
        return value


class Keys(Area):
    """The key ring that encrypts secrets, signs links and seals the audit trail."""

    keys: SecretStr | None = None
    """The key ring itself, as `portico init` writes it, for systems that hand out secrets as variables."""

    keys_path: Path | None = None
    """Path of the key file, whose changes are followed. Without it, `keys.json` in the data folder."""


class Queue(Area):
    """How jobs are woken."""

    queue_url: SecretStr | None = None
    """`redis://…` or `postgresql://…` where several machines work together. Without it a file beside the embedded database."""

    worker_threads: int = Field(4, ge=1, le=64)
    """Jobs that one worker runs at a time."""

    @field_validator("queue_url")
    @classmethod
    def _spoken(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(QUEUES):
            raise ValueError("write an address such as rediss://redis.example.com/0 or postgresql://portico@db/portico")
        return value


class Mail(Area):
    """How mail leaves."""

    smtp_host: str | None = None
    """Mail server. Without it, in development, mail is written to the folder `mail` in the data folder; elsewhere no mail is sent and `portico doctor` says so."""

    smtp_port: int = Field(587, ge=1, le=65535)
    """Port of the mail server."""

    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection to the mail server is protected."""

    smtp_user: str | None = None
    """Name to sign in to the mail server with."""

    smtp_password: SecretStr | None = None
    """Password to sign in to the mail server with."""

    mail_from: str = "Portico <portico@localhost>"
    """Sender of Portico's mail."""

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not value.isprintable() or "@" not in parseaddr(value)[1]:
            raise ValueError("write an address such as Portico <portico@example.com>")
        return value


class Atlassian(Area):
    """What may be an Atlassian site."""

    atlassian_cloud_hosts: Words = ATLASSIAN_CLOUD_HOSTS
    """Host patterns that may be the base or the media host of a Cloud site, separated by commas. Loopback names are accepted in development only."""

    data_center_http_hosts: Words = ()
    """Hosts of Data Center sites that may be spoken to over plain http, such as `jira.corp:8080`, separated by commas. Tokens and pages travel readable for everybody on the way; without it https is required."""

    data_center_ca_file: FilePath | None = None
    """File with certificates (PEM) of your own authorities, trusted besides the system's for Data Center sites."""


class Operations(Area):
    """Logs, metrics and the audit trail's outside witness."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is logged."""

    metrics_networks: Networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    """Networks that may read `/metrics` without a token."""

    metrics_token: SecretStr | None = None
    """Bearer token that may read `/metrics` from anywhere."""

    audit_head_file: Path | None = None
    """File outside the database, best on another machine's disk, to which the head of the audit chain is appended hourly."""


@dataclass(frozen=True)
class Config:
    """All deploy-time settings, by area."""

    web: Web
    database: Database
    keys: Keys
    queue: Queue
    mail: Mail
    atlassian: Atlassian
    operations: Operations

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address in force."""
        if self.database.database_url is not None:
            return self.database.database_url.get_secret_value()
        return f"sqlite:///{(self.web.data_dir / 'portico.db').absolute()}"


AREAS: dict[str, type[Area]] = {
    "web": Web,
    "database": Database,
    "keys": Keys,
    "queue": Queue,
    "mail": Mail,
    "atlassian": Atlassian,
    "operations": Operations,
}


def known_variables() -> frozenset[str]:
    """Return the name of every variable that Portico reads."""
    names = set()
    for area in AREAS.values():
        for name, field in area.model_fields.items():
            names.add(PREFIX + name.upper())
            if is_secret(field):
                names.add(PREFIX + name.upper() + "_FILE")
    return frozenset(names)


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read and check all settings from `environ` (the process's own by default); raise ConfigurationError."""
    environ = os.environ if environ is None else environ
    known = known_variables()
    problems = [
        f"{name} is not a setting of Portico; docs/settings.md lists them all. Remove or correct it."
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known and not _KUBERNETES.match(name)
    ]
    token = _environ.set(environ)
    areas: dict[str, Any] = {}
    try:
        for key, area in AREAS.items():
            try:
                areas[key] = area()
            except ValidationError as error:
                problems += [_explain(entry) for entry in error.errors(include_input=False, include_url=False)]
    finally:
        _environ.reset(token)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return Config(**areas)


def _explain(entry: Any) -> str:
    message = str(entry["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{str(entry['loc'][0]).upper()}: {message}." if entry["loc"] else f"{message}."
