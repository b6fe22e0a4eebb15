"""Small pictures of pictures, as Jira makes them: the drawn ones are made smaller, others are handed out as they are."""

import struct
import zlib

from simulator.files import Content, Held

#: What Jira Data Center makes, and Jira Cloud where nobody says otherwise.
USUAL = 200
_HEADER = struct.Struct(">IIBBBBB")
_DRAWN = (8, 2, 0, 0, 0)


def small(content: Content, width: int = USUAL, height: int = USUAL) -> Held:
    """Return a picture that fits into a box of pixels."""
    data = b"".join(content.read(0, content.size))
    return Held(_shrunk(data, width, height) or data)


def _shrunk(data: bytes, width: int, height: int) -> bytes | None:
    """Return a PNG as `simulator.canvas` writes it made smaller, or None for anything else."""
    wide, high, *form = _HEADER.unpack_from(data.ljust(29, b"\0"), 16)
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or tuple(form) != _DRAWN:
        return None
    raw = zlib.decompressobj().decompress(b"".join(_parts(data, b"IDAT")))
    line = 1 + wide * 3
    scale = max(wide / max(1, width), high / max(1, height), 1)
    across, down = max(1, int(wide / scale)), max(1, int(high / scale))
    if len(raw) != line * high or any(raw[::line]):
        # Another program's picture, whose lines are filtered.
        return None
    rows = []
    for y in range(down):
        start = int(y * scale) * line + 1
        rows.append(b"\0" + b"".join(raw[at : at + 3] for at in (start + int(x * scale) * 3 for x in range(across))))
    header = _HEADER.pack(across, down, *_DRAWN)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 6)), (b"IEND", b""))
    return data[:8] + b"".join(_part(kind, held) for kind, held in parts)


def _parts(data: bytes, wanted: bytes) -> list[bytes]:
    found, at = [], 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind == wanted:
            found.append(data[at + 8 : at + 8 + length])
        at += length + 12
    return found


def _part(kind: bytes, held: bytes) -> bytes:
    return struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
