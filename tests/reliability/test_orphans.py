"""The end of `portico serve`, above all by SIGKILL: portal, worker and all they started end too, and the next one begins."""

import socket
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import db
from app.features.share_links.models import ShareLink
from simulator.failures import Failure, Mode
from tests import processes
from tests.reliability.clients import Browser, Program, Unanswered
from tests.reliability.conftest import Installation, waited_until

pytestmark = pytest.mark.processes
PASSWORD = "an otter under the pier"
#: Sooner than they would be killed, and much sooner than what is asked without end.
WITHIN_SECONDS = 20.0
ENDLESS_SECONDS = 600.0


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """One process of the portal is enough to be left alone, and starts sooner."""
    return environ | {"PORTICO_WORKERS": "1"}


def test_portal_and_worker_end_with_what_started_them_whether_it_is_killed_or_told_to_end(
    installation: Installation,
) -> None:
    author = Program(installation.base_url, installation.token)
    acknowledged = {create(author, installation)["id"] for _ in range(3)}
    asking = asked_without_end(installation, author)
    see_them_end(kill(installation))
    asking.join()
    # The kernel takes a process for ended a moment before the last of its threads has let go of its sockets.
    assert waited_until(lambda: is_free(installation), WITHIN_SECONDS)
    installation.site.site.failures.clear()
    installation.start_again()
    acknowledged.add(create(author, installation)["id"])
    with db.reading() as session:
        assert set(session.scalars(select(ShareLink.public_id))) == acknowledged
    running = processes.descendants(installation.process.pid)
    installation.process.terminate()
    assert installation.process.wait(WITHIN_SECONDS) == 0
    assert not any(map(processes.lives, running))


@pytest.mark.parametrize("serving", ["tests.reliability.impatient_serve"])
def test_the_next_one_may_be_started_at_once_and_makes_the_pdf_that_was_being_made(installation: Installation) -> None:
    made = create(Program(installation.base_url, installation.token), installation, powers={"pdf": True})
    path = "/s/" + made["link"].partition("/s/")[2]
    reader = Browser(installation.base_url)
    reader.get(path)
    reader.post(path + "password", password=PASSWORD)
    asking = threading.Thread(target=partial(asked, reader, path + "pdf"))
    asking.start()
    assert waited_until(lambda: makes_pdf(installation))
    orphans = kill(installation)
    # For a moment an orphan may still answer where the next one is going to.
    installation.start_again()
    see_them_end(orphans)
    asking.join()
    assert waited_until(lambda: asked(reader, path + "pdf").startswith(b"%PDF-"))


def create(author: Program, installation: Installation, **more: object) -> dict[str, str]:
    made = author.call("POST", "/shares", {"url": installation.page_url(), "password": PASSWORD} | more)
    assert made.status == 201, made.data
    told: dict[str, str] = made.json()
    return told


def asked_without_end(installation: Installation, author: Program) -> threading.Thread:
    """Have the portal ask Atlassian for something that does not come while the test lasts."""
    site = installation.site.site
    site.failures.append(Failure(Mode.DELAY, path="/wiki/.*", seconds=ENDLESS_SECONDS))

    def ask() -> None:
        with pytest.raises(Unanswered):
            create(author, installation)

    before = len(site.requests)
    asking = threading.Thread(target=ask)
    asking.start()
    assert waited_until(lambda: len(site.requests) > before)
    return asking


def asked(reader: Browser, path: str) -> bytes:
    """Return what is answered, or nothing where nobody answers."""
    with suppress(Unanswered):
        return reader.get(path).data
    return b""


def makes_pdf(installation: Installation) -> bool:
    """Tell whether the worker has a child that makes a PDF."""
    for pid in processes.descendants(installation.process.pid):
        with suppress(OSError):
            if b"app.documents.paper" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
    return False


def kill(installation: Installation) -> list[int]:
    """Kill what started portal and worker alone, and return the processes that are left."""
    left = processes.descendants(installation.process.pid)
    assert len(left) >= len(("portal", "its process", "worker"))
    installation.process.kill()
    installation.process.wait()
    return left


def see_them_end(left: list[int]) -> None:
    """Fail where one of these lives on."""
    deadline = time.monotonic() + WITHIN_SECONDS
    for pid in left:
        processes.wait_for_end(pid, deadline - time.monotonic())


def is_free(installation: Installation) -> bool:
    """Tell whether a portal could listen where this one did."""
    port = int(installation.environ["PORTICO_LISTEN"].rpartition(":")[2])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
