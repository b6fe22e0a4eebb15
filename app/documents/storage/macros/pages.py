"""Macros that show other pages or issues: only as far as the link covers them, and from their source.

What is read into a page is bounded: no page within itself, so many pages, so many characters together.
"""

import json

from lxml import etree

from app.documents.addresses import is_safe_href, shared_link
from app.documents.classes import PanelKind
from app.documents.errors import DocumentError
from app.documents.inclusion import within
from app.documents.pieces import begin_panel, end_panel
from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.storage.parse import AC, parse
from app.documents.storage.sources import page_called, page_of
from app.documents.storage.walk import child, parameters
from app.documents.types import CoveredPage

_MAX_LEVELS = 20


def _include(macro: Macro) -> None:
    page = _readable(macro)
    root = _parsed(macro, page) if page is not None and page.storage is not None else None
    if page is None or (page.storage is not None and root is None):
        return
    macro.canvas.start("div", ' class="doc-included"')
    with within(macro.canvas, page):
        if root is not None:
            macro.walk.block_children(root)
        else:
            _document(macro, page.adf)
    macro.canvas.end("div")


def _excerpt_include(macro: Macro) -> None:
    page = _readable(macro)
    if page is None:
        return
    name = macro.parameter("name")
    root = _parsed(macro, page) if page.storage is not None else None
    if root is None and page.storage is not None:
        return
    excerpt = _excerpt(root, name) if root is not None else None
    document = _excerpt_of_document(page.adf, name) if page.storage is None else None
    if excerpt is None and document is None:
        macro.canvas.omitted(macro.name)
        return
    with_panel = not macro.says("nopanel") and not macro.canvas.in_text
    if with_panel:
        begin_panel(macro.canvas, PanelKind.PLAIN, page.title)
    with within(macro.canvas, page):
        if excerpt is None:
            _document(macro, document)
        elif with_panel:
            macro.walk.block_children(excerpt)
        else:
            macro.walk.children(excerpt)
    if with_panel:
        end_panel(macro.canvas)


def _source(macro: Macro) -> CoveredPage | None:
    material = macro.canvas.material
    for names in (("", "page", "pagetitle"), ("default-parameter",)):
        if (resource := macro.resource(*names)) is not None:
            return page_of(resource, material)
    default = child(macro.element, "default-parameter")
    name = macro.parameter("", "page", "pagetitle") or (default.text or "" if default is not None else "")
    return page_called(name.strip(), macro.parameter("spacekey", "space"), material) if name else None


def _readable(macro: Macro) -> CoveredPage | None:
    """Return the covered page that a macro names, if it was read; else write why it is not shown and return None."""
    canvas, page = macro.canvas, _source(macro)
    if page is None or (page.storage is None and page.adf is None):
        canvas.omitted(macro.name)
        return None
    characters = len(page.storage) if page.storage is not None else len(json.dumps(page.adf))
    refused = canvas.inclusion.refuses(page, characters, canvas.limits)
    if refused is not None:
        canvas.omitted(refused)
        return None
    return page


def _parsed(macro: Macro, page: CoveredPage) -> etree._Element | None:
    """Return the source of a covered page; else write that it is not shown and return None."""
    try:
        return parse(page.storage or "", macro.canvas.limits)
    except DocumentError:
        macro.canvas.omitted(macro.name)
        return None


def _document(macro: Macro, document: object) -> None:
    """Write a page, or its excerpt, that is in ADF."""
    # ADF shows macros by this package.
    from app.documents import adf

    canvas = macro.canvas
    before, canvas.in_text = canvas.in_text, False
    try:
        with canvas.part():
            adf.draw(document, canvas)
    except DocumentError:
        canvas.omitted(macro.name)
    canvas.in_text = before


def _excerpt_of_document(document: object, name: str) -> object | None:
    """Return the excerpt of a page in ADF as a document of its own, or None."""
    from app.documents import adf

    return adf.excerpt(document, name)


def _excerpt(root: etree._Element, name: str) -> etree._Element | None:
    for tag in ("structured-macro", "macro"):
        for found in root.iter(f"{AC}{tag}"):
            if found.get(f"{AC}name") == "excerpt" and (not name or parameters(found).get("name") == name):
                return child(found, "rich-text-body")
    return None


def _children(macro: Macro) -> None:
    material = macro.canvas.material
    top: str | None = material.object_id
    if macro.resource("page") is not None or macro.parameter("page"):
        page = _named(macro, "page")
        top = page.id if page is not None else None
    # Looking through the tree costs, even where nothing stands below.
    if top is None or not material.tree or not macro.walk.may_list(1):
        macro.canvas.omitted(macro.name)
        return
    below = _below(macro)
    if first := _number(macro.parameter("first")):
        below[top] = below.get(top, [])[:first]
    depth = _number(macro.parameter("depth")) or (_MAX_LEVELS if macro.says("all") else 1)
    _list(macro, below, top, min(depth, _MAX_LEVELS))


def _page_tree(macro: Macro) -> None:
    # The tree of the space is not covered: what is shown is the part of it that is.
    tree = macro.canvas.material.tree
    if not tree or not macro.walk.may_list(1):
        macro.canvas.omitted(macro.name)
        return
    page = _named(macro, "root")
    covered = {one.id for one in tree}
    tops = (one.parent_id for one in tree if one.parent_id not in covered)
    below = _below(macro)
    for top in [page.id] if page is not None else dict.fromkeys(tops):
        _list(macro, below, top, _MAX_LEVELS)


def _named(macro: Macro, parameter: str) -> CoveredPage | None:
    material = macro.canvas.material
    if (resource := macro.resource(parameter)) is not None:
        return page_of(resource, material)
    name = macro.parameter(parameter)
    return page_called(name, "", material) if name else None


def _below(macro: Macro) -> dict[str | None, list[CoveredPage]]:
    """Return the covered pages by the page they stand below, in the order that the macro asks for."""
    below: dict[str | None, list[CoveredPage]] = {}
    for page in macro.canvas.material.tree:
        below.setdefault(page.parent_id, []).append(page)
    for pages in below.values():
        if macro.parameter("sort").lower() == "title":
            pages.sort(key=lambda page: page.title.casefold())
        elif macro.parameter("sort").lower() == "modified":
            pages.sort(key=lambda page: page.updated.timestamp() if page.updated else 0.0)
        if macro.says("reverse"):
            pages.reverse()
    return below


def _list(macro: Macro, below: dict[str | None, list[CoveredPage]], top: str | None, levels: int) -> None:
    """Write the pages below one page as nested lists of links."""
    canvas, pages = macro.canvas, below.get(top, [])
    if not pages or levels < 1 or not macro.walk.may_list(len(pages)):
        return
    canvas.start("ul", ' class="doc-pages"')
    for page in pages:
        canvas.start("li")
        opened = canvas.begin_link(page.address if is_safe_href(page.address) else None)
        canvas.text(page.title)
        canvas.end_link(opened)
        _list(macro, below, page.id, levels - 1)
        canvas.end("li")
    canvas.end("ul")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _jira(macro: Macro) -> None:
    # One issue shows its bare key, as text on this page would; anything more belongs to the issue.
    canvas = macro.canvas
    key = macro.parameter("key").strip()
    if not key:
        canvas.omitted("jira")
        return
    opened = canvas.begin_link(shared_link(f"issue:{key}", canvas.material))
    canvas.element("span", ' class="doc-key"', key[:60])
    canvas.end_link(opened)


MACROS: dict[str, RenderMacro] = {
    "children": _children,
    "excerpt-include": _excerpt_include,
    "include": _include,
    "jira": _jira,
    "pagetree": _page_tree,
}
