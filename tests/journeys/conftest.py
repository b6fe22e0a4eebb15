"""The portal and the browser of the journeys: started once for each process that runs tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from app.core import db
from app.core.crypto import ring
from app.core.crypto.keyring import KeyRing
from simulator.site import Running, start
from tests.database import Databases
from tests.journeys.portal import Portal, running
from tests.journeys.visitor import DESK, Look, Visitor

_FOLDER = Path(__file__).parent
#: The browser is the machine's own; `make setup` installs it. It may reach loopback and nothing else.
_CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m journey` chooses them."""
    for item in items:
        if item.path.is_relative_to(_FOLDER):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS + sandbox)
        yield made
        made.close()


@pytest.fixture(scope="package")
def site() -> Iterator[Running]:
    """A simulated Atlassian site."""
    with start() as found:
        yield found


@pytest.fixture(scope="package")
def _portal(
    site: Running, databases: Databases, _key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    ring.install(_key_ring)
    with running(site, databases, _key_ring, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture
def portal(_portal: Portal, key_ring: KeyRing) -> Portal:
    """The running portal; what a test arranges is written to its database."""
    db.bind(_portal.engine)
    return _portal


@pytest.fixture
def visit(browser: Browser, portal: Portal) -> Iterator[Callable[..., Visitor]]:
    """Give somebody a browser: `visit()`, `visit(PHONE)`, `visit(script=False)`."""
    opened: list[Visitor] = []

    def begin(look: Look = DESK, *, script: bool = True, at: Portal | None = None) -> Visitor:
        opened.append(Visitor(browser, at or portal, look, script=script))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()
