"""Reading connections and attempts: frozen rows for pages. No secret is among them, only whether there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from app.core import clock
from app.core.accounts.models import LOCAL, Group, Person
from app.core.text import Text
from app.features.sso import addresses, configuration, explaining, received, refusals, words
from app.features.sso.configuration import Connection, Kind, SamlSettings
from app.features.sso.explaining import Effects
from app.features.sso.models import AttemptResult, SsoAttempt, SsoConnection, SsoIdentity, VerifiedDomain
from app.features.sso.received import Received
from app.protocols.saml.certificates import CertificateRefused, read_certificate

#: How long before its end a certificate is warned about.
EXPIRY_WARNING = timedelta(days=30)
#: Attempts that a page shows.
SHOWN_ATTEMPTS = 50
#: More groups than this are not offered in a list to choose from.
OFFERED_GROUPS = 500
_WITHOUT_SECRETS = (
    defer(SsoConnection.client_secret, raiseload=True),
    defer(SsoConnection.own_keys, raiseload=True),
)


@dataclass(frozen=True)
class CertificateRow:
    """A certificate, and how long it is good for."""

    fingerprint: str
    subject: str
    not_before: datetime
    not_after: datetime
    key: str
    #: Whether it is of a key of ours that signs.
    signs: bool = False

    @property
    def expired(self) -> bool:
        """Whether its end has passed."""
        return self.not_after <= clock.now()

    @property
    def expires_soon(self) -> bool:
        """Whether it ends within 30 days."""
        return not self.expired and self.not_after - clock.now() <= EXPIRY_WARNING


@dataclass(frozen=True)
class ConnectionRow:
    """A connection as the list shows it."""

    public_id: str
    name: str
    kind: Kind
    preset: str
    enabled: bool
    tested: bool
    for_staff: bool
    for_guests: bool
    last_success_at: datetime | None
    last_refused_at: datetime | None
    certificates: tuple[CertificateRow, ...]

    @property
    def expired(self) -> bool:
        """Whether a certificate has ended."""
        return any(one.expired for one in self.certificates)

    @property
    def expires_soon(self) -> bool:
        """Whether a certificate ends within 30 days."""
        return any(one.expires_soon for one in self.certificates)


@dataclass(frozen=True)
class AttemptRow:
    """One attempt, as a list shows it."""

    reference: str
    at: datetime
    connection: str
    purpose: str
    accepted: bool
    reason: Text | None
    person: str | None


@dataclass(frozen=True)
class Detail:
    """A connection as its page shows it."""

    row: ConnectionRow
    #: Without its secrets.
    facts: Connection
    version: int
    tested_at: datetime | None
    created_at: datetime
    has_secret: bool
    keys: tuple[CertificateRow, ...]
    domains: tuple[str, ...]
    people: int
    entity_id: str
    acs_urls: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    keys_url: str


@dataclass(frozen=True)
class CheckRow:
    """One check in words."""

    words: Text
    passed: bool
    expected: str
    found: str


@dataclass(frozen=True)
class Explanation:
    """One attempt with everything that is known of it."""

    attempt: AttemptRow
    connection: ConnectionRow
    checks: tuple[CheckRow, ...]
    received: Received | None
    effects: Effects | None
    #: What the provider's clock said, and the seconds that it is ahead of ours.
    provider_at: datetime | None
    ahead: int | None
    tolerance: int | None
    #: Whether the connection was changed after this attempt.
    changed_since: bool


def connections(session: Session) -> list[ConnectionRow]:
    """Return all connections in the order of their buttons."""
    query = select(SsoConnection).options(*_WITHOUT_SECRETS).order_by(SsoConnection.position, SsoConnection.name)
    return [_row(one) for one in session.scalars(query)]


def connection(session: Session, public_id: str) -> Detail | None:
    """Return one connection, or None."""
    row = session.scalars(select(SsoConnection).where(SsoConnection.public_id == public_id)).one_or_none()
    return _detail(session, row) if row is not None else None


def details(session: Session, *, after: int | None, limit: int) -> list[Detail]:
    """Return connections with everything a page shows of one, in the order in which they were made."""
    query = select(SsoConnection).order_by(SsoConnection.id).limit(limit)
    if after is not None:
        query = query.where(SsoConnection.id > after)
    return [_detail(session, row) for row in session.scalars(query)]


def of_public_id(session: Session, public_id: str) -> Connection | None:
    """Return a connection with its secrets, for what speaks to the provider; or None."""
    row = session.scalars(select(SsoConnection).where(SsoConnection.public_id == public_id)).one_or_none()
    return configuration.of(row) if row is not None else None


def group_choices(session: Session) -> list[tuple[str, str]]:
    """Return public id and words of every group that a rule may name; whose group it is stands behind its name."""
    query = select(Group.public_id, Group.name, Group.source).order_by(Group.name).limit(OFFERED_GROUPS)
    return [
        (public_id, name if source == LOCAL else f"{name} ({source})")
        for public_id, name, source in session.execute(query)
    ]


def attempts(session: Session, public_id: str | None = None) -> list[AttemptRow]:
    """Return the last attempts, of one connection or of all."""
    query = (
        select(SsoAttempt, SsoConnection.name, Person.display_name)
        .join(SsoConnection, SsoConnection.id == SsoAttempt.connection_id)
        .outerjoin(Person, Person.id == SsoAttempt.person_id)
        .options(defer(SsoAttempt.checks, raiseload=True), defer(SsoAttempt.received, raiseload=True))
        .order_by(SsoAttempt.id.desc())
        .limit(SHOWN_ATTEMPTS)
    )
    if public_id is not None:
        query = query.where(SsoConnection.public_id == public_id)
    return [_attempt(row, name, person) for row, name, person in session.execute(query)]


def explanation(session: Session, reference: str) -> Explanation | None:
    """Return the last attempt with this reference id, explained by the rules as they are now; or None."""
    query = (
        select(SsoAttempt, SsoConnection, Person.display_name)
        .join(SsoConnection, SsoConnection.id == SsoAttempt.connection_id)
        .outerjoin(Person, Person.id == SsoAttempt.person_id)
        .where(SsoAttempt.reference == reference)
        .options(*_WITHOUT_SECRETS)
        .order_by(SsoAttempt.id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    row, owner, person = found
    facts = configuration.without_secrets(owner)
    said = received.load(row.received)
    checks = tuple(
        CheckRow(words.check(one.name), one.passed, one.expected, one.found) for one in received.load_checks(row.checks)
    )
    return Explanation(
        attempt=_attempt(row, owner.name, person),
        connection=_row(owner),
        checks=checks,
        received=said,
        effects=_effects(session, facts, said, is_new=row.person_id is None) if said else None,
        provider_at=row.provider_at,
        ahead=round((row.provider_at - row.at).total_seconds()) if row.provider_at else None,
        tolerance=getattr(facts.settings, "clock_tolerance_seconds", None),
        changed_since=owner.version != row.connection_version,
    )


def _detail(session: Session, row: SsoConnection) -> Detail:
    public_id = row.public_id
    keys = tuple(_certificate(one.certificate, one.signs) for one in configuration.own_keys(row.own_keys))
    domains = select(VerifiedDomain.domain).where(VerifiedDomain.connection_id == row.id)
    people = select(func.count()).select_from(SsoIdentity).where(SsoIdentity.connection_id == row.id)
    return Detail(
        row=_row(row),
        facts=configuration.without_secrets(row),
        version=row.version,
        tested_at=row.tested_at,
        created_at=row.created_at,
        has_secret=row.client_secret is not None,
        keys=keys,
        domains=tuple(session.scalars(domains.order_by(VerifiedDomain.domain))),
        people=session.scalar(people) or 0,
        entity_id=addresses.entity_id(public_id),
        acs_urls=tuple(addresses.acs_url(public_id, one) for one in addresses.hosts()),
        redirect_uris=tuple(addresses.redirect_uri(public_id, one) for one in addresses.hosts()),
        keys_url=addresses.keys_url(public_id),
    )


def _effects(session: Session, facts: Connection, said: Received, *, is_new: bool) -> Effects:
    rules = facts.groups
    wanted = {one.group for one in rules.mapped} | set(rules.default_all) | set(rules.default_new)
    labels = select(Group.public_id, Group.name).where(Group.public_id.in_(wanted))
    names = {one.public_id: one.name for one in session.execute(labels)}
    own = frozenset(session.scalars(select(Group.external_id).where(Group.source == facts.public_id)))
    return explaining.effects(facts, said, names, own, is_new=is_new)


def _attempt(row: SsoAttempt, name: str, person: str | None) -> AttemptRow:
    reason = refusals.WORDS.get(refusals.Refusal(row.reason)) if row.reason in set(refusals.Refusal) else None
    accepted = row.result == AttemptResult.ACCEPTED
    if not accepted and reason is None:
        reason = Text("It was refused: %(code)s.", code=row.reason or row.result)
    return AttemptRow(row.reference, row.at, name, row.purpose, accepted, reason, person)


def _row(row: SsoConnection) -> ConnectionRow:
    kind = Kind(row.kind)
    certificates: Sequence[str] = ()
    settings = configuration.load(configuration.SETTINGS[kind], row.settings)
    if isinstance(settings, SamlSettings):
        certificates = settings.certificates
    return ConnectionRow(
        public_id=row.public_id,
        name=row.name,
        kind=kind,
        preset=row.preset,
        enabled=row.enabled_at is not None,
        tested=row.tested_version == row.version,
        for_staff=row.for_staff,
        for_guests=row.for_guests,
        last_success_at=row.last_success_at,
        last_refused_at=row.last_refused_at,
        certificates=tuple(_certificate(one) for one in certificates),
    )


def _certificate(pem: str, signs: bool = False) -> CertificateRow:
    try:
        read = read_certificate(pem)
    except CertificateRefused:
        return CertificateRow("", "", clock.now(), clock.now(), "", signs)
    return CertificateRow(
        fingerprint=read.fingerprint_sha256,
        subject=read.subject,
        not_before=read.not_before,
        not_after=read.not_after,
        key=f"{read.key_kind} {read.key_bits}",
        signs=signs,
    )
