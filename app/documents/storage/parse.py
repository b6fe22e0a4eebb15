"""Storage format to an lxml tree, without DTD, entity expansion or network.

Storage format uses prefixes that it does not declare and entities of HTML that XML does not have. Both are settled
before the parser sees the text: a root declares the prefixes, and names of HTML become characters by our own table.
A body that is not well formed is read again by the forgiving parser, and refused if that lost much of its text.
"""

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Final

from lxml import etree

from app.documents import errors
from app.documents.types import Limits

AC: Final = "{ac}"
RI: Final = "{ri}"
AT: Final = "{at}"
XHTML: Final = "{http://www.w3.org/1999/xhtml}"

_CHARACTERS = {name[:-1]: text for name, text in html5.items() if name.endswith(";")}
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_NAMESPACE = re.compile(r"\sxmlns(?::(?:ac|ri|at))?\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_CODE, _CODE_END = "<![CDATA[", "]]>"
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ILLEGAL = bytes([*range(9), 11, 12, *range(14, 32)])
_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*>|&[#\w]+;|\s+")
_SPACES = re.compile(r"\s+")
#: Share of the text that must survive the forgiving parser.
_KEPT = 0.9


def parse(storage: str, limits: Limits) -> etree._Element:
    """Return the root around a body in storage format; raise DocumentError if it is too large, too deep or broken."""
    if len(storage) > limits.max_characters:
        raise errors.too_large(limits.max_characters)
    body = "".join(_mended(_DECLARATION.sub("", storage)))
    wrapped = f'<storage xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">{body}</storage>'.encode("utf-8", "ignore")
    try:
        return etree.fromstring(wrapped, _parser(recover=False))
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            raise errors.too_deep(limits.max_depth) from error
    return _recovered(wrapped.translate(None, _ILLEGAL))


def _mended(storage: str) -> Iterator[str]:
    # What CDATA holds is code and stays as it is. No expression for it: a thousand unended ones would cost a square.
    at = 0
    while (code := storage.find(_CODE, at)) >= 0 and (end := storage.find(_CODE_END, code)) >= 0:
        yield _mend(storage[at:code])
        yield storage[code : end + len(_CODE_END)]
        at = end + len(_CODE_END)
    yield _mend(storage[at:])


def _mend(markup: str) -> str:
    if "xmlns" in markup:
        markup = _NAMESPACE.sub("", markup)
    return _ENTITY.sub(_character, markup)


def _character(match: re.Match[str]) -> str:
    # Markup characters go in by number: after its first error the forgiving parser drops the five names of XML itself.
    text = _CHARACTERS.get(match[1])
    if text is None:
        return "&#38;" + match[0][1:]
    return "".join(f"&#{ord(character)};" if character in "&<>\"'" else character for character in text)


def _recovered(wrapped: bytes) -> etree._Element:
    try:
        root = etree.fromstring(wrapped, _parser(recover=True))
    except etree.XMLSyntaxError as error:
        raise errors.broken() from error
    if root is None:
        raise errors.broken()
    kept = sum(len(_SPACES.sub("", str(text))) for text in root.itertext())
    written = len(_MARKUP.sub("", wrapped.decode()))
    if kept < written * _KEPT:
        raise errors.broken()
    return root


def _parser(*, recover: bool) -> etree.XMLParser:
    # libxml2's own bound on depth stays in force (huge_tree is off), a little above ours.
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=True,
    )
