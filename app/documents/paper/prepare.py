"""From the reader's HTML to a document for sheets: nothing folded, nothing that plays, nothing wider than a sheet.

The HTML comes from the sanitiser, so its elements and classes are the known ones. What is changed is what paper cannot
do, and what PDF/UA-1 (ISO 14289-1) asks of headings and tables.
"""

import html as text
from collections.abc import Collection, Iterable
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from app.documents import errors
from app.documents.paper.types import Manuscript

#: More columns than this go onto sheets turned sideways.
COLUMNS_UPRIGHT = 7
#: More columns than this are set smaller there.
COLUMNS_SIDEWAYS = 12
MAXIMUM_FILES = 500
MAXIMUM_CHARACTERS = 4_000_000
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PLAYERS = frozenset({"video", "audio", "iframe"})


def files_of(html: str) -> tuple[str, ...]:
    """Return the names under which the HTML asks for pictures, each once, in order; raise DocumentError for too many."""
    found = tuple(dict.fromkeys(str(image.get("src")) for image in _parse(html).iter("img") if image.get("src")))
    if len(found) > MAXIMUM_FILES:
        raise errors.too_many_pictures(MAXIMUM_FILES)
    return found


def compose(script: Manuscript, styles: Iterable[str], pictures: Collection[str]) -> str:
    """Return the whole document; `styles` and `pictures` are the names that can be fetched."""
    body = _parse(f'<div class="doc-body">{script.html}</div>{script.after}')
    _for_sheets(body, script, frozenset(pictures))
    links = "".join(f'<link rel="stylesheet" href="{text.escape(name)}">' for name in styles)
    cover = "".join(f"<p>{text.escape(line)}</p>" for line in script.cover)
    kicker = f'<p class="paper-kicker">{text.escape(script.kicker)}</p>' if script.kicker else ""
    return (
        f'<!doctype html><html lang="{text.escape(script.language)}" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{text.escape(script.title)}</title>{links}</head><body>"
        f'<div class="paper-cover"><p class="paper-organisation">{text.escape(script.organisation)}</p>{kicker}'
        f"<h1>{text.escape(script.title)}</h1>{cover}</div>{_inner(body)}</body></html>"
    )


def _parse(html: str) -> Any:
    if len(html) > MAXIMUM_CHARACTERS:
        raise errors.too_large(MAXIMUM_CHARACTERS)
    return lxml_html.fragment_fromstring(html, create_parent="div")


def _inner(root: Any) -> str:
    return "".join(etree.tostring(child, encoding="unicode", method="html") for child in root)


def _for_sheets(root: Any, script: Manuscript, pictures: frozenset[str]) -> None:
    level = 1
    # A list, since elements are replaced on the way.
    for element in list(root.iter(etree.Element)):
        tag = element.tag
        if tag in _HEADINGS:
            # The look stays with the class; the level follows the one before without a gap.
            level = min(int(tag[1]), level + 1)
            element.tag = f"h{level}"
        elif tag == "details":
            element.tag = "div"
        elif tag == "summary":
            element.tag = "p"
            element.set("class", "paper-unfolded")
        elif tag == "img":
            _picture(element, script, pictures)
        elif tag in _PLAYERS:
            name = element.get("aria-label") or element.get("title") or ""
            _replace(element, script.playable.format(name=name).strip())
        elif tag == "a":
            _link(element)
        elif tag == "table":
            _table(element)


def _picture(image: Any, script: Manuscript, pictures: frozenset[str]) -> None:
    for name in ("loading", "decoding"):
        image.attrib.pop(name, None)
    if image.get("src") not in pictures:
        _replace(image, script.missing_picture.format(name=image.get("alt") or "").strip())
    elif not image.get("alt"):
        # ISO 14289-1 7.3: every figure has words.
        image.set("alt", script.picture)


def _replace(element: Any, words: str) -> None:
    for child in list(element):
        element.remove(child)
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "span", words, tail
    element.set("class", "doc-omitted")


def _link(link: Any) -> None:
    href = link.get("href") or ""
    if not href.startswith(("#", "https://", "http://", "mailto:")):
        # An address within the portal leads nowhere from a sheet.
        link.attrib.pop("href", None)
        link.tag = "span"


def _table(table: Any) -> None:
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
    width = max(
        (sum(int(cell.get("colspan") or 1) for cell in row if cell.tag in ("td", "th")) for row in rows), default=0
    )
    if width > COLUMNS_UPRIGHT:
        holder = table.getparent()
        name = "paper-sideways" if width <= COLUMNS_SIDEWAYS else "paper-sideways paper-dense"
        holder.set("class", f"{holder.get('class') or ''} {name}".strip())
        for columns in holder.iterancestors("div"):
            # A sheet turned sideways begins within no column.
            if "doc-columns" in (columns.get("class") or "").split():
                columns.set("class", f"{columns.get('class')} paper-stacked")
    headed = [cell for row in rows for cell in row if cell.tag == "th"]
    if rows and not headed:
        # ISO 14289-1 7.5: cells have headers. A table that has none is read by its first row; it looks as before.
        for cell in rows[0]:
            if cell.tag == "td":
                cell.tag = "th"
                cell.set("class", f"{cell.get('class') or ''} paper-plain".strip())
                cell.set("scope", "col")
    for cell in headed:
        if cell.get("scope") is None:
            row = cell.getparent()
            all_headers = all(other.tag != "td" for other in row)
            cell.set("scope", "col" if all_headers else "row")
