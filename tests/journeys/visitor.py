"""Somebody at a browser, who looks closely at every page they get.

A page fails its visitor when axe-core finds a violation of WCAG 2.2 AA, when the console has an error, when anything is
asked of another origin, when anything it asks for fails, when the policy stops something, or when the page is wider than
the window. Nothing of the portal is loosened for that: axe-core enters by the browser's debugging interface, which no
policy governs. A page is looked at when everything it has asked for has come; what a page that is being left still asks for
is nobody's fault, since the story may have changed by then.
"""

import functools
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Download, Frame, Locator, Page, Request, Response, WebError

from tests.database import Kind, wanted
from tests.journeys.portal import Cast, Portal
from tests.processes import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
#: Milliseconds that anything may take on a busy machine.
PATIENCE = PATIENCE_SECONDS * 1_000
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_CONTRAST = "color-contrast"
#: By night and by axe-core, pages are looked at in the run on SQLite: they are the same on every database.
_LOOKED_AT_CLOSELY = wanted() is Kind.SQLITE
_NOTE_VIOLATIONS = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""
#: Pictures near the window are asked for in the frame after the one that shows where they are.
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
_FACTS = """() => ({
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  violations: window.__violations || [],
  headings: document.querySelectorAll("h1").length,
  broken: [...document.images].filter((one) => one.complete && !one.naturalWidth).map((one) => one.src),
})"""
_LOOK = """async (options) => {
  const found = await axe.run(document, { ...options, resultTypes: ["violations"], preload: false });
  const places = (one) => one.nodes.map((node) => node.html).slice(0, 3).join(" | ");
  return found.violations.map((one) => `${one.id}: ${one.help}: ${places(one)}`);
}"""
#: What differs between two visits to one page without changing how it is built: secrets, ids, numbers.
_PASSING = re.compile(r"""nonce="[^"]*"|name="csrf_token" value="[^"]*"|(?<=/)[\w.-]{12,}(?=[/"])|\d+""")


@dataclass(frozen=True)
class Look:
    """How somebody's browser is set up."""

    name: str
    width: int = 1280
    height: int = 900
    dark: bool = False
    #: How each page is looked at besides.
    also: tuple["Look", ...] = ()


DESK = Look("light")
NIGHT = Look("dark", dark=True)
PHONE = Look("390", width=390, height=844)
DAY_AND_NIGHT = replace(DESK, also=(NIGHT,))
EVERY_LOOK = replace(DESK, also=(NIGHT, PHONE))
#: Play a story at a desk, and once more on a phone.
looks = pytest.mark.parametrize(
    "look", [DAY_AND_NIGHT, pytest.param(PHONE, marks=pytest.mark.looks)], ids=lambda look: look.name
)

Visit = Callable[..., "Visitor"]
Somebody = TypeVar("Somebody", bound="Visitor")


