"""The words of office documents: zip archives of XML, as ECMA-376 (docx, xlsx, pptx) and ISO/IEC 26300 (odt, ods, odp) have it.

Every part that is XML is read, whatever it is for, so that notes, hidden sheets, properties and what is deleted but kept
are found as well. Sizes are counted as bytes come out of the archive; what it says of itself is not believed.
"""

import posixpath
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from app.documents.attached.words import Left, Unreadable, Words
from app.documents.attached.zipped import Room, bytes_of, is_encrypted, opened, parts_of

MOST_PARTS = 5_000
#: How deep a document may stand in a document.
MOST_NESTED = 2
_XML = frozenset({".xml", ".rels", ".vml", ".svg", ".rdf", ".psmdcp"})
#: Pictures, sound, film and fonts: no words, or none that are looked for.
_WORDLESS = frozenset(
    [
        *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".emf", ".wmf", ".wdp", ".ico"),
        *(".mp3", ".m4a", ".wav", ".mp4", ".m4v", ".mov", ".avi", ".wmv"),
        *(".ttf", ".otf", ".odttf", ".fntdata"),
    ]
)
_NESTED = frozenset({".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp"})
#: Names of other parts that say nothing.
_SILENT = ("printersettings", "mimetype", "layout-cache")
_BREAKS = frozenset({"p", "h", "row", "table-row", "si", "tr", "br", "cr", "line-break", "property", "Relationship"})
_GAPS = {"c": "\t", "tc": "\t", "table-cell": "\t", "tab": "\t", "s": " "}
#: Attributes that people's words and addresses stand in.
_SAYING = frozenset({"Target", "href", "descr", "title", "tooltip", "string-value"})


def read(data: bytes, words: Words, room: Room | None = None, depth: int = 0) -> None:
    """Take down the words of an office document, `depth` files deep in others. Raises Unreadable."""
    room = room or Room()
    with opened(data) as archive:
        parts = parts_of(archive)
        if len(parts) > MOST_PARTS:
            raise Unreadable(Left.TOO_MUCH)
        if any(map(is_encrypted, parts)):
            raise Unreadable(Left.ENCRYPTED)
        document = _Document(archive, words, room)
        document.read_order()
        # A manifest says what is encrypted, and shared words come before the sheets that use them.
        for part in sorted(parts, key=lambda one: (not _comes_first(one.filename), one.filename)):
            ending = posixpath.splitext(part.filename.lower())[1]
            if ending in _XML:
                document.read_part(part)
            elif ending in _NESTED and depth < MOST_NESTED:
                read(b"".join(bytes_of(archive, part, room)), words, room, depth + 1)
            elif part.file_size and not is_wordless(part.filename) and not _is_silent(part.filename):
                words.left.add(Left.HOLDS_FILES)
        document.tell_unused()


def is_wordless(name: str) -> bool:
    """Tell whether a part has no words that are looked for, by the end of its name."""
    return posixpath.splitext(name.lower())[1] in _WORDLESS


def _comes_first(name: str) -> bool:
    return name.lower().endswith(("manifest.xml", "sharedstrings.xml"))


def _is_silent(name: str) -> bool:
    return posixpath.basename(name.lower()).startswith(_SILENT)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


