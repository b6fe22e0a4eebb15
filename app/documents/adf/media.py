"""Pictures and files of ADF: only the object's own attachments, by file id or else by name."""

from dataclasses import replace

from app.documents.addresses import named_file
from app.documents.adf.inline import begin_link
from app.documents.adf.marks import border_of
from app.documents.adf.walk import Node, Renderer, Walk, attributes, content, left_out, mark_of, number_of, text_of
from app.documents.classes import Align
from app.documents.embeds import player
from app.documents.pieces import PICTURES, Picture, begin_figure, file_card, picture, pixels
from app.documents.types import MediaFile

#: Layout of a picture → alignment, and whether text flows around it.
_PLACES = {
    "center": (Align.CENTER, False),
    "align-start": (Align.START, False),
    "align-end": (Align.END, False),
    "wrap-left": (Align.START, True),
    "wrap-right": (Align.END, True),
}


#: Layouts that are as wide as the page and more; here a picture is never wider than its page.
_FULL = frozenset({"wide", "full-width"})
#: Width in pixels of the page that percents are shares of.
_PAGE_PIXELS = 760


def _file(node: Node, walk: Walk) -> MediaFile | None:
    material = walk.canvas.material
    found = material.by_file_id.get(text_of(node, "id"))
    if found is not None:
        return found
    # Jira's ids are those of the media service; the name is what is left where they could not be resolved.
    name = text_of(node, "__fileName") or text_of(node, "alt")
    return named_file(name, material) if name else None


def _left_out(node: Node) -> str:
    return "external-image" if text_of(node, "type") == "external" else "missing-file"


def _single(node: Node, walk: Walk) -> None:
    shown = next((child for child in content(node) if child.get("type") == "media"), None)
    if shown is None:
        return
    layout = text_of(node, "layout")
    align, beside = _PLACES.get(layout, (None, False))
    begin_figure(walk.canvas, Picture(align=align, beside=beside))
    file = _file(shown, walk)
    if file is None:
        walk.canvas.omitted(_left_out(shown))
    else:
        _shown(shown, walk, file, replace(_look(shown, _width(node)), full=layout in _FULL), mark_of(node, "link"))
    for caption in content(node):
        if caption.get("type") == "caption":
            walk.canvas.start("figcaption")
            walk.block_children(caption)
            walk.canvas.end("figcaption")
    walk.canvas.end("figure")


def _width(node: Node) -> int | None:
    """Return the width of a picture in pixels; without a unit it is a share of the page in percent."""
    number = number_of(node, "width")
    if number is None or text_of(node, "widthType") == "pixel":
        return pixels(number)
    return pixels(round(number * _PAGE_PIXELS / 100)) if 0 < number < 100 else None


def _look(node: Node, width: int | None) -> Picture:
    own_width, own_height = pixels(attributes(node).get("width")), pixels(attributes(node).get("height"))
    height = own_height
    if width is not None:
        height = pixels(round(width * own_height / own_width)) if own_width and own_height else None
    border, edge = border_of(node)
    return Picture(alt=text_of(node, "alt")[:1_000], width=width or own_width, height=height, border=border, edge=edge)


def _shown(node: Node, walk: Walk, file: MediaFile, look: Picture, link: Node | None = None) -> None:
    if file.media_type.lower() not in PICTURES:
        player(walk.canvas, file, look.width)
        return
    opened = begin_link(link or mark_of(node, "link"), walk.canvas)
    picture(walk.canvas, file, look)
    walk.canvas.end_link(opened)


def _alone(node: Node, walk: Walk) -> None:
    file = _file(node, walk)
    if file is None:
        walk.canvas.omitted(_left_out(node))
    elif text_of(node, "type") == "image" or node.get("type") == "media":
        _shown(node, walk, file, _look(node, None))
    else:
        file_card(walk.canvas, file)


def _group(node: Node, walk: Walk) -> None:
    walk.canvas.start("div", ' class="doc-files"')
    for child in content(node):
        file = _file(child, walk)
        if file is None:
            walk.canvas.omitted(_left_out(child))
        elif file.media_type.lower() in PICTURES:
            picture(walk.canvas, file, Picture(alt=text_of(child, "alt")[:1_000], thumbnail=True))
        else:
            file_card(walk.canvas, file)
    walk.canvas.end("div")


def _caption(node: Node, walk: Walk) -> None:
    walk.children(node)


RENDERERS: dict[str, Renderer] = {
    "mediaSingle": _single,
    "mediaGroup": _group,
    "media": _alone,
    "mediaInline": _alone,
    "caption": _caption,
    "image": left_out("external-image"),
}
