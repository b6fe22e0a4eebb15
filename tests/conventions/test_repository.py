"""The repository holds what was written for it, says nothing of any one machine, and stays installable."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Beyond this a file is data that should be made, not kept.
LARGEST_BYTES = 600_000
_LOCKS = ("base", "dev", "fuzz", "node", "setup")
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*(?:\[[a-z,]+\])?)==(\S+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_TEXT = frozenset(
    {".cfg", ".css", ".html", ".in", ".js", ".json", ".md", ".mako", ".po", ".py", ".sh", ".toml", ".txt"}
)
# In pieces, so that this file does not hold what it looks for.
_MACHINE_PATHS = tuple("/" + rest for rest in ("root/", "home/", "work/", "Users/", "tmp/plan"))
_INDEX_HOSTS = tuple(".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs")))
#: Minified or third-party code, fonts and archives come at set-up and are never committed.
_FOREIGN = re.compile(
    r"(\.min\.(js|css)|\.map|\.woff2?|\.ttf|\.otf|\.whl|\.tar\.gz|\.tgz|\.jar)$|(^|/)(vendor|node_modules)/"
)


def _files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def _texts() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in _files()
        if path.suffix in _TEXT or path.suffix == "" or path.name == "Makefile"
    ]


def _pins(name: str) -> dict[str, str]:
    return dict(_PIN.findall((ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")))


def test_no_file_names_a_path_of_one_machine() -> None:
    found = [
        f"{name}: {line.strip()[:120]}"
        for name, text in _texts()
        for line in text.splitlines()
        if any(re.search(rf"(?<![\w./}}>-]){re.escape(path)}", line) for path in _MACHINE_PATHS)
    ]
    assert found == []


def test_no_file_names_a_package_index() -> None:
    assert [(name, host) for name, text in _texts() for host in _INDEX_HOSTS if host in text] == []


def test_no_third_party_file_is_committed() -> None:
    assert [str(path.relative_to(ROOT)) for path in _files() if _FOREIGN.search(str(path.relative_to(ROOT)))] == []


def test_no_file_is_larger_than_what_people_write() -> None:
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in _files()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_BYTES} == {}


def test_the_readme_is_short_enough_to_be_read() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150


def test_the_readme_gives_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


@pytest.mark.parametrize("name", _LOCKS)
def test_a_lock_gives_a_hash_for_every_pin_and_no_other_source(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert entries
    for entry in entries:
        assert _PIN.match(entry), f"not a pin: {entry[:100]}"
        assert _HASH.search(entry), f"no hash: {entry[:100]}"
        assert "://" not in entry, f"names an address: {entry[:100]}"


@pytest.mark.parametrize(("smaller", "larger"), [("base", "dev"), ("dev", "fuzz")])
def test_a_larger_lock_repeats_the_pins_of_the_smaller_one(smaller: str, larger: str) -> None:
    # requirements/setup takes an installed larger set for a smaller one.
    assert _pins(smaller).items() <= _pins(larger).items()


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bare = {re.sub(r"\[.*\]", "", name) for name in _pins("dev")}
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {re.split(r"[\[<>=;~! ]", name)[0].lower() for name in wanted} <= bare


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        names += extra
    names += json.loads((ROOT / "package.json").read_text(encoding="utf-8")).get("dependencies", {})
    names += json.loads((ROOT / "package.json").read_text(encoding="utf-8")).get("devDependencies", {})
    text = (ROOT / "docs/decisions/dependencies.md").read_text(encoding="utf-8").lower()
    assert [name for name in names if f"`{re.split(r'[<>=~!; ]', name)[0].lower()}`" not in text] == []


def test_the_front_end_lock_names_no_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert [name for name, package in lock["packages"].items() if name and not package.get("integrity")] == []


def test_what_ci_runs_and_the_set_up_may_be_executed() -> None:
    for name in (".ci/run", "requirements/setup"):
        assert (ROOT / name).stat().st_mode & 0o111, f"{name} cannot be run"


def test_every_make_command_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert commands
    internal = {"check"}
    explained = set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE))
    assert set(commands.group(1).split()) - internal == explained


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    marks = tuple("pytest." + rest for rest in ("mark.skip", "mark.xfail", "skip(", "xfail(", "importorskip("))
    found = [
        f"{name}: {mark}"
        for name, text in _texts()
        if name.startswith(("tests/", "simulator/"))
        for mark in marks
        if mark in text
    ]
    assert found == []
