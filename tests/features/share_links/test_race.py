"""Two processes race at one link: for the last views, for one person's views, for one code."""

import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import clock, db
from app.core.accounts import sessions
from app.core.crypto import keyring
from app.core.crypto import tokens as secrets
from app.core.crypto.keyring import KeyRing
from app.core.jobs.models import Job
from app.core.mail.models import OutgoingMail
from app.features.share_links import queries
from app.features.share_links.gates import codes
from tests import processes
from tests.factories import links, people
from tests.features.share_links.racer import BROWSER
from tests.features.share_links.readers import Shared
from tests.processes import PATIENCE_SECONDS

VISITORS, VIEWS = 50, 10


@pytest.fixture
def keys(key_ring: KeyRing, tmp_path: Path) -> Path:
    """The key file of this run."""
    file = tmp_path / "keys.json"
    keyring.write(file, key_ring)
    return file


def race(url: str, keys: Path, shared: Shared, visitors: int, *more: str) -> int:
    """Let two processes race with half of the visitors each, and return how many got through."""
    each = visitors // 2
    logs = [keys.parent / f"{number}.log" for number in range(2)]
    command: list[str | Path]
    command = [sys.executable, "-m", "tests.features.share_links.racer", url, keys, shared.link.public_id]
    racers = [
        processes.start([*command, str(number * each), str(each), *more], log=log) for number, log in enumerate(logs)
    ]
    assert [racer.wait(PATIENCE_SECONDS) for racer in racers] == [0, 0], [log.read_text() for log in logs]
    return sum(int(log.read_text()) for log in logs)


def test_fifty_visitors_through_two_processes_get_the_last_ten_views(
    app: object, database_url: str, keys: Path
) -> None:
    with db.transaction() as session:
        shared = Shared(links.make_link(session, people.make_author(session), max_views=VIEWS), "")
    assert race(database_url, keys, shared, VISITORS) == VIEWS
    assert shared.row().views == VIEWS
    opened = [details["view"] for name, details in shared.events() if name == "link:opened"]
    assert sorted(opened) == list(range(1, VIEWS + 1))


def test_one_person_at_twenty_browsers_through_two_processes_opens_as_often_as_each_may(
    app: object, database_url: str, keys: Path
) -> None:
    with db.transaction() as session:
        link = links.make_link(session, people.make_author(session), asks_sign_in=True, max_views_each=3)
        secret, _ = sessions.begin(session, people.make_guest(session), {"password": clock.now()})
    shared = Shared(link, "")
    assert race(database_url, keys, shared, 20, f"session={secrets.digest(secret)}") == 3
    assert shared.row().views == 3


def test_one_code_that_is_tried_by_two_processes_at_once_works_once(app: object, database_url: str, keys: Path) -> None:
    with db.transaction() as session:
        link = links.make_link(session, people.make_author(session), password=False, recipients=("example.org",))
    shared = Shared(link, "")
    with db.reading() as session:
        visit = queries.visit(
            session, link.public_id, None, browser_digest=BROWSER, session_digest=None, now=clock.now()
        )
    assert visit is not None
    assert codes.ask(visit, "anna@example.org", BROWSER).refusal is None
    with db.reading() as session:
        job = session.scalars(select(Job).where(Job.name == "share_links.send_code")).one()
    codes.send_code(**job.arguments)
    with db.reading() as session:
        found = re.search(r"^    (\d{6})$", session.scalars(select(OutgoingMail)).one().body, re.MULTILINE)
    assert found is not None
    # Fewer than tries, so that only being used stands in the way.
    assert race(database_url, keys, shared, 4, f"code={found[1]}") == 1
    assert shared.gates().count("address:proven") == 1
