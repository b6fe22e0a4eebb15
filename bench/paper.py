"""Row 8: making PDFs beside WeasyPrint alone, and readers while a long one is made on the portal's core."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from app.documents.paper import Manuscript, PaperFile, compose
from app.documents.paper.personal import Marks
from app.documents.paper.process import Request, Work
from app.features.share_links.paper import child as paper_child
from bench import wrk
from bench.browser import Browser
from bench.content import PASSWORD
from bench.servers import OTHER_CORE, ROOT, SERVER_CORE, Portal
from bench.wrk import Shot

#: Chapters that make six and sixty-four sheets.
CHAPTERS = {6: 9, 64: 95}
_STYLES = ("tokens.css", "reader.css", "reader-issue.css", "code-tokens.css", "paper.css")
_BARE = """
import sys, weasyprint
from weasyprint.urls import URLFetcher, URLFetcherResponse
from pathlib import Path
class Styles(URLFetcher):
    def fetch(self, url, headers=None):
        return URLFetcherResponse(url, (Path(sys.argv[1]) / url.rpartition("/")[2]).read_bytes(), {"Content-Type": "text/css"})
html = sys.stdin.buffer.read().decode()
sys.stdout.buffer.write(weasyprint.HTML(string=html, base_url="https://x.invalid/", url_fetcher=Styles()).write_pdf())
"""


@dataclass(frozen=True)
class Making:
    """Seconds for one length, by round: ours, WeasyPrint alone, and putting a reader's line in."""

    sheets: int
    own: tuple[float, ...]
    bare: tuple[float, ...]
    stamped: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(own / bare for own, bare in zip(self.own, self.bare, strict=True))


@dataclass(frozen=True)
class Reading:
    """What readers got alone, and while a PDF was being made, by round."""

    alone: tuple[Shot, ...]
    meanwhile: tuple[Shot, ...]

    @property
    def p99_ratio(self) -> float:
        return median(one.p99_ms / alone.p99_ms for alone, one in zip(self.alone, self.meanwhile, strict=True))


def making(rounds: int) -> list[Making]:
    """Make each length in turn with ours and with WeasyPrint alone, each time in a process of its own."""
    found = []
    for sheets, chapters in CHAPTERS.items():
        request = _request(chapters)
        own, bare, stamped = [], [], []
        for _ in range(rounds):
            seconds, neutral = _timed(partial(paper_child.make, request, beat=_silently))
            own.append(seconds)
            bare.append(_timed(partial(_bare, request.html))[0])
            files = (PaperFile("neutral.pdf", "application/pdf", neutral),)
            marks = Marks("For Ada Lin (ada@vendor.example) · 25 Nov 2026", "ada@vendor.example")
            asked = Request(Work.STAMP, files=files, line=marks.line, watermark=marks.watermark)
            stamped.append(_timed(partial(paper_child.stamp, asked))[0])
        found.append(Making(sheets, tuple(own), tuple(bare), tuple(stamped)))
    return found


def reading(portal: Portal, *, rounds: int, seconds: int) -> Reading:
    """Read a page alone and while sixty-four sheets are made, over and over, on the portal's own core."""
    reader = Browser(portal.port)
    reader.open_link(portal.tokens.read, PASSWORD)
    url, cookie = f"{portal.url}/s/{portal.tokens.read}/", reader.cookie_header
    alone, meanwhile = [], []
    wrk.shoot(url, 1, cookie=cookie)
    for _ in range(rounds):
        alone.append(wrk.shoot(url, seconds, cookie=cookie))
        ended = threading.Event()
        maker = threading.Thread(target=_keep_making, args=(ended,))
        maker.start()
        time.sleep(1)
        meanwhile.append(wrk.shoot(url, seconds, cookie=cookie))
        ended.set()
        maker.join()
    return Reading(tuple(alone), tuple(meanwhile))


def _keep_making(ended: threading.Event) -> None:
    # A thread's processors are inherited by the children it starts.
    os.sched_setaffinity(0, {SERVER_CORE})
    request = _request(CHAPTERS[64])
    while not ended.is_set():
        paper_child.make(request, beat=_silently)
    os.sched_setaffinity(0, {OTHER_CORE})


def _silently() -> None:
    """Nobody has to be told that it goes on."""


def _timed(work: Callable[[], bytes]) -> tuple[float, bytes]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


def _bare(html: str) -> bytes:
    command = [sys.executable, "-c", _BARE, str(ROOT / "static" / "css")]
    return subprocess.run(command, input=html.encode(), stdout=subprocess.PIPE, check=True).stdout


def _request(chapters: int) -> Request:
    script = Manuscript(
        "Harbour manual", "", ("Version 7",), "Acme Harbour", "{name}", "Picture", "{name}", "en", _manual(chapters)
    )
    styles = tuple(PaperFile(name, "text/css", (ROOT / "static" / "css" / name).read_bytes()) for name in _STYLES)
    return Request(Work.MAKE, compose(script, _STYLES, ()), styles)


def _manual(chapters: int) -> str:
    """Return a manual: text, a list, a table and code in each chapter."""
    cells = "".join(f"<tr><td>{row}</td><td>{row * 7} t</td><td>after the tide turned</td></tr>" for row in range(1, 7))
    table = f'<table class="doc-table"><tr><th>Lift</th><th>Load</th><th>Remark</th></tr>{cells}</table>'
    text = (
        "Ships wait for the tide, and the crane waits for the ship; what is written down is not asked for twice. " * 6
    )
    return "".join(
        f'<h2 id="doc-{number}">Chapter {number}</h2><p>{text}</p><ul><li>first</li><li>then</li></ul>'
        f'<div class="doc-table-scroll">{table}</div><p>{text}</p>'
        f'<pre class="doc-pre"><code>SELECT berth FROM calls WHERE week = {number}</code></pre>'
        for number in range(chapters)
    )
