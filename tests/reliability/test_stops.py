"""An emergency stop made at one process: every live grant is dead at another within a second."""

import threading
import time

from sqlalchemy import func, select

from app.core import db
from app.core.audit.models import AuditEntry
from app.features.share_links.events import ShareLinkEvent
from tests.reliability.clients import Browser, Program
from tests.reliability.conftest import Installation, administrator_token

PASSWORD = "an otter under the pier"
WITHIN_SECONDS = 1.0


class Reader(threading.Thread):
    """A browser at the second portal that opens a link and reads on, noting when it asked and whether it was shown."""

    def __init__(self, installation: Installation, elsewhere: str, path: str) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[float, bool]] = []
        self._browser = Browser(installation.base_url, through=elsewhere)
        self._path, self._until = path, float("inf")

    def open(self) -> bool:
        """Pass the gate; tells whether the link is read now."""
        self._browser.get(self._path)
        self._browser.post(self._path + "password", password=PASSWORD)
        return self.reads()

    def reads(self) -> bool:
        """Tell whether the link is shown."""
        return self._browser.reads(self._path)

    def run(self) -> None:
        asked = time.monotonic()
        while asked <= self._until:
            asked = time.monotonic()
            self.seen.append((asked, self.reads()))

    def read_until(self, instant: float) -> None:
        """Read on until something was asked after an instant, and no more."""
        self._until = instant
        self.join()


def test_a_stop_ends_every_grant_within_a_second_at_another_process(installation: Installation, elsewhere: str) -> None:
    author = Program(installation.base_url, installation.token)
    administrator = Program(installation.base_url, administrator_token())
    public_id, path = _link(author, installation)
    _, other = _link(author, installation)
    bystander = Reader(installation, elsewhere, other)
    assert bystander.open()
    scopes = {"link": public_id, "page": installation.page_url(), "person": "ines.duarte@example.com", "everything": ""}
    for scope, what in scopes.items():
        reader = Reader(installation, elsewhere, path)
        assert reader.open(), scope
        reader.start()
        made = administrator.call("POST", "/stops", {"scope": scope, "what": what, "reason": "A leak"})
        stopped = time.monotonic()
        reader.read_until(stopped + WITHIN_SECONDS)
        assert made.status == 201, made.data
        late = [shown for asked, shown in reader.seen if asked > stopped + WITHIN_SECONDS]
        assert late, scope
        assert not any(late), scope
        assert bystander.reads() == (scope == "link"), scope
        assert not Reader(installation, elsewhere, path).open(), scope
        assert administrator.call("DELETE", f"/stops/{made.json()['id']}").status == 204
        # The link is what it was before; whoever read by it has to pass the gate again.
        assert not reader.reads(), scope
        assert Reader(installation, elsewhere, path).open(), scope
    with db.reading() as session:
        for event in (ShareLinkEvent.STOPPED, ShareLinkEvent.SWITCHED_ON):
            recorded = select(func.count()).select_from(AuditEntry).where(AuditEntry.event == event)
            assert session.scalar(recorded) == len(scopes)


def _link(author: Program, installation: Installation) -> tuple[str, str]:
    made = author.call("POST", "/shares", {"url": installation.page_url(), "password": PASSWORD})
    assert made.status == 201, made.data
    told = made.json()
    return told["id"], "/s/" + told["link"].partition("/s/")[2]
