"""Formulas: by the picture that the app attached, else in the notation they were written in, since nothing here sets them."""

import html

from lxml import etree

from app.documents.pieces import Picture, picture
from app.documents.storage.macros.drawings import attached_picture
from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.storage.parse import AC, RI, XHTML
from app.documents.storage.walk import Renderer, Walk

_MAX_MATHML = 20_000
#: How a formula is marked as such in TeX.
_MARKS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))


def _inline(macro: Macro) -> None:
    source = _plain(macro.plain_body or macro.parameter("body", "equation", "formula", "latex", ""))
    file = attached_picture(macro)
    if file is not None:
        picture(macro.canvas, file, Picture(alt=source[:1_000] or macro.canvas.words.formula))
    else:
        _notation(macro.walk, source)


def _block(macro: Macro) -> None:
    macro.canvas.start("div", ' class="doc-align-center"')
    _inline(macro)
    macro.canvas.end("div")


def _mathml(element: etree._Element, walk: Walk) -> None:
    # A macro within it may have a body that is not to be shown.
    if any(str(found.tag).startswith((AC, RI)) for found in element.iter()):
        walk.canvas.omitted("formula")
    else:
        _notation(walk, _plain(_tex(element) or "".join(str(text) for text in element.itertext())))


def _tex(element: etree._Element) -> str:
    for namespace in ("", XHTML, "{http://www.w3.org/1998/Math/MathML}"):
        for found in element.iter(f"{namespace}annotation"):
            if found.get("encoding") in ("application/x-tex", "TeX", "LaTeX"):
                return found.text or ""
    return ""


def _plain(source: str) -> str:
    """Return a formula without what marks it as one."""
    source = " ".join(source.split())[:_MAX_MATHML]
    for before, after in _MARKS:
        if len(source) > len(before) + len(after) and source.startswith(before) and source.endswith(after):
            return source[len(before) : -len(after)].strip()
    return source


def _notation(walk: Walk, source: str) -> None:
    if source:
        label = html.escape(walk.canvas.words.formula)
        walk.canvas.element("code", f' class="doc-formula" aria-label="{label}"', source)


_BLOCKS = "mathblock mathjax-block-macro latexmathblock latex easy-math-block eazy-math-block math-block katex-block"
_INLINE = "mathinline mathjax-inline-macro latexmathinline easy-math-inline eazy-math-inline math-inline katex-inline"
MACROS: dict[str, RenderMacro] = {
    **dict.fromkeys(_BLOCKS.split(), _block),
    **dict.fromkeys(_INLINE.split(), _inline),
}
RENDERERS: dict[str, Renderer] = {"math": _mathml, "{http://www.w3.org/1998/Math/MathML}math": _mathml}
