"""Presets: what providers call things, as their own pages say it; one TOML file for each provider.

A preset only fills forms in and explains them. Nothing is decided by it afterwards, so a page that has become stale costs a
wrong hint and no more.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.features.sso.configuration import IdentityRules, Kind
from app.features.sso.mapping import AttributeRule, GroupRules, Target, Transform, TransformKind

FOLDER = Path(__file__).parent
#: The preset for a provider that none is made for.
OTHER = "other"


@dataclass(frozen=True)
class PageOfVendor:
    """Where something is said, and when that was read."""

    address: str
    read_on: str


@dataclass(frozen=True)
class Protocol:
    """What one provider calls things in one protocol."""

    #: Our field → the vendor's name of it.
    fields: dict[str, str]
    #: Our value (entity_id, acs_url, metadata_url, redirect_uri) → the vendor's name of it.
    ours: dict[str, str]
    #: Our field → how such an address is made, with <places>.
    patterns: dict[str, str]
    #: What is filled in, such as scopes.
    defaults: dict[str, Any]
    email: tuple[str, ...]
    name: tuple[str, ...]
    #: A template such as {givenName} {sn}, for providers that send no whole name.
    name_template: str
    groups: tuple[str, ...]
    second_factor_values: tuple[str, ...]
    steps: tuple[str, ...]
    sources: tuple[PageOfVendor, ...]

    @property
    def mapping(self) -> tuple[AttributeRule, ...]:
        """The rules that a new connection begins with."""
        lower = (Transform(TransformKind.LOWER),)
        template = (Transform(TransformKind.TEMPLATE, self.name_template),) if self.name_template else ()
        return (
            AttributeRule(Target.EMAIL, self.email, lower),
            AttributeRule(Target.NAME, () if template else self.name, template),
        )

    @property
    def group_rules(self) -> GroupRules:
        """The rules about groups that a new connection begins with: where they are, and nothing that follows yet."""
        return GroupRules(sources=self.groups)

    @property
    def identity(self) -> IdentityRules:
        """The rules about people that a new connection begins with."""
        return IdentityRules(second_factor_values=self.second_factor_values)


@dataclass(frozen=True)
class Preset:
    """One provider."""

    key: str
    name: str
    protocols: dict[Kind, Protocol]


@cache
def every() -> tuple[Preset, ...]:
    """Return all presets by name, the one for other providers last."""
    found = [_read(path) for path in FOLDER.glob("*.toml")]
    return tuple(sorted(found, key=lambda one: (one.key == OTHER, one.name.lower())))


def named(key: str, kind: Kind) -> tuple[Preset, Protocol] | None:
    """Return one preset and its protocol, or None."""
    for preset in every():
        if preset.key == key and kind in preset.protocols:
            return preset, preset.protocols[kind]
    return None


def _read(path: Path) -> Preset:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    protocols = {Kind(kind): _protocol(data[kind]) for kind in data if kind != "name"}
    return Preset(path.stem, data["name"], protocols)


def _protocol(data: dict[str, Any]) -> Protocol:
    claims = data.pop("claims", {})
    sources = tuple(PageOfVendor(one["address"], one["read_on"]) for one in data.pop("sources", ()))
    made = Protocol(
        fields=data.pop("fields", {}),
        ours=data.pop("ours", {}),
        patterns=data.pop("patterns", {}),
        defaults=data.pop("defaults", {}),
        email=tuple(claims.get("email", ())),
        name=tuple(claims.get("name", ())),
        name_template=claims.get("name_template", ""),
        groups=tuple(claims.get("groups", ())),
        second_factor_values=tuple(claims.get("second_factor_values", ())),
        steps=tuple(data.pop("steps", ())),
        sources=sources,
    )
    if data:
        raise ValueError(f"a preset does not have {', '.join(data)}")
    return made
