"""What is made of hostile markup, in Chromium: no script runs and nothing is asked of another origin, with our policy and without."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.storage import render_storage
from app.documents.types import Rendered
from app.documents.wiki import render_wiki
from app.web.headers import READER_POLICY
from tests.browser import chromium
from tests.documents.given import MATERIAL
from tests.documents.hostile import adf_documents, markup, storage_bodies, wiki_texts

OWN = "http://portal.example"
#: Fragments of one page.
_AT_ONCE = 1_500
_WATCH = """
window.__ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => { window.__ran.push(name); };
window.addEventListener("error", (event) => { if (event.message) window.__ran.push(event.message); });
document.addEventListener("securitypolicyviolation", (event) => {
  window.__ran.push(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""
# Everything is touched in the ways that people and browsers do, then read again by the parser as a script might write it.
_TOUCH = """async () => {
  const faults = [];
  const events = ["mouseover", "mouseenter", "pointerenter", "pointerover", "focus", "focusin", "blur", "load", "error",
    "toggle", "beforetoggle", "animationstart", "transitionend", "start", "input", "change", "scroll", "wheel", "keydown"];
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      for (const { name, value } of one.attributes) {
        const told = value.replace(/[\\u0000-\\u0020\\u007f-\\u00a0\\u200b\\ufeff]/g, "").toLowerCase();
        if (/^on/i.test(name) || ["style", "srcset", "srcdoc", "action", "formaction", "name"].includes(name)) {
          faults.push(`${one.localName} ${name}`);
        } else if (["href", "src", "data", "poster", "cite"].includes(name) && /^(javascript|vbscript|data|blob):/.test(told)) {
          faults.push(`${one.localName} ${name}=${value}`);
        }
      }
      if (one.localName === "a" && one.href) {
        // Read again it stands in a document without an address of its own.
        const leads = new URL(one.getAttribute("href") || "", location.href);
        if (!["http:", "https:", "mailto:"].includes(leads.protocol)) faults.push(`leads to ${leads.href}`);
      }
      if (one.namespaceURI !== "http://www.w3.org/1999/xhtml") faults.push(`${one.localName} of ${one.namespaceURI}`);
      if (["script", "style", "iframe", "form", "input", "base", "meta", "link", "object", "embed"].includes(one.localName)) {
        faults.push(one.localName);
      }
    }
  };
  const content = document.getElementById("content");
  look(content);
  for (const one of content.querySelectorAll("*")) for (const name of events) one.dispatchEvent(new Event(name));
  for (const one of content.querySelectorAll("details")) one.open = true;
  for (const one of content.children) {
    const before = one.innerHTML;
    const again = document.implementation.createHTMLDocument("").createElement("article");
    again.innerHTML = before;
    if (again.innerHTML !== before) faults.push(`read again it is another: ${before.slice(0, 200)}`);
    look(again);
  }
  for (const name of ["cookie", "body", "head", "forms", "location", "getElementById", "querySelector"]) {
    if (document[name] instanceof Element && !["body", "head"].includes(name)) faults.push(`document.${name} is taken`);
  }
  await new Promise((done) => setTimeout(done, 50));
  return [...window.__ran, ...faults];
}"""


@dataclass
class Watched:
    """What happened on a page: scripts, policy, elements that may not be, and requests beyond the page's own origin."""

    told: list[str]
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


def watch(browser: Browser, html: Iterable[str], policy: str | None) -> Watched:
    """Load pieces of HTML in one page, each in an article of its own."""
    articles = "".join(f"<article>{piece}</article>" for piece in html)
    page_html = f'<!doctype html><html lang="en"><title>Page</title><main id="content">{articles}</main>'
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(_WATCH)
    asked: list[str] = []
    spoken: list[str] = []

    def answer(route: Route, request: Request) -> None:
        if request.url == f"{OWN}/s/link/":
            headers = {"Content-Type": "text/html; charset=utf-8"}
            route.fulfill(headers=headers | ({"Content-Security-Policy": policy} if policy else {}), body=page_html)
            return
        if not request.url.startswith(f"{OWN}/s/link/media/"):
            asked.append(request.url)
        route.fulfill(status=404, body="")

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            spoken.append(message.text)

    def open_window(_: Page) -> None:
        spoken.append("a window opened")

    context.route("**/*", answer)
    page = context.new_page()
    page.on("console", listen)
    page.on("popup", open_window)
    page.goto(f"{OWN}/s/link/", wait_until="load")
    told: list[str] = page.evaluate(_TOUCH)
    left = [] if page.url == f"{OWN}/s/link/" else [f"the page went to {page.url}"]
    context.close()
    return Watched([*told, *spoken, *left], asked)


@cache
def _shown(render: Callable[..., Rendered], bodies: Callable[[], Iterable[object]]) -> list[str]:
    # What is the same has the same effect.
    found: dict[str, None] = {}
    for body in bodies():
        try:
            found[render(body, MATERIAL).html] = None
        except DocumentError:
            continue
    return list(found)


@pytest.mark.parametrize("policy", [READER_POLICY, None], ids=["policy", "without"])
@pytest.mark.parametrize(
    ("render", "bodies"),
    [(render_storage, storage_bodies), (render_adf, adf_documents), (render_wiki, wiki_texts)],
    ids=["storage", "adf", "wiki"],
)
def test_nothing_hostile_runs_or_leaves_the_origin(
    browser: Browser,
    policy: str | None,
    render: Callable[..., Rendered],
    bodies: Callable[[], Iterable[object]],
) -> None:
    pieces = _shown(render, bodies)
    for first in range(0, len(pieces), _AT_ONCE):
        seen = watch(browser, pieces[first : first + _AT_ONCE], policy)
        assert (seen.told, seen.asked) == ([], [])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("<img src=media/x onerror=alert(1)>", "alert"),
        ("<svg onload=alert(1)></svg>", "alert"),
        ("<details open ontoggle=alert(1)>x</details>", "alert"),
        ("<p onmouseover=alert(1)>x</p>", "alert"),
        ("<script>throw new Error('uncaught')</script>", "uncaught"),
        ("<a href='java&#10;script:alert(1)'>x</a>", "leads to javascript:alert(1)"),
        ("<form><input name=cookie></form>", "input name"),
        ("<form name=cookie></form>", "document.cookie is taken"),
        ("<math><mtext>x</mtext></math>", "mtext of http://www.w3.org/1998/Math/MathML"),
        ("<svg></p><style><a id='</style><img src=media/x onerror=alert(1)>'>", "svg of http://www.w3.org/2000/svg"),
        ("<form id=a><div></form><form id=b>x</form></div>", "read again it is another"),
    ],
)
def test_a_raw_page_that_does_harm_is_noticed(browser: Browser, raw: str, said: str) -> None:
    told = watch(browser, [raw], None).told

    assert any(said in one for one in told), told


@pytest.mark.parametrize(
    "raw",
    [
        "<img src=//evil.example/x>",
        "<p style='background:url(//evil.example/x)'>x</p>",
        "<style>@import '//evil.example/x';</style>",
        "<link rel=stylesheet href=//evil.example/x>",
        "<video poster=//evil.example/x></video>",
        "<iframe src=//evil.example/x></iframe>",
        "<object data=//evil.example/x></object>",
        "<svg><image href=//evil.example/x /></svg>",
        "<img srcset='//evil.example/x 1x'>",
        "<script src=//evil.example/x></script>",
    ],
)
def test_a_raw_page_that_asks_another_origin_is_noticed_and_stopped_by_the_policy(browser: Browser, raw: str) -> None:
    free, bound = watch(browser, [raw], None), watch(browser, [raw], READER_POLICY)

    assert any("evil.example" in one for one in free.asked)
    assert bound.asked == []
    assert any("policy: " in one for one in bound.told)


def test_the_grammar_itself_does_harm_where_nothing_cleans_it(browser: Browser) -> None:
    raw = [piece for at, piece in enumerate(markup()) if at % 40 == 0 and "<plaintext" not in piece]

    seen = watch(browser, raw[:60], None)

    assert "alert" in seen.told or seen.asked
