"""From what a browser posted to one parsed tree: every limit is applied before the step that it protects.

Two parsers that disagree about one document are how assertions were forged in 2024 and 2025. So there is one parse, and
what parsers disagree about (document types, entities, comments and processing instructions inside values, repeated ids,
relative namespaces, other encodings) is refused rather than interpreted.
"""

import base64
import binascii
import re
import zlib
from typing import Final

from lxml import etree

from app.protocols.saml.errors import Refused
from app.protocols.saml.types import Check

#: Bytes of XML that are read. Real responses have 4 to 30 KB; a person in a thousand groups has about 150 KB.
MAX_BYTES: Final = 512 * 1024
#: Characters of the form field: base64 of the above, broken into lines.
MAX_FIELD: Final = MAX_BYTES * 4 // 3 * 26 // 25
MAX_ELEMENTS: Final = 20_000
MAX_DEPTH: Final = 64
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_DECLARED = re.compile(r"\A<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']", re.ASCII)
#: Attributes that carry an identifier somewhere in SAML, XML signature or xml:id.
_IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "AssertionID", "ResponseID")
# A declaration stands literally in the text, since attribute names have no character references.
_NAMESPACES = re.compile(r"""\sxmlns(?::[^\s=]+)?\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_INSTRUCTIONS = "//processing-instruction()"
# A comment is inside a value where its parent holds text, or holds no element that it could stand beside.
_COMMENTS = "//comment()[parent::*[text()[normalize-space()] or not(*)]]"
_OTHER_NODES = etree.XPath(f"boolean({_INSTRUCTIONS} | {_COMMENTS})")


def decode(field: str | bytes) -> bytes:
    """Return the XML in a posted `SAMLResponse`: base64, and DEFLATE where a sender compressed it all the same.

    SAML Bindings §3.5.4 (POST) and §3.4.4.1 (DEFLATE).
    """
    raw = field.encode("ascii", "replace") if isinstance(field, str) else field
    if len(raw) > MAX_FIELD:
        raise Refused(Check.SIZE, f"at most {MAX_FIELD:,} characters", f"{len(raw):,} characters")
    try:
        decoded = base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error as error:
        raise Refused(Check.ENCODING, "base64", "something else") from error
    if not decoded:
        raise Refused(Check.ENCODING, "a message", "nothing")
    xml = decoded if decoded.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" else _inflated(decoded)
    if len(xml) > MAX_BYTES:
        raise Refused(Check.SIZE, f"at most {MAX_BYTES:,} bytes", f"{len(xml):,} bytes")
    return xml


def _inflated(packed: bytes) -> bytes:
    # The bound stands in the call: a kilobyte can unfold to a megabyte, and a megabyte to a gigabyte.
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = stream.decompress(packed, MAX_BYTES + 1)
    except zlib.error as error:
        raise Refused(Check.ENCODING, "XML, or XML that was compressed with DEFLATE", "something else") from error
    if len(plain) > MAX_BYTES:
        raise Refused(Check.SIZE, f"at most {MAX_BYTES:,} bytes once inflated", "more")
    if not stream.eof or stream.unused_data:
        raise Refused(Check.ENCODING, "one complete DEFLATE stream", "a stream cut short, or more after it")
    return plain


def parse(xml: bytes) -> etree._Element:
    """Return the root of a message; raise Refused for whatever two parsers might read differently."""
    root = parse_quietly(xml, max_bytes=MAX_BYTES)
    if has_other_nodes(root):
        raise Refused(Check.NO_COMMENTS, "no comments or processing instructions inside values", "one")
    refuse_ambiguities(root, xml)
    return root


def refuse_ambiguities(root: etree._Element, xml: bytes, *, max_elements: int = MAX_ELEMENTS) -> None:
    """Raise Refused for relative namespaces and repeated ids: what a signature covers would depend on who reads."""
    _refuse_relative_namespaces(xml)
    _refuse_repeated_ids(root, max_elements)


def parse_quietly(xml: bytes, *, max_bytes: int) -> etree._Element:
    """Return the root of a document without document type, in UTF-8; comments are left to the caller."""
    if len(xml) > max_bytes:
        raise Refused(Check.SIZE, f"at most {max_bytes:,} bytes", f"{len(xml):,} bytes")
    _refuse_document_type(_text(xml))
    try:
        root = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as error:
        raise Refused(Check.WELL_FORMED, "well-formed XML", _first_line(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(Check.NO_DOCUMENT_TYPE, "no document type declaration", "one")
    return root


def _parser() -> etree.XMLParser:
    # A parser of its own for each document: lxml locks a shared one. CDATA becomes text, as C14N demands.
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        strip_cdata=True,
        remove_comments=False,
        remove_pis=False,
    )


def _text(xml: bytes) -> str:
    try:
        text = xml.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(Check.WELL_FORMED, "UTF-8", "another encoding") from error
    declared = _DECLARED.match(text)
    if declared and declared[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise Refused(Check.WELL_FORMED, "UTF-8", declared[1][:40])
    return text


def _refuse_document_type(text: str) -> None:
    # Before the parser sees it: entities are declared nowhere else (XML 1.0 §2.8).
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Refused(Check.NO_DOCUMENT_TYPE, "no document type declaration", "one")


def _first_line(error: etree.XMLSyntaxError) -> str:
    return str(error).partition("\n")[0][:200]


def has_other_nodes(root: etree._Element) -> bool:
    """Tell whether a document has a processing instruction, or a comment inside a value.

    A comment splits a value into two text nodes, and readers that take the first cut “a@b.example<!---->.evil” short.
    """
    return bool(_OTHER_NODES(root))


def _refuse_relative_namespaces(xml: bytes) -> None:
    # Exclusive C14N of a relative namespace fails in libxml2, and callers that miss it verify the digest of nothing.
    for declared in set(_NAMESPACES.findall(_text(xml))):
        uri = declared[0] or declared[1]
        if uri and not _SCHEME.match(uri):
            raise Refused(Check.ABSOLUTE_NAMESPACES, "absolute namespace URIs", uri[:80])


def _refuse_repeated_ids(root: etree._Element, max_elements: int) -> None:
    seen: set[str] = set()
    for count, element in enumerate(root.iter(etree.Element)):
        if count > max_elements:
            raise Refused(Check.SIZE, f"at most {max_elements:,} elements", "more")
        if not element.attrib:
            continue
        for name in _IDS:
            value = element.get(name)
            if value is None:
                continue
            if value in seen:
                raise Refused(Check.UNIQUE_IDS, "every ID once", f"“{value[:80]}” twice")
            seen.add(value)
