"""Row 7: a page in storage format to safe HTML, beside one `nh3.clean` of the same text; a large and a hostile one.

Runs in this process, without server or database. The hostile body is as large as Portico reads from Atlassian at all.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import nh3

from app.documents.errors import DocumentError
from app.documents.storage import render_storage
from app.documents.types import CoveredPage, Limits, Material, MediaFile

USUAL = "storage format of 100 KB to safe HTML"
PEER = "nh3.clean alone, the same 100 KB"
CLEANED = "nh3.clean alone, the HTML that comes out"
LARGE = "storage format of 1 MB to safe HTML"
HOSTILE = "hostile body of 10 MB, refused"
DENSE = "densest body that is read, refused or shown"
#: Wanted at most: the cost of the usual page as a multiple of the peer's.
MOST = 6.0

_FILE = MediaFile("att1", "berths.png", "image/png", 20_480)
_MATERIAL = Material(
    attachments={_FILE.filename: _FILE},
    object_id="1",
    pages={"page::Tide tables": CoveredPage("2", "Tide tables", "page-2")},
    people={f"acc-{number}": f"Pilot {number}" for number in range(5)},
)
_SECTION = """<h2>Berth {n}: depth &amp; fenders</h2>
<p>Berth {n} takes ships of up to <strong>{n}40 m</strong>; see the <a href="https://example.com/berths/{n}">chart of the
harbour</a>, <ac:link><ri:page ri:content-title="Tide tables" ri:version-at-save="3"/></ac:link> and ask
<ac:link><ri:user ri:account-id="acc-{m}"/></ac:link> before <time datetime="2026-03-{d:02}"/>. The <em>fenders</em> were
changed in spring, <span style="color: rgb(255,86,48);">three are still missing</span>, and the pilots know.</p>
<ul><li>Depth at low water: <code>{n}.4 m</code></li><li><p>Shore power: yes</p><ul><li>400 V</li><li>440 V</li></ul></li></ul>
<ac:structured-macro ac:name="{kind}" ac:schema-version="1" ac:macro-id="{id}"><ac:rich-text-body><p>Ring the bell twice at
night, and once by day.</p></ac:rich-text-body></ac:structured-macro>
<table data-table-width="760" data-layout="default" ac:local-id="{id}"><colgroup><col style="width: 300.0px;"/><col
style="width: 460.0px;"/></colgroup><tbody><tr><th><p>Crane</p></th><th><p>Reach</p></th></tr>{rows}</tbody></table>
<ac:image ac:align="center" ac:layout="center" ac:original-height="800" ac:original-width="1200" ac:custom-width="true"
ac:width="600"><ri:attachment ri:filename="berths.png" ri:version-at-save="1"/><ac:caption><p>Plan {n}</p></ac:caption></ac:image>
<p>State: <ac:structured-macro ac:name="status" ac:schema-version="1" ac:macro-id="{id}"><ac:parameter
ac:name="title">Open</ac:parameter><ac:parameter ac:name="colour">Green</ac:parameter></ac:structured-macro>, and below is
how the gate is told of it.</p>
<ac:task-list ac:task-list-id="{id}"><ac:task><ac:task-id>{n}</ac:task-id><ac:task-uuid>{id}</ac:task-uuid><ac:task-status>
incomplete</ac:task-status><ac:task-body><span class="placeholder-inline-tasks">Grease the bollards of berth {n}</span>
</ac:task-body></ac:task></ac:task-list>
"""
_ROW = '<tr><td data-highlight-colour="#e3fcef"><p>Crane {n}</p></td><td><p>{n}2 m, with {n} t</p></td></tr>'
_CODE = """<ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="0"><ac:parameter
ac:name="language">python</ac:parameter><ac:plain-text-body><![CDATA[def gate(berth: int) -> str:
    return f"berth {berth} is open"
]]></ac:plain-text-body></ac:structured-macro>
"""
_KINDS = ("info", "note", "tip", "warning")

#: How often a round runs a small subject; the median counts.
_TIMES = 9


@dataclass(frozen=True)
class Timing:
    """Milliseconds of a processor that one subject took, by round."""

    name: str
    rounds: tuple[float, ...]
    #: What became of it, in a few words.
    outcome: str = ""

    @property
    def middle(self) -> float:
        return median(self.rounds)


def ratio(timings: dict[str, Timing]) -> float:
    """Return the median over rounds of the usual page's time by the peer's in the same round."""
    pairs = zip(timings[USUAL].rounds, timings[PEER].rounds, strict=True)
    return median(own / peer for own, peer in pairs)


def body(characters: int) -> str:
    """Return a page as people write them, of about this length."""
    parts: list[str] = [_CODE * 3]
    length, number = len(parts[0]), 0
    while length < characters:
        number += 1
        rows = "".join(_ROW.format(n=row) for row in range(1, 6))
        kind = _KINDS[number % len(_KINDS)]
        named = uuid.UUID(int=number)
        parts.append(_SECTION.format(n=number, m=number % 5, d=number % 28 + 1, kind=kind, rows=rows, id=named))
        length += len(parts[-1])
    return "".join(parts)


def hostile(characters: int) -> str:
    """Return a body that is nothing but the cheapest markup that costs most to draw."""
    macro = '<ac:structured-macro ac:name="x"/><ac:link/>'
    return macro * (characters // len(macro))


def measure(*, rounds: int) -> dict[str, Timing]:
    """Time all subjects in each round, after one that does not count."""
    usual, large = body(100_000), body(1_000_000)
    shown = render_storage(usual, _MATERIAL).html
    enormous, dense = hostile(10_000_000), hostile(Limits().max_characters - 100)
    small: dict[str, Callable[[], str]] = {
        USUAL: lambda: _rendered(usual),
        PEER: lambda: f"{len(nh3.clean(usual)):,} characters",
        CLEANED: lambda: f"{len(nh3.clean(shown)):,} characters",
    }
    big: dict[str, Callable[[], str]] = {
        LARGE: lambda: _rendered(large),
        HOSTILE: lambda: _rendered(enormous),
        DENSE: lambda: _rendered(dense),
    }
    # The large ones leave the memory of the process in disorder, of which their neighbours would pay.
    return _measure(small, rounds, times=_TIMES) | _measure(big, rounds, times=1)


def _measure(subjects: dict[str, Callable[[], str]], rounds: int, times: int) -> dict[str, Timing]:
    found: dict[str, list[float]] = {name: [] for name in subjects}
    outcomes: dict[str, str] = {}
    for number in range(rounds + 1):
        for name, run in subjects.items():
            took = []
            for _time in range(times):
                # What else runs on the machine is not counted.
                began = time.process_time()
                outcomes[name] = run()
                took.append((time.process_time() - began) * 1_000)
            if number:
                found[name].append(median(took))
    return {name: Timing(name, tuple(rows), outcomes[name]) for name, rows in found.items()}


def _rendered(storage: str) -> str:
    try:
        return f"{len(render_storage(storage, _MATERIAL).html):,} characters"
    except DocumentError as error:
        return str(error)
