"""Pictures of storage format: only the page's own attachments are ever drawn."""

from lxml import etree

from app.documents.addresses import named_file, own_file
from app.documents.classes import Align
from app.documents.pieces import Picture, begin_figure, picture, pixels
from app.documents.storage.parse import AC, RI
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
}


def _image(element: etree._Element, walk: Walk) -> None:
    canvas = walk.canvas
    file, reason = _source(element, walk)
    if file is None:
        canvas.omitted(reason)
        return
    look = _look(element)
    caption = child(element, "caption")
    if canvas.in_text and caption is None and not look.beside:
        picture(canvas, file, look)
        return
    begin_figure(canvas, look)
    picture(canvas, file, look)
    if caption is not None:
        canvas.start("figcaption")
        walk.block_children(caption)
        canvas.end("figcaption")
    canvas.end("figure")


def _source(element: etree._Element, walk: Walk) -> tuple[MediaFile | None, str]:
    for resource in resources(element):
        if resource.tag == f"{RI}attachment":
            if next(resources(resource), None) is not None:
                return None, "foreign-attachment"
            return named_file(resource.get(f"{RI}filename") or "", walk.canvas.material), "missing-file"
        if resource.tag == f"{RI}url":
            return own_file(resource.get(f"{RI}value") or "", walk.canvas.material), "external-image"
    return None, "missing-file"


def _look(element: etree._Element) -> Picture:
    place = (element.get(f"{AC}layout") or element.get(f"{AC}align") or "").lower()
    align, beside = _PLACES.get(place, (None, False))
    width, height = pixels(element.get(f"{AC}width")), pixels(element.get(f"{AC}height"))
    if height is None and width is not None:
        height = _in_proportion(element, width)
    return Picture(
        alt=(element.get(f"{AC}alt") or element.get(f"{AC}title") or "")[:1_000],
        width=width,
        height=height,
        align=align,
        beside=beside,
        border=element.get(f"{AC}border") == "true",
    )


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
