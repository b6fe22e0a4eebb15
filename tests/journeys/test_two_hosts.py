"""Links on one host and administration on another: each host serves its own pages only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import db
from app.core.crypto.keyring import KeyRing
from simulator.site import Running
from tests.database import Databases
from tests.journeys.portal import Portal, running
from tests.journeys.visitor import Visit

PASSWORD = "quiet harbour lantern 42"


@pytest.fixture
def apart(site: Running, databases: Databases, key_ring: KeyRing, portal: Portal, tmp_path: Path) -> Iterator[Portal]:
    """A portal whose links live on a host of their own."""
    with running(site, databases, key_ring, tmp_path, two_hosts=True) as made:
        yield made
    db.bind(portal.engine)


def test_links_open_on_the_public_host_and_the_app_stays_on_the_other(apart: Portal, visit: Visit) -> None:
    group = apart.group("Hauliers")
    ines, greta = apart.author(), apart.guest("Greta Vance", group)
    author = visit(at=apart).sign_in(ines).open("/links/new/")
    author.enter({"Address": apart.page_url()}).press("Look at it")
    author.press("Create link")
    address, password = author.value("Link"), author.value("Password")
    assert address.startswith(f"{apart.public_url}/s/")

    stranger = visit(at=apart).open(address)
    stranger.enter({"Password": password}).press("Open")
    assert stranger.heading == "Berth and crane plan, week 48"
    stranger.open(address.replace(apart.public_url, apart.base_url), status=404)
    for path in ("/links/", "/admin/people", "/audit"):
        stranger.open(f"{apart.public_url}{path}", status=404)

    link = apart.share(ines, apart.page_url("100102"), groups=[group])
    member = visit(at=apart).open(link.address).follow("Sign in")
    assert member.page.url.startswith(f"{apart.public_url}/sign-in")
    member.enter_password(greta).press("Open")
    assert member.heading == "Arrival guide for hauliers"
