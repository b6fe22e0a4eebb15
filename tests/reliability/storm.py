"""People and programs that use an installation while it is being killed, each remembering what was acknowledged.

An actor owns its links, so that what it expects of them does not depend on the others. What can be sent twice is sent until
it is answered; for the rest the actor remembers that it does not know.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random

from urllib3 import BaseHTTPResponse

from tests.factories.people import PASSWORD
from tests.processes import PATIENCE_SECONDS
from tests.reliability.clients import Browser, Program, Unanswered, pool
from tests.reliability.conftest import Installation

#: Seconds after which an installation that was killed has to answer again.
PATIENCE = PATIENCE_SECONDS
LINK_PASSWORD = "an otter under the pier"
BUSY = (429, 503)
#: Strangers are told nothing; whoever held a grant is told why.
CLOSED = (404, 403, 410)
ASKED = "reader@partner.example"


@dataclass
class Link:
    """A link that was acknowledged, and what is known of it."""

    public_id: str
    path: str
    name: str
    expires_at: str
    max_views: int
    password: str | None
    state: str = "active"
    #: Openings that were acknowledged, and those that got no answer.
    opened: int = 0
    unsure: int = 0
    #: Codes by mail that were asked for at it and acknowledged.
    codes: int = 0
    by_mail: bool = False
    #: Whether work on many links is about to change its state.
    in_bulk: bool = False
    readers: list[Browser] = field(default_factory=list)

    @property
    def may_open(self) -> bool:
        """Whether a stranger may expect to open it, as far as is known."""
        return self.state == "active" and not self.in_bulk and self.opened + self.unsure < self.max_views


class Storm:
    """What all actors share: the count of operations, what they saw, and what they hold against the installation."""

    def __init__(self, installation: Installation, administrator: str, operations: int) -> None:
        self.installation = installation
        self.administrator = administrator
        self.operations = operations
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []
        self.runs: list[str] = []
        #: Held by the one actor that stops everything.
        self.everything = threading.Lock()
        self._lock = threading.Lock()
        self.begun = 0

    def next(self) -> bool:
        """Count one operation; False where all are done."""
        with self._lock:
            if self.begun >= self.operations or self.violations:
                return False
            self.begun += 1
            return True

    def count(self, name: str) -> None:
        """Count something that was seen."""
        with self._lock:
            self.counts[name] += 1

    def hold(self, sentence: str) -> None:
        """Hold something against the installation."""
        with self._lock:
            self.violations.append(sentence)


class Actor:
    """Does one operation after another, chosen by its own random numbers."""

    def __init__(self, storm: Storm, number: int, seed: int, email: str) -> None:
        self.thread = threading.Thread(target=self.run, name=f"actor-{number}", daemon=True)
        self.links: list[Link] = []
        self._storm, self._number, self._email = storm, number, email
        self._random = Random(f"{seed}/{number}")
        self._pool = pool()
        base_url = storm.installation.base_url
        self._author = Program(base_url, storm.installation.token, self._pool)
        self._administrator = Program(base_url, storm.administrator, self._pool)
        self._known = self._browser()
        self._made = 0

    def run(self) -> None:
        """Go on until all operations are done."""
        choices: dict[Callable[[], None], int] = {
            self.create: 6,
            self.open: 30,
            self.rush: 6,
            self.read_again: 10,
            self.change: 10,
            self.pause_and_resume: 8,
            self.revoke: 3,
            self.many: 4,
            self.stop_and_resume: 5,
            self.stop_everything: 1,
            self.ask_for_code: 5,
            self.end_session: 5,
        }
        while self._storm.next():
            # Most of what there is to do needs links that still open.
            few = sum(one.may_open for one in self.links) < 3
            chosen = self.create if few else self._random.choices(list(choices), list(choices.values()))[0]
            try:
                chosen()
                self._storm.count(chosen.__name__)
            except Exception as error:  # noqa: BLE001 - a thread must say what ended it
                self._storm.hold(f"{chosen.__name__}: {type(error).__name__}: {error}")

    # --- what is done ----------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Make a link; the same request until it is answered makes one."""
        self._made += 1
        name = f"link {self._number}.{self._made}"
        by_mail = self._random.random() < 0.2
        password = LINK_PASSWORD if self._random.random() < 0.3 and not by_mail else None
        most = self._random.randint(1, 5)
        body = {
            "url": self._storm.installation.page_url(),
            "name": name,
            "max_views": most,
            "password": password,
            "recipients": [ASKED] if by_mail else [],
        }
        answer = self._surely(partial(self._author.call, "POST", "/shares", body, once=name), 201, 409)
        if answer.status == 409:
            # Everything is stopped just now.
            return
        told = answer.json()
        path = "/s/" + told["link"].partition("/s/")[2]
        link = Link(told["id"], path, name, told["expires_at"], most, password, by_mail=by_mail)
        self.links.append(link)

    def open(self) -> None:
        """Come by with a new browser and open a link, most often one that may be opened."""
        open_now = self._random.random() < 0.9
        if link := self._one(lambda one: not one.by_mail and (one.may_open or not open_now)):
            self._note(link, [self._open(link, self._browser())])

    def rush(self) -> None:
        """Come by with three browsers at once."""
        if link := self._one(lambda one: not one.by_mail and one.may_open):
            browsers = [self._browser() for _ in range(3)]
            with ThreadPoolExecutor(3) as together:
                self._note(link, list(together.map(partial(self._open, link), browsers)))

    def read_again(self) -> None:
        """Come back with a browser that has opened a link before; where it ended, nothing is shown."""
        if link := self._one(lambda one: bool(one.readers)):
            if link.state == "active":
                self._known_reader(link)
            self._look_closed(link)

    def change(self) -> None:
        """Give a link another name."""
        if link := self._one(lambda one: one.state != "revoked" and not one.in_bulk):
            name = f"{link.name.split('/')[0]}/{self._random.randint(1, 10**6)}"
            self._surely(partial(self._author.call, "PATCH", f"/shares/{link.public_id}", {"name": name}), 200)
            link.name = name

    def pause_and_resume(self) -> None:
        """Pause a link that is active, or resume one that is paused."""
        if link := self._one(lambda one: one.state != "revoked" and not one.in_bulk):
            paused = link.state == "active"
            self._surely(partial(self._author.call, "PATCH", f"/shares/{link.public_id}", {"paused": paused}), 200)
            link.state = "paused" if paused else "active"
            self._look_closed(link)

    def revoke(self) -> None:
        """Revoke a link for good."""
        if link := self._one(lambda one: not one.in_bulk):
            self._surely(partial(self._author.call, "DELETE", f"/shares/{link.public_id}"), 204)
            link.state = "revoked"
            self._look_closed(link)

    def many(self) -> None:
        """Begin work on several links; where the answer is lost the work is there, or is not."""
        links = [one for one in self.links if one.state == "active" and not one.in_bulk]
        if len(links) < 2:
            return
        chosen = self._random.sample(links, min(len(links), self._random.randint(2, 6)))
        action = self._random.choice(["extend", "extend", "extend", "extend", "pause", "revoke"])
        body = {"action": action, "ids": [one.public_id for one in chosen]}
        for link in chosen:
            link.in_bulk = link.in_bulk or action != "extend"
        try:
            answer = self._author.call("POST", "/shares/bulk", body | ({"days": 1} if action == "extend" else {}))
        except Unanswered:
            self._storm.count("unanswered")
            return
        self._expect(answer, 202, *BUSY)
        if answer.status == 202:
            self._storm.runs.append(answer.json()["id"])

    def stop_and_resume(self) -> None:
        """Stop one link in an emergency, see that nobody reads on, and let it go on."""
        if link := self._one():
            self._halt({"scope": "link", "what": link.public_id}, link)

    def stop_everything(self) -> None:
        """Stop all sharing, see that nobody reads on, and let it go on."""
        if link := self._one(lambda one: bool(one.readers)):
            with self._storm.everything:
                self._halt({"scope": "everything"}, link)

    def ask_for_code(self) -> None:
        """Have a code sent by mail."""
        if link := self._one(lambda one: one.by_mail and one.state == "active" and not one.in_bulk):
            browser = self._browser()
            try:
                if (
                    browser.get(link.path).status == 200
                    and browser.post(link.path + "address", address=ASKED).status == 303
                ):
                    link.codes += 1
            except Unanswered:
                self._storm.count("unanswered")

    def end_session(self) -> None:
        """Sign in, then out; who kept the cookies is signed in no more."""
        browser = self._known
        self._surely(partial(browser.get, "/sign-in"), 200, 303)
        signed = self._surely(
            partial(browser.post, "/sign-in", email=self._email, password=PASSWORD), 303, 400, 403, 429
        )
        if signed.status != 303 or self._surely(partial(browser.get, "/profile"), 200, 303).status != 200:
            return
        kept = browser.copy()
        self._surely(partial(browser.post, "/sign-out"), 303)
        if self._surely(partial(kept.get, "/profile"), 200, 303).status == 200:
            self._storm.hold(f"the session of {self._email} was ended and goes on")

    # --- how ---------------------------------------------------------------------------------------------------------

    def _open(self, link: Link, browser: Browser) -> Browser | Unanswered | None:
        """Pass the gate; returns the browser that may read on, None where it may not, or that nobody knows."""
        secret = {"password": link.password} if link.password else {}
        try:
            if (page := browser.get(link.path)).status != 200:
                self._storm.count(f"gate answered {page.status}")
                return None
        except Unanswered:
            self._storm.count("unanswered")
            return None
        try:
            answer = browser.post(link.path + ("password" if secret else "open"), **secret)
        except Unanswered as unanswered:
            self._storm.count("unanswered")
            return unanswered
        self._expect(answer, 303, 404, *BUSY)
        self._storm.count(f"opening answered {answer.status}")
        return browser if answer.status == 303 else None

    @staticmethod
    def _note(link: Link, came: list[Browser | Unanswered | None]) -> None:
        readers = [one for one in came if isinstance(one, Browser)]
        link.readers += readers
        link.opened += len(readers)
        link.unsure += sum(isinstance(one, Unanswered) for one in came)

    def _known_reader(self, link: Link) -> None:
        reader = self._random.choice(link.readers)
        shown = self._surely(partial(reader.get, link.path), 200, *CLOSED)
        if shown.status == 200 and b"doc-body" in shown.data:
            self._storm.count("read under a grant")

    def _look_closed(self, link: Link) -> None:
        """Hold against the installation what a reader is shown of a link that was paused or revoked before."""
        if link.state == "active":
            return
        self._see_nobody_reads(link, link.state)

    def _halt(self, body: dict[str, str], link: Link) -> None:
        made = self._surely(partial(self._administrator.call, "POST", "/stops", body), 201).json()
        self._see_nobody_reads(link, "stopped")
        # Where the answer was lost it is lifted already.
        self._surely(partial(self._administrator.call, "DELETE", f"/stops/{made['id']}"), 204, 404)

    def _see_nobody_reads(self, link: Link, state: str) -> None:
        for reader in link.readers[-2:]:
            if self._surely(partial(reader.get, link.path), *CLOSED).status == 200:
                self._storm.hold(f"{link.public_id} is {state} and was served")

    def _surely(self, ask: Callable[[], BaseHTTPResponse], *expected: int) -> BaseHTTPResponse:
        """Ask until there is an answer that means something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = ask()
            except Unanswered:
                self._storm.count("unanswered")
            else:
                if answer.status not in BUSY or answer.status in expected:
                    self._expect(answer, *expected)
                    return answer
                self._storm.count(f"answered {answer.status}")
            time.sleep(0.2)
        raise TimeoutError(f"no answer within {PATIENCE} s")

    def _expect(self, answer: BaseHTTPResponse, *expected: int) -> None:
        if answer.status not in expected:
            self._storm.hold(f"answered {answer.status}: {answer.data[:300]!r}")

    def _one(self, which: Callable[[Link], bool] = lambda _: True) -> Link | None:
        """Return one link of this actor, or None."""
        found = [one for one in self.links if which(one)]
        return self._random.choice(found) if found else None

    def _browser(self) -> Browser:
        return Browser(self._storm.installation.base_url, self._pool)
