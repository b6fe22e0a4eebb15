"""Macros that show attached files, or pages of other sites: cards, players, galleries, embeds."""

import unicodedata

from app.documents.addresses import external_link, named_file
from app.documents.embeds import embed, shown_file
from app.documents.pieces import PICTURES, Picture, begin_figure, picture
from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.storage.parse import RI
from app.documents.storage.sources import FOREIGN, MISSING, attached, page_called, page_of
from app.documents.types import CoveredPage, Material, MediaFile, Reason

#: Pictures of one gallery.
_MAX_GALLERY = 200
#: What a parameter of `widget` and its like calls the address.
_ADDRESSES = ("url", "src", "")


def _file(macro: Macro) -> None:
    canvas = macro.canvas
    file, reason = _named(macro)
    if file is None:
        canvas.omitted(reason)
    else:
        shown_file(canvas, file, macro.parameter("width"))


def _named(macro: Macro) -> tuple[MediaFile | None, str]:
    resource = macro.resource("name", "file", "attachment", "")
    holder = _holder(macro)
    if holder is None:
        return None, FOREIGN
    if resource is not None and resource.tag == f"{RI}attachment":
        if next(iter(resource), None) is not None:
            return attached(resource, macro.walk)
        return named_file(resource.get(f"{RI}filename") or "", holder), MISSING
    if resource is not None:
        return None, FOREIGN
    return named_file(macro.parameter("name", "file", "attachment", ""), holder), MISSING


def _holder(macro: Macro) -> Material | CoveredPage | None:
    """Return whose files a macro means: the page's own unless it names another, which has to be covered."""
    material = macro.canvas.material
    if (resource := macro.resource("page")) is not None:
        return page_of(resource, material)
    page, space = macro.parameter("page"), macro.parameter("space")
    if page or space:
        return page_called(page, space, material)
    return material


def _gallery(macro: Macro) -> None:
    canvas, holder = macro.canvas, _holder(macro)
    # Which files carry which label is not known here.
    if holder is None or macro.parameter("includelabel", "excludelabel"):
        canvas.omitted("gallery", Reason.NOT_COVERED)
        return
    if not macro.walk.may_list(1):
        canvas.omitted("gallery", Reason.BOUNDED)
        return
    chosen, without = _names(macro.parameter("include")), _names(macro.parameter("exclude"))
    files = [
        file
        for name, file in holder.attachments.items()
        if file.media_type.lower() in PICTURES and (not chosen or name in chosen) and name not in without
    ]
    files = _sorted(files, macro)[:_MAX_GALLERY]
    if not macro.walk.may_list(len(files)):
        canvas.omitted("gallery", Reason.BOUNDED)
        return
    if title := macro.parameter("title"):
        canvas.element("div", ' class="doc-title"', title[:500])
    canvas.start("div", ' class="doc-gallery"')
    for file in files:
        begin_figure(canvas, Picture())
        picture(canvas, file, Picture(thumbnail=True))
        canvas.element("figcaption", "", file.filename)
        canvas.end("figure")
    canvas.end("div")


def _names(written: str) -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFC", name.strip()) for name in written.split(",") if name.strip())


def _sorted(files: list[MediaFile], macro: Macro) -> list[MediaFile]:
    by = macro.parameter("sort").lower()
    if by in ("", "name"):
        files = sorted(files, key=lambda file: file.filename.casefold())
    elif by == "size":
        files = sorted(files, key=lambda file: file.size)
    return files[::-1] if macro.says("reverse") or macro.says("reversesort") else files


def _embed(macro: Macro) -> None:
    resource = macro.resource(*_ADDRESSES)
    address = (resource.get(f"{RI}value") or "") if resource is not None else macro.parameter(*_ADDRESSES)
    if external_link(address, macro.canvas.material) is None:
        macro.canvas.omitted(macro.name)
    else:
        embed(macro.canvas, address, macro.parameter("title", "name"))


_SHOWN = ("view-file", "viewdoc", "viewpdf", "viewppt", "viewxls", "viewfile", "multimedia", "html5video", "html5audio")
MACROS: dict[str, RenderMacro] = {
    **dict.fromkeys(_SHOWN, _file),
    **dict.fromkeys(("widget", "iframe", "embed"), _embed),
    "gallery": _gallery,
}
