"""A small drawing surface that writes PNG with nothing but zlib, so that no picture has to be stored.

Colours are three bytes; the origin is the upper left corner; everything outside the surface is clipped.
"""

import struct
import zlib

Colour = bytes


def colour(text: str) -> Colour:
    """Read `#rrggbb`."""
    return bytes.fromhex(text.removeprefix("#"))


# Seven rows of five dots for each sign, row by row, one hexadecimal pair per row.
_GLYPHS = {
    " ": "00000000000000",
    "0": "0E11131519110E",
    "1": "040C040404040E",
    "2": "0E11010204081F",
    "3": "1F02040201110E",
    "4": "02060A121F0202",
    "5": "1F101E0101110E",
    "6": "0608101E11110E",
    "7": "1F010204080808",
    "8": "0E11110E11110E",
    "9": "0E11110F01020C",
    "A": "0E11111F111111",
    "B": "1E11111E11111E",
    "C": "0E11101010110E",
    "D": "1C12111111121C",
    "E": "1F10101E10101F",
    "F": "1F10101E101010",
    "G": "0E11101711110F",
    "H": "1111111F111111",
    "I": "0E04040404040E",
    "J": "0702020202120C",
    "K": "11121418141211",
    "L": "1010101010101F",
    "M": "111B1515111111",
    "N": "11111915131111",
    "O": "0E11111111110E",
    "P": "1E11111E101010",
    "Q": "0E11111115120D",
    "R": "1E11111E141211",
    "S": "0F10100E01011E",
    "T": "1F040404040404",
    "U": "1111111111110E",
    "V": "11111111110A04",
    "W": "1111111515150A",
    "X": "11110A040A1111",
    "Y": "1111110A040404",
    "Z": "1F01020408101F",
    ".": "00000000000C0C",
    ",": "000000000C0408",
    ":": "000C0C000C0C00",
    "-": "0000001F000000",
    "+": "0004041F040400",
    "/": "00010204081000",
    "%": "18190204081303",
    "(": "02040808080402",
    ")": "08040202020408",
    "?": "0E110102040004",
}


class Canvas:
    """Hold width times height pixels of one background colour, ready to be drawn on."""

    def __init__(self, width: int, height: int, background: str = "#ffffff") -> None:
        self.width = width
        self.height = height
        self._rows = [bytearray(colour(background) * width) for _ in range(height)]

    def rectangle(self, left: float, top: float, right: float, bottom: float, fill: str) -> None:
        """Fill the box from (left, top) up to, not including, (right, bottom)."""
        first, last = max(0, round(left)), min(self.width, round(right))
        if last <= first:
            return
        run = colour(fill) * (last - first)
        for y in range(max(0, round(top)), min(self.height, round(bottom))):
            self._rows[y][first * 3 : last * 3] = run

    def gradient(self, top: float, bottom: float, first: str, last: str) -> None:
        """Fill whole rows from one colour to another."""
        start, end = colour(first), colour(last)
        span = max(1, round(bottom) - round(top))
        for y in range(max(0, round(top)), min(self.height, round(bottom))):
            part = (y - round(top)) / span
            mixed = bytes(round(a + (b - a) * part) for a, b in zip(start, end, strict=True))
            self._rows[y][:] = mixed * self.width

    def polygon(self, points: list[tuple[float, float]], fill: str) -> None:
        """Fill a polygon by scan lines (even-odd rule)."""
        top, bottom = min(y for _, y in points), max(y for _, y in points)
        for y in range(max(0, int(top)), min(self.height, int(bottom) + 1)):
            crossings = []
            for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
                if (y1 <= y + 0.5) != (y2 <= y + 0.5):
                    crossings.append(x1 + (y + 0.5 - y1) * (x2 - x1) / (y2 - y1))
            crossings.sort()
            for left, right in zip(crossings[::2], crossings[1::2], strict=False):
                self.rectangle(left, y, right, y + 1, fill)

    def line(self, x1: float, y1: float, x2: float, y2: float, fill: str, width: float = 2) -> None:
        """Draw a straight line of the given width."""
        length = max(1e-6, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
        dx, dy = (y2 - y1) / length * width / 2, (x1 - x2) / length * width / 2
        self.polygon([(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)], fill)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        for row in range(int(y - radius), int(y + radius) + 1):
            half = (radius**2 - (row + 0.5 - y) ** 2) if abs(row + 0.5 - y) < radius else 0.0
            if half > 0:
                self.rectangle(x - half**0.5, row, x + half**0.5, row + 1, fill)

    def text(self, x: float, y: float, words: str, fill: str, scale: int = 2) -> None:
        """Write capitals, digits and a little punctuation; other signs become a question mark."""
        for index, sign in enumerate(words.upper()):
            rows = bytes.fromhex(_GLYPHS.get(sign, _GLYPHS["?"]))
            for down, bits in enumerate(rows):
                for across in range(5):
                    if bits >> (4 - across) & 1:
                        left, top = x + (index * 6 + across) * scale, y + down * scale
                        self.rectangle(left, top, left + scale, top + scale, fill)

    def png(self) -> bytes:
        """Return the picture as a PNG file (RFC 2083: 8 bits, true colour, no filter)."""
        raw = b"".join(b"\0" + bytes(row) for row in self._rows)
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 6)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """Return one pixel as red, green, blue."""
        red, green, blue = self._rows[y][x * 3 : x * 3 + 3]
        return red, green, blue


def text_width(words: str, scale: int = 2) -> int:
    """Return how many pixels `Canvas.text` will need."""
    return (len(words) * 6 - 1) * scale


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
