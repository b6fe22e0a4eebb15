"""Running `python -m app.documents.paper`: bounded in time here, in memory by itself, with nothing of ours about it.

The child gets no environment but a path and a language, so no secret of this process; what it says on standard error may
quote the content and is dropped.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from app.core.errors import Unavailable
from app.core.text import Text
from app.documents.attached import Left, Words
from app.documents.paper import PaperFile, process
from app.documents.paper.process import Failure, Request, Work

logger = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parents[4]
#: Seconds by the clock; the child's own limit is on processor time.
_PATIENCE = {Work.MAKE: 180.0, Work.STAMP: 45.0, Work.READ: 20.0}
_BEAT_SECONDS = 10.0
_WAIT_SECONDS = 8.0
#: PDFs of readers of this process that are stamped at once, and files that are read at once.
_stamping = threading.BoundedSemaphore(2)
_reading = threading.BoundedSemaphore(2)


class NotMade(Exception):
    """There will be no PDF of this, however often it is tried; `str(error)` says why, for a reader."""


def make(request: Request, *, beat: Callable[[], None]) -> bytes:
    """Return the PDF of a composed document; `beat` is called every ten seconds meanwhile. Raises NotMade."""
    return _pdf(request, beat)


def stamp(request: Request) -> bytes:
    """Return a stamped PDF. Raises Unavailable while others are being stamped, and NotMade."""
    if not _stamping.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable("pdf", Text("Many PDFs are wanted at the moment. Try again in a few seconds."), retry_after=5)
    try:
        return _pdf(request, lambda: None)
    finally:
        _stamping.release()


def read(data: bytes) -> Words:
    """Return what a PDF or an office document says. Raises Unavailable while others are being read."""
    if not _reading.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable("files", FILES_WAIT, retry_after=5)
    try:
        return process.read_words(_run(Request(Work.READ, files=(PaperFile("file", "", data),)), lambda: None))
    except (NotMade, ValueError, KeyError, TypeError):
        # It asked for more time or memory than there is for one file.
        words = Words()
        words.left.add(Left.TOO_MUCH)
        return words
    finally:
        _reading.release()


FILES_WAIT = Text("The files of this are still being looked through. Try again in a few seconds.")


def _pdf(request: Request, beat: Callable[[], None]) -> bytes:
    pdf = _run(request, beat)
    if not pdf.startswith(b"%PDF-"):
        raise NotMade(_why(0))
    return pdf


def _run(request: Request, beat: Callable[[], None]) -> bytes:
    with subprocess.Popen(
        [sys.executable, "-s", "-m", "app.documents.paper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
    ) as child:
        try:
            answer = _talk(child, process.write(request), _PATIENCE[request.work], beat)
        except BaseException:
            child.kill()
            raise
    if child.returncode == 0:
        return answer
    logger.warning("%s came to nothing: the child process ended with %s", request.work, child.returncode)
    raise NotMade(_why(child.returncode))


def _talk(child: "subprocess.Popen[bytes]", sent: bytes, patience: float, beat: Callable[[], None]) -> bytes:
    end, left = time.monotonic() + patience, sent or None
    while True:
        try:
            out, _ = child.communicate(left, timeout=_BEAT_SECONDS)
        except subprocess.TimeoutExpired:
            # What was to be sent is remembered by the first call.
            left = None
            if time.monotonic() > end:
                raise NotMade(_TOO_LONG) from None
            beat()
        else:
            return out


_TOO_LONG = "This is too long or too intricate for a PDF. Read it on screen, or print it from your browser."


def _why(code: int) -> str:
    if code == Failure.OUTPUT:
        return "The PDF of this would be larger than 100 MB. Read it on screen, or print it from your browser."
    if code == Failure.MEMORY or code < 0:
        return _TOO_LONG
    return "No PDF could be made of this. Read it on screen, or print it from your browser."
