"""Content as the reader's browser shows it: with the reader's sheets, and the files of the simulated company behind `media/`."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, FloatRect, Page, Route

from tests.documents.corpus import SITE, content_of
from tests.documents.paper.sheets import CSS

_ORIGIN = "http://portal.example/"
_SHEETS = ("tokens", "base", "controls", "components", "reader-shell", "reader", "reader-issue", "code-tokens")
_PAGE = """<!doctype html><html lang="en" data-theme="auto"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
{sheets}</head><body class="reader"><div class="reader-columns"><main class="reader-main"><article class="reader-content">
{heading}<div class="doc-body">{content}</div></article></main></div></body></html>"""
_FAULTS = """() => {
  const found = [], width = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth - width;
  if (wide > 0) found.push(`${wide} px wider than the window`);
  for (const one of document.images) {
    if (one.complete && !one.naturalWidth) found.push(`broken picture ${one.getAttribute("src")}`);
    if (!one.hasAttribute("alt")) found.push(`no words for ${one.getAttribute("src")}`);
  }
  return found;
}"""


_CUT = """([keep, without]) => {
  const body = document.querySelector(".doc-body");
  const found = [...body.children].filter((one) => one.matches(keep));
  if (without) for (const one of body.querySelectorAll(without)) one.remove();
  body.replaceChildren(...found.filter((one) => one.isConnected));
  for (const one of body.querySelectorAll("details")) one.open = true;
  return body.children.length;
}"""
#: CSS pixels around what is cut out.
_MARGIN = 12


@dataclass(frozen=True)
class Look:
    """How somebody's browser is set up; the desk's window is as wide as the column of text."""

    name: str
    width: int
    dark: bool = False


DAY = Look("light", 808)
NIGHT = Look("dark", 808, dark=True)
PHONE = Look("390", 390)


class Screen:
    """One window that shows one piece of content after another."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def show(self, content: str, title: str = "") -> list[str]:
        """Show content under a title, and return what is wrong with it at first sight."""
        heading = f"<h1>{html.escape(title)}</h1>" if title else ""
        # What lies below the window would not arrive before the picture is taken.
        content = content.replace(' loading="lazy" decoding="async"', "")
        sheets = "".join(f'<link rel="stylesheet" href="{_ORIGIN}css/{name}.css">' for name in _SHEETS)
        self._page.goto(_ORIGIN)
        self._page.set_content(
            _PAGE.format(title=html.escape(title), sheets=sheets, heading=heading, content=content), wait_until="load"
        )
        found: list[str] = self._page.evaluate(_FAULTS)
        return found

    def cut(self, keep: str, without: str) -> int:
        """Leave of the content's top level what matches, take `without` out of it, unfold it, and return how much is left."""
        left: int = self._page.evaluate(_CUT, [keep, without])
        return left

    def picture(self, selector: str | None = None) -> bytes:
        """Return a PNG of the whole page, or of the element that a selector finds with a little around it."""
        if selector is None:
            return self._page.screenshot(full_page=True)
        box = self._page.locator(selector).bounding_box()
        assert box is not None
        clip: FloatRect = {
            "x": box["x"] - _MARGIN,
            "y": box["y"] - _MARGIN,
            "width": box["width"] + 2 * _MARGIN,
            "height": box["height"] + 2 * _MARGIN,
        }
        return self._page.screenshot(full_page=True, clip=clip)


@contextmanager
def screen(browser: Browser, look: Look, *, scale: float = 1) -> Iterator[Screen]:
    """Open a window; `scale` is the device's pixels for one of CSS."""
    context = browser.new_context(
        viewport={"width": look.width, "height": 200},
        device_scale_factor=scale,
        color_scheme="dark" if look.dark else "light",
        java_script_enabled=True,
        reduced_motion="reduce",
    )
    context.route("**/*", _answer)
    yield Screen(context.new_page())
    context.close()


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(_ORIGIN).partition("?")[0]
    if path.startswith("css/"):
        route.fulfill(content_type="text/css; charset=utf-8", body=(CSS / path.removeprefix("css/")).read_bytes())
    elif path.rpartition("/")[2] in SITE.attachments:
        kind, body = content_of(path)
        route.fulfill(content_type=kind, body=body)
    elif path:
        route.abort()
    else:
        route.fulfill(content_type="text/html", body="")
