"""Links, mentions, files and pictures of wiki markup: `[text|target]`, `[~name]`, `[^file]`, `!picture|look!`."""

import re
from collections.abc import Callable

from app.documents.addresses import external_link, is_external, issue_key, named_file, own_file, shared_link
from app.documents.canvas import Canvas
from app.documents.classes import Align
from app.documents.embeds import player
from app.documents.pieces import PICTURES, Picture, begin_figure, file_card, internal, mention, picture, pixels

_WEB = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:|//|\\\\|www\.)", re.IGNORECASE)
_FILE = re.compile(r"[^\s].{0,250}\.[A-Za-z0-9]{2,5}")
_PLACES = {
    "left": (Align.START, True),
    "right": (Align.END, True),
    "center": (Align.CENTER, False),
}
_MAX_ALT = 1_000

Draw = Callable[[str, Canvas], None]


def draw_address(address: str, canvas: Canvas) -> None:
    """Write an address that stands in the text by itself."""
    _web(address, address, canvas, lambda text, canvas: canvas.text(text))


def draw_issue(key: str, canvas: Canvas) -> None:
    """Write the key of an issue, as a link where the share covers it."""
    opened = canvas.begin_link(shared_link(f"issue:{key}", canvas.material))
    canvas.text(key)
    canvas.end_link(opened)


def draw_link(written: str, canvas: Canvas, draw_text: Draw) -> None:
    """Write a link in brackets; what cannot be one stays as it was written."""
    parts = written[1:-1].split("|")
    target = (parts[1] if len(parts) > 1 else parts[0]).strip()
    text = parts[0].strip()
    if target.startswith("~"):
        mention(canvas, target[1:].removeprefix("accountid:").strip())
    elif target.startswith("^"):
        _file(target[1:].strip(), text if len(parts) > 1 else "", canvas, draw_text)
    elif target.startswith("#"):
        opened = canvas.begin_link_to_anchor(target[1:])
        draw_text(text if len(parts) > 1 else text[1:], canvas)
        canvas.end_link(opened)
    elif (
        _page_address(target, canvas) is None
        and _WEB.match(target)
        and (len(parts) > 1 or is_external(target) or target.startswith("mailto:"))
    ):
        _web(target, text or target, canvas, draw_text)
    else:
        _page(target, text, len(parts) > 1, canvas, draw_text)


def _web(target: str, text: str, canvas: Canvas, draw_text: Draw) -> None:
    address = external_link(target, canvas.material)
    if address is None and text == target:
        # The address of an internal site is not even read as text.
        if key := issue_key(target, canvas.material):
            canvas.element("span", ' class="doc-key"', key)
        elif is_external(target):
            internal(canvas)
        else:
            canvas.text(text)
        return
    opened = canvas.begin_link(address)
    if address is not None and text == target:
        canvas.text(text if address == target else canvas.words.internal_page)
    else:
        draw_text(text, canvas)
    canvas.end_link(opened)


def _file(name: str, text: str, canvas: Canvas, draw_text: Draw) -> None:
    file = named_file(name, canvas.material)
    if file is None:
        canvas.omitted("missing-file")
    elif text:
        opened = canvas.begin_link(canvas.media(file)) if canvas.material.link_files else False
        draw_text(text, canvas)
        canvas.end_link(opened)
    else:
        file_card(canvas, file)


def _page(target: str, text: str, named: bool, canvas: Canvas, draw_text: Draw) -> None:
    address = _page_address(target, canvas)
    if address is None and not named:
        # Brackets in plain text are far more common than links to pages.
        canvas.text(f"[{text}]")
        return
    opened = canvas.begin_link(address)
    draw_text(text if named else target.partition("#")[0].rpartition(":")[2], canvas)
    canvas.end_link(opened)


def _page_address(target: str, canvas: Canvas) -> str | None:
    space, colon, title = target.partition("#")[0].partition(":")
    return shared_link(f"page:{space}:{title}" if colon else f"page::{space}", canvas.material)


def draw_image(written: str, canvas: Canvas) -> None:
    """Write a picture between exclamation marks; what names no file stays as it was written."""
    source, _bar, given = written[1:-1].partition("|")
    source = source.strip()
    if is_external(source):
        file = own_file(source, canvas.material)
        reason = "external-image"
    elif "^" in source:
        file, reason = None, "foreign-attachment"
    else:
        file, reason = named_file(source, canvas.material), "missing-file"
    if file is not None and file.media_type.lower() not in PICTURES:
        player(canvas, file)
    elif file is not None:
        look = _look(given)
        if not look.align:
            picture(canvas, file, look)
            return
        begin_figure(canvas, look)
        picture(canvas, file, look)
        canvas.end("figure")
    elif is_external(source) or _FILE.fullmatch(source):
        canvas.omitted(reason)
    else:
        canvas.text(written)


def _look(given: str) -> Picture:
    found: dict[str, str] = {}
    for part in given.split(","):
        name, equals, value = part.partition("=")
        found[name.strip().lower()] = value.strip().strip('"') if equals else "true"
    border = found.get("border", "0")
    align, beside = _PLACES.get(found.get("align", "").lower(), (None, False))
    width, height = pixels(found.get("width")), pixels(found.get("height"))
    return Picture(
        alt=(found.get("alt") or found.get("title") or "")[:_MAX_ALT],
        width=width,
        height=height,
        align=align,
        beside=beside,
        border=min(int(border), 3) if border.isascii() and border.isdigit() and len(border) < 4 else 0,
        thumbnail=found.get("thumbnail") == "true",
    )
