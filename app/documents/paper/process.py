"""The child process that makes and stamps PDFs and reads files: what goes in, what comes out, and the limits it sets itself.

One request on standard input: a line of JSON, then the bytes of the files it lists, one after the other. The answer on
standard output is a PDF, or what a file says as JSON. The process ends with 0, or with a `Failure`. It needs no
environment and opens no connection.
"""

import gc
import json
import os
import resource
import sys
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, BinaryIO

from app.documents import attached
from app.documents.attached import Left, Words
from app.documents.paper.types import PaperFile

MEBIBYTE = 1024 * 1024
#: Address space; WeasyPrint itself takes about 250 MiB of it.
MEMORY_BYTES = 1_536 * MEBIBYTE
READING_MEMORY_BYTES = 768 * MEBIBYTE
#: Seconds of processor time for a PDF, for stamping one, and for reading a file.
MAKING_SECONDS = 120
STAMPING_SECONDS = 30
READING_SECONDS = 10
#: How far each stands back behind readers; somebody waits for the stamp and for what is read.
MAKING_NICENESS = 19
STAMPING_NICENESS = 5
READING_NICENESS = 5
#: Bytes of all files of one request together, and of a PDF.
INPUT_BYTES = 200_000_000
OUTPUT_BYTES = 100_000_000
#: New objects between two looks for garbage.
_ALLOCATIONS = 100_000


class Work(StrEnum):
    """What is asked for."""

    MAKE = "make"
    STAMP = "stamp"
    READ = "read"


class Failure(IntEnum):
    """How the process ends where there is no answer; a signal says that a limit was reached."""

    #: The request cannot be read.
    REQUEST = 64
    #: The content needs more memory than there is for one piece of work.
    MEMORY = 65
    #: The PDF is larger than is kept.
    OUTPUT = 66


@dataclass(frozen=True, slots=True)
class Request:
    """One piece of work."""

    work: Work
    #: The composed document to make.
    html: str = ""
    #: Pictures and styles to make it from; for stamping the one neutral PDF, for reading the one file.
    files: tuple[PaperFile, ...] = ()
    line: str = ""
    watermark: str | None = None


def write(request: Request) -> bytes:
    """Return a request as it is sent."""
    head: dict[str, Any] = {
        "work": request.work.value,
        "html": request.html,
        "line": request.line,
        "watermark": request.watermark,
        "files": [{"name": one.name, "type": one.media_type, "size": len(one.data)} for one in request.files],
    }
    return b"".join([json.dumps(head).encode(), b"\n", *(one.data for one in request.files)])


def read(source: BinaryIO) -> Request:
    """Return the request that is read; raise ValueError for anything else."""
    head = json.loads(source.readline())
    if sum(one["size"] for one in head["files"]) > INPUT_BYTES:
        raise ValueError("too much was sent")
    files = tuple(PaperFile(one["name"], one["type"], _exactly(source, one["size"])) for one in head["files"])
    return Request(Work(head["work"]), head["html"], files, head["line"], head["watermark"])


def main() -> int:
    """Do the one piece of work that standard input asks for."""
    # Boxes of a document stay until it is set: looking through them as often as usual is a tenth of the work.
    gc.set_threshold(_ALLOCATIONS)
    try:
        request = read(sys.stdin.buffer)
    except (ValueError, KeyError, TypeError):
        return Failure.REQUEST
    if request.work is Work.MAKE:
        limit(MAKING_SECONDS, MAKING_NICENESS, MEMORY_BYTES)
    elif request.work is Work.STAMP:
        limit(STAMPING_SECONDS, STAMPING_NICENESS, MEMORY_BYTES)
    else:
        limit(READING_SECONDS, READING_NICENESS, READING_MEMORY_BYTES)
    try:
        made = _do(request)
    except MemoryError:
        return Failure.MEMORY
    if len(made) > OUTPUT_BYTES:
        return Failure.OUTPUT
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return 0


def limit(seconds: int, niceness: int, memory: int) -> None:
    """Bound this process for good: memory, processor time, files, and its place behind others."""
    os.nice(niceness)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Fontconfig keeps a small index on disk; nothing else is written.
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * MEBIBYTE, 16 * MEBIBYTE))


def write_words(words: Words) -> bytes:
    """Return what was read of a file as it is sent."""
    return json.dumps({"lines": words.lines, "left": sorted(words.left)}).encode()


def read_words(sent: bytes) -> Words:
    """Return what was read of a file; raise ValueError for what `write_words` did not write."""
    found, words = json.loads(sent), Words()
    words.lines = [(str(place), str(line)) for place, line in found["lines"]]
    words.left = {Left(one) for one in found["left"]}
    return words


def _do(request: Request) -> bytes:
    if request.work is Work.READ:
        return write_words(attached.read(request.files[0].data))
    if request.work is Work.STAMP:
        from app.documents.paper.personal import Marks, stamp

        return stamp(request.files[0].data, Marks(request.line, request.watermark))
    from app.documents.paper.making import make_pdf

    return make_pdf(request.html, request.files)


def _exactly(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) != size:
        raise ValueError("less was sent than announced")
    return data
