"""Child processes that end with the tests, even when the tests are killed."""

import atexit
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

#: prctl(2): the signal this process gets when its parent ends.
_PR_SET_PDEATHSIG = 1
#: How long a busy machine may take for anything; only what hangs takes longer.
PATIENCE_SECONDS = 180
_libc = ctypes.CDLL(None, use_errno=True)


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    end_with: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to `log`; `user` gives root's rights up first."""
    identity: dict[str, Any] = {}
    if user is not None:
        entry = pwd.getpwnam(user)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def end_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, end_with)

    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(os.environ if environ is None else environ),
            cwd=cwd,
            # One child at a time, started from the main thread: nothing else runs between fork and exec.
            preexec_fn=end_with_parent,  # noqa: PLW1509
            **identity,
        )


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, seconds: float = 15) -> int:
    """Ask a program to end, insist after `seconds`, and return its exit status."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def wait_until(
    ready: Callable[[], bool],
    process: subprocess.Popen[bytes],
    *,
    log: Path,
    seconds: float = PATIENCE_SECONDS,
    what: str = "it",
) -> None:
    """Wait for a program to be ready; fail with its output when it ends first or takes too long."""
    deadline = time.monotonic() + seconds
    while not ready():
        ended = process.poll()
        if ended is not None or time.monotonic() > deadline:
            stop(process)
            why = f"ended with status {ended}" if ended is not None else f"was not ready after {seconds:g} s"
            raise RuntimeError(f"{what} {why}:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    """Return the ids of the processes that a process has started, from any of its threads, and that live."""
    found: list[int] = []
    for thread in Path(f"/proc/{parent}/task").glob("*/children"):
        # A thread may end meanwhile.
        with suppress(OSError):
            found += map(int, thread.read_text(encoding="ascii").split())
    return [pid for pid in found if lives(pid)]


def descendants(parent: int) -> list[int]:
    """Return the ids of the processes that a process has started, and that those have started."""
    return [one for child in children(parent) for one in (child, *descendants(child))]


def wait_for_end(pid: int, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a process to end that may be nobody's child any more."""
    deadline = time.monotonic() + seconds
    while lives(pid):
        if time.monotonic() > deadline:
            raise RuntimeError(f"process {pid} did not end within {seconds:g} s")
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Tell whether a process runs."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    # Nobody may have asked yet how it ended.
    return state not in ("Z", "X")


def free_port(and_next: int = 0) -> int:
    """Return a port of 127.0.0.1 that is free with the next ones, for a program that is about to listen; nobody else is given it.

    It stays taken while this process lives. A server that asks for SO_REUSEADDR, as each does that can be started again at
    once, may listen there all the same, for nothing listens here.
    """
    for _ in range(100):
        port = _take_port(0)
        with suppress(OSError, OverflowError):
            for number in range(1, and_next + 1):
                _take_port(port + number)
            return port
    raise RuntimeError(f"there are no {and_next + 1} free ports side by side")


def _take_port(port: int) -> int:
    made = socket.socket()
    atexit.register(made.close)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return int(made.getsockname()[1])


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something listens on a loopback port."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
