"""The clock jumps by an hour, forwards and back, under a running portal and worker."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.core import db
from app.core.audit import sealer
from app.core.audit.verify import verify
from app.core.jobs import outbox
from app.core.jobs.models import Job, JobState
from app.core.mail import delivery
from app.core.text import Text
from tests.factories.people import PASSWORD, make_guest
from tests.reliability.clients import Browser, Program
from tests.reliability.conftest import Installation, jobs_in, waited_until

SHIFTED = Path(__file__).parent / "shifted"
LINK_PASSWORD = "an otter under the pier"
READER = "reader@partner.example"
HOUR = timedelta(hours=1)
#: More wrong passwords than two minutes together allow.
MANY = 12


class Clock:
    """The clock of the installation's processes: the machine's, and what it is off by."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(timedelta())

    def jump(self, by: timedelta) -> None:
        """Let it be off by so much from now on."""
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{by.total_seconds():.0f}", encoding="ascii")
        beside.replace(self._file)


@pytest.fixture
def installation_clock(tmp_path: Path) -> Clock:
    """The clock that the installation is started with."""
    return Clock(tmp_path / "clock")


@pytest.fixture
def environ(environ: dict[str, str], installation_clock: Clock, tmp_path: Path) -> dict[str, str]:
    """The variables of an installation whose clock can be set."""
    return environ | {"PYTHONPATH": str(SHIFTED), "SHIFTED_CLOCK": str(tmp_path / "clock")}


def test_what_ends_has_ended_when_the_clock_jumps_ahead(
    installation: Installation, installation_clock: Clock, make: "Maker"
) -> None:
    soon, later, mailed = make.link(timedelta(minutes=30)), make.link(timedelta(days=7)), make.by_mail()
    readers = {path: make.reader(path) for path in (soon, later)}
    guest = make.signed_in()
    asking = make.browser()
    code = make.code(asking, mailed)

    installation_clock.jump(HOUR + timedelta(minutes=5))
    assert not readers[soon].reads(soon)
    assert readers[later].reads(later)
    assert guest.get("/profile").status == 303
    asking.get(mailed)
    assert asking.post(mailed + "code", code=code).status == 403
    _goes_on(installation, make, later, mailed)

    installation_clock.jump(timedelta(hours=13))
    assert not readers[later].reads(later)
    assert make.reader(later).reads(later)


def test_nothing_waits_for_an_hour_when_the_clock_is_turned_back(
    installation: Installation, installation_clock: Clock, make: "Maker"
) -> None:
    path, mailed = make.link(timedelta(days=7)), make.by_mail()
    reader, guest = make.reader(path), make.signed_in()
    assert waited_until(_all_done)
    installation.kill("worker")
    with db.transaction() as session:
        # One job is in the hands of a worker that is dead, one was written and not begun.
        left = delivery.send(session, to="left@example.com", subject=Text("Left"), body=Text("Left."))
        delivery.send(session, to="queued@example.com", subject=Text("Queued"), body=Text("Queued."))
        job = session.scalars(select(Job).where(Job.name == "mail.deliver").order_by(Job.id.desc()).limit(2)).all()[-1]
        assert job.arguments == {"mail_id": left}
        session.execute(update(Job).where(Job.id == job.id).values(run_at=job.run_at - HOUR))
        outbox.claim(session, job.id, "dead")

    installation_clock.jump(-HOUR)
    assert waited_until(_all_done)
    assert reader.reads(path)
    assert guest.get("/profile").status == 200
    _goes_on(installation, make, path, mailed)
    stranger = make.browser()
    stranger.get(path)
    tries = [stranger.post(path + "password", password="wrong").status for _ in range(3)]
    assert tries == [403] * 3
    # A minute of the clock, in which tries are counted, may end meanwhile.
    assert 429 in (stranger.post(path + "password", password="wrong").status for _ in range(MANY))

    installation_clock.jump(timedelta())
    assert reader.reads(path)
    _goes_on(installation, make, path, mailed)
    with db.reading() as session:
        assert verify(session).whole


class Maker:
    """Makes links, and readers of them."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._author = Program(installation.base_url, installation.token)
        with db.transaction() as session:
            self._guest = make_guest(session).email

    def link(self, lives: timedelta) -> str:
        """Make a link that asks for a password, and return its path."""
        return self._link(password=LINK_PASSWORD, expires_at=(datetime.now(UTC) + lives).isoformat())

    def by_mail(self) -> str:
        """Make a link that asks for a code by mail, and return its path."""
        return self._link(recipients=[READER])

    def browser(self) -> Browser:
        """Return a new browser."""
        return Browser(self._installation.base_url)

    def reader(self, path: str) -> Browser:
        """Return a browser that has opened a link."""
        made = self.browser()
        made.get(path)
        made.post(path + "password", password=LINK_PASSWORD)
        assert made.reads(path)
        return made

    def signed_in(self) -> Browser:
        """Return a browser in which a guest is signed in."""
        made = self.browser()
        made.get("/sign-in")
        assert made.post("/sign-in", email=self._guest, password=PASSWORD).status == 303
        assert made.get("/profile").status == 200
        return made

    def code(self, browser: Browser, path: str) -> str:
        """Have a code sent, and return it from the mail."""
        known = set(self._mails())
        browser.get(path)
        assert browser.post(path + "address", address=READER).status == 303
        assert waited_until(lambda: set(self._mails()) > known)
        (mail,) = set(self._mails()) - known
        found = re.search(r"^\s+(\d{6})\s*$", mail, re.MULTILINE)
        assert found is not None, mail
        return found.group(1)

    def _mails(self) -> list[str]:
        return [path.read_text() for path in (self._installation.folder / "mail").glob("*.eml")]

    def _link(self, **conditions: object) -> str:
        made = self._author.call("POST", "/shares", {"url": self._installation.page_url()} | conditions)
        assert made.status == 201, made.data
        link: str = made.json()["link"]
        return "/s/" + link.partition("/s/")[2]


@pytest.fixture
def make(installation: Installation) -> Maker:
    """What makes links and readers."""
    return Maker(installation)


def _goes_on(installation: Installation, make: Maker, path: str, mailed: str) -> None:
    """Open both kinds of links as somebody new, have mail sent by a job, and have what happened sealed."""
    make.reader(path)
    browser = make.browser()
    code = make.code(browser, mailed)
    browser.get(mailed)
    assert browser.post(mailed + "code", code=code).status == 303
    browser.get(mailed)
    browser.post(mailed + "open")
    assert browser.reads(mailed)
    assert waited_until(_all_done)
    assert waited_until(_all_sealed)


def _all_done() -> bool:
    return not any(jobs_in(state) for state in (JobState.QUEUED, JobState.LEASED))


def _all_sealed() -> bool:
    with db.reading() as session:
        return sealer.unsealed_count(session) == 0
