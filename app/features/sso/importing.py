"""Connections from a file, for `portico connections import`: JSON or TOML, looked at as strictly as what a form sends.

A connection that is there already, by its `id`, is changed; a secret that the file leaves out stays. What the file does not know
is refused with the name of the field, so that a misspelt setting is never silently its default.
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.accounts.actor import Actor
from app.core.errors import Invalid
from app.core.text import Text
from app.features.sso import presets, service
from app.features.sso.configuration import SETTINGS, IdentityRules, Kind, OwnKey, SamlSettings, Settings
from app.features.sso.mapping import AttributeRule, GroupRules
from app.features.sso.models import SsoConnection
from app.features.sso.service import Draft

#: Larger files are no configuration.
MAXIMUM_FILE_BYTES = 2_000_000
MAXIMUM_CONNECTIONS = 100


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True)
class Entry:
    """One connection as a file says it."""

    id: str
    name: str
    kind: Kind
    settings: dict[str, Any]
    preset: str = presets.OTHER
    button_label: str = ""
    position: int = 0
    for_staff: bool = True
    for_guests: bool = True
    enabled: bool = False
    client_secret: str | None = field(default=None, repr=False)
    domains: tuple[str, ...] = ()
    identity: dict[str, Any] | None = None
    mapping: list[dict[str, Any]] | None = None
    groups: dict[str, Any] | None = None
    #: SAML metadata in place of entity id, addresses and certificates: a file beside this one.
    metadata_file: str = ""


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


def read(name: str, content: bytes) -> tuple[Entry, ...]:
    """Return the connections that a file describes under `connections`. Raises Invalid."""
    if len(content) > MAXIMUM_FILE_BYTES:
        raise _invalid("the file", f"it is larger than {MAXIMUM_FILE_BYTES:,} bytes")
    try:
        text = content.decode()
        data = tomllib.loads(text) if name.endswith(".toml") else json.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _invalid("the file", str(error)) from error
    if not isinstance(data, dict) or set(data) != {"connections"}:
        raise _invalid("the file", "it holds one list, connections, and nothing else")
    entries: tuple[Entry, ...] = _shaped(tuple[Entry, ...], data["connections"], "connections")
    if len(entries) > MAXIMUM_CONNECTIONS or len({one.id for one in entries}) != len(entries):
        raise _invalid("connections", f"each id stands in it once, and at most {MAXIMUM_CONNECTIONS} of them")
    return entries


def planned(entry: Entry, from_metadata: SamlSettings | None = None) -> Planned:
    """Return what is to be written; with `from_metadata`, what stands there is filled in. Raises Invalid."""
    given = dict(entry.settings)
    if from_metadata is not None:
        given = {
            "entity_id": from_metadata.entity_id,
            "sso_redirect_url": from_metadata.sso_redirect_url,
            "sso_post_url": from_metadata.sso_post_url,
            "certificates": from_metadata.certificates,
            "sign_requests": from_metadata.sign_requests,
            **given,
        }
    where = f"connections.{entry.id}"
    return Planned(
        entry=entry,
        settings=_shaped(SETTINGS[entry.kind], given, f"{where}.settings"),
        identity=_optional(IdentityRules, entry.identity, f"{where}.identity"),
        mapping=_optional(tuple[AttributeRule, ...], entry.mapping, f"{where}.mapping"),
        groups=_optional(GroupRules, entry.groups, f"{where}.groups"),
    )


def write(session: Session, actor: Actor, plan: Planned) -> bool:
    """Make or change one connection; returns whether it is new. Raises Forbidden, Invalid."""
    entry = plan.entry
    known = session.scalars(select(SsoConnection).where(SsoConnection.public_id == entry.id)).one_or_none()
    protocol = presets.named(entry.preset, entry.kind)
    if protocol is None:
        raise _invalid(f"connections.{entry.id}.preset", f"there is no preset {entry.preset} for {entry.kind}")
    if known is not None and known.kind != entry.kind:
        raise _invalid(f"connections.{entry.id}.kind", f"it is a connection of {known.kind}, which does not change")
    draft = Draft(
        name=entry.name,
        button_label=entry.button_label,
        for_staff=entry.for_staff,
        for_guests=entry.for_guests,
        settings=plan.settings,
        client_secret=entry.client_secret,
        identity=plan.identity or protocol[1].identity,
        domains=entry.domains,
        position=entry.position,
    )
    mapping: Sequence[AttributeRule] = protocol[1].mapping if plan.mapping is None else plan.mapping
    groups = plan.groups or protocol[1].group_rules
    if known is None:
        service.create(
            session,
            actor,
            entry.kind,
            entry.preset,
            draft,
            mapping=mapping,
            groups=groups,
            public_id=entry.id,
            key=plan.key,
        )
    else:
        service.change(session, actor, entry.id, draft)
        service.set_mapping(session, actor, entry.id, mapping)
        service.set_groups(session, actor, entry.id, groups)
    _switch(session, actor, entry)
    return known is None


def _switch(session: Session, actor: Actor, entry: Entry) -> None:
    # Whoever writes `enabled` into the file says so expressly; nobody is there to make a test sign-in.
    if entry.enabled:
        service.switch_on(session, actor, entry.id, untested=True)
    else:
        service.switch_off(session, actor, entry.id)


def _optional(shape: Any, given: Any, where: str) -> Any:
    return None if given is None else _shaped(shape, given, where)


def _shaped(shape: Any, given: Any, where: str) -> Any:
    try:
        value = TypeAdapter(shape).validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise _invalid(place, str(first["msg"])) from None
    unknown = _unknown(given, TypeAdapter(shape).dump_python(value, mode="json"))
    if unknown:
        raise _invalid(f"{where}.{unknown}", "there is no such setting")
    return value


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


def _invalid(place: str, problem: str) -> Invalid:
    return Invalid("file", Text("%(place)s: %(problem)s", place=place, problem=problem))
