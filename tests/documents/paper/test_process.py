"""The child process: what it takes, how it ends, and that its limits hold."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.documents.paper import PaperFile
from app.documents.paper.process import Failure, Request, Work, read, write
from tests.documents.paper.sheets import texts

ROOT = Path(__file__).parents[3]
SMALL = '<!doctype html><html lang="en"><title>x</title><body><h1>x</h1><p>Here it is.</p>'


def child(sent: bytes, before: str = "") -> "subprocess.CompletedProcess[bytes]":
    program = f"{before}\nimport sys\nfrom app.documents.paper.process import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program], input=sent, capture_output=True, cwd=ROOT, env={}, timeout=120, check=False
    )


def test_a_request_is_read_as_it_was_written() -> None:
    import io

    request = Request(
        Work.MAKE, "<p>ä</p>", (PaperFile("a", "image/png", b"\n\x00"), PaperFile("b", "text/css", b"")), "l", "w"
    )
    assert read(io.BytesIO(write(request))) == request


def test_a_pdf_is_made_and_stamped_without_any_environment() -> None:
    made = child(write(Request(Work.MAKE, SMALL)))
    assert made.returncode == 0
    stamped = child(write(Request(Work.STAMP, files=(PaperFile("n", "application/pdf", made.stdout),), line="For Ada")))
    assert stamped.returncode == 0
    assert "Here it is." in texts(stamped.stdout)[0]
    assert "For Ada" in texts(stamped.stdout)[0]


@pytest.mark.parametrize(
    "sent",
    [b"", b"nonsense\n", b"{}\n", b'{"work": "other", "html": "", "files": [], "line": "", "watermark": null}\n'],
)
def test_what_is_no_request_is_turned_away(sent: bytes) -> None:
    ended = child(sent)
    assert (ended.returncode, ended.stdout) == (Failure.REQUEST, b"")


def test_more_memory_than_allowed_ends_the_child_and_not_the_machine() -> None:
    less = "import app.documents.paper.process as process\nprocess.MEMORY_BYTES = 300 * 1024 * 1024"
    many = "<p>Ships wait for the tide.</p>" * 40_000
    ended = child(write(Request(Work.MAKE, SMALL + many)), less)
    assert ended.returncode != 0
    assert ended.stdout == b""


def test_more_time_than_allowed_ends_the_child() -> None:
    less = "import app.documents.paper.process as process\nprocess.MAKING_SECONDS = 1"
    ended = child(write(Request(Work.MAKE, SMALL + "<p>Ships wait.</p>" * 20_000)), less)
    assert ended.returncode < 0
    assert ended.stdout == b""


def test_a_pdf_larger_than_is_kept_is_none() -> None:
    less = "import app.documents.paper.process as process\nprocess.OUTPUT_BYTES = 100"
    assert child(write(Request(Work.MAKE, SMALL)), less).returncode == Failure.OUTPUT
