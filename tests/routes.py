"""Which routes of the simulator some test asks for. A whole run fails at its end if one of them was asked for by none.

What nobody asks for is not compared with Atlassian by anybody either, and would be relied on one day all the same.
"""

from typing import Any

import pytest
from flask import Flask, g, request, request_finished, request_started

from simulator.failures import Mode

#: What werkzeug adds to a route by itself.
_IMPLIED = frozenset({"HEAD", "OPTIONS"})


class RoutesAskedFor:
    """A plugin of pytest: notes routes and ways to fail in each process that runs tests, and judges in the one that waits for them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._programs: set[str] = set()
        self._known: set[str] = set()
        self._asked: set[str] = set()
        # Named on the command line or chosen by a word: not all tests.
        self._whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.collectonly
        self._unused: list[str] = []
        request_started.connect(self._started)
        request_finished.connect(self._finished)

    def _started(self, program: Flask, **_: Any) -> None:
        if not program.name.startswith("simulator"):
            return
        if program.name not in self._programs:
            self._programs.add(program.name)
            for rule in program.url_map.iter_rules():
                self._known |= {_route(program, method, rule.rule) for method in (rule.methods or set()) - _IMPLIED}
        if request.url_rule is not None:
            self._asked.add(_route(program, request.method, request.url_rule.rule))

    def _finished(self, program: Flask, **_: Any) -> None:
        if program.name.startswith("simulator") and (failure := g.get("failure")):
            self._asked.add(_way(failure.mode))

    def pytest_deselected(self) -> None:
        """Note that this run is none of all tests."""
        self._whole = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a process of pytest-xdist has noted; one that crashed has said nothing."""
        noted = getattr(node, "workeroutput", {}).get("routes")
        if noted is None:
            self._whole = False
            return
        self._known |= set(noted["known"])
        self._asked |= set(noted["asked"])
        self._whole &= noted["whole"]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Hand on what was noted, or fail a run of all tests that left something out."""
        if hasattr(self._config, "workeroutput"):
            noted = {"known": sorted(self._known), "asked": sorted(self._asked), "whole": self._whole}
            self._config.workeroutput["routes"] = noted
        elif self._whole and exitstatus == pytest.ExitCode.OK:
            self._unused = sorted((self._known | set(map(_way, Mode))) - self._asked)
            if self._unused:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what nobody asked for."""
        if self._unused:
            terminalreporter.section("of the simulator, no test asks for", red=True, bold=True)
            for line in self._unused:
                terminalreporter.line(line)


def _route(program: Flask, method: str, rule: str) -> str:
    return f"{program.name}: {method} {rule}"


def _way(mode: Mode) -> str:
    return f"simulator: the failure {mode}"
