"""`portico docs`: writes the pages of `docs/` that are made from code; a test fails where one is stale.

The application is put together with settings of its own in a temporary folder, so that nobody's environment shows.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Flask
from pydantic.fields import FieldInfo
from werkzeug.routing import Rule

from app.cli import asvs
from app.core import clock, migrations
from app.core.audit import events
from app.core.audit.events import AuditEvent
from app.core.config import AREAS, PREFIX, is_secret, load
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing
from app.core.permissions import ROLE_PERMISSIONS, Permission, Role
from app.core.settings import registry
from app.core.settings.registry import AreaDeclaration, Declaration
from app.web.access import Access, Method, declared

ROOT = migrations.FOLDER.parent
#: Every address there ever was; one that vanishes breaks somebody's bookmark.
ADDRESSES = Path("tests/conventions/routes.txt")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MADE = "<!-- Made from code by `portico docs`; change the code, not this page. -->"
_KINDS = {bool: "yes or no", int: "whole number", str: "text"}


@click.command(hidden=True)
def docs() -> None:
    """Write the pages of docs/ that are made from code, and list new addresses (for development)."""
    with tempfile.TemporaryDirectory() as folder:
        app = application(Path(folder))
        for name, make in PAGES.items():
            (ROOT / name).write_text(make(app), encoding="utf-8")
            click.echo(f"Wrote {name}.")
        added = new_addresses(app)
        if added:
            known = (ROOT / ADDRESSES).read_text(encoding="utf-8").splitlines()
            comments = [line for line in known if line.startswith("#")]
            lines = sorted({*(line for line in known if line and not line.startswith("#")), *added})
            (ROOT / ADDRESSES).write_text("\n".join([*comments, *lines]) + "\n", encoding="utf-8")
            click.echo(f"Added {len(added)} addresses to {ADDRESSES}.")


def application(folder: Path) -> Flask:
    """Put the application together with the settings of a development machine, whatever the environment says."""
    from app.factory import create_app

    keys = keyring.dump(KeyRing((keyring.new_key(clock.now()),)))
    return create_app(
        load({"PORTICO_ENVIRONMENT": "development", "PORTICO_DATA_DIR": str(folder), "PORTICO_KEYS": keys})
    )


def settings_page(_app: Flask) -> str:
    """Return the page of all settings: deploy-time from the classes, run-time from the registry."""
    lines = [
        "# Settings",
        _MADE,
        "Deploy-time settings are environment variables, read once at start. A name that is not on this page stops the",
        "start. A secret may be given as a file: `PORTICO_NAME_FILE` holds its path. Run-time settings are changed by",
        "administrators on the settings page, take effect within a second and are recorded with old and new value.",
        "",
        "## Deploy-time",
    ]
    for area in AREAS.values():
        lines += ["", f"### {area.__name__}", "", _one_line(area.__doc__), ""]
        rows = [_variable(name, field) for name, field in area.model_fields.items()]
        lines += _table(("Variable", "Without it", "Meaning"), rows)
    lines += ["", "## Run-time"]
    for declaration in registry.areas():
        lines += ["", f"### {declaration.title}", "", f"Area `{declaration.key}`.", ""]
        lines += _table(("Setting", "Name", "Default", "Takes", "Meaning"), _settings(declaration))
    return _page(lines)


def events_page(_app: Flask) -> str:
    """Return the page of everything the audit trail can hold."""
    lines = [
        "# Audit events",
        _MADE,
        "Each entry has an instant, an event, an actor, a subject, where the call entered (`web`, `api`, `worker`,",
        "`command`), its reference id, and details. Only the details listed here can be recorded: an undeclared one",
        "raises. Personal details, with address, agent and name of the actor, are kept beside the entry and can be erased.",
        "An actor's sentence reads as “Ines Duarte *created a link*”.",
    ]
    for source, members in _by_source().items():
        lines += ["", f"## {source}", ""]
        rows = [(f"`{one.value}`", one.sentence, _names(one.details), _names(one.personal)) for one in members]
        lines += _table(("Event", "Sentence", "Details", "Personal"), rows)
    return _page(lines)


def permissions_page(app: Flask) -> str:
    """Return the page of permissions: which role includes which, and where each is asked for."""
    lines = [
        "# Roles and permissions",
        _MADE,
        "Only staff have roles; a role is given to a person or to a group. The one table is",
        "`ROLE_PERMISSIONS` in `app/core/permissions.py`. Guards ask at the address, services ask again.",
        "",
    ]
    asked: dict[Permission, list[str]] = {permission: [] for permission in Permission}
    for rule, access in _rules(app):
        if access.permission is not None:
            asked[access.permission].append(f"`{rule.endpoint}`")
    rows = [
        (
            f"`{permission.value}`",
            *("yes" if permission in ROLE_PERMISSIONS[role] else "–" for role in Role),
            ", ".join(sorted(set(asked[permission]))) or "services only",
        )
        for permission in Permission
    ]
    lines += _table(("Permission", *(role.value for role in Role), "Endpoints that ask for it"), rows)
    return _page(lines)


def routes_page(app: Flask) -> str:
    """Return the page of all addresses and who may call them."""
    lines = [
        "# Addresses",
        _MADE,
        "Every address, with what its view declares. *Surface* says on which host it answers where there are two: `public`",
        "and `either` on the host of links, `app`, `api` and `either` on the other, `ops` on any. Methods that change",
        "something need the CSRF token and the same origin, except with a bearer token.",
        "",
    ]
    rows = []
    for rule, access in _rules(app):
        methods = ", ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        rows.append((f"`{rule.rule}`", methods, f"`{rule.endpoint}`", access.surface.value, _who(access)))
    return _page([*lines, *_table(("Address", "Methods", "Endpoint", "Surface", "Who"), rows)])


def requirements_page(_app: Flask) -> str:
    """Return the page of security requirements."""
    return asvs.page(asvs.read())


#: Page → the function that makes it.
PAGES: dict[str, Callable[[Flask], str]] = {
    "docs/settings.md": settings_page,
    "docs/audit-events.md": events_page,
    "docs/permissions.md": permissions_page,
    "docs/routes.md": routes_page,
    "docs/security/asvs.md": requirements_page,
}


def addresses(app: Flask) -> set[str]:
    """Return every address there is, a line for each method: `POST /sign-in`."""
    return {
        f"{method} {rule.rule}" for rule, _ in _rules(app) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def new_addresses(app: Flask) -> set[str]:
    """Return the addresses that the list of known ones lacks."""
    known = {shape(line) for line in (ROOT / ADDRESSES).read_text(encoding="utf-8").splitlines()}
    return {line for line in addresses(app) if shape(line) not in known}


def shape(address: str) -> str:
    """Return an address without the names of its variables: renaming one breaks no bookmark."""
    return re.sub(r"<[^>]*>", "<>", address)


def _rules(app: Flask) -> Iterator[tuple[Rule, Access]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        access = declared(app.view_functions.get(rule.endpoint))
        if access is None:
            raise click.ClickException(f"{rule.endpoint} declares no access.")
        yield rule, access


def _who(access: Access) -> str:
    if access.reason is not None:
        known = ", asked by `next_step`" if Method.SHARE_LINK in access.methods else ""
        return f"everybody{known}: {access.reason}"
    parts = []
    if Method.BEARER in access.methods:
        parts.append(f"token with `{access.scope}`")
    if Method.SESSION in access.methods:
        parts.append("staff" if access.staff else "anybody signed in")
    if access.permission is not None:
        parts.append(f"with `{access.permission.value}`")
    return " ".join(parts)


def _variable(name: str, field: FieldInfo) -> tuple[str, str, str]:
    variable = f"`{PREFIX}{name.upper()}`"
    if is_secret(field):
        variable += f"<br>`{PREFIX}{name.upper()}_FILE`"
    return variable, _default(field.default), _one_line(field.description)


def _settings(declaration: AreaDeclaration) -> list[tuple[str, ...]]:
    return [
        (str(one.label), f"`{one.name}`", _default(one.default), _takes(one), _one_line(str(one.help or "")))
        for one in declaration.settings
    ]


def _takes(one: Declaration) -> str:
    if one.choices is not None:
        return ", ".join(f"`{choice}`" for choice in one.choices)
    unit = " characters" if one.kind is str else ""
    bounds = {
        (True, True): f", {one.minimum} to {one.maximum}{unit}",
        (True, False): f", at least {one.minimum}{unit}",
        (False, True): f", at most {one.maximum}{unit}",
    }
    return _KINDS[one.kind] + bounds.get((one.minimum is not None, one.maximum is not None), "")


def _default(value: Any) -> str:
    if value is None or value in ("", ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(f"`{part}`" for part in value)
    return f"`{value}`"


def _by_source() -> dict[str, list[AuditEvent]]:
    found: dict[str, list[AuditEvent]] = {}
    # Tests declare events of their own; only those of the product belong here.
    members = [member for member in events.registry().values() if type(member).__module__.startswith("app.")]
    for member in sorted(members, key=lambda member: member.value):
        found.setdefault(member.value.partition(":")[0], []).append(member)
    return found


def _names(keys: frozenset[str]) -> str:
    return ", ".join(f"`{key}`" for key in sorted(keys)) or "–"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return lines + [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]


def _page(lines: list[str]) -> str:
    title, made, *rest = lines
    return "\n".join([title, "", made, "", *rest]) + "\n"
