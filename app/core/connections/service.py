"""The only writer of connections; `accounts` writes people's accounts on them. Nothing here asks Atlassian: `gather` did.

A credential never travels to another address than the one it was given for: whoever changes where a connection leads, or
whose credential it is, gives the secret anew, and people connect their accounts again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, signals
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.service import checked_email
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.connections import clients
from app.core.connections.models import AtlassianAccount, Connection, CredentialRole
from app.core.crypto import tokens
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.integrations.atlassian import addresses
from app.integrations.atlassian.addresses import Place
from app.integrations.atlassian.errors import HostRefused
from app.integrations.atlassian.types import Capability, Deployment, Product

MAXIMUM_TOKEN_LENGTH = 1_000
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)*")


@dataclass(frozen=True)
class Credential:
    """A credential as it is entered; a token of None keeps the stored one. Tokens of Data Center go without an address."""

    email: str | None
    token: str | None = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Draft:
    """A connection as it is entered. `site_address` is where people find the site, if that differs from the API's address."""

    name: str
    base_url: str
    site_address: str | None
    reading: Credential
    checking: Credential | None


@dataclass(frozen=True)
class TestResult:
    """What a connection test saw: the capabilities of each credential that there is."""

    reading: Sequence[Capability]
    checking: Sequence[Capability] | None

    @property
    def works(self) -> bool:
        """Whether content can be read."""
        return all(one.allowed for one in self.reading[:2])


def create(
    session: Session, actor: Actor, product: Product, draft: Draft, deployment: Deployment = Deployment.CLOUD
) -> Connection:
    """Add a connection. Raises Forbidden, Invalid."""
    _require(actor)
    base_url = checked_base_url(draft.base_url, deployment)
    place = _place(draft, base_url, deployment)
    row = Connection(
        public_id=tokens.new_public_id(),
        name=_checked_name(session, draft.name, None),
        product=product.value,
        deployment=deployment.value,
        base_url=base_url,
        site_host=place.host,
        site_path=place.path,
        reading_email=_checked_email("reading_email", draft.reading.email, deployment),
        reading_token=_given_token("reading_token", draft.reading.token),
        reading_expires_at=draft.reading.expires_at,
        created_at=clock.now(),
    )
    if draft.checking is not None:
        _may_check(product, deployment)
        row.checking_email = _checked_email("checking_email", draft.checking.email, deployment)
        row.checking_token = _given_token("checking_token", draft.checking.token)
        row.checking_expires_at = draft.checking.expires_at
    session.add(row)
    session.flush()
    trail.record(
        session,
        CoreEvent.CONNECTION_CREATED,
        subject=("connection", row.public_id),
        actor=actor,
        name=row.name,
        product=row.product,
        base_url=row.base_url,
    )
    return row


def change(session: Session, actor: Actor, public_id: str, draft: Draft) -> Connection:
    """Change a connection. A new address or another account needs its token anew. Raises Forbidden, NotFound, Invalid."""
    row = _locked(session, actor, public_id)
    was = {name: getattr(row, name) for name in _AUDITED}
    deployment = Deployment(row.deployment)
    base_url = checked_base_url(draft.base_url, deployment)
    moved = base_url != row.base_url
    reading_email = _checked_email("reading_email", draft.reading.email, deployment)
    row.reading_token = _kept_or_given(
        "reading_token", draft.reading.token, row.reading_token, moved or reading_email != row.reading_email
    )
    row.reading_email, row.reading_expires_at = reading_email, draft.reading.expires_at
    _change_checking(row, draft.checking, moved)
    row.name = _checked_name(session, draft.name, row.id)
    place = _place(draft, base_url, deployment)
    row.base_url, row.site_host, row.site_path = base_url, place.host, place.path
    changed = [name for name in _AUDITED if getattr(row, name) != was[name]]
    if moved:
        # Their tokens were given for the old address.
        session.execute(delete(AtlassianAccount).where(AtlassianAccount.connection_id == row.id))
    _raise_version(row)
    trail.record(
        session,
        CoreEvent.CONNECTION_CHANGED,
        subject=("connection", row.public_id),
        actor=actor,
        name=row.name,
        fields=changed,
    )
    return row


def note_test(session: Session, actor: Actor, public_id: str, result: TestResult) -> None:
    """Keep what a connection test saw. Raises Forbidden, NotFound."""
    row = _locked(session, actor, public_id)
    seen = [(CredentialRole.READING, one) for one in result.reading]
    seen += [(CredentialRole.CHECKING, one) for one in result.checking or ()]
    row.capabilities = [
        {"credential": role.value, "name": one.name.value, "allowed": one.allowed, "detail": one.detail[:400]}
        for role, one in seen
    ]
    if result.checking and result.checking[0].allowed:
        row.checking_refused_at = None
    if result.works:
        row.last_success_at, row.reading_refused_at = clock.now(), None
    else:
        row.last_error_at = clock.now()
        row.last_error = next((one.detail for one in result.reading if not one.allowed), "")[:400]
    trail.record(
        session,
        CoreEvent.CONNECTION_TESTED,
        subject=("connection", row.public_id),
        actor=actor,
        name=row.name,
        result="works" if result.works else "fails",
    )


def switch_off(session: Session, actor: Actor, public_id: str) -> None:
    """Stop using a connection: nothing is read through it until it is switched on. Raises Forbidden, NotFound."""
    row = _locked(session, actor, public_id)
    if row.disabled_at is not None:
        return
    row.disabled_at = clock.now()
    _raise_version(row)
    session.flush()
    signals.connection_disabled.send(row.id, db=session)
    _record_fields(session, actor, row, ["disabled"])


