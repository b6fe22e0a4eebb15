"""Wiki markup to a tree of macros and the text between them.

Macros come first, since what `{code}` and `{noformat}` hold is no markup. A tag is `{name}` or `{name:parameters}`; the
same bare tag ends what an earlier one of its name began. Each character is looked at a bounded number of times: what
was sought in vain is not sought again, and tags are paired with a stack.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

#: What holds text that is shown as it is written.
VERBATIM = frozenset({"code", "noformat"})
_TAG = re.compile(r"(?<![\\{])\{([A-Za-z][\w.-]{0,60})(?::([^{}\n]{0,1000}))?\}(?!\})")
_BLOCK = re.compile(r"\n[ \t]*(?:\n|h[1-6]\. |bq\. |[*#-]{1,20} |\||----)")


@dataclass(slots=True)
class Element:
    """One macro with its parameters: `children` are what it holds, `text` is what a verbatim one does."""

    name: str
    given: str
    children: "list[Piece]" = field(default_factory=list)
    text: str = ""
    #: Whether it had an end, and so a body.
    closed: bool = False
    #: Whether what it holds are blocks rather than a part of a line.
    block: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters by lower-case name; one without a name is under the empty name."""
        found: dict[str, str] = {}
        for part in self.given.split("|"):
            name, equals, value = part.partition("=")
            found.setdefault(name.strip().lower() if equals else "", (value if equals else name).strip())
        return found


Piece = str | Element


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    given: str | None
    written: str
    #: Whether it has a line to itself, or follows something as a variable in a program does.
    alone: bool
    glued: bool


@dataclass(frozen=True, slots=True)
class Macros:
    """Which names are macros: those with a body, those whose body is blocks, and any that are known by name."""

    with_body: frozenset[str]
    blocks: frozenset[str]
    is_known: Callable[[str], bool]


def parse(text: str, macros: Macros) -> list[Piece]:
    """Return the pieces of a text: strings without macros, and macros with what they hold."""
    tokens = list(_tokens(text.replace("\r\n", "\n").replace("\r", "\n"), macros))
    pairs = _pairs(tokens, macros)
    root: list[Piece] = []
    stack: list[Element] = []
    ends = set(pairs.values())
    for at, token in enumerate(tokens):
        into = stack[-1].children if stack else root
        if at in ends:
            element = stack.pop()
            element.block = _holds_blocks(element, macros)
        elif at in pairs and isinstance(token, _Tag):
            element = Element(token.name, token.given or "", closed=True)
            into.append(element)
            stack.append(element)
        elif isinstance(token, _Tag):
            into.append(_unpaired(token, macros))
        else:
            into.append(token)
    return root


def _tokens(text: str, macros: Macros) -> Iterator[str | Element | _Tag]:
    at = 0
    unended: set[str] = set()
    begun: set[str] = set()
    search = _TAG.search
    while (match := search(text, at)) is not None:
        name = match[1].lower()
        if match.start() > at:
            yield text[at : match.start()]
        at = match.end()
        if name in VERBATIM:
            end = -1 if name in unended else text.find(f"{{{name}}}", at)
            if end >= 0:
                yield Element(name, match[2] or "", text=text[at:end], closed=True, block=True)
                at = end + len(name) + 2
                continue
            unended.add(name)
            yield match[0]
            continue
        tag = _tag(text, match, name)
        # A bare tag may be the end of what an earlier one with parameters began.
        if _is_macro(tag, macros) or (tag.given is None and name in begun):
            begun.add(name)
            yield tag
        else:
            yield tag.written
    if at < len(text):
        yield text[at:]


def _tag(text: str, match: re.Match[str], name: str) -> _Tag:
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    alone = before in ("", "\n") and after in ("", "\n")
    return _Tag(name, match[2], match[0], alone, before.isalnum() or before in tuple("/$\"'=&?%#"))


def _is_macro(tag: _Tag, macros: Macros) -> bool:
    """Tell macros from words in braces, which are common in text about programs."""
    if tag.name in macros.with_body or macros.is_known(tag.name):
        return True
    return tag.alone if tag.given is None else not (tag.glued or tag.given.startswith(" "))


def _pairs(tokens: list[str | Element | _Tag], macros: Macros) -> dict[int, int]:
    """Return where each macro that has an end ends, by number of token."""
    pairs: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    opened: Counter[str] = Counter()
    for at, token in enumerate(tokens):
        if not isinstance(token, _Tag):
            continue
        if token.given is None and opened[token.name]:
            # What began within and has no end of its own stays alone.
            while stack:
                name, begin = stack.pop()
                opened[name] -= 1
                if name == token.name:
                    pairs[begin] = at
                    break
        elif token.name in macros.with_body or not macros.is_known(token.name):
            stack.append((token.name, at))
            opened[token.name] += 1
    return pairs


def _unpaired(tag: _Tag, macros: Macros) -> Piece:
    # What should hold something and has no end is no macro; a bare word in braces may be anything.
    if tag.name in macros.with_body or (tag.given is None and not macros.is_known(tag.name)):
        return tag.written
    return Element(tag.name, tag.given or "", block=tag.name in macros.blocks)


def _holds_blocks(element: Element, macros: Macros) -> bool:
    return element.name in macros.blocks or any(
        _BLOCK.search(f"\n{piece}" if at == 0 else piece) is not None if isinstance(piece, str) else piece.block
        for at, piece in enumerate(element.children)
    )


def lines(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Yield the lines of what a macro or the whole text holds, each as macros and the text between them."""
    line: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, str):
            line.append(piece)
            continue
        first, *further = piece.split("\n")
        line.append(first)
        for text in further:
            yield _joined(line)
            line = [text]
    yield _joined(line)


def _joined(line: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for is_text, group in itertools.groupby(line, lambda piece: isinstance(piece, str)):
        if not is_text:
            joined += group
        elif text := "".join(piece for piece in group if isinstance(piece, str)):
            joined.append(text)
    return joined
