"""What stands within a line of wiki markup: effects, links, pictures, dashes, emoticons, escapes.

One expression finds whatever may mean something; none of its parts can look far ahead. Effects are paired with a stack,
as an opening sign at the edge of a word and a closing one at the other edge.
"""

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from app.documents.canvas import Canvas
from app.documents.wiki import links
from app.documents.wiki.parse import Element, Piece

_TOKEN = re.compile(
    r"(?P<br>\\\\)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|\{(?P<forced>[*_+^~-]|\?\?)\}"
    r"|(?P<mono>\{\{|\}\})"
    r"|(?P<link>\[[^\[\]\n]{1,2000}\])"
    r"|(?P<image>!(?![\s!|])(?:https?://[^\s!|]{1,1000}|[^!|\n]{1,250}\.[A-Za-z0-9]{2,5})(?:\|[^!\n]{0,300})?!)"
    r"|(?P<address>\b(?:https?://|mailto:)[^\s\[\]{}|<>\"\\^`]{1,2000})"
    r"|(?P<issue>\b[A-Z][A-Z0-9_]{1,20}-\d{1,12}\b)"
    r"|(?P<dash>(?<![^\s])-{2,3}(?![^\s]))"
    r"|(?P<dashes>-{2,})"
    r"|(?P<emoticon>:-?[()PpD](?!\w)|;-?\)|\((?:[ynix!+?/-]|on|off|\*[rgby]?|flag|flagoff)\)(?!\w))"
    r"|(?P<entity>&(?:[A-Za-z]{2,10}|#\d{2,6});)"
    r"|(?P<effect>\?\?|[*_+^~-])"
)
_TAGS = {
    "*": "strong",
    "_": "em",
    "-": "del",
    "+": "ins",
    "^": "sup",
    "~": "sub",
    "??": "cite",
    "{{": "code",
}
_DASHES = {"--": "–", "---": "—"}
_EMOTICONS = {
    ":)": "🙂",
    ":-)": "🙂",
    ":(": "🙁",
    ":-(": "🙁",
    ":P": "😛",
    ":-P": "😛",
    ":p": "😛",
    ":-p": "😛",
    ":D": "😀",
    ":-D": "😀",
    ";)": "😉",
    ";-)": "😉",
    "(y)": "👍",
    "(n)": "👎",
    "(i)": "ℹ️",
    "(/)": "✅",
    "(x)": "❌",
    "(!)": "⚠️",
    "(+)": "➕",
    "(-)": "➖",
    "(?)": "❓",
    "(on)": "💡",
    "(off)": "💡",
    "(flag)": "🚩",
    "(flagoff)": "🏳️",
}
_AFTER = ".,;:!?'\")"
#: Stands for a macro before or behind text: neither a space nor part of a word.
_MACRO = "\ufffc"


@dataclass(slots=True)
class _Item:
    """One thing of a line: text, or what writes it; a sign of an effect is text until it is paired."""

    text: str = ""
    write: Callable[[Canvas], None] | None = None
    sign: str = ""
    opens: bool = False
    closes: bool = False
    tag: str = ""


def draw_line(pieces: Sequence[Piece], canvas: Canvas, draw_element: Callable[[Element, Canvas], None]) -> None:
    """Write the pieces of one line."""
    items: list[_Item] = []
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            _read(piece, items, _MACRO if at else "", _MACRO if at + 1 < len(pieces) else "")
        else:
            items.append(_Item(write=partial(draw_element, piece)))
    _pair(items)
    for item in items:
        if item.tag:
            canvas.parts.append(item.tag)
        elif item.write is not None:
            item.write(canvas)
        else:
            canvas.text(item.text)


def draw_text(text: str, canvas: Canvas) -> None:
    """Write one line without macros, such as the text of a link."""
    draw_line([text], canvas, _no_macro)


def _no_macro(_element: Element, _canvas: Canvas) -> None:
    raise AssertionError("text without macros held one")


def _read(text: str, items: list[_Item], first: str, last: str) -> None:
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() < at:
            continue
        if match.start() > at:
            items.append(_Item(text[at : match.start()]))
        at = match.end()
        kind = match.lastgroup or ""
        before, after = text[match.start() - 1 : match.start()] or first, text[at : at + 1] or last
        if kind == "address":
            address = match[0].rstrip(_AFTER)
            at = match.start() + len(address)
            items.append(_Item(write=partial(links.draw_address, address)))
        else:
            items.append(_item(kind, match[kind], before, after))
    if at < len(text):
        items.append(_Item(text[at:]))


def _item(kind: str, found: str, before: str, after: str) -> _Item:
    if kind == "br":
        return _Item(tag="<br>")
    if kind in ("escaped", "dashes"):
        return _Item(found)
    if kind == "forced":
        return _Item(f"{{{found}}}", sign=found, opens=True, closes=True)
    if kind == "mono":
        return _Item(found, sign="{{", opens=found == "{{", closes=found == "}}")
    if kind == "effect":
        opens = not before.isalnum() and bool(after.strip())
        closes = bool(before.strip()) and not after.isalnum()
        return _Item(found, sign=found, opens=opens, closes=closes)
    if kind == "dash":
        return _Item(_DASHES[found])
    if kind == "emoticon":
        return _Item(found if before.isalnum() or before == ":" else _EMOTICONS.get(found, "⭐"))
    if kind == "entity":
        return _Item(html.unescape(found))
    return _Item(write=partial(_DRAWN[kind], found))


_DRAWN: dict[str, Callable[[str, Canvas], None]] = {
    "link": lambda written, canvas: links.draw_link(written, canvas, draw_text),
    "image": links.draw_image,
    "issue": links.draw_issue,
}


def _pair(items: list[_Item]) -> None:
    """Turn the signs that belong together into tags; those that are left alone stay text."""
    stack: list[_Item] = []
    waiting: Counter[str] = Counter()
    for at, item in enumerate(items):
        if not item.sign:
            continue
        # Two signs with nothing between them are no effect.
        is_empty = bool(stack) and stack[-1] is items[at - 1]
        if item.closes and waiting[item.sign] and not (is_empty and stack[-1].sign == item.sign):
            while stack:
                opened = stack.pop()
                waiting[opened.sign] -= 1
                if opened.sign == item.sign:
                    opened.tag, item.tag = f"<{_TAGS[item.sign]}>", f"</{_TAGS[item.sign]}>"
                    break
        elif item.opens:
            stack.append(item)
            waiting[item.sign] += 1
