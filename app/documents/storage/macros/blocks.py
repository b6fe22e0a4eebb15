"""Macros that frame or arrange the page's own content: panels, code, expands, columns, contents, excerpts."""

from lxml import etree

from app.documents.addresses import anchor_id, external_link, shared_link
from app.documents.canvas import Contents
from app.documents.classes import Colour, PanelKind, classes
from app.documents.colours import nearest
from app.documents.emoji import emoji_of_id
from app.documents.pieces import (
    PanelLook,
    begin_column,
    begin_expand,
    begin_panel,
    code_block,
    end_expand,
    end_panel,
    status,
)
from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.storage.parse import AC
from app.documents.storage.sources import target_of
from app.documents.storage.walk import body_text, parameters

#: Width in pixels of the page that columns are measured against.
_PAGE_PIXELS = 960
_MAX_FIRST_LINE = 999_999


def _panel(macro: Macro) -> None:
    kind = PANELS[macro.name]
    look, sign = PanelLook(without_sign=macro.parameter("icon").lower() == "false"), ""
    if kind is PanelKind.PLAIN:
        look = _look(macro)
        sign = macro.parameter("panelicontext") or emoji_of_id(macro.parameter("paneliconid"))
    begin_panel(macro.canvas, kind, macro.parameter("title"), sign, look=look)
    macro.walk.block_children(macro.rich_body)
    end_panel(macro.canvas)


def _look(macro: Macro) -> PanelLook:
    style, width = macro.parameter("borderstyle").lower(), macro.parameter("borderwidth").removesuffix("px")
    return PanelLook(
        colour=nearest(macro.parameter("bgcolor")),
        edge=nearest(macro.parameter("bordercolor")),
        title_ground=nearest(macro.parameter("titlebgcolor")),
        title_colour=nearest(macro.parameter("titlecolor")),
        without_border=style == "none" or width == "0",
        dashed=style in ("dashed", "dotted"),
    )


def _message(macro: Macro) -> None:
    # Panels of apps: the kind is a parameter.
    kind = _MESSAGES.get(macro.parameter("type").lower(), PanelKind.PLAIN)
    begin_panel(macro.canvas, kind, macro.parameter("title"))
    macro.walk.block_children(macro.rich_body)
    end_panel(macro.canvas)


def _code(macro: Macro) -> None:
    first = macro.parameter("firstline")
    starts = int(first) if first.isascii() and first.isdigit() and len(first) < 7 else 1
    code_block(
        macro.canvas,
        macro.plain_body,
        macro.parameter("language", "lang", ""),
        macro.parameter("title"),
        first_line=min(starts, _MAX_FIRST_LINE) if macro.says("linenumbers") else None,
        folded=macro.says("collapse"),
    )


def _no_format(macro: Macro) -> None:
    code_block(macro.canvas, macro.plain_body, title=macro.parameter("title"))


def _source(macro: Macro) -> None:
    # A notation that is not rendered here is shown as it was written.
    code_block(macro.canvas, macro.plain_body, _SOURCES[macro.name], macro.parameter("title"))


def _status(macro: Macro) -> None:
    colour = macro.parameter("colour", "color").lower()
    text = macro.parameter("title") or colour
    status(macro.canvas, text, _STATUS.get(colour), subtle=macro.says("subtle"))


def _expand(macro: Macro) -> None:
    begin_expand(macro.canvas, macro.parameter("title", ""))
    macro.walk.block_children(macro.rich_body)
    end_expand(macro.canvas)


def _body(macro: Macro) -> None:
    if macro.rich_body is not None and not macro.says("hidden"):
        macro.walk.children(macro.rich_body)


def _details(macro: Macro) -> None:
    # Page properties are a table of the page's own; they stand where they were written.
    if macro.rich_body is None or macro.says("hidden"):
        return
    macro.canvas.start("div", ' class="doc-details"')
    macro.walk.block_children(macro.rich_body)
    macro.canvas.end("div")


def _titled(macro: Macro) -> None:
    # Cards and tabs need script; on paper they stand one below the other.
    canvas = macro.canvas
    canvas.start("div", ' class="doc-included"')
    if title := macro.parameter("label", "title", "name", ""):
        canvas.element("div", ' class="doc-title"', title[:500])
    macro.walk.block_children(macro.rich_body)
    canvas.end("div")


def _aligned(macro: Macro) -> None:
    place = {"center": "center", "right": "end", "justify": "justify"}.get(macro.parameter("align").lower())
    if macro.name == "center":
        place = "center"
    macro.canvas.start("div", classes(f"doc-align-{place}" if place else None))
    macro.walk.block_children(macro.rich_body)
    macro.canvas.end("div")


def _clickable(macro: Macro) -> None:
    canvas, pointed = macro.canvas, macro.resource("link")
    if pointed is not None:
        address = shared_link(target_of(pointed), canvas.material)
    else:
        address = external_link(_written_link(macro), canvas.material)
    opened = canvas.begin_link(address)
    macro.walk.block_children(macro.rich_body)
    canvas.end_link(opened)


