"""A portal started as an operator starts it, with PostgreSQL and Redis beside it, and providers that others wrote.

The portal is `localhost` and every peer `127.0.0.1`: two sites, as in life, so that mistakes with SameSite show.
"""

from collections.abc import Callable, Generator, Iterator

import pytest
from playwright.sync_api import Browser

from app.core import db
from app.core.crypto import ring
from app.core.crypto.keyring import KeyRing
from simulator.site import start
from tests import processes
from tests.browser import chromium
from tests.database import PostgresqlDatabases
from tests.interop import ways
from tests.interop.peers import lemonldap, openid_provider, simplesamlphp
from tests.interop.peers.lemonldap import LemonLdap
from tests.interop.peers.openid_provider import OpenIdProvider
from tests.interop.peers.simplesamlphp import SimpleSamlPhp
from tests.interop.traveller import Traveller
from tests.interop.ways import Way
from tests.journeys.portal import Portal, running
from tests.journeys.visitor import visits


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show at a failure what the portal and the provider wrote, whose side of the story the test does not know."""
    report = yield
    if report.failed:
        found = getattr(item, "funcargs", {})
        for one in (found.get("portal"), getattr(found.get("way"), "peer", None)):
            if one is not None:
                report.sections.append(("Captured log", one.output()))
    return report


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlDatabases]:
    """A PostgreSQL server of our own, whichever database the run is for."""
    made = PostgresqlDatabases()
    yield made
    made.close()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of our own, on loopback, that keeps nothing."""
    folder = tmp_path_factory.mktemp("redis")
    port = processes.free_port()
    log = folder / "log"
    server = processes.start(
        ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
        log=log,
        cwd=folder,
    )
    processes.wait_until(lambda: processes.accepts(port), server, log=log, what="redis-server")
    yield f"redis://127.0.0.1:{port}/0"
    processes.stop(server)


@pytest.fixture(scope="session")
def _portal(
    postgresql: PostgresqlDatabases, redis_url: str, _key_ring: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    ring.install(_key_ring)
    with (
        start() as site,
        running(site, postgresql, _key_ring, tmp_path_factory.mktemp("portal"), queue_url=redis_url) as made,
    ):
        yield made


@pytest.fixture
def portal(_portal: Portal, key_ring: KeyRing) -> Portal:
    """`portico serve` (portal and worker) on PostgreSQL, woken through Redis, beside a simulated Atlassian site."""
    db.bind(_portal.engine)
    return _portal


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with chromium() as made:
        yield made


@pytest.fixture
def visit(browser: Browser, portal: Portal) -> Iterator[Callable[..., Traveller]]:
    """Give somebody a browser that goes to providers and comes back."""
    with visits(browser, portal, Traveller) as begin:
        yield begin


@pytest.fixture
def administrator(portal: Portal, visit: Callable[..., Traveller]) -> Traveller:
    """An administrator at the portal."""
    return visit().sign_in(portal.administrator())


@pytest.fixture(scope="session")
def simple_saml_php(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSamlPhp]:
    """SimpleSAMLphp."""
    with simplesamlphp.running(tmp_path_factory.mktemp("simplesamlphp"), ways.accounts("simple_saml_php")) as peer:
        yield peer


@pytest.fixture(scope="session")
def lemon_ldap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LemonLdap]:
    """LemonLDAP::NG."""
    with lemonldap.running(tmp_path_factory.mktemp("lemonldap"), ways.accounts("lemon_ldap")) as peer:
        yield peer


@pytest.fixture(scope="session")
def node_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIdProvider]:
    """`oidc-provider`."""
    with openid_provider.running(tmp_path_factory.mktemp("oidc"), ways.accounts("node_provider")) as peer:
        yield peer


@pytest.fixture(scope="session")
def connected(
    request: pytest.FixtureRequest, _portal: Portal, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Way]:
    """Return a way to sign in by its name, set up when it is asked for first."""
    made: dict[str, Way] = {}

    def find(name: str) -> Way:
        if name not in made:
            peer = request.getfixturevalue(ways.SPECIFIED[name].peer)
            db.bind(_portal.engine)
            with visits(browser, _portal, Traveller) as visit:
                made[name] = ways.connect(name, _portal, peer, visit(), tmp_path_factory.mktemp(name))
        return made[name]

    return find


def every_way(*, of: Callable[[str], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Run a test for each way to sign in, or for those that are chosen by name."""
    return one_way(*filter(of, ways.SPECIFIED))


def one_way(*names: str) -> pytest.MarkDecorator:
    """Run a test for these ways to sign in; a provider's are tried one after the other by one of the processes that run tests."""
    at = {name: pytest.mark.xdist_group(ways.SPECIFIED[name].peer) for name in names}
    return pytest.mark.parametrize("way", [pytest.param(name, marks=at[name]) for name in names], indirect=True)


@pytest.fixture
def way(request: pytest.FixtureRequest, portal: Portal, connected: Callable[[str], Way]) -> Way:
    """The way to sign in that a test is about."""
    return connected(request.param)
