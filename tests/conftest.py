"""Fixtures that every test may ask for: a fresh database, the application on it, a page client, a held clock.

What a test does not name it does not pay for: a policy table opens no database.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core import clock, db
from app.core.config import Config
from app.core.connections import clients
from app.core.crypto import keyring, passwords, ring
from app.core.crypto.keyring import KeyRing
from app.core.mail import delivery
from app.core.settings import registry
from app.features.sso import addresses
from simulator import site as simulator
from simulator.loading import refill
from simulator.site import Running
from tests import guards, scratch, settings
from tests.database import Databases, Engines, Kind, open_databases, wanted
from tests.pages import PageClient
from tests.routes import RoutesAskedFor

#: Suites that need something of their own and have a command of their own: `make interop`, `make contract`, `make samples`.
_BY_NAME_ONLY = tuple(Path(__file__).parent / name for name in ("interop", "contract", "samples"))
#: Suites that need no database: of the two runs of `make test` the one on SQLite has them.
_WITHOUT_DATABASE = tuple(Path(__file__).parent / name for name in ("documents", "fuzz", "protocols", "simulator"))
#: Marks of tests that need a database to be there, and prove nothing about it.
_ABOUT_SOMETHING_ELSE = ("looks", "processes")
#: How many objects are made, and how often younger ones are collected, before older ones are looked through for what is
#: garbage: as often as Python does it by itself, that is a tenth of all that tests of pages cost.
_COLLECTIONS = (20_000, 10, 20)
#: Properties are tried on the same examples each time, whatever a machine that is busy elsewhere takes for them;
#: `--hypothesis-profile=explore` looks for others.
hypothesis.settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("explore", hypothesis.settings.get_profile("steady"), derandomize=False)
hypothesis.settings.load_profile("steady")
#: The instant at which `held_clock` holds the clock.
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Write in memory, and see that the simulator has no route which no test asks for: on PostgreSQL suites are left out that do."""
    scratch.write_in_memory()
    gc.disable()
    if wanted() == "sqlite":
        config.pluginmanager.register(RoutesAskedFor(config))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Run the suites that need real peers, Atlassian's documents or foreign payloads only where the command names them.

    On PostgreSQL the same holds for suites without a database, which would do a second time what they did on SQLite;
    `pytest_collection_modifyitems` leaves out single tests for the same reason.
    """
    once = collection_path in _WITHOUT_DATABASE and wanted() == "postgresql"
    if collection_path not in _BY_NAME_ONLY and not once:
        return None
    named = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(collection_path) for path in named) else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let no test that needs a database stand where it would run on one of them alone, and none run twice that needs none.

    A test that is marked as being about something else needs a database too, but proves nothing about it: it runs on SQLite.
    """
    for item in items:
        if _needs_database(item) and any(map(item.path.is_relative_to, _WITHOUT_DATABASE)):
            raise pytest.UsageError(f"{item.nodeid} needs a database, and its folder is run without")
    if wanted() == "postgresql" and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        config.hook.pytest_deselected(items=[item for item in items if not _is_about_database(item)])
        items[:] = filter(_is_about_database, items)


def pytest_collection_finish() -> None:
    """Collect garbage from now on: what is there stays for good."""
    gc.set_threshold(*_COLLECTIONS)
    gc.enable()


def _needs_database(item: pytest.Item) -> bool:
    return not {"databases", "database_kind"}.isdisjoint(getattr(item, "fixturenames", ()))


def _is_about_database(item: pytest.Item) -> bool:
    return _needs_database(item) and not any(map(item.get_closest_marker, _ABOUT_SOMETHING_ELSE))


def pytest_report_header(config: pytest.Config) -> str:
    once = wanted() == "postgresql" and config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return f"database: {wanted()}{', without tests that prove nothing about it and ran on SQLite' if once else ''}"


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        guards.install(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def production_bcrypt_cost() -> Iterator[int]:
    """The cost that production hashes with; a test needs a hash, not a quarter of a second, and gets the least cost."""
    cost = passwords.COST
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", 4)
        yield cost


@pytest.fixture(scope="session")
def database_kind() -> Kind:
    """The database this run is for."""
    return wanted()


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The source of databases: `fresh()`, `empty()` and `drop(url)`, by SQLAlchemy address."""
    with ExitStack() as stack:
        made = open_databases(tmp_path_factory.mktemp("databases"))
        stack.callback(made.close)
        yield made


@pytest.fixture
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """The address of a migrated database of this test's own, for a second process to join."""
    if not _needs_database(request.node):
        pytest.fail("a test that asks for its database while it runs would run on SQLite alone; let it name one")
    url = databases.fresh()
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def _engines(config: Config) -> Engines:
    from app.core.start import make_engine

    return Engines(lambda url: make_engine(settings.on_database(config, url)))


@pytest.fixture
def engine(database_url: str, _engines: Engines, key_ring: KeyRing) -> Iterator[Engine]:
    """A migrated database of this test's own, bound: `transaction()` and `reading()` use it. The engine outlives the test."""
    made = _engines.at(database_url)
    db.bind(made)
    # What this process remembers for a second is of the database before.
    registry.forget()
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def _key_ring() -> KeyRing:
    return KeyRing((keyring.new_key(NOW),))


@pytest.fixture
def key_ring(_key_ring: KeyRing) -> KeyRing:
    """The key ring, installed as this process's."""
    ring.install(_key_ring)
    return _key_ring


@pytest.fixture(scope="session")
def config(_key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Deploy-time settings: development on http://localhost:8000, one host, everything in a temporary folder."""
    return settings.development(tmp_path_factory.mktemp("data"), _key_ring)


@pytest.fixture(scope="session")
def _application(config: Config, databases: Databases) -> Iterator[Flask]:
    from app.factory import create_app

    url = databases.fresh()
    app = create_app(settings.on_database(config, url))
    app.testing = True
    yield app
    _disconnect(app)
    databases.drop(url)


@pytest.fixture
def make_portal(engine: Engine, database_url: str) -> Iterator[Callable[[Config], Flask]]:
    """Make another application, with other settings, on this test's own database; its connections end with the test."""
    from app.factory import create_app

    with ExitStack() as stack:

        def make(config: Config) -> Flask:
            made = create_app(settings.on_database(config, database_url))
            stack.callback(_disconnect, made)
            return made

        yield make


def _disconnect(app: Flask) -> None:
    with app.app_context():
        db.db.engine.dispose()


@pytest.fixture
def app(_application: Flask, engine: Engine, config: Config) -> Flask:
    """The application, made once per process, on this test's own database."""
    db.bind(engine)
    # What an application sets for its whole process may have been set by another test's application since.
    clients.configure(config)
    delivery.configure(config)
    addresses.configure(config.web)
    return _application


@pytest.fixture
def pages(app: Flask) -> PageClient:
    """A browser that checks every page it opens."""
    return PageClient(app)


@pytest.fixture(scope="session")
def _sites() -> Iterator[list[Running]]:
    made: list[Running] = []
    yield made
    for one in made:
        one.stop()


@pytest.fixture
def simulated(_sites: list[Running]) -> Running:
    """A simulated Atlassian site as its content says: one per process, filled anew, or started anew where a test has stopped it."""
    if _sites and _sites[-1].is_serving:
        refill(_sites[-1].site)
    else:
        _sites.append(simulator.start())
    return _sites[-1]


@pytest.fixture
def held_clock() -> Iterator[datetime]:
    """Hold the clock at noon of 23 November 2026, UTC; `with clock.at(…)` moves it."""
    with clock.at(NOW):
        yield NOW
