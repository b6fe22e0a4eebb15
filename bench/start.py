"""Row 13: how soon a portal answers after its start, and how large it is then, beside a process that imports everything."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from app.cli.processes import portal_command
from app.core.config import load
from bench.browser import Browser
from bench.servers import ROOT, SERVER_CORE, Portal
from tests import processes

OURS = "Portico, from the command to its first answer"
EVERYTHING = "the same modules and all heavy libraries, imported at once"
#: What portal and worker have to choose from.
_HEAVY = (
    "alembic.command",
    "detect_secrets.core.scan",
    "huey",
    "joserfc.jwt",
    "lxml.html",
    "pikepdf",
    "pygments.lexers",
)
_HEAVIER = ("redis", "saml2.saml", "saml2.metadata", "segno", "weasyprint", "xmlsec", "zxcvbn")
_IMPORT = f"import wsgi, {', '.join((*_HEAVY, *_HEAVIER))}; print(open('/proc/self/statm').read())"
#: Two seconds and 130 MB of the 3.9 seconds and 181 MB that everything took where this was set.
MOST = (0.51, 0.72)
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Start:
    """Starts of one subject, one for each round: seconds, and megabytes resident afterwards."""

    name: str
    seconds: tuple[float, ...]
    megabytes: tuple[float, ...]


def measure(portal: Portal, *, rounds: int) -> dict[str, Start]:
    """Start each subject once in each round, after a round that does not count."""
    ours, everything = [], []
    for number in range(rounds + 1):
        found = _portal(portal), _everything(portal.environ)
        if number:
            ours.append(found[0])
            everything.append(found[1])
    return {
        name: Start(name, tuple(one[0] for one in shots), tuple(one[1] for one in shots))
        for name, shots in ((OURS, ours), (EVERYTHING, everything))
    }


def ratios(starts: Mapping[str, Start]) -> tuple[float, float]:
    """Return the medians over rounds of our time and of our size, as parts of those of the other."""
    ours, everything = starts[OURS], starts[EVERYTHING]
    times = zip(ours.seconds, everything.seconds, strict=True)
    sizes = zip(ours.megabytes, everything.megabytes, strict=True)
    return median(own / other for own, other in times), median(own / other for own, other in sizes)


def _portal(portal: Portal) -> tuple[float, float]:
    port = processes.free_port()
    here = {"PORTICO_BASE_URL": f"http://localhost:{port}", "PORTICO_LISTEN": f"127.0.0.1:{port}"}
    environ = {**portal.environ, **here}
    command = ["taskset", "--cpu-list", str(SERVER_CORE), *portal_command(load(environ))]
    log = Path(environ["PORTICO_DATA_DIR"]) / "start.log"
    began = time.perf_counter()
    process = processes.start(command, log=log, environ=environ, cwd=ROOT)
    try:
        processes.wait_until(lambda: processes.accepts(port), process, log=log, what="a portal")
        answer = Browser(port).get("/healthz")
        seconds = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"the portal answered {answer.status}")
        return seconds, _megabytes(_only_child(process.pid))
    finally:
        processes.stop(process)


def _everything(environ: Mapping[str, str]) -> tuple[float, float]:
    command = ["taskset", "--cpu-list", str(SERVER_CORE), sys.executable, "-c", _IMPORT]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=dict(environ), stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - began, int(done.stdout.split()[1]) * _PAGE_BYTES / 1e6


def _only_child(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(child)


def _megabytes(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES / 1e6
