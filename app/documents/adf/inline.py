"""What stands within a line of ADF: text with its marks, mentions, emoji, dates, lozenges and cards."""

from app.documents.addresses import anchor_id, external_link
from app.documents.adf.walk import Node, Renderer, Walk, attributes, marks, nothing, text_of
from app.documents.canvas import Canvas, classes, coloured
from app.documents.colours import nearest
from app.documents.emoji import emoji_text
from app.documents.pieces import day, day_of_timestamp, internal, mention, status

_TAGS = {"strong": "strong", "em": "em", "underline": "u", "strike": "s", "code": "code"}


def _text(node: Node, walk: Walk) -> None:
    written = node.get("text")
    if not isinstance(written, str):
        return
    walk.count(written)
    # Of each kind one: a mark repeated a thousand times would nest as deep.
    wanted = {kind: mark for mark in marks(node) if isinstance(kind := mark.get("type"), str)}
    link = wanted.pop("link", None)
    address = link_address(link, walk.canvas) if link else None
    if link and address is None and written.strip() == text_of(link, "href").strip():
        # The address of an internal site is not even read as text.
        internal(walk.canvas)
        return
    tags = [opened for kind, mark in wanted.items() if (opened := _open(mark, kind))]
    linked = walk.canvas.begin_link(address)
    for tag, names in tags:
        walk.canvas.start(tag, names)
    walk.canvas.text(written)
    for tag, _names in reversed(tags):
        walk.canvas.end(tag)
    walk.canvas.end_link(linked)


def _open(mark: Node, kind: str) -> tuple[str, str] | None:
    if kind in _TAGS:
        return _TAGS[kind], ""
    if kind == "subsup":
        return ("sub" if text_of(mark, "type") == "sub" else "sup"), ""
    if kind in ("textColor", "backgroundColor"):
        names = classes(coloured("text" if kind == "textColor" else "bg", nearest(text_of(mark, "color"))))
        return ("span", names) if names else None
    return None


def link_address(mark: Node, canvas: Canvas) -> str | None:
    """Return where a link mark leads, or None if it has to become text."""
    href = text_of(mark, "href")
    return f"#{anchor_id(href[1:])}" if href.startswith("#") else external_link(href, canvas.material)


def _line_break(_node: Node, walk: Walk) -> None:
    walk.canvas.parts.append("<br>")


def _mention(node: Node, walk: Walk) -> None:
    if text_of(node, "userType") == "SPECIAL" and text_of(node, "id") in ("all", "here"):
        walk.canvas.element("span", ' class="doc-mention"', f"@{text_of(node, 'id')}")
    else:
        mention(walk.canvas, text_of(node, "id"))


def _emoji(node: Node, walk: Walk) -> None:
    walk.canvas.text(emoji_text(text_of(node, "text"), text_of(node, "shortName")))


def _date(node: Node, walk: Walk) -> None:
    stamp = attributes(node).get("timestamp")
    day(walk.canvas, day_of_timestamp(str(stamp)) if isinstance(stamp, str | int) else "")


def _status(node: Node, walk: Walk) -> None:
    status(walk.canvas, walk.count(text_of(node, "text")), nearest(text_of(node, "color")))


def card(node: Node, walk: Walk) -> None:
    """Write a smart link as the address it leads to; what Atlassian would fetch for it is not asked for."""
    if "datasource" in attributes(node):
        walk.canvas.omitted("jira")
        return
    written = walk.count(text_of(node, "url"))
    address = external_link(written, walk.canvas.material)
    if address is None:
        internal(walk.canvas)
        return
    opened = walk.canvas.begin_link(address)
    walk.canvas.text(written if written.strip() == address else walk.canvas.words.internal_page)
    walk.canvas.end_link(opened)


RENDERERS: dict[str, Renderer] = {
    "text": _text,
    "hardBreak": _line_break,
    "mention": _mention,
    "emoji": _emoji,
    "date": _date,
    "status": _status,
    "inlineCard": card,
    "placeholder": nothing,
}
