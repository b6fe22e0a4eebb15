"""Pictures of storage format: only attachments of the page and of pages that the link covers are ever drawn."""

from lxml import etree

from app.documents.addresses import external_link, own_file
from app.documents.classes import Align, Colour
from app.documents.colours import nearest
from app.documents.embeds import player
from app.documents.pieces import Picture, begin_figure, picture, pixels
from app.documents.storage.parse import AC, RI
from app.documents.storage.sources import MISSING, attached
from app.documents.storage.walk import Renderer, Walk, child, resources
from app.documents.types import MediaFile

#: `ac:align` of the old editor and `ac:layout` of the new one → alignment, and whether text flows around.
_PLACES = {
    "left": (Align.START, True),
    "right": (Align.END, True),
    "center": (Align.CENTER, False),
    "centre": (Align.CENTER, False),
    "wrap-left": (Align.START, True),
    "wrap-right": (Align.END, True),
    "align-start": (Align.START, False),
    "align-end": (Align.END, False),
    "wide": (Align.CENTER, False),
    "full-width": (Align.CENTER, False),
}
_FULL = frozenset({"wide", "full-width"})


def _image(element: etree._Element, walk: Walk) -> None:
    canvas = walk.canvas
    file, reason = _source(element, walk)
    if file is None:
        canvas.omitted(reason)
        return
    look = _look(element)
    caption = child(element, "caption")
    if canvas.in_text and caption is None and not look.beside:
        _drawn(element, walk, file, look)
        return
    begin_figure(canvas, look)
    _drawn(element, walk, file, look)
    if caption is not None:
        canvas.start("figcaption")
        walk.block_children(caption)
        canvas.end("figcaption")
    canvas.end("figure")


def _drawn(element: etree._Element, walk: Walk, file: MediaFile, look: Picture) -> None:
    canvas = walk.canvas
    if file.media_type.startswith(("audio/", "video/")):
        player(canvas, file, look.width)
        return
    href = element.get(f"{AC}href")
    opened = canvas.begin_link(external_link(href, canvas.material)) if href else False
    picture(canvas, file, look)
    canvas.end_link(opened)


def _source(element: etree._Element, walk: Walk) -> tuple[MediaFile | None, str]:
    for resource in resources(element):
        if resource.tag == f"{RI}attachment":
            return attached(resource, walk)
        if resource.tag == f"{RI}url":
            return own_file(resource.get(f"{RI}value") or "", walk.canvas.material), "external-image"
    return None, MISSING


def _look(element: etree._Element) -> Picture:
    place = (element.get(f"{AC}layout") or element.get(f"{AC}align") or "").lower()
    align, beside = _PLACES.get(place, (None, False))
    width, height = pixels(element.get(f"{AC}width")), pixels(element.get(f"{AC}height"))
    if height is None and width is not None:
        height = _in_proportion(element, width)
    border, edge = _border(element)
    return Picture(
        alt=(element.get(f"{AC}alt") or element.get(f"{AC}title") or "")[:1_000],
        width=width,
        height=height,
        align=align,
        beside=beside,
        border=border,
        edge=edge,
        thumbnail=element.get(f"{AC}thumbnail") == "true" and width is None,
        full=place in _FULL,
    )


def _border(element: etree._Element) -> tuple[int, Colour | None]:
    for mark in element.iterchildren(f"{AC}adf-mark"):
        if mark.get("key") == "border":
            return pixels(mark.get("size")) or 1, nearest(mark.get("color") or "")
    plain = element.get(f"{AC}border") == "true" or "border-simple" in (element.get(f"{AC}queryparams") or "")
    return (1 if plain else 0), None


def _in_proportion(element: etree._Element, width: int) -> int | None:
    # The height keeps the page from jumping while a picture loads.
    wide, high = pixels(element.get(f"{AC}original-width")), pixels(element.get(f"{AC}original-height"))
    return pixels(round(width * high / wide)) if wide and high else None


def _html_image(element: etree._Element, walk: Walk) -> None:
    file = own_file(element.get("src") or "", walk.canvas.material)
    if file is None:
        walk.canvas.omitted("external-image")
    else:
        alt = (element.get("alt") or "")[:1_000]
        size = pixels(element.get("width")), pixels(element.get("height"))
        picture(walk.canvas, file, Picture(alt, *size))
    # In damaged markup an unclosed <img> holds the text that follows it.
    walk.children(element)


RENDERERS: dict[str, Renderer] = {f"{AC}image": _image, "img": _html_image}
