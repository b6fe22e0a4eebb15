"""What administrators do with connections. Nothing here asks a provider: `gather` did.

A connection serves sign-in only after a test sign-in went through with exactly this configuration, or when an administrator
says so expressly; a change switches nothing off, but the test has to be repeated before it can be switched on again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import SYSTEM, Actor
from app.core.accounts.models import LOCAL, Group, Membership
from app.core.audit import trail
from app.core.crypto import tokens
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.features.sso import checking, configuration
from app.features.sso.configuration import (
    AttributeRules,
    ClientAuthentication,
    IdentityRules,
    Kind,
    OwnKey,
    SamlSettings,
    Settings,
)
from app.features.sso.events import SsoEvent
from app.features.sso.mapping import AttributeRule, GroupRules
from app.features.sso.models import SsoConnection, SsoIdentity, VerifiedDomain

#: The order of a button is between this and its negative.
FARTHEST = 1_000_000
_PUBLIC_ID = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class Draft:
    """A connection as it is entered. A client secret of None keeps the stored one."""

    name: str
    button_label: str
    for_staff: bool
    for_guests: bool
    settings: Settings
    client_secret: str | None = field(default=None, repr=False)
    identity: IdentityRules = field(default_factory=IdentityRules)
    #: Mail domains that the connection may vouch for.
    domains: tuple[str, ...] = ()
    position: int = 0


def create(
    session: Session,
    actor: Actor,
    kind: Kind,
    preset: str,
    draft: Draft,
    *,
    mapping: Sequence[AttributeRule] = (),
    groups: GroupRules = GroupRules(),  # noqa: B008 - frozen
    public_id: str | None = None,
    key: OwnKey | None = None,
) -> SsoConnection:
    """Add a connection, switched off. Raises Forbidden, Invalid."""
    _require(actor)
    _check(draft)
    row = SsoConnection(
        public_id=_new_public_id(session, public_id or draft.name, given=public_id is not None),
        name=_checked_name(session, draft.name, None),
        kind=kind.value,
        preset=preset,
        button_label=checking.label(draft.button_label or draft.name),
        position=draft.position,
        for_staff=draft.for_staff,
        for_guests=draft.for_guests,
        settings=configuration.dump(draft.settings),
        client_secret=checking.secret(draft.settings, draft.client_secret, None),
        own_keys=configuration.dump_keys((replace(key, signs=True),) if key else ()),
        mapping=configuration.dump(AttributeRules(checking.mapping(mapping))),
        groups=configuration.dump(_checked_groups(session, groups)),
        identity=configuration.dump(draft.identity),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    _set_domains(session, row, draft.domains)
    _record(session, SsoEvent.CREATED, actor, row, kind=kind.value, preset=preset)
    return row


def id_by_name(session: Session, name: str) -> str | None:
    """Return the id that a connection of this name would get now; None where it gets one that nobody can tell before."""
    slug = checking.slug(name)
    return slug if _is_free(session, slug) else None


def change(session: Session, actor: Actor, public_id: str, draft: Draft) -> SsoConnection:
    """Change a connection. A secret is never sent to another address than it was given for. Raises as `create`."""
    row = _locked(session, actor, public_id)
    _check(draft)
    before = configuration.of(row)
    if needs_key(draft.settings) and not before.secrets.own_keys and not isinstance(draft.settings, SamlSettings):
        raise Invalid("authentication", Text("Make a key on the connection's page first."))
    # A secret given for one token endpoint would be told to whoever the other belongs to.
    stored = None if checking.moved(before.settings, draft.settings) else row.client_secret
    row.client_secret = checking.secret(draft.settings, draft.client_secret, stored)
    row.name = _checked_name(session, draft.name, row.id)
    row.button_label = checking.label(draft.button_label or draft.name)
    row.position, row.for_staff, row.for_guests = draft.position, draft.for_staff, draft.for_guests
    row.settings = configuration.dump(draft.settings)
    row.identity = configuration.dump(draft.identity)
    changed = _set_domains(session, row, draft.domains)
    after = configuration.of(row)
    names = ("name", "button_label", "position", "for_staff", "for_guests", "settings", "secrets", "identity")
    _changed(session, actor, row, changed + [one for one in names if getattr(after, one) != getattr(before, one)])
    return row


def set_mapping(session: Session, actor: Actor, public_id: str, rules: Sequence[AttributeRule]) -> None:
    """Say which attributes make up a person. Raises Forbidden, NotFound, Invalid."""
    row = _locked(session, actor, public_id)
    before, row.mapping = row.mapping, configuration.dump(AttributeRules(checking.mapping(rules)))
    _changed(session, actor, row, ["mapping"] if row.mapping != before else [])


def set_groups(session: Session, actor: Actor, public_id: str, rules: GroupRules) -> None:
    """Say which groups follow. Raises Forbidden, NotFound, Invalid."""
    row = _locked(session, actor, public_id)
    before, row.groups = row.groups, configuration.dump(_checked_groups(session, rules))
    _changed(session, actor, row, ["groups"] if row.groups != before else [])


def set_certificates(session: Session, actor: Actor, public_id: str, certificates: Sequence[str]) -> None:
    """Say which certificates may sign responses. Raises Forbidden, NotFound, Invalid."""
    row = _locked(session, actor, public_id)
    settings = _saml(row)
    row.settings = configuration.dump(replace(settings, certificates=checking.certificates(certificates)))
    _changed(session, actor, row, ["certificates"])


def set_provider(session: Session, actor: Actor, public_id: str, read: SamlSettings) -> None:
    """Take a SAML provider's addresses and certificates from its metadata; what is demanded of it stays as it was."""
    row = _locked(session, actor, public_id)
    settings = replace(
        _saml(row),
        sso_redirect_url=read.sso_redirect_url,
        sso_post_url=read.sso_post_url,
        certificates=checking.certificates(read.certificates),
    )
    checking.settings(settings)
    row.settings = configuration.dump(settings)
    _changed(session, actor, row, ["certificates", "settings"])


