"""Diagrams and charts of apps: the picture that the app attached to the page, else what it was drawn from."""

from collections.abc import Iterator

from app.documents.addresses import named_file
from app.documents.pieces import PICTURES, Picture, begin_figure, code_block, picture, pixels
from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.types import CoveredPage, Material, MediaFile, Reason

#: Parameters that name a diagram, the attachment its picture is, and the page it is kept on.
_NAMES = ("diagramname", "filename", "name", "attachment", "diagramdisplayname", "displayname", "title", "")
_IDS = ("imageattachmentid", "imageattid", "attachmentid", "previewattachmentid")
_PAGES = ("pageid", "contentid", "page-id")
_SUFFIXES = (".png", ".drawio.png", ".svg.png", ".jpg")


def _drawing(macro: Macro) -> None:
    canvas = macro.canvas
    file = attached_picture(macro)
    if file is not None:
        look = Picture(
            alt=macro.parameter("diagramdisplayname", "displayname", "diagramname", "name")[:1_000],
            width=pixels(macro.parameter("width")),
            height=pixels(macro.parameter("height")),
        )
        begin_figure(canvas, look)
        picture(canvas, file, look)
        canvas.end("figure")
    elif macro.plain_body.strip():
        code_block(canvas, macro.plain_body, _NOTATIONS.get(macro.name, ""), macro.parameter("title"))
    else:
        page_id = macro.parameter(*_PAGES)
        own = not page_id or page_id == canvas.material.object_id
        if own or _holder(macro) is not canvas.material:
            canvas.omitted(macro.name, Reason.MISSING)
        else:
            canvas.omitted("foreign-diagram")


def attached_picture(macro: Macro) -> MediaFile | None:
    """Return the picture that an app attached for a macro, on the page that the macro names if the link covers that."""
    holder = _holder(macro)
    for wanted in (macro.parameters.get(key, "") for key in _IDS):
        for file in holder.attachments.values() if wanted else ():
            if file.id.removeprefix("att") == wanted.removeprefix("att") and file.media_type.lower() in PICTURES:
                return file
    files = (named_file(name, holder) for name in _candidates(macro))
    return next((file for file in files if file is not None and file.media_type.lower() in PICTURES), None)


def _candidates(macro: Macro) -> Iterator[str]:
    for name in (macro.parameters.get(key, "") for key in _NAMES):
        if not name:
            continue
        yield name
        for stem in (name, name.rpartition(".")[0]):
            if stem:
                yield from (stem + suffix for suffix in _SUFFIXES)
        if version := macro.parameter("aspecthash"):
            yield f"{name}-{version}.png"


def _holder(macro: Macro) -> Material | CoveredPage:
    # A copied page may go on naming the page it was copied from: then its own attachments are looked at.
    material = macro.canvas.material
    return material.pages.get(f"id:{macro.parameter(*_PAGES)}") or material


def _chart(macro: Macro) -> None:
    # What a chart is drawn from is a table in its body, and says the same.
    canvas = macro.canvas
    if macro.rich_body is None:
        canvas.omitted(macro.name)
        return
    canvas.start("figure", ' class="doc-figure"')
    macro.walk.block_children(macro.rich_body)
    if title := macro.parameter("title"):
        canvas.element("figcaption", "", title[:500])
    canvas.end("figure")


#: Notations that are kept as text → the language they are coloured as.
_NOTATIONS = {"graphviz": "dot", "digraph": "dot", "flowchart": "dot"}
_DRAWN = (
    "balsamiq cacoo creately digraph ditaa drawio drawio-sketch flowchart gliffy graphviz inc-drawio lucidchart"
    " lucidchart-cloud mermaid mermaid-cloud mermaid-macro mermaiddiagram mockup plantuml plantumlcloud plantumlrender"
)
#: Apps that keep a picture as attachment, or their notation as body.
DRAWINGS = frozenset(_DRAWN.split())
MACROS: dict[str, RenderMacro] = {
    **dict.fromkeys(DRAWINGS, _drawing),
    **dict.fromkeys(("chart", "chart-from-table", "table-chart"), _chart),
}
