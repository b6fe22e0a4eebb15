"""The surface that all renderers write on: HTML being built, and what the page must know about it.

Renderers write balanced tags through `start` and `end`, text through `text`, and nothing else. The canvas keeps the
result a fixed point of an HTML parser, without which a sanitiser can be led astray (mutation XSS): no link within a
link, no block within `<p>`, no heading within a heading.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

from app.documents import errors
from app.documents.addresses import ID_PREFIX, SMALL, anchor_id, is_frame_address, media_path
from app.documents.classes import classes
from app.documents.errors import DocumentError
from app.documents.inclusion import Inclusion
from app.documents.reasons import reason_of
from app.documents.sanitise import FRAME_ATTRIBUTES, clean
from app.documents.types import Heading, LeftOut, Limits, Material, MediaFile, Reason, Rendered

_BLOCK_TAGS = (
    "blockquote caption dd details div dl dt figcaption figure h2 h3 h4 h5 h6 hr li ol p pre summary table tbody td th"
    " thead tr ul"
)
BLOCKS = frozenset(_BLOCK_TAGS.split())
_TAGS = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"\s+")
_NOT_ID = re.compile(r"[^\w-]+")
_NOT_COMPACT = re.compile(r"[\W_]+")
_NOT_NAME = re.compile(r"[^\w .:@-]+")
_MAX_NAME = 60
_MAX_ID = 80
_MAX_ZONES = 20
_MAX_TITLE_PARTS = 10
_MAX_KINDS_LEFT_OUT = 200


#: What a part that failed leaves as it is: what was handed in, and ids, of which none is given twice.
_KEPT = frozenset({"material", "words", "limits", "parts", "_ids"})


#: What is needed to close a paragraph or heading: where it began, and which blocks and text there were before.
Opened = tuple[int, int, bool]


class Contents:
    """One table of contents: where it stands, which levels it lists, and of which headings (by their number)."""

    __slots__ = ("at", "first", "flat", "highest", "last", "lowest", "numbered", "zone")

    def __init__(self, at: int, lowest: int, highest: int, zone_from: int | None, flat: bool, numbered: bool) -> None:
        self.at, self.lowest, self.highest = at, lowest, highest
        self.flat, self.numbered, self.zone = flat, numbered, zone_from is not None
        self.first = zone_from or 0
        self.last: int | None = None


class Canvas:
    """One rendering in the making."""

    def __init__(self, material: Material, limits: Limits) -> None:
        self.material = material
        self.words = material.words
        self.limits = limits
        self.parts: list[str] = []
        #: Whether what is written next stands in a line of text: small things stay small there.
        self.in_text = False
        self.coloured_characters = 0
        self.numbered_lines = 0
        #: Tasks that what is written next stands in.
        self.tasks = 0
        #: Levels by which headings stand below those of the source, as in a section of a larger whole.
        self.heading_offset = 0
        #: Whether this is no part of the outline, such as a comment: its headings have no anchors.
        self.aside = False
        self.inclusion = Inclusion((material.object_id,))
        self._nodes = 0
        self._characters = 0
        self._inline_only = 0
        self._blocks = 0
        self._links = 0
        self._depth = 0
        self._cells = 0
        self._headings: list[Heading] = []
        self._media_ids: set[str] = set()
        self._left_out: Counter[tuple[str, Reason]] = Counter()
        self._ids: Counter[str] = Counter()
        self._contents: list[Contents] = []
        self._anchors: list[tuple[int, str]] = []
        self._frame_hosts = material.frame_hosts

    # Primitives

    def text(self, text: str) -> None:
        """Write text."""
        self.parts.append(html.escape(text, quote=False))

    def start(self, tag: str, attributes: str = "") -> None:
        """Open an element; `attributes` is ready HTML with a leading space."""
        if tag in BLOCKS:
            if self._inline_only:
                tag = "span"
            self._blocks += 1
        self.parts.append(f"<{tag}{attributes}>")

    def end(self, tag: str) -> None:
        """Close an element that `start` opened in the same state."""
        self.parts.append("</span>" if self._inline_only and tag in BLOCKS else f"</{tag}>")

    def element(self, tag: str, attributes: str, text: str) -> None:
        """Write an element that holds nothing but text."""
        self.start(tag, attributes)
        self.text(text)
        self.end(tag)

    def rule(self) -> None:
        """Write a horizontal line, or a line break where only text fits."""
        if not self._inline_only:
            self._blocks += 1
        self.parts.append("<br>" if self._inline_only else "<hr>")

    def descend(self) -> None:
        """Go one level down; raise DocumentError beyond the limit. Answered by `ascend`."""
        self._depth += 1
        if self._depth > self.limits.max_depth:
            raise errors.too_deep(self.limits.max_depth)

    def ascend(self) -> None:
        """Come back one level up."""
        self._depth -= 1

    def count_cell(self, count: int = 1) -> None:
        """Count table cells; raise DocumentError beyond the limit."""
        self._cells += count
        if self._cells > self.limits.max_cells:
            raise errors.too_many_cells(self.limits.max_cells)

    def count_node(self) -> None:
        """Count a part of the source; raise DocumentError beyond the limit."""
        self._nodes += 1
        if self._nodes > self.limits.max_nodes:
            raise errors.too_many_nodes(self.limits.max_nodes)

    def count_text(self, text: str) -> str:
        """Count text towards the size of the whole and return it; raise DocumentError beyond the limit."""
        self._characters += len(text)
        if self._characters > self.limits.max_characters:
            raise errors.too_large(self.limits.max_characters)
        return text

    # Parts that are shown whole or not at all

    @contextmanager
    def part(self, *, aside: bool = False) -> Iterator[None]:
        """Draw a part such as one comment: where that raises, nothing of it stays, and the error goes on."""
        before = {name: copy(value) for name, value in vars(self).items() if name not in _KEPT}
        length = len(self.parts)
        self.aside = self.aside or aside
        try:
            yield
        except DocumentError:
            del self.parts[length:]
            vars(self).update(before)
            raise
        self.aside = bool(before["aside"])

    # Paragraphs, headings and links

    def begin_paragraph(self) -> Opened:
        """Open a paragraph; its tag is written at its end, when it is known whether it holds a block."""
        opened = len(self.parts), self._blocks, self.in_text
        self.parts.append("")
        self.in_text = True
        return opened

    def end_paragraph(self, opened: Opened, *names: str | None) -> None:
        """Close a paragraph, as `div` where it holds a block: a parser would end `<p>` there."""
        at, blocks, self.in_text = opened
        if self._inline_only or self._blocks != blocks:
            tag = "span" if self._inline_only else "div"
            self.parts[at] = f"<{tag}{classes('doc-p', *names)}>"
            self.parts.append(f"</{tag}>")
        else:
            self.parts[at] = f"<p{classes(*names)}>" if names else "<p>"
            self.parts.append("</p>")
        self._blocks += 1

    def paragraph(self, text: str) -> None:
        """Write a paragraph that holds nothing but text."""
        escaped = html.escape(text, quote=False)
        self.parts.append(f'<span class="doc-p">{escaped}</span>' if self._inline_only else f"<p>{escaped}</p>")
        self._blocks += 1

    def begin_heading(self) -> Opened:
        """Open a heading; blocks within it become spans."""
        opened = self.begin_paragraph()
        self._inline_only += 1
        return opened

    def end_heading(self, opened: Opened, level: int, *names: str | None) -> None:
        """Close a heading of the source's `level`; one without text is an empty line and has no anchor."""
        self._inline_only -= 1
        text = "" if self._inline_only else self._plain(opened[0])
        if not text:
            self.end_paragraph(opened, *names)
            return
        level = min(max(level, 1) + self.heading_offset, 6)
        anchor = "" if self.aside else f' id="{self._anchor(level, text)}"'
        self.in_text = opened[2]
        # The page around the document has the one h1.
        tag = f"h{min(level + 1, 6)}"
        self.parts[opened[0]] = f"<{tag}{anchor}{classes(f'doc-h{level}', *names)}>"
        self.parts.append(f"</{tag}>")
        self._blocks += 1

    def _anchor(self, level: int, text: str) -> str:
        anchor = self.new_id(text)
        self._headings.append(Heading(level, anchor, text))
        return anchor

    def begin_line(self) -> None:
        """Let blocks become spans until `end_line`, where only text fits."""
        self._inline_only += 1

    def end_line(self) -> None:
        """Let blocks be blocks again."""
        self._inline_only -= 1

    def new_id(self, text: str) -> str:
        """Return an id that no other element of this document has."""
        base = anchor_id(text)
        self._ids[base] += 1
        if self._ids[base] == 1:
            return base
        while self._ids[candidate := f"{base}-{self._ids[base]}"]:
            self._ids[base] += 1
        self._ids[candidate] = 1
        return candidate

    def begin_link(self, address: str | None, label: str = "") -> bool:
        """Open a link and tell whether it was: there is none without an address nor within another link."""
        if address is None or self._links:
            return False
        self._links += 1
        named = f' aria-label="{html.escape(label)}"' if label else ""
        self.parts.append(f'<a href="{html.escape(address)}"{named}>')
        return True

    def begin_link_to_anchor(self, anchor: str) -> bool:
        """Open a link to an anchor or heading of this document, which may be written later."""
        if self._links:
            return False
        self._links += 1
        self._anchors.append((len(self.parts), anchor))
        self.parts.append("")
        return True

    def end_link(self, opened: bool) -> None:
        """Close what `begin_link` opened, if anything."""
        if opened:
            self._links -= 1
            self.parts.append("</a>")

    # What is not shown, files, contents

    def omitted(self, key: str, reason: Reason | None = None) -> None:
        """Write a neutral box that names what is not shown, and count it; the reason is the key's unless given."""
        tag = "span" if self.in_text or self._inline_only else "div"
        self.element(tag, ' class="doc-omitted"', self._leave_out(key, reason))

    def begin_box(self, key: str) -> None:
        """Open a neutral box around the children of something unknown."""
        self.start("div", ' class="doc-omitted"')
        self.element("div", ' class="doc-omitted-name"', self._leave_out(key))

    def end_box(self) -> None:
        """Close the neutral box."""
        self.end("div")

    def leave_out(self, key: str) -> None:
        """Count what is not shown where a box would tell a reader nothing, such as a search field."""
        self._leave_out(key)

    def mark(self, name: str) -> str:
        """Return the id attribute of a place that others lead to, such as a footnote; an id is given only once."""
        found = f"{ID_PREFIX}{_NOT_ID.sub('-', name)[:_MAX_ID]}"
        if self.aside or self._ids[found]:
            return ""
        self._ids[found] = 1
        return f' id="{found}"'

    def frame(self, address: str, label: str) -> bool:
        """Write a frame and tell whether it was: there is none but for hosts that an administrator listed."""
        if not is_frame_address(address, self._frame_hosts):
            return False
        named = f'src="{html.escape(address)}" aria-label="{html.escape(label)}"'
        # The sanitiser sets these in any case; written here, the result is the same when it is cleaned again.
        self.parts.append(f"<iframe {named}{FRAME_ATTRIBUTES}></iframe>")
        return True

    def media(self, file: MediaFile) -> str | None:
        """Return the address of a file and remember that the document points at it."""
        path = media_path(file)
        if path is None:
            return None
        self._media_ids.add(path)
        return f"media/{path}"

    def small(self, file: MediaFile) -> str | None:
        """Return the address of the small picture of a file of an issue, which the document then points at as well."""
        return f"media/{SMALL}/{file.id}" if self.media(file) is not None else None

    @property
    def heading_count(self) -> int:
        """How many headings were written so far."""
        return len(self._headings)

    def contents(
        self, lowest: int, highest: int, *, zone_from: int | None = None, flat: bool = False, numbered: bool = False
    ) -> Contents | None:
        """Leave room for a table of contents: of all, or from the heading `zone_from` until `last` is set.

        A second one of all, or many of parts, would only multiply the size of the page: then there is none.
        """
        zones = sum(one.zone for one in self._contents)
        if self.aside or zones >= _MAX_ZONES or (zone_from is None and zones < len(self._contents)):
            return None
        found = Contents(len(self.parts), lowest, highest, zone_from, flat, numbered)
        self._contents.append(found)
        self.parts.append("")
        self._blocks += 1
        return found

    def finish(self) -> Rendered:
        """Return the clean result."""
        for contents in self._contents:
            self.parts[contents.at] = self._contents_list(contents)
        self._point_anchors()
        return Rendered(
            html=clean("".join(self.parts), self._frame_hosts),
            headings=tuple(self._headings),
            media_ids=frozenset(self._media_ids),
            left_out=tuple(LeftOut(name, count, reason) for (name, reason), count in self._left_out.items()),
        )

    def _contents_list(self, contents: Contents) -> str:
        items = []
        counts = [0] * 7
        within = range(contents.lowest, contents.highest + 1)
        listed = [one for one in self._headings[contents.first : contents.last] if one.level in within]
        outermost = min((one.level for one in listed), default=1)
        for heading in listed:
            counts[heading.level] += 1
            counts[heading.level + 1 :] = [0] * (6 - heading.level)
            number = ".".join(str(count) for count in counts[contents.lowest : heading.level + 1] if count)
            before = f'<span class="doc-toc-number">{number}</span> ' if contents.numbered else ""
            level = 1 if contents.flat else heading.level - outermost + 1
            text = html.escape(heading.text)
            items.append(f'<li class="doc-toc-{level}">{before}<a href="#{heading.id}">{text}</a></li>')
        names = classes("doc-toc", "doc-toc-flat" if contents.flat else None)
        return f"<ul{names}>{''.join(items)}</ul>" if items else ""

    def _point_anchors(self) -> None:
        """Write the links to anchors, now that all are known.

        Confluence writes headings as it names them in addresses: without spaces, in older pages behind the page's title.
        """
        if not self._anchors:
            return
        compact = {_compact(heading.text): heading.id for heading in reversed(self._headings)}
        for at, anchor in self._anchors:
            found = anchor_id(anchor)
            if not self._ids[found]:
                parts = anchor.split("-", _MAX_TITLE_PARTS)
                forms = (_compact("-".join(parts[start:])) for start in range(len(parts)))
                found = next((compact[form] for form in forms if form in compact), found)
            self.parts[at] = f'<a href="#{found}">'

    def _leave_out(self, key: str, reason: Reason | None = None) -> str:
        known = self.words.name(key)
        name = _SPACES.sub(" ", _NOT_NAME.sub(" ", known)).strip()[:_MAX_NAME] or self.words.name("content")
        self._count_left_out((name, reason or reason_of(key)), 1)
        return self.words.omitted.format(name=name)

    def _count_left_out(self, kind: tuple[str, Reason], count: int) -> None:
        if kind in self._left_out or len(self._left_out) < _MAX_KINDS_LEFT_OUT:
            self._left_out[kind] += count

    def _plain(self, at: int) -> str:
        return _SPACES.sub(" ", html.unescape(_TAGS.sub("", "".join(self.parts[at:])))).strip()


def _compact(text: str) -> str:
    return _NOT_COMPACT.sub("", text.casefold())
