"""`python -m bench`: measure for a few minutes, print the figures beside the published ones."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import documents, flood, growth, machine, paper, reads, report, saml, start, uniform
from bench.flood import Flooding
from bench.report import Results
from bench.servers import Portal, Workshop, workshop
from bench.uniform import Spread
from simulator import site

#: A part of its own with a page of its own: it fills millions of rows.
GROWTH = "growth"
KINDS = ("SQLite", "PostgreSQL")
PARTS = ("reads", "flood", "uniform", "paper", "start", "documents", "saml")
#: Parts that run in this process, without a portal, wrk or PostgreSQL.
_ALONE = frozenset({"documents", "saml"})


def main() -> int:
    return _growth(sys.argv[1:]) if GROWTH in sys.argv[1:] else _speed()


def _speed() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all of it by default")
    parser.add_argument("--rounds", type=int, default=5, help="how often each subject is measured")
    parser.add_argument("--seconds", type=int, default=3, help="how long each measurement takes")
    parser.add_argument("--samples", type=int, default=10_000, help="how many answers of each state are timed")
    parser.add_argument("--quick", action="store_true", help="one short round of each, to see that it works")
    parser.add_argument("--publish", action="store_true", help="write the figures as the published ones")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.samples = 1, 1, 200
    parts = frozenset(given.parts or PARTS)
    if given.publish and (given.quick or parts != frozenset(PARTS)):
        parser.error("only a whole run of all parts is published")
    for program in ("wrk", "taskset"):
        if shutil.which(program) is None and not parts <= _ALONE:
            parser.error(f"{program} is not on this machine; `make bench` installs it")
    if "saml" in parts and shutil.which("xmlsec1") is None:
        parser.error("xmlsec1 is not on this machine; `make bench` installs it")
    began = time.monotonic()
    results = Results(machine.describe(), {}, {}, {}, given.rounds, given.seconds)
    if "documents" in parts:
        _say("rendering documents")
        results = replace(results, documents=documents.measure(rounds=given.rounds))
    if "saml" in parts:
        _say("reading SAML responses")
        results = replace(results, responses=saml.measure(rounds=given.rounds, seconds=given.seconds))
    if not parts <= _ALONE:
        with (
            tempfile.TemporaryDirectory(prefix="portico-bench-") as folder,
            site.start() as simulated,
            workshop(Path(folder), simulated.base_url) as opened,
        ):
            results = _measure(results, opened, parts, given.samples)
    print(report.page(results))
    print(report.show(results))
    print(f"\nmeasured for {time.monotonic() - began:.0f} s")
    if given.publish:
        report.publish(results)
    return 0


def _growth(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench growth", description=growth.__doc__)
    parser.add_argument("part", choices=[GROWTH])
    parser.add_argument("--share", type=float, default=1.0, help="how much of the whole both sizes are filled with")
    parser.add_argument("--on", choices=KINDS, action="append", help="a database to measure; both by default")
    parser.add_argument("--rounds", type=int, default=30, help="how often each page is asked for")
    parser.add_argument("--publish", action="store_true", help="write the figures as the published ones")
    given = parser.parse_args(arguments)
    if given.publish and (given.share != 1 or given.on):
        parser.error("only the whole growth on both databases is published")
    found = []
    for kind in given.on or KINDS:
        _say(f"filling {given.share:.0%} of two sizes and asking for every page, {kind}")
        with (
            tempfile.TemporaryDirectory(prefix="portico-bench-") as folder,
            site.start() as simulated,
            workshop(Path(folder), simulated.base_url) as opened,
        ):
            found.append(growth.measure(opened, kind, share=given.share, rounds=given.rounds))
            # At once: what was measured for minutes should outlive what is measured next.
            print(growth.section(found[-1]), flush=True)
    page = growth.page(machine.describe(), found, given.rounds)
    if given.publish:
        growth.PAGE.write_text(page, encoding="utf-8")
    return 0


def _measure(results: Results, opened: Workshop, parts: frozenset[str], samples: int) -> Results:
    rounds, seconds = results.rounds, results.seconds
    _say("starting the portal on SQLite and on PostgreSQL")
    portals = {
        "SQLite": opened.portal("portal-sqlite"),
        "PostgreSQL": opened.portal("portal-postgresql", opened.postgresql.fresh()),
    }
    readings = {}
    if "reads" in parts:
        subjects = reads.peers(opened)
        for kind, portal in portals.items():
            subjects += reads.of_portal(portal, kind)
        _say(f"reading: {len(subjects)} subjects, {rounds} rounds of {seconds} s")
        readings = reads.measure(subjects, rounds=rounds, seconds=seconds)
    floods: dict[str, list[Flooding]] = {}
    spreads: dict[str, Spread] = {}
    for kind, portal in portals.items():
        if "flood" in parts:
            floods[kind] = _flood(portal, kind, rounds, seconds)
        if "uniform" in parts:
            _say(f"timing {samples:,} answers of each state, {kind}")
            spreads[kind] = uniform.measure(portal, samples=samples)
    making: list[paper.Making] = []
    while_making: dict[str, paper.Reading] = {}
    if "paper" in parts:
        _say("making PDFs of 6 and of 64 sheets")
        making = paper.making(rounds)
        while_making = {kind: _while_making(portal, kind, rounds, seconds) for kind, portal in portals.items()}
    starts: dict[str, start.Start] = {}
    if "start" in parts:
        _say("starting")
        starts = start.measure(portals["SQLite"], rounds=rounds)
    return replace(
        results,
        readings=readings,
        floods=floods,
        spreads=spreads,
        making=making,
        while_making=while_making,
        starts=starts,
    )


def _while_making(portal: Portal, kind: str, rounds: int, seconds: int) -> paper.Reading:
    _say(f"reading while a PDF is made, {kind}")
    return paper.reading(portal, rounds=rounds, seconds=seconds)


def _flood(portal: Portal, kind: str, rounds: int, seconds: int) -> list[Flooding]:
    _say(f"flooding with wrong passwords, {kind}")
    return flood.measure(portal, rounds=rounds, seconds=seconds)


def _say(what: str) -> None:
    print(f"bench  {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
