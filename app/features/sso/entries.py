"""Connections as data: what a file or a program says of one becomes a connection, by the same service as the pages.

A connection that is there already, by its `id`, is changed; a secret that is left out stays. What is not known is refused with
the name of the field, so that a misspelt setting is never silently its default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.accounts.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.text import Text
from app.features.sso import presets, service
from app.features.sso.configuration import SETTINGS, Connection, IdentityRules, Kind, OwnKey, Settings
from app.features.sso.mapping import AttributeRule, GroupRules
from app.features.sso.models import SsoConnection
from app.features.sso.presets import Protocol
from app.features.sso.service import Draft


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Entry:
    """One connection as a file or a program says it; what is left out is as the preset has it."""

    id: str
    name: str
    kind: Kind
    settings: dict[str, Any]
    preset: str = presets.OTHER
    button_label: str = ""
    position: Annotated[int, Field(ge=-service.FARTHEST, le=service.FARTHEST)] = 0
    for_staff: bool = True
    for_guests: bool = True
    enabled: bool = False
    client_secret: str | None = field(default=None, repr=False)
    domains: tuple[str, ...] = ()
    identity: dict[str, Any] | None = None
    mapping: list[dict[str, Any]] | None = None
    groups: dict[str, Any] | None = None
    #: SAML metadata in place of entity id, addresses and certificates: a file beside this one, or an address.
    metadata_file: str = ""
    metadata_url: str = ""
    #: Certificate that the metadata has to be signed with, as PEM; empty: no signature is looked at.
    metadata_certificate: str = ""


@dataclass(frozen=True)
class Planned:
    """One connection to be written: looked at as far as that goes without the database."""

    entry: Entry
    settings: Settings
    identity: IdentityRules | None
    mapping: tuple[AttributeRule, ...] | None
    groups: GroupRules | None
    #: A key of ours, if it needs one and there is none yet.
    key: OwnKey | None = field(default=None, repr=False)


def patched(facts: Connection, domains: Sequence[str], patch: Mapping[str, Any]) -> Entry:
    """Return a connection as data with a merge patch in it (RFC 7396), to be looked at like a new one."""
    shown = ("name", "button_label", "position", "for_staff", "for_guests")
    whole: dict[str, Any] = {name: getattr(facts, name) for name in shown}
    whole |= {name: _dumped(getattr(facts, name)) for name in ("settings", "identity", "groups")}
    whole |= {"mapping": [_dumped(one) for one in facts.mapping], "domains": list(domains)}
    said = _merged(whole, patch)
    said["domains"] = tuple(said.get("domains", ()))
    if not said.get("name"):
        raise refused("name", "it has one")
    said.setdefault("settings", {})
    return Entry(id=facts.public_id, kind=facts.kind, preset=facts.preset, **said)


def planned(entry: Entry, described: Settings | None = None, *, where: str = "") -> Planned:
    """Return what is to be written; with `described`, what the provider says of itself is filled in. Raises Invalid.

    `where` stands before the names of fields that cannot be used.
    """
    given = (asdict(described) if described is not None else {}) | entry.settings
    return Planned(
        entry=entry,
        settings=shaped(SETTINGS[entry.kind], given, f"{where}settings"),
        identity=_optional(IdentityRules, entry.identity, f"{where}identity"),
        mapping=_optional(tuple[AttributeRule, ...], entry.mapping, f"{where}mapping"),
        groups=_optional(GroupRules, entry.groups, f"{where}groups"),
    )


def write(session: Session, actor: Actor, plan: Planned) -> bool:
    """Make or change one connection and switch it as the entry says; returns whether it is new. Raises as the service."""
    entry = plan.entry
    if not entry.id:
        raise refused("id", "it is what the connection is known by")
    is_new = _known(session, entry.id) is None
    if is_new:
        create(session, actor, plan)
    else:
        change(session, actor, plan)
    # Whoever writes `enabled` into the file says so expressly; nobody is there to make a test sign-in.
    if entry.enabled:
        service.switch_on(session, actor, entry.id, untested=True)
    else:
        service.switch_off(session, actor, entry.id)
    return is_new


def create(session: Session, actor: Actor, plan: Planned) -> SsoConnection:
    """Make one connection, switched off; without an id, one is made of the name. Raises Forbidden, Invalid."""
    entry, protocol = plan.entry, _protocol(plan.entry)
    return service.create(
        session,
        actor,
        entry.kind,
        entry.preset,
        _draft(plan, protocol),
        mapping=_mapping(plan, protocol),
        groups=plan.groups or protocol.group_rules,
        public_id=entry.id or None,
        key=plan.key,
    )


def change(session: Session, actor: Actor, plan: Planned, *, version: int | None = None) -> None:
    """Change one connection. With `version`, raises Conflict where it is another one by now; else as the service."""
    entry = plan.entry
    known = _known(session, entry.id)
    # A preset fills in what a new connection leaves out; one that later versions no longer have holds up no change.
    protocol = _protocol(entry if known is None else replace(entry, preset=_preset_of(known)))
    if known is not None and version not in (None, known.version):
        raise Conflict(Text("The connection was changed meanwhile. Read it again."))
    if known is not None and known.kind != entry.kind:
        raise refused("kind", f"it is a connection of {known.kind}, which does not change")
    service.change(session, actor, entry.id, _draft(plan, protocol))
    service.set_mapping(session, actor, entry.id, _mapping(plan, protocol))
    service.set_groups(session, actor, entry.id, plan.groups or protocol.group_rules)


def shaped(shape: Any, given: Any, where: str) -> Any:
    """Return data as its dataclass; raise Invalid with the place of what does not fit, or is not known."""
    try:
        value = TypeAdapter(shape).validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise refused(".".join([where, *(str(part) for part in first["loc"])]), str(first["msg"])) from None
    unknown = _unknown(given, TypeAdapter(shape).dump_python(value, mode="json"))
    if unknown:
        raise refused(f"{where}.{unknown}", "there is no such setting")
    return value


def refused(place: str, problem: str) -> Invalid:
    """Return the error that names the place of what cannot be used."""
    return Invalid(place, Text("%(place)s: %(problem)s", place=place, problem=problem))


def _dumped(value: object) -> dict[str, Any]:
    dumped: dict[str, Any] = TypeAdapter(type(value)).dump_python(value, mode="json")
    return dumped


def _merged(kept: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(kept)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            before = merged.get(name)
            merged[name] = _merged(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def _known(session: Session, public_id: str) -> SsoConnection | None:
    query = select(SsoConnection).where(SsoConnection.public_id == public_id).with_for_update()
    return session.scalars(query).one_or_none()


def _protocol(entry: Entry) -> Protocol:
    known = presets.named(entry.preset, entry.kind)
    if known is None:
        raise refused("preset", f"there is no preset {entry.preset} for {entry.kind}")
    return known[1]


def _preset_of(row: SsoConnection) -> str:
    return row.preset if presets.named(row.preset, Kind(row.kind)) else presets.OTHER


def _draft(plan: Planned, protocol: Protocol) -> Draft:
    entry = plan.entry
    return Draft(
        name=entry.name,
        button_label=entry.button_label,
        for_staff=entry.for_staff,
        for_guests=entry.for_guests,
        settings=plan.settings,
        client_secret=entry.client_secret,
        identity=plan.identity or protocol.identity,
        domains=entry.domains,
        position=entry.position,
    )


def _mapping(plan: Planned, protocol: Protocol) -> Sequence[AttributeRule]:
    return protocol.mapping if plan.mapping is None else plan.mapping


def _optional(shape: Any, given: Any, where: str) -> Any:
    return None if given is None else shaped(shape, given, where)


def _unknown(given: Any, known: Any) -> str | None:
    """Return the path of the first key that was given and is not known; None where there is none."""
    if isinstance(given, list | tuple) and isinstance(known, list):
        found = (_unknown(one, other) for one, other in zip(given, known, strict=False))
        return next((one for one in found if one), None)
    if not isinstance(given, dict) or not isinstance(known, dict):
        return None
    for key, value in given.items():
        if key not in known:
            return str(key)[:80]
        deeper = _unknown(value, known[key])
        # The settings of an entry are looked at by themselves, once their kind is known.
        if deeper:
            return f"{key}.{deeper}"
    return None