def _written_link(macro: Macro) -> str:
    for parameter in macro.element.iterchildren(f"{AC}parameter"):
        for link in parameter.iterchildren("a"):
            return link.get("href") or body_text(link)
    return macro.parameter("link", "url")


def _section(macro: Macro) -> None:
    walk, body = macro.walk, macro.rich_body
    macro.canvas.start("div", classes("doc-columns", "doc-bordered" if macro.says("border") else None))
    before, walk.column_share = walk.column_share, _share_left(body)
    walk.block_children(body)
    walk.column_share = before
    macro.canvas.end("div")


def _share_left(body: etree._Element | None) -> float | None:
    """Return the share in percent of each column that names none, if others do."""
    found = () if body is None else body.iterchildren(f"{AC}structured-macro")
    shares = [_percent(parameters(one).get("width", "")) for one in found if one.get(f"{AC}name") == "column"]
    named = [share for share in shares if share is not None]
    unnamed = len(shares) - len(named)
    return max(100 - sum(named), 0.0) / unnamed if named and unnamed else None


def _column(macro: Macro) -> None:
    percent = _percent(macro.parameter("width"))
    begin_column(macro.canvas, macro.walk.column_share if percent is None else percent)
    macro.walk.block_children(macro.rich_body)
    macro.canvas.end("div")


def _percent(width: str) -> float | None:
    width = width.lower()
    number = width.rstrip("%px").strip()
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        return None
    return float(number) if width.endswith("%") else float(number) * 100 / _PAGE_PIXELS


def _anchor(macro: Macro) -> None:
    if name := macro.parameter("", "name", "anchor"):
        anchor = macro.canvas.new_id(name)
        # A heading of the same text may hold the id already; then the link leads there.
        if anchor == anchor_id(name):
            macro.canvas.element("span", f' id="{anchor}"', "")


def _contents(macro: Macro) -> None:
    _list_contents(macro, None)


def _contents_zone(macro: Macro) -> None:
    if macro.rich_body is None:
        return
    canvas, first = macro.canvas, macro.canvas.heading_count
    place = macro.parameter("location").lower() or "top"
    above = _list_contents(macro, first) if place in ("top", "both") else None
    macro.walk.children(macro.rich_body)
    below = _list_contents(macro, first) if place in ("bottom", "both") else None
    for contents in (above, below):
        if contents is not None:
            contents.last = canvas.heading_count


def _list_contents(macro: Macro, zone_from: int | None) -> Contents | None:
    return macro.canvas.contents(
        _level(macro.parameter("minlevel"), 1),
        _level(macro.parameter("maxlevel"), 6),
        zone_from=zone_from,
        flat=macro.parameter("type").lower() == "flat",
        numbered=macro.says("outline"),
    )


def _level(text: str, otherwise: int) -> int:
    return int(text) if len(text) == 1 and text in "123456" else otherwise


# The macros are older than ADF's panels of the same names: Confluence shows `note` in yellow and `warning` in red.
PANELS = {
    "info": PanelKind.INFO,
    "note": PanelKind.WARNING,
    "tip": PanelKind.TIP,
    "warning": PanelKind.ERROR,
    "success": PanelKind.SUCCESS,
    "error": PanelKind.ERROR,
    "panel": PanelKind.PLAIN,
}
_MESSAGES = {
    "success": PanelKind.SUCCESS,
    "info": PanelKind.INFO,
    "hint": PanelKind.TIP,
    "warning": PanelKind.WARNING,
    "error": PanelKind.ERROR,
}
_STATUS = {
    "green": Colour.GREEN,
    "yellow": Colour.YELLOW,
    "red": Colour.RED,
    "blue": Colour.BLUE,
    "purple": Colour.PURPLE,
}
_SOURCES = {"markdown": "markdown", "markdown-macro": "markdown", "md": "markdown", "csv": "text"}
MACROS: dict[str, RenderMacro] = {
    **dict.fromkeys(PANELS, _panel),
    **dict.fromkeys(_SOURCES, _source),
    **dict.fromkeys(("alert", "auimessage"), _message),
    **dict.fromkeys(("code", "codeblock", "paste-code-macro"), _code),
    **dict.fromkeys(("expand", "ui-expand"), _expand),
    **dict.fromkeys(("align", "center"), _aligned),
    **dict.fromkeys(("card", "localtab", "ui-tab", "auitabspage"), _titled),
    **dict.fromkeys(("deck", "localtabgroup", "ui-tabs", "auitabs"), _body),
    **dict.fromkeys(("excerpt", "table-filter", "table-plus", "table-transformer", "pivot-table"), _body),
    "anchor": _anchor,
    "clickable": _clickable,
    "column": _column,
    "details": _details,
    "noformat": _no_format,
    "section": _section,
    "status": _status,
    "toc": _contents,
    "toc-zone": _contents_zone,
}