def remove_certificate(session: Session, actor: Actor, public_id: str, fingerprint: str) -> None:
    """Believe nothing more that a certificate signs. Raises Forbidden, NotFound, Conflict for the last one."""
    row = _locked(session, actor, public_id)
    settings = _saml(row)
    left = tuple(one for one in settings.certificates if checking.fingerprint(one) != fingerprint)
    if left == settings.certificates:
        raise NotFound
    if not left:
        raise Conflict(Text("This is the only certificate. Add another one first, or switch the connection off."))
    row.settings = configuration.dump(replace(settings, certificates=left))
    _changed(session, actor, row, ["certificates"])


def switch_on(session: Session, actor: Actor, public_id: str, *, untested: bool = False) -> None:
    """Let people sign in through a connection. Raises Forbidden, NotFound, Conflict where it was not tested like this."""
    row = _locked(session, actor, public_id)
    tested = row.tested_version == row.version
    if not tested and not untested:
        raise Conflict(Text("Test the sign-in first: nobody has come through with this configuration yet."))
    if row.enabled_at is None:
        row.enabled_at = clock.now()
        _record(session, SsoEvent.SWITCHED_ON, actor, row, tested=tested)


def switch_off(session: Session, actor: Actor, public_id: str) -> None:
    """Let nobody sign in through a connection; sessions that began go on. Raises Forbidden, NotFound."""
    row = _locked(session, actor, public_id)
    if row.enabled_at is not None:
        row.enabled_at = None
        _record(session, SsoEvent.SWITCHED_OFF, actor, row)


