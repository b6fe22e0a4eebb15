"""What stands within a line of ADF: text with its marks, mentions, emoji, dates, lozenges and cards."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from app.documents.addresses import external_link, issue_key
from app.documents.adf.marks import TEXT_MARKS, text_marks
from app.documents.adf.walk import Node, Renderer, Walk, attributes, nothing, text_of
from app.documents.canvas import Canvas
from app.documents.colours import nearest
from app.documents.embeds import card, embed
from app.documents.emoji import emoji_text
from app.documents.pieces import day, day_of_timestamp, internal, mention, status


def _text(node: Node, walk: Walk) -> None:
    written = node.get("text")
    if not isinstance(written, str):
        return
    walk.count(written)
    canvas = walk.canvas
    wanted = text_marks(node)
    link = wanted.pop("link", None)
    if link is not None and _is_inside(link, written, canvas):
        # The address of an internal site is not even read as text.
        inside(canvas, written)
        return
    tags = [
        opened for kind, mark in wanted.items() if kind in TEXT_MARKS and (opened := TEXT_MARKS[kind](mark, canvas))
    ]
    linked = begin_link(link, canvas)
    for tag, names in tags:
        canvas.start(tag, names)
    canvas.text(written)
    for tag, _names in reversed(tags):
        canvas.end(tag)
    canvas.end_link(linked)


def _is_inside(link: Node, written: str, canvas: Canvas) -> bool:
    href = text_of(link, "href").strip()
    return href == written.strip() and not href.startswith("#") and external_link(href, canvas.material) is None


def begin_link(mark: Node | None, canvas: Canvas) -> bool:
    """Open what a link mark leads to and tell whether it may be led to."""
    href = text_of(mark, "href") if mark is not None else ""
    if href.startswith("#"):
        return canvas.begin_link_to_anchor(unquote(href[1:]))
    return canvas.begin_link(external_link(href, canvas.material))


def inside(canvas: Canvas, address: str) -> None:
    """Write, in place of an address within the organisation, the key of the issue it names or that it is internal."""
    key = issue_key(address, canvas.material)
    if key:
        canvas.element("span", ' class="doc-key"', key)
    else:
        internal(canvas)


def _line_break(_node: Node, walk: Walk) -> None:
    walk.canvas.parts.append("<br>")


def _mention(node: Node, walk: Walk) -> None:
    if text_of(node, "userType") == "SPECIAL" and text_of(node, "id") in ("all", "here"):
        walk.canvas.element("span", ' class="doc-mention"', f"@{text_of(node, 'id')}")
    else:
        mention(walk.canvas, text_of(node, "id"))


def _emoji(node: Node, walk: Walk) -> None:
    walk.canvas.text(emoji_text(text_of(node, "text"), text_of(node, "shortName"), code=text_of(node, "id")))


def _date(node: Node, walk: Walk) -> None:
    stamp = attributes(node).get("timestamp")
    day(walk.canvas, day_of_timestamp(str(stamp)) if isinstance(stamp, str | int) else "")


def _status(node: Node, walk: Walk) -> None:
    subtle = text_of(node, "style") == "subtle"
    status(walk.canvas, walk.count(text_of(node, "text")), nearest(text_of(node, "color")), subtle=subtle)


def _card(show: Callable[[Canvas, str, str], None]) -> Renderer:
    def render(node: Node, walk: Walk) -> None:
        if "datasource" in attributes(node):
            walk.canvas.omitted("jira")
            return
        data = attributes(node).get("data")
        known = data if isinstance(data, Mapping) else {}
        address = walk.count(text_of(node, "url")) or str(known.get("url") or "")
        if external_link(address, walk.canvas.material) is None:
            # What Atlassian knows of it is the title of something that is not shared.
            opened = None if walk.canvas.in_text else walk.canvas.begin_paragraph()
            inside(walk.canvas, address)
            if opened is not None:
                walk.canvas.end_paragraph(opened)
            return
        name = known.get("name")
        show(walk.canvas, address, walk.count(name) if isinstance(name, str) else "")

    return render


RENDERERS: dict[str, Renderer] = {
    "text": _text,
    "hardBreak": _line_break,
    "mention": _mention,
    "emoji": _emoji,
    "date": _date,
    "status": _status,
    "inlineCard": _card(card),
    "blockCard": _card(card),
    "embedCard": _card(embed),
    # What a template asks its writer for.
    "placeholder": nothing,
}
