"""Two portals on one database: what one of them ends is dead at the other, and what one of them asks the other does not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.core import clock, db
from app.core.accounts import queries, service
from app.core.accounts.actor import SYSTEM
from app.features.share_links.models import SharedObject
from tests.factories.people import PASSWORD, make_guest
from tests.processes import PATIENCE_SECONDS
from tests.reliability.clients import Browser, Program
from tests.reliability.conftest import Installation

LINK_PASSWORD = "an otter under the pier"
READERS = 12


@pytest.mark.parametrize("how", ["sign-out", "deactivated"])
def test_a_session_that_was_ended_is_dead_at_the_other_portal_at_its_next_request(
    installation: Installation, elsewhere: str, how: str
) -> None:
    with db.transaction() as session:
        email = make_guest(session).email
    browser = Browser(installation.base_url)
    browser.get("/sign-in")
    assert browser.post("/sign-in", email=email, password=PASSWORD).status == 303
    there = browser.copy(through=elsewhere)
    assert there.get("/profile").status == 200
    if how == "sign-out":
        browser.get("/profile")
        assert browser.post("/sign-out").status == 303
    else:
        with db.transaction() as session:
            person = queries.person_by_email(session, email)
            assert person is not None
            service.deactivate(session, SYSTEM, person)
    assert there.get("/profile").status == 303


def test_many_readers_at_two_portals_ask_atlassian_once(installation: Installation, elsewhere: str) -> None:
    author = Program(installation.base_url, installation.token)
    made = author.call("POST", "/shares", {"url": installation.page_url(), "password": LINK_PASSWORD})
    path = "/s/" + made.json()["link"].partition("/s/")[2]
    readers = [Browser(installation.base_url, through=(None, elsewhere)[number % 2]) for number in range(READERS)]
    for reader in readers:
        reader.get(path)
        reader.post(path + "password", password=LINK_PASSWORD)
        assert reader.reads(path)
    with db.transaction() as session:
        session.execute(update(SharedObject).values(checked_at=clock.now() - timedelta(seconds=61)))
    site = installation.site.site
    with site.lock:
        site.requests.clear()
    together = threading.Barrier(READERS)
    with ThreadPoolExecutor(READERS) as pool:
        shown = list(pool.map(lambda reader: together.wait(PATIENCE_SECONDS) >= 0 and reader.reads(path), readers))
    assert all(shown)
    assert len([one for one in site.requests if one.path == "/wiki/api/v2/pages/100108"]) == 1