def switch_on(session: Session, actor: Actor, public_id: str) -> None:
    """Use a connection again. Raises Forbidden, NotFound."""
    row = _locked(session, actor, public_id)
    if row.disabled_at is None:
        return
    row.disabled_at = None
    _raise_version(row)
    _record_fields(session, actor, row, ["enabled"])


def remove(session: Session, actor: Actor, public_id: str) -> None:
    """Remove a connection that nothing was shared through. Raises Forbidden, NotFound, Conflict."""
    row = _locked(session, actor, public_id)
    signals.connection_disabled.send(row.id, db=session)
    session.execute(delete(AtlassianAccount).where(AtlassianAccount.connection_id == row.id))
    trail.record(
        session, CoreEvent.CONNECTION_REMOVED, subject=("connection", row.public_id), actor=actor, name=row.name
    )
    try:
        with session.begin_nested():
            session.delete(row)
            session.flush()
    except IntegrityError as error:
        sentence = Text("Something was shared through %(name)s, so it stays. Switch it off instead.", name=row.name)
        raise Conflict(sentence) from error


def checked_base_url(value: str, deployment: Deployment = Deployment.CLOUD) -> str:
    """Return a base address in the one form it is stored in; raise Invalid with what is wrong."""
    value = value.strip()
    try:
        origin = clients.policy(deployment, value).origin(value)
        parts = urlsplit(value)
    except (HostRefused, ValueError) as error:
        raise Invalid("base_url", Text("%(problem)s", problem=str(error))) from error
    path = parts.path.rstrip("/")
    if deployment is Deployment.CLOUD:
        # People paste the address of Confluence's home; routes of Cloud begin with /wiki themselves.
        path = path.removesuffix("/wiki")
    if parts.query or parts.fragment or not _PATH.fullmatch(path) or len(value) > 300:
        example = _EXAMPLES[deployment]
        raise Invalid("base_url", Text("Enter the address of a site only, such as %(example)s.", example=example))
    return f"{origin.scheme}://{parts.netloc.lower()}{path}"


_EXAMPLES = {
    Deployment.CLOUD: "https://example.atlassian.net",
    Deployment.DATA_CENTER: "https://jira.example.com/jira",
}


_AUDITED = (
    "name",
    "base_url",
    "site_host",
    "site_path",
    "reading_email",
    "reading_token",
    "reading_expires_at",
    "checking_email",
    "checking_token",
    "checking_expires_at",
)


def _change_checking(row: Connection, given: Credential | None, moved: bool) -> None:
    if given is None:
        row.checking_email = row.checking_token = row.checking_expires_at = None
        return
    deployment = Deployment(row.deployment)
    _may_check(Product(row.product), deployment)
    email = _checked_email("checking_email", given.email, deployment)
    row.checking_token = _kept_or_given(
        "checking_token", given.token, row.checking_token, moved or email != row.checking_email
    )
    row.checking_email, row.checking_expires_at = email, given.expires_at


def _kept_or_given(name: str, given: str | None, stored: str | None, needed: bool) -> str:
    if given is None and stored is not None:
        if needed:
            raise Invalid(name, Text("Enter the token again: the address or the account changed."))
        return stored
    return _given_token(name, given)


def _given_token(name: str, token: str | None) -> str:
    token = (token or "").strip()
    if not 1 <= len(token) <= MAXIMUM_TOKEN_LENGTH or not token.isascii() or not token.isprintable():
        raise Invalid(name, Text("Enter the API token as Atlassian showed it."))
    return token


def _may_check(product: Product, deployment: Deployment) -> None:
    if product is Product.CONFLUENCE and deployment is Deployment.DATA_CENTER:
        sentence = Text("Confluence Data Center does not say what others may see. Leave this empty.")
        raise Invalid("checking_token", sentence)


def _checked_email(name: str, email: str | None, deployment: Deployment) -> str | None:
    if deployment is Deployment.DATA_CENTER:
        # A personal access token says itself whose it is.
        return None
    try:
        return checked_email(email or "")
    except Invalid as error:
        raise Invalid(name, error.sentence) from error


def _checked_name(session: Session, name: str, own_id: int | None) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise Invalid("name", Text("Enter a name of 1 to 80 characters."))
    taken = session.scalar(select(Connection.id).where(func.lower(Connection.name) == name.lower()))
    if taken is not None and taken != own_id:
        raise Invalid("name", Text("There is a connection named %(name)s already.", name=name))
    return name


def _place(draft: Draft, base_url: str, deployment: Deployment) -> Place:
    try:
        place = addresses.place_of(draft.site_address or base_url)
    except addresses.AddressError as error:
        sentence = Text("Enter the site's address, such as %(example)s.", example=_EXAMPLES[deployment])
        raise Invalid("site_address", sentence) from error
    # On Cloud what stands behind the host is the gateway's or the product's, and not the site's.
    return place if deployment is Deployment.DATA_CENTER else Place(place.host)


def _locked(session: Session, actor: Actor, public_id: str) -> Connection:
    _require(actor)
    row = session.scalars(select(Connection).where(Connection.public_id == public_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row


def _raise_version(row: Connection) -> None:
    row.version = row.version + 1
    # Whether what was changed helps is for the next call to find out; if not, administrators hear of it again.
    row.reading_refused_at = row.checking_refused_at = None


def _record_fields(session: Session, actor: Actor, row: Connection, fields: list[str]) -> None:
    trail.record(
        session,
        CoreEvent.CONNECTION_CHANGED,
        subject=("connection", row.public_id),
        actor=actor,
        name=row.name,
        fields=fields,
    )


def _require(actor: Actor) -> None:
    if actor is not SYSTEM and not actor.may(Permission.ADMIN_CONNECTIONS_MANAGE):
        raise Forbidden
