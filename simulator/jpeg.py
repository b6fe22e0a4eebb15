"""A baseline JPEG writer that knows flat blocks only: enough for a true, if coarse, photograph.

Every block of eight by eight pixels gets one colour, so only DC coefficients are coded (ITU-T T.81, annexes B and F).
"""

import struct

from simulator.canvas import Canvas

_CATEGORIES = 12


def jpeg(canvas: Canvas, quantiser: int) -> bytes:
    """Encode a canvas, whose sides are cut down to multiples of eight, as YCbCr without subsampling."""
    across, down = canvas.width // 8, canvas.height // 8
    bits: list[str] = []
    previous = [0, 0, 0]
    for row in range(down):
        for column in range(across):
            for index, level in enumerate(_ycbcr(*canvas.pixel(column * 8 + 4, row * 8 + 4))):
                # A flat block's DC coefficient is eight times the level shifted to be signed.
                value = round(8 * (level - 128) / quantiser)
                bits.append(_coded(value - previous[index]))
                previous[index] = value
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    body = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\x00")
    return _headers(across * 8, down * 8, quantiser) + body + b"\xff\xd9"


def _coded(difference: int) -> str:
    category = abs(difference).bit_length()
    code = f"{category:04b}"
    if category:
        amplitude = difference if difference > 0 else difference + (1 << category) - 1
        code += f"{amplitude:0{category}b}"
    return code + "0"  # end of block: the only AC code in our table


def _ycbcr(red: int, green: int, blue: int) -> tuple[float, float, float]:
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, 128 + 0.564 * (blue - luma), 128 + 0.713 * (red - luma)


def _headers(width: int, height: int, quantiser: int) -> bytes:
    components = b"".join(bytes((number, 0x11, 0)) for number in (1, 2, 3))
    dc_table = bytes((0, 0, 0, 0, _CATEGORIES)) + bytes(12) + bytes(range(_CATEGORIES))
    ac_table = bytes((0x10, 1)) + bytes(15) + b"\0"
    scan = b"\3" + b"".join(bytes((number, 0)) for number in (1, 2, 3)) + b"\0\x3f\0"
    parts = (
        (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        (0xDB, b"\0" + bytes((quantiser,)) * 64),
        (0xC0, struct.pack(">BHHB", 8, height, width, 3) + components),
        (0xC4, dc_table),
        (0xC4, ac_table),
        (0xDA, scan),
    )
    return b"\xff\xd8" + b"".join(bytes((0xFF, mark)) + struct.pack(">H", len(data) + 2) + data for mark, data in parts)
