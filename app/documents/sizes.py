"""The sizes of pictures in finished HTML, so that a page does not jump while they load.

They become known when a picture is first fetched, which is after the page that shows it was made: so they are put into
the HTML that is there, as far as its writer did not say both, and no other byte of it changes.
"""

import re
from collections.abc import Mapping

from app.documents.pieces import MAX_PIXELS

#: Width and height in pixels, each at least 1.
Size = tuple[int, int]
#: Pixels of the longer side of a preview, as in the style sheet.
THUMBNAIL = 300
# As the sanitiser writes it: within a value there is no quotation mark, so that nothing in one looks like this.
_PICTURE = re.compile(r'<img src="(media/[\w/-]+)"((?: [a-z-]+="[^"]*")*)>')
_WIDTH, _HEIGHT = re.compile(r' width="(\d{1,4})"'), re.compile(r' height="(\d{1,4})"')
_PREVIEW = re.compile(r' class="[^"]*\bdoc-thumbnail\b[^"]*"')


def with_sizes(html: str, sizes: Mapping[str, Size]) -> str:
    """Return HTML of the sanitiser with width and height of its pictures; `sizes` has what their addresses lead to."""
    if not sizes:
        return html

    def sized(found: re.Match[str]) -> str:
        size = sizes.get(found[1])
        if size is None:
            return found[0]
        attributes = found[2]
        width, height = _number(_WIDTH, attributes), _number(_HEIGHT, attributes)
        if width and height:
            return found[0]
        width, height = _drawn(size, width, height, preview=_PREVIEW.search(attributes) is not None)
        rest = _HEIGHT.sub("", _WIDTH.sub("", attributes))
        return f'<img src="{found[1]}" width="{width}" height="{height}"{rest}>'

    return _PICTURE.sub(sized, html)


def _number(attribute: re.Pattern[str], attributes: str) -> int | None:
    found = attribute.search(attributes)
    return int(found[1]) if found is not None else None


def _drawn(size: Size, width: int | None, height: int | None, *, preview: bool) -> Size:
    """Return the size in which a picture of `size` is drawn, where its page says one side or none."""
    if width:
        scale = width / size[0]
    elif height:
        scale = height / size[1]
    else:
        scale = min(1.0, (THUMBNAIL if preview else MAX_PIXELS) / max(size))
    wide, high = (min(max(round(side * scale), 1), MAX_PIXELS) for side in size)
    return width or wide, height or high