def remove(session: Session, actor: Actor, public_id: str) -> None:
    """Remove a connection with its subjects and every membership it asserted; people stay. Raises Forbidden, NotFound."""
    row = _locked(session, actor, public_id)
    asserted = session.execute(delete(Membership).where(Membership.origin == row.public_id))
    people = session.scalar(select(func.count()).select_from(SsoIdentity).where(SsoIdentity.connection_id == row.id))
    memberships = asserted.rowcount  # type: ignore[attr-defined]
    _record(session, SsoEvent.REMOVED, actor, row, people=people, memberships=memberships)
    session.delete(row)
    session.flush()


def add_key(session: Session, actor: Actor, public_id: str, key: OwnKey) -> None:
    """Publish a further key of ours; the first one signs at once. Raises Forbidden, NotFound, Conflict."""
    row = _locked(session, actor, public_id)
    keys = configuration.own_keys(row.own_keys)
    if len(keys) >= configuration.MAXIMUM_KEYS:
        raise Conflict(Text("Remove an old key first; %(count)s are the most.", count=configuration.MAXIMUM_KEYS))
    row.own_keys = configuration.dump_keys((*keys, replace(key, signs=not keys)))
    _raise_version(row)
    _record(session, SsoEvent.KEY_ADDED, actor, row, fingerprint=checking.fingerprint(key.certificate))


def use_key(session: Session, actor: Actor, public_id: str, fingerprint: str) -> None:
    """Sign with this key from now on; the others stay published. Raises Forbidden, NotFound."""
    row = _locked(session, actor, public_id)
    keys = configuration.own_keys(row.own_keys)
    _one_of(keys, fingerprint)
    row.own_keys = configuration.dump_keys(
        tuple(replace(one, signs=checking.fingerprint(one.certificate) == fingerprint) for one in keys)
    )
    _raise_version(row)
    _record(session, SsoEvent.KEY_USED, actor, row, fingerprint=fingerprint)


def remove_key(session: Session, actor: Actor, public_id: str, fingerprint: str) -> None:
    """Forget a key that does not sign. Raises Forbidden, NotFound, Conflict."""
    row = _locked(session, actor, public_id)
    keys = configuration.own_keys(row.own_keys)
    leaving = _one_of(keys, fingerprint)
    if leaving.signs and len(keys) > 1:
        raise Conflict(Text("This key signs. Sign with another one first."))
    if leaving.signs and _uses_key(configuration.of(row).settings):
        raise Conflict(Text("This key is in use: requests, encryption or private_key_jwt need it."))
    row.own_keys = configuration.dump_keys(tuple(one for one in keys if one is not leaving))
    _raise_version(row)
    _record(session, SsoEvent.KEY_REMOVED, actor, row, fingerprint=fingerprint)


def note_tested(session: Session, actor: Actor, public_id: str, *, version: int, passed: bool, reference: str) -> None:
    """Keep that a test sign-in came back. Only one with the present version lets the connection be switched on."""
    row = _locked(session, actor, public_id)
    if passed:
        row.tested_version, row.tested_at = version, clock.now()
    _record(session, SsoEvent.TESTED, actor, row, result="passed" if passed else "refused", reference=reference)


def note_explained(session: Session, actor: Actor, public_id: str, reference: str) -> None:
    """Record that somebody looked at what a provider said about a person. Raises Forbidden."""
    if actor is not SYSTEM and not actor.may(Permission.ADMIN_SSO_READ):
        raise Forbidden
    trail.record(session, SsoEvent.EXPLAINED, subject=("sso_connection", public_id), actor=actor, reference=reference)


def needs_key(settings: Settings) -> bool:
    """Tell whether a connection is given a key of ours at once: SAML for requests and encryption, or in place of a secret."""
    return isinstance(settings, SamlSettings) or settings.authentication is ClientAuthentication.PRIVATE_KEY_JWT


def could_be_id(text: str) -> bool:
    """Tell whether a text could be a connection's public id; anything else never reaches the database."""
    return _PUBLIC_ID.fullmatch(text) is not None


def _check(draft: Draft) -> None:
    checking.settings(draft.settings)
    checking.identity(draft.identity)
    if not draft.for_staff and not draft.for_guests:
        raise Invalid("for_staff", Text("Choose who may sign in through it: staff, guests or both."))


