"""Figures as tables: on the terminal beside the published ones, and as `bench/results.md`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import documents, paper, reads, saml, start
from bench.documents import Timing
from bench.flood import RATE, Flooding
from bench.machine import Machine
from bench.paper import Making
from bench.reads import Reading
from bench.uniform import BASE, CONTROL, Spread

FOLDER = Path(__file__).parent
PUBLISHED = FOLDER / "results.json"
PAGE = FOLDER / "results.md"
_PERCENTILES = (5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Target:
    """A ratio that must be reached, and what came out."""

    name: str
    wanted: float
    figure: float
    #: Whether the figure is a cost: less is better then.
    cost: bool = False

    @property
    def reached(self) -> bool:
        return self.figure <= self.wanted if self.cost else self.figure >= self.wanted

    @property
    def bound(self) -> str:
        return f"{'≤' if self.cost else '≥'} {self.wanted:g}"


@dataclass(frozen=True)
class Results:
    """Everything that one run measured."""

    machine: Machine
    readings: dict[str, Reading]
    floods: dict[str, list[Flooding]]
    spreads: dict[str, Spread]
    rounds: int
    seconds: int
    making: list[Making] = field(default_factory=list)
    while_making: dict[str, paper.Reading] = field(default_factory=dict)
    starts: dict[str, start.Start] = field(default_factory=dict)
    documents: dict[str, Timing] = field(default_factory=dict)
    responses: dict[str, saml.Timing] = field(default_factory=dict)


def targets(results: Results) -> list[Target]:
    """Return the ratios that Portico must reach, from one run."""
    return [*_of_readers(results), *_of_processes(results), *_of_documents(results)]


def _of_readers(results: Results) -> Iterator[Target]:
    for kind, peer in reads.ORM.items():
        if reads.READ[kind] in results.readings:
            name = f"gated read / Flask + one ORM SELECT, {kind}"
            yield Target(name, 1.0, reads.ratio(results.readings, reads.READ[kind], peer))
    for kind, name in reads.FORGED.items():
        if name in results.readings:
            figure = reads.ratio(results.readings, name, reads.EMPTY)
            yield Target(f"forged token / Flask, empty view, {kind}", 0.9, figure)
    for kind, floods in results.floods.items():
        for one in floods:
            yield Target(f"readers' rate kept, {one.name}, {kind}", 0.7, one.kept)


def _of_processes(results: Results) -> Iterator[Target]:
    for one in results.making:
        yield Target(f"PDF of {one.sheets} sheets / WeasyPrint alone", 1.2, one.ratio, cost=True)
    if results.starts:
        for name, wanted, figure in zip(("time", "size"), start.MOST, start.ratios(results.starts), strict=True):
            yield Target(f"{name} of a portal's start / everything imported", wanted, figure, cost=True)


def _of_documents(results: Results) -> Iterator[Target]:
    if results.documents:
        name = "storage format of 100 KB / nh3.clean alone"
        yield Target(name, documents.MOST, documents.ratio(results.documents), cost=True)
    if results.responses:
        for peer, wanted in ((saml.PYSAML2, 25.0), (saml.PYTHON3_SAML, 1.0)):
            figure = saml.ratio(results.responses, peer, saml.OURS)
            yield Target(f"SAML response: {peer} / Portico", wanted, figure)


def show(results: Results) -> str:
    """Return the targets beside the published figures, and whether each is reached."""
    published = json.loads(PUBLISHED.read_text(encoding="utf-8")) if PUBLISHED.exists() else {}
    lines = [f"{'':66}{'now':>8}{'wanted':>9}{'published':>11}"]
    for one in targets(results):
        before = f"{published[one.name]:.2f}" if one.name in published else "–"
        mark = "" if one.reached else "   not reached"
        lines.append(f"{one.name:66}{one.figure:8.2f}{one.bound:>9}{before:>11}{mark}")
    return "\n".join(lines)


def publish(results: Results) -> None:
    """Write the figures as the published ones."""
    figures = {one.name: round(one.figure, 3) for one in targets(results)}
    PUBLISHED.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")


def page(results: Results) -> str:
    """Return all figures as Markdown."""
    parts = [_head(results), _targets(results)]
    if results.readings:
        parts.append(_readings(results))
    parts += [_floods(kind, floods) for kind, floods in results.floods.items()]
    parts += [_spread(kind, spread) for kind, spread in results.spreads.items()]
    if results.making:
        parts.append(_making(results.making))
    parts += [_while_making(kind, one) for kind, one in results.while_making.items()]
    if results.starts:
        parts.append(_starts(results.starts))
    if results.documents:
        parts.append(_documents(results.documents))
    if results.responses:
        parts.append(_saml(results.responses))
    return "\n\n".join(parts) + "\n"


def _head(results: Results) -> str:
    machine = results.machine
    return f"""# Measured

<!-- Made by `python -m bench --publish`; bench/README.md says how to read it. -->

{machine.day:%d %B %Y} on {machine.hardware}, {machine.system}. {machine.programs}.

