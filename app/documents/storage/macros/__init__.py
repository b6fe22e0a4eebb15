"""Macros by name. A macro that is not in `MACROS` becomes a neutral box, and its body is not shown.

That is deliberate: some macros decide who sees their body, others would run code or tell of other pages. To show
another macro, write one renderer that takes a `Macro` and add it to the `MACROS` of the module it belongs to.
"""

from lxml import etree

from app.documents.reasons import is_quiet
from app.documents.storage.macros import blocks, drawings, files, footnotes, formulas, pages
from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.storage.parse import AC
from app.documents.storage.walk import Renderer, Walk, parameters

__all__ = ["MACROS", "RENDERERS", "Macro", "extension_name"]

MACROS: dict[str, RenderMacro] = (
    blocks.MACROS | drawings.MACROS | files.MACROS | footnotes.MACROS | formulas.MACROS | pages.MACROS
)


def _macro(element: etree._Element, walk: Walk) -> None:
    name = (element.get(f"{AC}name") or "").lower()
    render = MACROS.get(name)
    if render is not None:
        render(Macro(name, parameters(element), element, walk))
    elif is_quiet(name):
        walk.canvas.leave_out(name)
    else:
        walk.canvas.omitted(extension_name(name))


def extension_name(key: str) -> str:
    """Return the last part of an extension's key, which is what people call it."""
    return key.rstrip("/:").replace(":", "/").rpartition("/")[2]


RENDERERS: dict[str, Renderer] = {f"{AC}structured-macro": _macro, f"{AC}macro": _macro} | formulas.RENDERERS