@functools.cache
def _axe() -> str:
    return (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


class Visitor:
    """One browser with its own cookies, which checks each page it opens."""

    #: Pages that were found good, as they are built: the same page need not be looked at twice.
    _good: set[tuple[str, bool, int]] = set()

    def __init__(self, browser: Browser, portal: Portal, look: Look = DESK, *, script: bool = True) -> None:
        self.portal = portal
        self.look = look
        self._browser = browser
        self._script = script
        self._problems: list[str] = []
        self._failed: list[Response] = []
        #: What the page that is open has asked for, and whether it has come.
        self._asked: dict[Request, bool] = {}
        #: The request for another page, which is not there yet.
        self._leaving: Request | None = None
        self.context = browser.new_context(
            base_url=portal.base_url,
            java_script_enabled=script,
            viewport={"width": look.width, "height": look.height},
            color_scheme="dark" if look.dark else "light",
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(_NOTE_VIOLATIONS)
        self.context.on("request", self._note_asked)
        self.context.on("request", self._note_request)
        self.context.on("response", self._note_response)
        self.context.on("requestfinished", self._note_come)
        self.context.on("requestfailed", self._note_broken_off)
        self.context.on("console", self._note_console)
        self.context.on("weberror", self._note_script_error)
        self.page: Page = self.context.new_page()
        self.page.on("framenavigated", self._note_page)

    def another(self) -> Self:
        """Return another browser, which knows nothing of this one."""
        return type(self)(self._browser, self.portal, self.look, script=self._script)

    def close(self) -> None:
        """End the browser."""
        self.context.close()

    # --- what people do ----------------------------------------------------------------------------------------------

    def open(self, address: str, status: int = 200) -> Self:
        """Type an address."""
        response = self.page.goto(address)
        return self._arrived(response, status)

    def reload(self, status: int = 200) -> Self:
        """Load the page again."""
        return self._arrived(self.page.reload(), status)

    def follow(self, words: str, status: int = 200, *, row: str | re.Pattern[str] | None = None) -> Self:
        """Click the first link with these words; `row` names the table row that it stands in."""
        return self._going(self._place(row).get_by_role("link", name=words, exact=True).first.click, status)

    def follow_first(self, selector: str) -> Self:
        """Click the first link of a list, whatever it says."""
        return self._going(self.page.locator(selector).first.click, 200)

    def press(self, words: str, status: int = 200, *, row: str | re.Pattern[str] | None = None) -> Self:
        """Press a button that leads to a page."""
        return self._going(self._place(row).get_by_role("button", name=words, exact=True).first.click, status)

    def unfold(self, words: str, *, row: str | re.Pattern[str] | None = None) -> Self:
        """Press what asks a question or opens a menu."""
        self._place(row).locator("summary").filter(has_text=words).first.click()
        return self

    def enter(self, fields: dict[str, str]) -> Self:
        """Fill in fields by their labels."""
        for label, value in fields.items():
            self._field(label).fill(value)
        return self

    def tick(self, *labels: str, off: bool = False) -> Self:
        """Tick boxes or choose by their labels, or take the ticks away."""
        for label in labels:
            self._field(label).set_checked(not off)
        return self

    def choose_option(self, label: str, option: str) -> Self:
        """Choose from a list by its label."""
        self._field(label).select_option(label=option)
        return self

    def download(self, words: str) -> tuple[str, bytes]:
        """Click a link that saves a file; returns its name and content."""
        with self.page.expect_download() as expected:
            self.page.get_by_role("link", name=words, exact=True).click()
        saved: Download = expected.value
        return saved.suggested_filename, Path(saved.path()).read_bytes()

    def sign_in(self, person: Cast) -> Self:
        """Be signed in, without going through the page for it."""
        secret = self.portal.session_of(person)
        hosts = {self.portal.base_url, self.portal.public_url}
        self.context.add_cookies([{"name": "portico_dev", "value": secret, "url": host} for host in hosts])
        return self

    def enter_password(self, person: Cast, password: str | None = None, status: int = 200) -> Self:
        """Fill in the sign-in page that is open."""
        self.enter({"Email address": person.email, "Password": password or person.password})
        return self.press("Sign in", status)

    # --- what they see -----------------------------------------------------------------------------------------------

    @property
    def heading(self) -> str:
        """The page's title, as it stands on it."""
        return self.page.locator("h1").inner_text()

    @property
    def path(self) -> str:
        """The path of the address bar."""
        return "/" + self.page.url.split("/", 3)[3]

    @property
    def words(self) -> str:
        """All that can be read in the main part of the page."""
        return " ".join(self.page.locator("main").inner_text().split())

    @property
    def pictures(self) -> list[int]:
        """The widths of the pictures in the content; one that did not arrive has none."""
        found: list[int] = []
        for picture in self.page.locator("article img").all():
            # Pictures below the window arrive when it comes near them.
            picture.scroll_into_view_if_needed()
            found.append(self._width_of(picture))
        return found

    def fact(self, term: str) -> str:
        """What a description list says about a term."""
        terms = self.page.locator("dt").filter(has_text=re.compile(rf"^\s*{re.escape(term)}\s*$"))
        found: str = terms.first.locator("xpath=following-sibling::dd[1]").inner_text()
        return found.strip()

    def forgive(self) -> None:
        """Let the error statuses of the pages so far pass."""
        self._failed = []

    def value(self, label: str) -> str:
        """What a field holds."""
        found: str = self._field(label).input_value()
        return found

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page in each look, where somebody wants to see them: SCREENSHOTS names the folder."""
        folder = os.environ.get("SCREENSHOTS")
        for look in self._in_each_look() if folder else ():
            file = Path(folder or "") / f"{name}-{look.name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=file, full_page=True)

    def _width_of(self, picture: Locator) -> int:
        deadline = time.monotonic() + PATIENCE / 1_000
        while True:
            complete, width = picture.evaluate("one => [one.complete, one.naturalWidth]")
            if complete or time.monotonic() > deadline:
                return int(width)
            self.page.wait_for_timeout(50)

    def _place(self, row: str | re.Pattern[str] | None) -> Any:
        return self.page if row is None else self.page.get_by_role("row").filter(has_text=row)

    def _field(self, label: str) -> Any:
        # The asterisk of a required field is part of its label's text.
        labelled = self.page.get_by_label(re.compile(rf"^{re.escape(label)}\s*\*?$"))
        return labelled.and_(self.page.locator("input, select, textarea")).last

    def _going(self, act: Callable[[], None], status: int) -> Self:
        with self.page.expect_navigation() as going:
            act()
        return self._arrived(going.value, status)

    def _arrived(self, response: Response | None, status: int) -> Self:
        assert response is not None, f"{self.page.url}: there was no answer"
        assert response.status == status, f"{self.page.url} answered {response.status}: {self.words[:600]}"
        self._failed = [one for one in self._failed if one != response]
        self.check()
        return self

    # --- how closely they look ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Look at the page as it is now, in each look; fails with all that is wrong with it."""
        problems: list[str] = []
        for look in self._in_each_look():
            self._wait_for_all()
            problems += [f"{fault} ({look.name})" for fault in self._faults(look)]
        problems += [*self._problems, *(f"{one.status} for {one.url}" for one in self._failed)]
        self._problems, self._failed = [], []
        assert not problems, f"{self.page.url}:\n  " + "\n  ".join(problems)

    def _in_each_look(self) -> Iterator[Look]:
        """Show the page in one look after the other, and then in the first again."""
        yield self.look
        also = self.look.also if _LOOKED_AT_CLOSELY else ()
        for look in also:
            self._show_in(look)
            yield look
        if also:
            self._show_in(self.look)

    def _show_in(self, look: Look) -> None:
        self.page.set_viewport_size({"width": look.width, "height": look.height})
        self.page.emulate_media(color_scheme="dark" if look.dark else "light")

    def _faults(self, look: Look) -> Iterator[str]:
        facts = self.page.evaluate(_FACTS)
        yield from (f"the policy stopped {one}" for one in facts["violations"])
        yield from (f"the picture {one} is broken" for one in facts["broken"])
        if facts["wide"] > 0:
            yield f"the page is {facts['wide']} px wider than the window of {look.width} px"
        if facts["headings"] != 1:
            yield f"the page has {facts['headings']} main headings"
        yield from self._inaccessible(look)

    def _wait_for_all(self) -> None:
        """Wait until all that the page has asked for has come: what comes later would come into another page."""
        self.page.wait_for_load_state("load")
        # Where script is off no picture waits for the window to come near, and no frame is counted.
        if self._script:
            self.page.evaluate(_TWO_FRAMES)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while missing := [one.url for one, has_come in self._asked.items() if not has_come]:
            assert time.monotonic() < deadline, f"{self.page.url} waits for {missing}"
            self.page.wait_for_timeout(20)

    def _inaccessible(self, look: Look) -> list[str]:
        # axe-core waits by timers, which stand still where script is off; the markup is the same where it is on.
        key = (_PASSING.sub("", self.page.content()), look.dark, look.width)
        if key in self._good or not self._script or not _LOOKED_AT_CLOSELY:
            return []
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_axe())
        found: list[str] = self.page.evaluate(_LOOK, self._options(look))
        if not found:
            self._good.add(key)
        return found

    def _options(self, look: Look) -> dict[str, Any]:
        """Return what axe-core looks for: all by day, by night the colours, on a phone all but the colours."""
        if look.dark:
            return {"runOnly": {"type": "rule", "values": [_CONTRAST]}}
        # The levels of headings inside a shared page are its author's.
        shared = self.page.locator(".doc-body").count() > 0
        off = [name for name, wanted in (("heading-order", shared), (_CONTRAST, look.width < DESK.width)) if wanted]
        return {"runOnly": _RULES, "rules": {name: {"enabled": False} for name in off}}

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.portal.base_url + "/", self.portal.public_url + "/", "data:", "blob:")):
            self._problems.append(f"the page asks {request.url}")

    def _note_asked(self, request: Request) -> None:
        if self._leads_away(request):
            self._leaving = request
        else:
            self._asked[request] = False

    def _note_come(self, request: Request) -> None:
        if request in self._asked:
            self._asked[request] = True

    def _note_broken_off(self, request: Request) -> None:
        self._note_come(request)
        # It was a file to save: the page stays.
        if request == self._leaving:
            self._leaving = None

    def _note_page(self, frame: Frame) -> None:
        # An address that changes within a page is no other page.
        if frame == self.page.main_frame and self._leaving is not None:
            self._leaving = None
            self._asked.clear()

    def _leads_away(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self.page.main_frame

    def _note_response(self, response: Response) -> None:
        own = self._leads_away(response.request) or (self._leaving is None and response.request in self._asked)
        if response.status >= 400 and own:
            self._failed.append(response)

    def _note_script_error(self, error: WebError) -> None:
        self._problems.append(f"script failed: {error.error}")

    def _note_console(self, message: ConsoleMessage) -> None:
        # An error status is judged by its response, where it is known whether it was expected.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self._problems.append(f"console: {message.text}")


@contextmanager
def visits(browser: Browser, portal: Portal, kind: type[Somebody]) -> Iterator[Callable[..., Somebody]]:
    """Give people browsers: `visit()`, `visit(PHONE)`, `visit(script=False)`; all end together."""
    opened: list[Somebody] = []

    def begin(look: Look = DESK, *, script: bool = True, at: Portal | None = None) -> Somebody:
        opened.append(kind(browser, at or portal, look, script=script))
        return opened[-1]

    yield begin
    for one in opened:
        one.close()
