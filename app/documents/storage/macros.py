"""Macros by name. A macro that is not in `MACROS` becomes a neutral box, and its body is not shown.

That is deliberate: some macros decide who sees their body, others would run code or tell of other pages. To show
another macro, write one renderer that takes a `Macro` and add it to `MACROS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from app.documents.addresses import named_file, shared_link
from app.documents.canvas import anchor_id
from app.documents.classes import Colour, PanelKind
from app.documents.colours import nearest
from app.documents.pieces import (
    begin_column,
    begin_expand,
    begin_panel,
    code_block,
    end_expand,
    end_panel,
    file_card,
    status,
)
from app.documents.storage.parse import AC, RI
from app.documents.storage.structures import extension_name
from app.documents.storage.walk import Renderer, Walk, body_text, child, parameters, resources


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro: its name and parameters in lower case, its bodies, and the walk it is part of."""

    name: str
    parameters: dict[str, str]
    element: etree._Element
    walk: Walk

    @property
    def rich_body(self) -> etree._Element | None:
        """The body that holds further content, if there is one."""
        return child(self.element, "rich-text-body")

    @property
    def plain_body(self) -> str:
        """The body that holds text such as code."""
        return body_text(child(self.element, "plain-text-body"))

    def parameter(self, name: str) -> str:
        """Return a parameter, empty where it is missing."""
        return self.parameters.get(name, "")


def _macro(element: etree._Element, walk: Walk) -> None:
    name = (element.get(f"{AC}name") or "").lower()
    render = MACROS.get(name)
    if render is None:
        walk.canvas.omitted(extension_name(name))
    else:
        render(Macro(name, parameters(element), element, walk))


def _panel(macro: Macro) -> None:
    kind = _PANELS[macro.name]
    plain = kind is PanelKind.PLAIN
    colour = nearest(macro.parameter("bgcolor")) if plain else None
    begin_panel(
        macro.walk.canvas, kind, macro.parameter("title"), macro.parameter("panelicontext") if plain else "", colour
    )
    macro.walk.block_children(macro.rich_body)
    end_panel(macro.walk.canvas)


def _code(macro: Macro) -> None:
    language = macro.parameter("language") or macro.parameter("lang") or macro.parameter("")
    code_block(macro.walk.canvas, macro.plain_body, language, macro.parameter("title"))


def _no_format(macro: Macro) -> None:
    code_block(macro.walk.canvas, macro.plain_body, title=macro.parameter("title"))


def _status(macro: Macro) -> None:
    names = {"green": Colour.GREEN, "yellow": Colour.YELLOW, "red": Colour.RED, "blue": Colour.BLUE}
    colour = (macro.parameter("colour") or macro.parameter("color")).lower()
    text = macro.parameter("title") or colour
    status(macro.walk.canvas, text, names.get(colour) or (Colour.PURPLE if colour == "purple" else None))


def _expand(macro: Macro) -> None:
    begin_expand(macro.walk.canvas, macro.parameter("title") or macro.parameter(""))
    macro.walk.block_children(macro.rich_body)
    end_expand(macro.walk.canvas)


def _body(macro: Macro) -> None:
    if macro.rich_body is not None and macro.parameter("hidden") != "true":
        macro.walk.children(macro.rich_body)


def _section(macro: Macro) -> None:
    macro.walk.canvas.start("div", ' class="doc-columns"')
    macro.walk.block_children(macro.rich_body)
    macro.walk.canvas.end("div")


def _column(macro: Macro) -> None:
    share = macro.parameter("width").strip()
    percent = float(share[:-1]) if share.endswith("%") and share[:-1].isascii() and share[:-1].isdigit() else None
    begin_column(macro.walk.canvas, percent)
    macro.walk.block_children(macro.rich_body)
    macro.walk.canvas.end("div")


def _anchor(macro: Macro) -> None:
    if name := macro.parameter("") or macro.parameter("name"):
        anchor = macro.walk.canvas.new_id(name)
        # A heading of the same text may hold the id already; then the link leads there.
        if anchor == anchor_id(name):
            macro.walk.canvas.element("span", f' id="{anchor}"', "")


def _contents(macro: Macro) -> None:
    macro.walk.canvas.contents(_level(macro.parameter("minlevel"), 1), _level(macro.parameter("maxlevel"), 6))


def _level(text: str, otherwise: int) -> int:
    return int(text) if len(text) == 1 and text in "123456" else otherwise


def _file(macro: Macro) -> None:
    canvas = macro.walk.canvas
    filename = macro.parameter("name")
    for parameter in macro.element.iterfind(f"{AC}parameter"):
        for resource in resources(parameter):
            if resource.tag != f"{RI}attachment" or next(resources(resource), None) is not None:
                canvas.omitted("foreign-attachment")
                return
            filename = resource.get(f"{RI}filename") or ""
    if macro.parameter("page") or macro.parameter("space"):
        canvas.omitted("foreign-attachment")
        return
    file = named_file(filename, canvas.material)
    if file is None:
        canvas.omitted("missing-file")
    elif canvas.in_text:
        file_card(canvas, file)
    else:
        canvas.start("div", ' class="doc-files"')
        file_card(canvas, file)
        canvas.end("div")


def _jira(macro: Macro) -> None:
    # One issue shows its bare key, as text on this page would; anything more belongs to the issue.
    canvas = macro.walk.canvas
    key = macro.parameter("key").strip()
    if not key:
        canvas.omitted("jira")
        return
    opened = canvas.begin_link(shared_link(f"issue:{key}", canvas.material))
    canvas.element("span", ' class="doc-key"', key[:60])
    canvas.end_link(opened)


# The macros are older than ADF's panels of the same names: Confluence shows `note` in yellow and `warning` in red.
_PANELS = {
    "info": PanelKind.INFO,
    "note": PanelKind.WARNING,
    "tip": PanelKind.TIP,
    "warning": PanelKind.ERROR,
    "success": PanelKind.SUCCESS,
    "error": PanelKind.ERROR,
    "panel": PanelKind.PLAIN,
}
MACROS: dict[str, Callable[[Macro], None]] = {
    **dict.fromkeys(_PANELS, _panel),
    **dict.fromkeys(("view-file", "viewdoc", "viewpdf", "viewppt", "viewxls", "multimedia"), _file),
    "anchor": _anchor,
    "code": _code,
    "column": _column,
    "details": _body,
    "excerpt": _body,
    "expand": _expand,
    "jira": _jira,
    "noformat": _no_format,
    "section": _section,
    "status": _status,
    "toc": _contents,
    "toc-zone": _body,
    "ui-expand": _expand,
}
RENDERERS: dict[str, Renderer] = {f"{AC}structured-macro": _macro, f"{AC}macro": _macro}
