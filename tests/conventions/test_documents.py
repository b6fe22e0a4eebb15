"""The documents say what the code does: generated pages are fresh, links lead somewhere, evidence exists."""

import re
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from app.cli import asvs, documents
from app.core.jobs import schedule

ROOT = Path(__file__).parents[2]
_PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if path.is_file())
_LINK = re.compile(r"\[[^\]]+\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
_CODE_PATH = re.compile(
    r"`((?:app|tests|templates|migrations|simulator|bench|static|requirements)/[\w./-]+\.(?:py|html|toml|txt|css|js))`"
)
#: 345 requirements in 17 chapters (OWASP ASVS 5.0.0).
ASVS_REQUIREMENTS = 345


@pytest.mark.parametrize("name", list(documents.PAGES))
def test_a_generated_page_is_fresh(app: Flask, name: str) -> None:
    made = documents.PAGES[name](app)
    assert (ROOT / name).read_text(encoding="utf-8") == made, f"{name} is stale; run `portico docs`"


def test_no_address_has_vanished(app: Flask) -> None:
    lines = (ROOT / documents.ADDRESSES).read_text(encoding="utf-8").splitlines()
    there = {documents.shape(line) for line in documents.addresses(app)}
    known = [line for line in lines if line and not line.startswith(("#", "moved "))]
    vanished = [line for line in known if documents.shape(line) not in there]
    assert vanished == [], "an address vanished; if it moved, leave a redirect and mark its line `moved`"
    redirecting = {rule.rule for rule in app.url_map.iter_rules() if rule.redirect_to is not None}
    assert {line.split()[2] for line in lines if line.startswith("moved ")} <= redirecting


def test_every_address_is_listed(app: Flask) -> None:
    assert documents.new_addresses(app) == set(), "run `portico docs`"


@pytest.mark.parametrize("page", _PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_in_a_page_leads_somewhere(page: Path) -> None:
    broken = [
        target
        for target in _LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists() and not target.endswith(".png")
    ]
    assert broken == []


@pytest.mark.parametrize("page", _PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [name for name in sorted(set(_CODE_PATH.findall(text))) if not (ROOT / name).exists()] == []


def test_every_page_stands_in_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in _PAGES if path.is_relative_to(ROOT / "docs")]
    assert [name for name in pages if name != "README.md" and f"({name})" not in index] == []


def test_every_security_requirement_has_a_row() -> None:
    rows = asvs.read()
    assert len({row.id for row in rows}) == len(rows) == ASVS_REQUIREMENTS
    assert {row.status for row in rows} <= set(asvs.Status)
    assert [row.id for row in rows if not row.says] == []


def test_what_is_said_to_meet_a_requirement_exists() -> None:
    wrong = []
    for row in asvs.read():
        if row.status is asvs.Status.MET and not row.shown_by:
            wrong.append(f"{row.id} names nothing that shows it")
        wrong += [f"{row.id} names {place}" for place in row.shown_by if not _exists(place)]
    assert wrong == []


def _exists(place: str) -> bool:
    """Tell whether `path`, `path:name` or `path:Class.name` is in the repository."""
    path, _, name = place.partition(":")
    file = ROOT / path
    if not file.exists():
        return False
    last = name.rpartition(".")[2]
    return not name or bool(re.search(rf"\b{re.escape(last)}\b", file.read_text(encoding="utf-8")))


def test_evidence_that_does_not_exist_is_noticed() -> None:
    assert not _exists("app/web/guard.py:a_name_that_nobody_gave")
    assert not _exists("app/web/nothing.py")
    assert _exists("app/web/guard.py:guard")


def test_every_command_is_explained_somewhere() -> None:
    from app.cli import portico

    text = "\n".join(path.read_text(encoding="utf-8") for path in _PAGES)
    visible = [name for name, command in portico.commands.items() if not command.hidden]
    assert [name for name in visible if f"portico {name}" not in text] == []


def test_the_documents_are_no_part_of_the_product() -> None:
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found["tool"]["setuptools"]["packages"]["find"]["include"] == ["app*"]


def test_the_architecture_names_symbols_that_are_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[\w.]+`(?:, | \(\w+\))?)+) \| `([\w/.]+\.py)` \|$", text, re.MULTILINE)
    assert len(rows) > 15
    missing = []
    for symbols, path in rows:
        source = (ROOT / path).read_text(encoding="utf-8")
        for symbol in re.findall(r"`([\w.]+)`", symbols):
            name = symbol.rpartition(".")[2]
            if not re.search(rf"^(?:class|def) {name}\b", source, re.MULTILINE):
                missing.append(f"{symbol} in {path}")
    assert missing == []


@pytest.mark.usefixtures("app")
def test_the_architecture_names_all_recurring_work() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert [name for name in schedule.registered() if f"`{name}`" not in text and not name.startswith("test")] == []


def test_every_limit_of_attempts_is_in_the_gates_page() -> None:
    text = (ROOT / "docs/security/gates.md").read_text(encoding="utf-8")
    found = [
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "app").rglob("*.py")
        for name in re.findall(r"^([A-Z_]+) = Limit\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(found) >= 8
    assert [pair for pair in found if pair[0] not in text and pair[1] not in text] == []
