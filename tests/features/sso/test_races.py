"""Many at once with one answer, one address or one code: exactly one of them is signed in."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.core import clock
from app.core.accounts.models import Person
from app.core.crypto import keyring, tokens
from app.core.crypto.keyring import KeyRing
from app.core.db import reading, transaction
from app.features.sso import arrival, begin, finish
from app.features.sso.arrival import Deposited
from app.features.sso.finish import Browser, Finished
from app.features.sso.models import SsoIdentity
from tests import processes
from tests.conftest import NOW
from tests.features.sso import acme
from tests.features.sso.acme import Provider
from tests.pages import PageClient
from tests.processes import PATIENCE_SECONDS

ACME = Provider("acme")
RACERS = 6


def race(one: Callable[[], Any]) -> list[Any]:
    """Have several threads do the same at the same instant."""
    ready = threading.Barrier(RACERS)

    def run() -> Any:
        ready.wait()
        return one()

    with ThreadPoolExecutor(RACERS) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(RACERS)]]


def test_one_answer_is_taken_once_however_many_bring_it(pages: PageClient, held_clock: datetime) -> None:
    acme.connect(ACME)
    answer = ACME.answers(acme.begin(pages, ACME))
    with reading() as db:
        connection = begin.connection(db, "acme")
    assert connection is not None
    outcome = arrival.read(connection, acme.BASE, answer)

    def bring() -> object:
        with transaction() as db:
            return arrival.accept(db, connection, outcome)

    assert sum(isinstance(one, Deposited) for one in race(bring)) == 1


def test_one_answer_is_taken_once_by_two_processes(
    pages: PageClient, database_url: str, key_ring: KeyRing, tmp_path: Path
) -> None:
    acme.connect(ACME)
    keys, answer, each = tmp_path / "keys.json", tmp_path / "answer", RACERS // 2
    keyring.write(keys, key_ring)
    moved = acme.later(clock.now() - NOW)
    answer.write_text(ACME.answers(acme.begin(pages, ACME), **moved))
    logs = [tmp_path / f"{number}.log" for number in range(2)]
    command: list[str | Path]
    command = [sys.executable, "-m", "tests.features.sso.racer", database_url, keys, answer, str(each)]
    racers = [processes.start(command, log=log) for log in logs]
    assert [racer.wait(PATIENCE_SECONDS) for racer in racers] == [0, 0], [log.read_text() for log in logs]
    assert sum(int(log.read_text()) for log in logs) == 1


def test_one_outcome_is_fetched_once_however_many_come(pages: PageClient, held_clock: datetime) -> None:
    acme.connect(ACME)
    accepted = acme.post(pages, ACME, ACME.answers(acme.begin(pages, ACME)))
    handle = accepted.location.rpartition("/")[2]
    cookie = pages.http.get_cookie("visitor_dev")
    assert cookie is not None
    digest = tokens.digest(cookie.value)

    def come() -> object:
        with transaction() as db:
            return finish.collect(db, handle, Browser(digest))

    endings = race(come)
    assert sum(isinstance(one, Finished) for one in endings) == 1
    assert sum(one is None for one in endings) == RACERS - 1


def test_first_sign_ins_of_one_person_at_once_make_one_person(pages: PageClient, held_clock: datetime) -> None:
    acme.connect(ACME)
    browsers = [pages.another() for _ in range(RACERS)]
    handles = [
        acme.post(browser, ACME, ACME.answers(acme.begin(browser, ACME), assertion_id=f"_{number}")).location
        for number, browser in enumerate(browsers)
    ]
    waiting = list(zip(browsers, handles, strict=True))
    lock = threading.Lock()

    def come() -> int:
        with lock:
            browser, address = waiting.pop()
        return browser.http.get(address, base_url=browser.base_url).status_code

    assert race(come) == [303] * RACERS
    with reading() as db:
        assert db.scalar(select(func.count()).select_from(Person)) == 1
        assert db.scalar(select(func.count()).select_from(SsoIdentity)) == 1
