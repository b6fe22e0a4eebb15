"""Many tall pictures on few sheets: side by side in columns, one below the other, each under its name."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

#: Pixels of a sheet at each side; what is larger is made smaller by most viewers.
_SIDE = 1_560
_GAP = 6
#: A strip of a picture that is lower than this would not be understood.
_LEAST = 200
_LABEL = 18
_BACK, _WORDS = (118, 98, 160), (255, 255, 255)


@dataclass(frozen=True)
class Tile:
    """A picture, and what it is called."""

    name: str
    png: bytes


def contact_sheets(tiles: Iterable[Tile], folder: Path, stem: str, columns: int) -> list[Path]:
    """Write sheets with so many columns and return their files; what finds no room in a column goes on in the next."""
    width = (_SIDE - _GAP * (columns - 1)) // columns
    written: list[Path] = []
    sheet, column, top = _blank(), 0, 0
    for tile in tiles:
        name, rest = tile.name, _as_wide(tile.png, width)
        while rest is not None:
            if _SIDE - top < min(rest.height, _LEAST) + _LABEL:
                column, top = column + 1, 0
            if column == columns:
                written.append(_save(sheet, folder, stem, len(written) + 1))
                sheet, column = _blank(), 0
            left, room = column * (width + _GAP), _SIDE - top - _LABEL
            ImageDraw.Draw(sheet).text((left + 4, top + 2), name, fill=_WORDS, font=ImageFont.load_default(12))
            sheet.paste(rest.crop((0, 0, width, min(room, rest.height))), (left, top + _LABEL))
            top += min(room, rest.height) + _LABEL + _GAP
            name, rest = f"{tile.name} …", rest.crop((0, room, width, rest.height)) if rest.height > room else None
    if column or top:
        written.append(_save(sheet, folder, stem, len(written) + 1))
    return written


def _blank() -> Image.Image:
    return Image.new("RGB", (_SIDE, _SIDE), _BACK)


def _as_wide(png: bytes, width: int) -> Image.Image | None:
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    return whole.resize((width, round(whole.height * width / whole.width)), Image.Resampling.LANCZOS)


def _save(sheet: Image.Image, folder: Path, stem: str, number: int) -> Path:
    path = folder / f"{stem}-{number:03}.png"
    sheet.save(path)
    return path
