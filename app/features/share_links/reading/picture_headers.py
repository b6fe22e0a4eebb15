"""How large a picture is, read from how its bytes begin. Nothing is unpacked, so that a bomb is no more than its header.

Sources: PNG (RFC 2083 section 4.1.1), GIF89a (section 18), JPEG (ITU-T T.81 annex B), Exif 2.32 (section 4.6.4),
WebP (RFC 9649 section 2), BMP (BITMAPCOREHEADER, BITMAPINFOHEADER).
"""

from app.documents.sizes import Size

#: Pixels of a side; what says that it has more is not believed.
MOST_PIXELS = 65_535
#: Segments of a JPEG before the one that has its size.
_MOST_SEGMENTS = 200
#: Entries of the first directory of an Exif block.
_MOST_ENTRIES = 200
#: Frame headers (SOF): all of C0 to CF but those for tables, arithmetic coding and what is reserved.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Markers without a length: TEM, RST0 to RST7, SOI.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_ORIENTATION = 0x0112


def size_of(beginning: bytes) -> Size | None:
    """Return width and height in pixels as a browser draws the picture; None where its beginning does not say."""
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        size = _png(beginning)
    elif beginning.startswith((b"GIF87a", b"GIF89a")):
        size = _little(beginning, 6, 2), _little(beginning, 8, 2)
    elif beginning.startswith(b"\xff\xd8\xff"):
        size = _jpeg(beginning)
    elif beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        size = _webp(beginning)
    elif beginning.startswith(b"BM"):
        size = _bmp(beginning)
    else:
        return None
    return size if all(1 <= side <= MOST_PIXELS for side in size) else None


#: What the readers below answer where there is nothing to read, as a slice beyond the end gives the number 0.
_NONE = (0, 0)


def _little(data: bytes, at: int, length: int) -> int:
    part = data[at : at + length]
    return int.from_bytes(part, "little") if len(part) == length else 0


def _big(data: bytes, at: int, length: int) -> int:
    part = data[at : at + length]
    return int.from_bytes(part, "big") if len(part) == length else 0


def _png(data: bytes) -> Size:
    return (_big(data, 16, 4), _big(data, 20, 4)) if data[12:16] == b"IHDR" else _NONE


def _webp(data: bytes) -> Size:
    kind = data[12:16]
    if kind == b"VP8X":
        return (_little(data, 24, 3) + 1, _little(data, 27, 3) + 1) if len(data) >= 30 else _NONE
    if kind == b"VP8L" and data[20:21] == b"\x2f" and len(data) >= 25:
        bits = _little(data, 21, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    return _NONE


def _bmp(data: bytes) -> Size:
    if _little(data, 14, 4) == 12:
        return _little(data, 18, 2), _little(data, 20, 2)
    # A negative height says that the first row is the upper one.
    return _little(data, 18, 4), abs(int.from_bytes(data[22:26], "little", signed=True)) if len(data) >= 26 else 0


def _jpeg(data: bytes) -> Size:
    at, turned = 2, False
    for _ in range(_MOST_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":
            # A marker may have any number of these before it.
            at += 1
        marker = data[at + 1] if data[at : at + 1] == b"\xff" and at + 1 < len(data) else 0
        if marker in _ALONE:
            at += 2
            continue
        length = _big(data, at + 2, 2)
        if marker < 0xC0 or length < 2:
            break
        if marker in _FRAMES:
            height, width = _big(data, at + 5, 2), _big(data, at + 7, 2)
            return (height, width) if turned else (width, height)
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            turned = _is_turned(data[at + 10 : at + 2 + length])
        at += 2 + length
    return _NONE


def _is_turned(tiff: bytes) -> bool:
    """Tell whether a photograph was taken upright: browsers turn it by a quarter, so that its sides change places."""
    number = _little if tiff.startswith(b"II*\0") else _big
    at = number(tiff, 4, 4)
    for entry in range(min(number(tiff, at, 2), _MOST_ENTRIES)):
        if number(tiff, at + 2 + 12 * entry, 2) == _ORIENTATION:
            return 5 <= number(tiff, at + 10 + 12 * entry, 2) <= 8
    return False