class _Document:
    """One archive as it is read: what its parts are called, and the words that its sheets share."""

    def __init__(self, archive: zipfile.ZipFile, words: Words, room: Room) -> None:
        self._archive, self._words, self._room = archive, words, room
        self._places: dict[str, str] = {}
        self._shared = _Shared()

    def read_order(self) -> None:
        """Find out how slides and sheets are called: by their order and by their names."""
        for root, listing in (("ppt", "presentation.xml"), ("xl", "workbook.xml")):
            if {f"{root}/{listing}", f"{root}/_rels/{listing}.rels"} <= set(self._archive.namelist()):
                self._note_order(root, listing)

    def _note_order(self, root: str, listing: str) -> None:
        targets: dict[str, str] = {}
        named: list[tuple[str, str]] = []
        self._walk(f"{root}/_rels/{listing}.rels", lambda tag, found: _note_target(targets, tag, found))
        self._walk(f"{root}/{listing}", lambda tag, found: _note_name(named, tag, found))
        for name, key in named:
            target = targets.get(key, "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{root}/{target}")
            self._places[part] = name

    def read_part(self, part: zipfile.ZipInfo) -> None:
        """Take down the words of one part that is XML."""
        name, place = part.filename, self._places.get(part.filename, "")
        target: _Target
        if name.lower() == "xl/sharedstrings.xml":
            target = self._shared
        elif name.startswith("xl/worksheets/"):
            target = _Sheet(self._words, place, self._shared)
        else:
            target = _Lines(self._words, place)
        self._parse(part, target)

    def tell_unused(self) -> None:
        """Take down the shared words that no cell shows any more: they go out with the file all the same."""
        for text in self._shared.unused():
            self._words.add("", text)

    def _walk(self, name: str, note: Callable[[str, Mapping[str, str]], None]) -> None:
        self._parse(self._archive.getinfo(name), _Elements(note))

    def _parse(self, part: zipfile.ZipInfo, target: "_Target") -> None:
        # No entity is put in for its name, nothing is fetched, and texts and depths are bounded by libxml2.
        told: Any = target
        parser: Any = etree.XMLParser(
            target=told, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        try:
            for chunk in bytes_of(self._archive, part, self._room):
                parser.feed(chunk)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise Unreadable(Left.BROKEN) from error


def _note_target(targets: dict[str, str], tag: str, found: Mapping[str, str]) -> None:
    if tag == "Relationship":
        targets[found.get("Id", "")] = found.get("Target", "")


def _note_name(named: list[tuple[str, str]], tag: str, found: Mapping[str, str]) -> None:
    key = next((value for name, value in found.items() if name.endswith("}id")), "")
    if tag == "sheet":
        named.append((f"sheet {found.get('name', '')}", key))
    elif tag == "sldId":
        named.append((f"slide {len(named) + 1}", key))


class _Target:
    """What a parser tells of one part; a document type is refused, since neither standard knows one here."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Text, in pieces."""

    def doctype(self, *_: object) -> None:
        """Refuse it: with it entities would come."""
        raise Unreadable(Left.BROKEN)

    def close(self) -> None:
        """The part ends."""


class _Elements(_Target):
    """Only which elements there are."""

    def __init__(self, note: Callable[[str, Mapping[str, str]], None]) -> None:
        self._note = note

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._note(_local(tag), attributes)


class _Lines(_Target):
    """The words of any part, a line for each paragraph or row."""

    def __init__(self, words: Words, place: str) -> None:
        self._words, self._place = words, place
        self._line: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        local = _local(tag)
        if local == "encryption-data":
            raise Unreadable(Left.ENCRYPTED)
        if local in _BREAKS:
            self._end_line()
        elif local in _GAPS:
            self._line.append(_GAPS[local])
        for name, value in attributes.items():
            if _local(name) in _SAYING:
                self._words.add(self._place, value)
        # The sheets of a table and the pages of a presentation in OpenDocument.
        if local in ("table", "page"):
            named = next((value for name, value in attributes.items() if _local(name) == "name"), "")
            self._place = f"{'sheet' if local == 'table' else 'page'} {named}" if named else self._place

    def end(self, tag: str) -> None:
        if _local(tag) in _BREAKS:
            self._end_line()

    def data(self, text: str) -> None:
        # Between elements stand line ends that nobody sees.
        if text.strip() or "\n" not in text:
            self._line.append(text)

    def comment(self, text: str) -> None:
        """Take down a comment of the XML: it goes out with the file."""
        self._words.add(self._place, text)

    def close(self) -> None:
        self._end_line()

    def _end_line(self) -> None:
        self._words.add(self._place, "".join(self._line))
        self._line.clear()


@dataclass
class _Shared(_Target):
    """The words that cells name by their number."""

    texts: list[str] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    pieces: list[str] = field(default_factory=list)

    def data(self, text: str) -> None:
        if text.strip() or "\n" not in text:
            self.pieces.append(text)

    def end(self, tag: str) -> None:
        if _local(tag) == "si":
            self.texts.append("".join(self.pieces))
            self.pieces.clear()

    def use(self, number: str) -> str:
        """Return the words that a cell names; empty for a number that there is not."""
        position = int(number) if number.isdecimal() and len(number) < 10 else -1
        if not 0 <= position < len(self.texts):
            return ""
        self.used.add(position)
        return self.texts[position]

    def unused(self) -> Iterator[str]:
        """Return the words that no cell names."""
        return (text for position, text in enumerate(self.texts) if position not in self.used)


class _Sheet(_Lines):
    """One sheet of a workbook: a line for each row, cells apart from each other."""

    def __init__(self, words: Words, place: str, shared: _Shared) -> None:
        super().__init__(words, place)
        self._shared = shared
        self._kind = ""
        self._value: list[str] | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        super().start(tag, attributes)
        if _local(tag) == "c":
            self._kind = attributes.get("t", "")
        elif _local(tag) == "v":
            self._value = []

    def data(self, text: str) -> None:
        if self._value is None:
            super().data(text)
        else:
            self._value.append(text)

    def end(self, tag: str) -> None:
        if _local(tag) == "v" and self._value is not None:
            value, self._value = "".join(self._value).strip(), None
            self._line.append(self._shared.use(value) if self._kind == "s" else _plain(value))
        super().end(tag)


def _plain(value: str) -> str:
    """Return a number without its exponent, as a long one is stored that people see written out."""
    try:
        number = float(value) if "E" in value.upper() and len(value) < 40 else None
    except ValueError:
        return value
    return str(int(number)) if number is not None and number.is_integer() and abs(number) < 1e19 else value
