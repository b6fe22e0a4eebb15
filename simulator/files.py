"""What attachments are made of: stored text, drawn pictures, small documents, and one file too large to keep.

A content has a size and can be read from any byte on, so that the media host can serve ranges of all of them alike.
"""

import functools
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from simulator.pictures import PICTURES

PIECE = 65536


class Content(Protocol):
    """The bytes of one version of one file."""

    @property
    def size(self) -> int:
        """Say how many bytes there are."""

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to, not including, `end`."""


@dataclass(frozen=True)
class Held:
    """Bytes that are simply there, as those a test has put."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        for offset in range(start, end, PIECE):
            yield self.data[offset : min(end, offset + PIECE)]


@dataclass(frozen=True)
class Made:
    """Bytes made at first use from a recipe; all sites of a process share them."""

    recipe: str
    folder: Path

    @property
    def size(self) -> int:
        return len(_made(self.recipe, self.folder))

    def read(self, start: int, end: int) -> Iterator[bytes]:
        yield from Held(_made(self.recipe, self.folder)).read(start, end)


@dataclass(frozen=True)
class Endless:
    """A large file of repeatable bytes that is never held whole: each piece follows from its number."""

    seed: str
    size: int

    def read(self, start: int, end: int) -> Iterator[bytes]:
        offset = start
        while offset < end:
            number, within = divmod(offset, PIECE)
            last = min(PIECE, within + end - offset)
            yield _piece(self.seed, number)[within:last]
            offset += last - within


def from_recipe(recipe: Mapping[str, Any], folder: Path) -> Content:
    """Read `{"make": name, …}`, `{"file": name}` or `{"large": bytes, "seed": word}`."""
    if "large" in recipe:
        return Endless(str(recipe["seed"]), int(recipe["large"]))
    return Made(json.dumps(recipe), folder)


def _piece(seed: str, number: int) -> bytes:
    return hashlib.sha256(f"{seed}:{number}".encode()).digest() * (PIECE // 32)


@functools.lru_cache(maxsize=256)
def _made(recipe: str, folder: Path) -> bytes:
    wanted: dict[str, Any] = json.loads(recipe)
    if "file" in wanted:
        return folder.joinpath(wanted["file"]).read_bytes()
    kind = wanted["make"]
    make = PICTURES[kind] if kind in PICTURES else _DOCUMENTS[kind]
    return make(wanted)


def _pdf(wanted: Mapping[str, Any]) -> bytes:
    lines = [str(line).replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in wanted["lines"]]
    shown = "".join(f"({line}) Tj 0 -22 Td\n" for line in lines)
    stream = f"BT /F1 14 Tf 72 770 Td\n{shown}ET".encode("latin-1")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _zip(wanted: Mapping[str, Any]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in wanted["members"].items():
            # A fixed date keeps the bytes, and with them the entity tag, the same in every run.
            archive.writestr(zipfile.ZipInfo(name, (2026, 9, 1, 8, 0, 0)), str(text))
    return held.getvalue()


def _docx(wanted: Mapping[str, Any]) -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    paragraphs = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in wanted["lines"])
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="{relations}"/>'
        f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{word}"><w:body>{paragraphs}</w:body></w:document>',
    }
    return _zip({"members": members})


def _mp4(wanted: Mapping[str, Any]) -> bytes:
    brand = b"isom\0\0\2\0isomiso2mp41"
    filling = _piece(str(wanted["seed"]), 0) * 4
    return b"".join(
        struct.pack(">I", len(data) + 8) + name + data for name, data in ((b"ftyp", brand), (b"mdat", filling))
    )


_DOCUMENTS: dict[str, Callable[[Mapping[str, Any]], bytes]] = {"pdf": _pdf, "zip": _zip, "docx": _docx, "mp4": _mp4}