def _checked_name(session: Session, name: str, own_id: int | None) -> str:
    name = checking.name(name)
    taken = session.scalar(select(SsoConnection.id).where(func.lower(SsoConnection.name) == name.lower()))
    if taken is not None and taken != own_id:
        raise Invalid("name", Text("There is a provider named %(name)s already.", name=name))
    return name


def _is_free(session: Session, slug: str) -> bool:
    if slug == LOCAL:
        return False
    # A group belongs to its connection: the id of one that is gone would inherit its groups.
    taken = session.scalar(select(func.count()).select_from(SsoConnection).where(SsoConnection.public_id == slug))
    return not (taken or session.scalar(select(func.count()).select_from(Group).where(Group.source == slug)))


def _new_public_id(session: Session, wanted: str, *, given: bool) -> str:
    slug = checking.slug(wanted)
    if given and slug != wanted:
        raise Invalid("id", Text("Use small letters, digits and hyphens, at most 30, for the id."))
    if not _is_free(session, slug):
        if given:
            raise Invalid("id", Text("The id %(id)s is or was in use; choose another.", id=slug))
        return f"{slug}-{tokens.new_public_id()[:6].lower().replace('_', 'x').replace('-', 'x')}"
    return slug


def _checked_groups(session: Session, rules: GroupRules) -> GroupRules:
    checking.groups(rules)
    wanted = {one.group for one in rules.mapped} | set(rules.default_all) | set(rules.default_new)
    known = set(session.scalars(select(Group.public_id).where(Group.public_id.in_(wanted)))) if wanted else set()
    if wanted - known:
        raise Invalid("mapped", Text("A group that is named here was deleted meanwhile. Choose again."))
    return rules


def _set_domains(session: Session, row: SsoConnection, domains: Sequence[str]) -> list[str]:
    wanted = set(checking.domains(domains))
    stored = set(session.scalars(select(VerifiedDomain.domain).where(VerifiedDomain.connection_id == row.id)))
    if wanted == stored:
        return []
    session.execute(delete(VerifiedDomain).where(VerifiedDomain.connection_id == row.id))
    session.add_all(VerifiedDomain(connection_id=row.id, domain=one) for one in sorted(wanted))
    return ["domains"]


def _saml(row: SsoConnection) -> SamlSettings:
    settings = configuration.of(row).settings
    if not isinstance(settings, SamlSettings):
        raise NotFound
    return settings


def _uses_key(settings: Settings) -> bool:
    if isinstance(settings, SamlSettings):
        return settings.sign_requests or settings.encrypted
    return settings.authentication is ClientAuthentication.PRIVATE_KEY_JWT


def _one_of(keys: Sequence[OwnKey], fingerprint: str) -> OwnKey:
    for one in keys:
        if checking.fingerprint(one.certificate) == fingerprint:
            return one
    raise NotFound


def _locked(session: Session, actor: Actor, public_id: str) -> SsoConnection:
    _require(actor)
    query = select(SsoConnection).where(SsoConnection.public_id == public_id).with_for_update()
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row


def _raise_version(row: SsoConnection) -> None:
    row.version = row.version + 1


def _changed(session: Session, actor: Actor, row: SsoConnection, fields: list[str]) -> None:
    if not fields:
        return
    # The order of buttons and their words change nothing that a test would try.
    if set(fields) - {"name", "button_label", "position"}:
        _raise_version(row)
    _record(session, SsoEvent.CHANGED, actor, row, fields=sorted(fields))


def _record(session: Session, event: SsoEvent, actor: Actor, row: SsoConnection, **details: object) -> None:
    trail.record(session, event, subject=("sso_connection", row.public_id), actor=actor, name=row.name, **details)


def _require(actor: Actor) -> None:
    if actor is not SYSTEM and not actor.may(Permission.ADMIN_SSO_MANAGE):
        raise Forbidden
