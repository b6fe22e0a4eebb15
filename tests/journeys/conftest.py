"""The portal and the browser of the journeys: started once for each process that runs tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.core import db
from app.core.crypto import ring
from app.core.crypto.keyring import KeyRing
from simulator.site import Running, start
from tests.browser import chromium
from tests.database import Databases
from tests.journeys.portal import Portal, running
from tests.journeys.visitor import Visit, Visitor, visits

_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m journey` chooses them."""
    for item in items:
        if item.path.is_relative_to(_FOLDER):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium() as made:
        yield made


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
def visit(browser: Browser, portal: Portal) -> Iterator[Visit]:
    """Give somebody a browser: `visit()`, `visit(PHONE)`, `visit(script=False)`."""
    with visits(browser, portal, Visitor) as begin:
        yield begin