Each server: one gunicorn worker, `gthread`, 8 threads, on core 0; wrk (one thread, 16 connections), PostgreSQL and the
simulated Atlassian site on core 1. {results.rounds} rounds of {results.seconds} s, all subjects in each round. The machine is shared and noisy: only ratios
within this run mean anything. A ratio is the median over rounds of two rates of the same round."""


def _targets(results: Results) -> str:
    rows = [[one.name, f"{one.figure:.2f}", one.bound, "yes" if one.reached else "**no**"] for one in targets(results)]
    return "## What must be reached\n\n" + _table(["Ratio", "Measured", "Wanted", "Reached"], rows)


def _readings(results: Results) -> str:
    readings = results.readings
    rows = []
    for name, one in readings.items():
        orm = "–" if reads.ORM["SQLite"] not in readings else f"{reads.ratio(readings, name, reads.ORM['SQLite']):.2f}"
        middle = sorted(one.shots, key=lambda shot: shot.rate)[len(one.shots) // 2]
        rows.append(
            [
                name,
                f"{one.rate:,.0f}",
                f"{one.slowest:,.0f}–{one.fastest:,.0f}",
                f"{middle.p50_ms:.1f} / {middle.p99_ms:.0f}",
                f"{reads.ratio(readings, name, reads.EMPTY):.2f}",
                orm,
            ]
        )
    heads = ["", "answers/s, median", "lowest–highest", "p50 / p99 ms", "× empty view", "× ORM SELECT, SQLite"]
    return "## Reading through a live grant\n\n" + _table(heads, rows)


def _floods(kind: str, floods: list[Flooding]) -> str:
    rows = []
    for one in floods:
        kept = one.kept_by_round
        rows.append(
            [
                one.name,
                f"{one.kept:.2f}",
                f"{min(kept):.2f}–{max(kept):.2f}",
                ", ".join(f"{status or 'no answer'}: {count:,}" for status, count in sorted(one.answers.items())),
            ]
        )
    return (
        f"## Readers during a flood of wrong passwords, {kind}\n\n"
        f"{RATE} tries a second, whatever is answered. 403 is a wrong password, 429 a limit, 503 too many hashes at once.\n\n"
        + _table(["", "rate kept, median", "lowest–highest", "answers to the flood"], rows)
    )


def _making(making: list[Making]) -> str:
    rows = [
        [
            f"{one.sheets} sheets",
            *(f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})" for times in (one.own, one.bare, one.stamped)),
            f"{one.ratio:.2f}",
        ]
        for one in making
    ]
    heads = ["", "Portico", "WeasyPrint alone", "a reader's line and watermark", "Portico / WeasyPrint"]
    return (
        "## PDFs\n\nSeconds, median (lowest–highest), each in a process of its own that starts with nothing loaded. Ours are tagged\n"
        "(PDF/UA-1) and say what each header cell heads; WeasyPrint alone makes plain ones.\n\n" + _table(heads, rows)
    )


def _while_making(kind: str, one: paper.Reading) -> str:
    rows = [
        [
            name,
            f"{median(shot.rate for shot in shots):,.0f}",
            f"{median(shot.p50_ms for shot in shots):.1f}",
            f"{median(shot.p99_ms for shot in shots):.1f}",
        ]
        for name, shots in (("alone", one.alone), ("while 64 sheets are made", one.meanwhile))
    ]
    return (
        f"## Readers while a PDF of 64 sheets is made on their core, {kind}\n\n"
        f"p99 is {one.p99_ratio:.2f} × that of reading alone, median of rounds.\n\n"
        + _table(["", "answers/s", "p50 ms", "p99 ms"], rows)
    )


def _spread(kind: str, spread: Spread) -> str:
    base = next(one for one in spread.series if one.name == BASE)
    rows = []
    for one in spread.series:
        cells = [f"{one.percentile(number):,.0f}" for number in _PERCENTILES]
        rows.append([one.name, f"{len(one.times):,}", *cells, f"{one.median - base.median:+,.1f}"])
    same = "The bodies were byte for byte the same." if spread.same_bytes else "**The bodies differed.**"
    heads = ["state", "samples", *(f"p{number}" for number in _PERCENTILES), "median against unknown"]
    return (
        f"## Answers to strangers about links that do not open, {kind}\n\n"
        f"Microseconds from the first byte out to the last byte in, over loopback. {same} “{CONTROL}” is the same link as\n"
        f"“{BASE}”: what it differs by is chance.\n\n" + _table(heads, rows)
    )


def _starts(starts: dict[str, start.Start]) -> str:
    rows = [
        [
            one.name,
            f"{median(one.seconds):.2f}",
            f"{min(one.seconds):.2f}–{max(one.seconds):.2f}",
            f"{median(one.megabytes):.0f}",
        ]
        for one in starts.values()
    ]
    return "## Starting\n\nOne worker on core 0, size when it first answers.\n\n" + _table(
        ["", "s, median", "lowest–highest", "MB resident"], rows
    )


def _saml(timings: dict[str, saml.Timing]) -> str:
    rows = [
        [
            one.name,
            f"{one.middle:.2f}",
            f"{min(one.rounds):.2f}–{max(one.rounds):.2f}",
            f"{saml.ratio(timings, one.name, saml.OURS):.2f}",
            f"{saml.ratio(timings, one.name, saml.BARE):.1f}",
        ]
        for one in timings.values()
    ]
    heads = ["", "ms, median", "lowest–highest", "× Portico", "× xmlsec alone"]
    return (
        "## Reading a SAML response\n\nAbout 9 KB, response and assertion signed (RSA-3072, SHA-256), twelve attributes and "
        "twenty groups; one process, all subjects in each round.\n\n" + _table(heads, rows)
    )


def _documents(timings: dict[str, Timing]) -> str:
    rows = [
        [one.name, f"{one.middle:,.1f}", f"{min(one.rounds):,.1f}–{max(one.rounds):,.1f}", one.outcome]
        for one in timings.values()
    ]
    return "## Documents\n\nIn one process, all subjects in each round; milliseconds of the processor.\n\n" + _table(
        ["", "median", "lowest–highest", "what comes out"], rows
    )


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in [heads, *rows]]
    lines.insert(1, "|" + "|".join([" --- ", *[" ---: "] * (len(heads) - 1)]) + "|")
    return "\n".join(lines)
