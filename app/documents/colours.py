"""Colours as written in content, reduced to the small set that has classes.

A colour nearest to black or white is none at all: it is the text or the page of the writer's colour mode, and kept
literally it would be unreadable in the other one.
"""

import re
from colorsys import rgb_to_hls
from functools import lru_cache

from app.documents.classes import Colour

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})(?![0-9a-f])")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})")
_NAMED = {
    "gray": Colour.GREY,
    "neutral": Colour.GREY,
    "lightgrey": Colour.GREY,
    "lime": Colour.GREEN,
    "cyan": Colour.TEAL,
    "navy": Colour.BLUE,
    "violet": Colour.PURPLE,
    "pink": Colour.MAGENTA,
    **{str(colour): colour for colour in Colour},
}
_HUES = (
    (15, Colour.RED),
    (44, Colour.ORANGE),
    (70, Colour.YELLOW),
    (165, Colour.GREEN),
    (195, Colour.TEAL),
    (245, Colour.BLUE),
    (290, Colour.PURPLE),
    (340, Colour.MAGENTA),
    (360, Colour.RED),
)


def nearest(value: str) -> Colour | None:
    """Return the colour of the set nearest to a CSS colour (`#rgb`, `#rrggbb`, `rgb()`, a name), or None."""
    return _nearest(value[:100].strip().lower())


@lru_cache(maxsize=512)
def _nearest(value: str) -> Colour | None:
    if value in _NAMED:
        return _NAMED[value]
    if match := _HEX.search(value):
        digits = match[1] if len(match[1]) > 3 else "".join(digit * 2 for digit in match[1])
        red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    elif match := _RGB.search(value):
        red, green, blue = (min(int(part), 255) / 255 for part in match.groups())
    else:
        return None
    return _bucket(red, green, blue)


def _bucket(red: float, green: float, blue: float) -> Colour | None:
    hue, lightness, saturation = rgb_to_hls(red, green, blue)
    chroma = max(red, green, blue) - min(red, green, blue)
    if lightness > 0.985 or lightness < 0.2:
        return None
    if chroma < 0.04 or saturation < 0.15:
        return Colour.GREY
    return next(colour for limit, colour in _HUES if hue * 360 <= limit)
