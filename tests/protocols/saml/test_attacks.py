"""Known attacks on SAML responses: each is refused for the right reason, and its untouched twin is accepted.

Wrapping (XSW) moves a signed element to where a verifier finds it and a reader does not. The numbering follows Somorovsky
and others, "On Breaking SAML" (2012): 1 and 2 wrap a signed response, 3 to 8 a signed assertion, 9 a signature whose
reference is found through a second element of the same ID.
"""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import xmlsec
from lxml import etree

from app.protocols.saml.types import Check, Demands, IdentityProvider, ServiceProvider, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.provider import DS, NS, SAML, SAMLP, How, assertion_in, attacked, keys, read, response, saying

_ATTACKER = "attacker@example.com"
Change = Callable[[etree._Element], None]


def _signature(element: etree._Element) -> etree._Element:
    found = element.find("ds:Signature", NS)
    assert found is not None
    return found


def _without_signature(element: etree._Element) -> etree._Element:
    made = copy.deepcopy(element)
    for node in made.findall("ds:Signature", NS):
        made.remove(node)
    return made


def _become_attacker(element: etree._Element) -> None:
    for node in element.iter(f"{{{SAML}}}NameID"):
        node.text = _ATTACKER


def _object(signature: etree._Element, content: etree._Element) -> None:
    etree.SubElement(signature, f"{{{DS}}}Object").append(content)


def _extensions(root: etree._Element) -> etree._Element:
    made = etree.Element(f"{{{SAMLP}}}Extensions")
    root.insert(1, made)
    return made


def _xsw1(root: etree._Element) -> None:
    # The signed response goes into the signature of a forged one.
    original = _without_signature(root)
    root.set("ID", "_forged")
    _become_attacker(root)
    _object(_signature(root), original)


def _xsw2(root: etree._Element) -> None:
    # The same, detached: the original stands before the signature.
    original = _without_signature(root)
    root.set("ID", "_forged")
    _become_attacker(root)
    _signature(root).addprevious(original)


def _forged(root: etree._Element) -> etree._Element:
    made = _without_signature(assertion_in(root))
    made.set("ID", "_forged")
    _become_attacker(made)
    return made


def _xsw3(root: etree._Element) -> None:
    assertion_in(root).addprevious(_forged(root))


def _xsw4(root: etree._Element) -> None:
    original = assertion_in(root)
    forged = _forged(root)
    original.addprevious(forged)
    forged.append(original)


def _xsw5(root: etree._Element) -> None:
    # The forged assertion carries the signature, the original is copied to the end.
    original = _without_signature(assertion_in(root))
    forged = assertion_in(root)
    forged.set("ID", "_forged")
    _become_attacker(forged)
    root.append(original)


def _xsw6(root: etree._Element) -> None:
    original = _without_signature(assertion_in(root))
    forged = assertion_in(root)
    forged.set("ID", "_forged")
    _become_attacker(forged)
    _object(_signature(forged), original)


def _xsw7(root: etree._Element) -> None:
    # A place that schemas leave open.
    forged = _forged(root)
    _extensions(root).append(copy.deepcopy(assertion_in(root)))
    root.replace(assertion_in(root), forged)


def _xsw8(root: etree._Element) -> None:
    # The original, without its signature, in an Object of the forged one's signature.
    original = assertion_in(root)
    forged = _forged(root)
    signature = _signature(original)
    original.remove(signature)
    root.replace(original, forged)
    forged.insert(1, signature)
    _object(signature, original)


def _xsw9(root: etree._Element) -> None:
    # Two elements of one ID: the verifier takes the one, the reader the other.
    original = assertion_in(root)
    forged = copy.deepcopy(original)
    _become_attacker(forged)
    _extensions(root).append(copy.deepcopy(original))
    root.replace(original, forged)


_WRAPPED = [_xsw1, _xsw2, _xsw3, _xsw4, _xsw5, _xsw6, _xsw7, _xsw8, _xsw9]


@pytest.mark.parametrize("signed", [Signed.RESPONSE, Signed.ASSERTION, Signed.BOTH])
@pytest.mark.parametrize("attack", _WRAPPED, ids=lambda attack: attack.__name__.strip("_"))
def test_a_wrapped_signature_is_refused(attack: Change, signed: Signed) -> None:
    if (attack in {_xsw1, _xsw2} and signed is Signed.ASSERTION) or (
        attack in {_xsw5, _xsw6, _xsw8} and signed is Signed.RESPONSE
    ):
        signed = Signed.BOTH
    demands = Demands(signed=signed)
    outcome = read(attacked(attack, signed=signed), demands)
    assert outcome.assertion is None
    assert outcome.failed is not None
    assert outcome.failed.name in {
        Check.UNIQUE_IDS,
        Check.ONE_ASSERTION,
        Check.SIGNATURE_PLACE,
        Check.SIGNATURE_PROFILE,
    }
    assert read(response(signed=signed), demands).assertion is not None


@pytest.mark.parametrize("attack", _WRAPPED, ids=lambda attack: attack.__name__.strip("_"))
def test_a_wrapped_signature_is_refused_even_with_every_id_made_new(attack: Change) -> None:
    def changed(root: etree._Element) -> None:
        attack(root)
        for number, node in enumerate(list(root.iter(f"{{{SAML}}}Assertion"))[1:]):
            node.set("ID", f"_new-{number}")
        for number, node in enumerate(list(root.iter(f"{{{SAMLP}}}Response"))[1:]):
            node.set("ID", f"_again-{number}")

    assert read(attacked(changed), Demands(signed=Signed.BOTH)).assertion is None


# --- what is changed, added or taken away ----------------------------------------------------------------------------


def _strip_all(root: etree._Element) -> None:
    for node in list(root.iter(f"{{{DS}}}Signature")):
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)


def _strip_assertion(root: etree._Element) -> None:
    assertion = assertion_in(root)
    assertion.remove(_signature(assertion))


def _strip_response(root: etree._Element) -> None:
    root.remove(_signature(root))


def _other_person(root: etree._Element) -> None:
    _become_attacker(root)


def _other_group(root: etree._Element) -> None:
    value = root.findall(".//saml:AttributeValue", NS)[-1]
    value.text = "administrators"


def _second_assertion(root: etree._Element) -> None:
    root.append(_forged(root))


def _second_signature(root: etree._Element) -> None:
    assertion = assertion_in(root)
    assertion.append(copy.deepcopy(_signature(assertion)))


def _second_reference(root: etree._Element) -> None:
    reference = root.find(".//ds:Reference", NS)
    assert reference is not None
    reference.addnext(copy.deepcopy(reference))


def _duplicate_id(root: etree._Element) -> None:
    root.set("ID", assertion_in(root).get("ID") or "")


def _stray_signature(root: etree._Element) -> None:
    _extensions(root).append(copy.deepcopy(_signature(root)))


def _object_in_signature(root: etree._Element) -> None:
    _object(_signature(assertion_in(root)), etree.Element("note"))


def _other_uri(uri: str) -> Change:
    def change(root: etree._Element) -> None:
        reference = assertion_in(root).find(".//ds:Reference", NS)
        assert reference is not None
        reference.set("URI", uri)

    change.__name__ = f"reference to {uri!r}"
    return change


def _hmac_method(root: etree._Element) -> None:
    method = assertion_in(root).find(".//ds:SignatureMethod", NS)
    assert method is not None
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
    etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = "1"


def _output_length(root: etree._Element) -> None:
    method = assertion_in(root).find(".//ds:SignatureMethod", NS)
    assert method is not None
    etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = "8"


def _xpath_transform(root: etree._Element) -> None:
    transforms = assertion_in(root).find(".//ds:Transforms", NS)
    assert transforms is not None
    step = etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(step, f"{{{DS}}}XPath").text = "not(ancestor-or-self::saml:Subject)"


def _empty_value(root: etree._Element) -> None:
    value = assertion_in(root).find(".//ds:SignatureValue", NS)
    assert value is not None
    value.text = ""


def _value_of_the_other(root: etree._Element) -> None:
    info = assertion_in(root).find(".//ds:SignatureValue", NS)
    other = _signature(root).find("ds:SignatureValue", NS)
    assert info is not None
    assert other is not None
    info.text = other.text


def _comment_in_digest(root: etree._Element) -> None:
    digest = assertion_in(root).find(".//ds:DigestValue", NS)
    assert digest is not None
    digest.insert(0, etree.Comment("x"))


def _nested_response(root: etree._Element) -> None:
    _extensions(root).append(etree.Element(f"{{{SAMLP}}}Response", ID="_inner"))


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (_strip_all, Check.RESPONSE_SIGNED),
        (_strip_assertion, Check.ASSERTION_SIGNED),
        (_strip_response, Check.RESPONSE_SIGNED),
        (_other_person, Check.SIGNATURE_KEY),
        (_other_group, Check.SIGNATURE_KEY),
        (_second_assertion, Check.ONE_ASSERTION),
        (_second_signature, Check.SIGNATURE_PROFILE),
        (_second_reference, Check.SIGNATURE_PROFILE),
        (_duplicate_id, Check.UNIQUE_IDS),
        (_stray_signature, Check.SIGNATURE_PLACE),
        (_object_in_signature, Check.SIGNATURE_PROFILE),
        (_other_uri(""), Check.SIGNATURE_PROFILE),
        (_other_uri("#_response-1"), Check.SIGNATURE_PROFILE),
        (_other_uri("#xpointer(/)"), Check.SIGNATURE_PROFILE),
        (_other_uri("http://evil.example/"), Check.SIGNATURE_PROFILE),
        (_hmac_method, Check.SIGNATURE_ALGORITHM),
        (_output_length, Check.SIGNATURE_PROFILE),
        (_xpath_transform, Check.SIGNATURE_PROFILE),
        (_empty_value, Check.SIGNATURE_KEY),
        (_value_of_the_other, Check.SIGNATURE_KEY),
        (_comment_in_digest, Check.NO_COMMENTS),
        (_nested_response, Check.ONE_ASSERTION),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)).strip("_"),
)
@pytest.mark.parametrize("outer", [True, False], ids=["signed-response", "assertion-only"])
def test_what_was_changed_after_signing_is_refused(change: Change, check: Check, outer: bool) -> None:
    needs_both = change in {_strip_response, _strip_all, _stray_signature, _value_of_the_other}
    signed = Signed.BOTH if outer or needs_both else Signed.ASSERTION
    outcome = read(attacked(change, signed=signed), Demands(signed=signed))
    assert outcome.assertion is None
    assert outcome.failed is not None
    # Where the response is signed too, its broken signature may be met first.
    assert outcome.failed.name in {check, Check.SIGNATURE_KEY}
    if not outer:
        assert outcome.failed.name is check
    assert read(response(signed=signed), Demands(signed=signed)).assertion is not None


# --- keys and algorithms ---------------------------------------------------------------------------------------------


def _hmac_with_public_key() -> How:
    # The public key, known to everybody, as the secret of a symmetric signature.
    secret = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, keys().certificate.public_key_pem)
    return How(method=xmlsec.constants.TransformHmacSha256, key=secret)


@pytest.mark.parametrize(
    ("how", "check"),
    [
        (lambda: How(pair=keys("stranger")), Check.SIGNATURE_KEY),
        (lambda: How(pair=keys("stranger"), shown=keys("stranger")), Check.SIGNATURE_KEY),
        (lambda: How(pair=keys("stranger"), shown=keys()), Check.SIGNATURE_KEY),
        (_hmac_with_public_key, Check.SIGNATURE_ALGORITHM),
        (lambda: How(method=xmlsec.constants.TransformRsaSha1), Check.SIGNATURE_ALGORITHM),
        (lambda: How(digest=xmlsec.constants.TransformSha1), Check.SIGNATURE_ALGORITHM),
        (lambda: How(c14n=xmlsec.constants.TransformInclC14N), Check.SIGNATURE_PROFILE),
        (lambda: How(c14n=xmlsec.constants.TransformExclC14NWithComments), Check.SIGNATURE_PROFILE),
        (
            lambda: How(transforms=(xmlsec.constants.TransformEnveloped, xmlsec.constants.TransformInclC14N)),
            Check.SIGNATURE_PROFILE,
        ),
        (lambda: How(transforms=(xmlsec.constants.TransformEnveloped,)), Check.SIGNATURE_PROFILE),
        (lambda: How(uri=""), Check.SIGNATURE_PROFILE),
    ],
    ids=[
        "wrong key",
        "foreign KeyInfo",
        "right KeyInfo, wrong key",
        "HMAC with the public key",
        "RSA with SHA-1",
        "digest of SHA-1",
        "inclusive C14N",
        "C14N with comments",
        "inclusive transform",
        "no C14N transform",
        "reference to the whole document",
    ],
)
def test_a_signature_outside_the_profile_or_by_another_key_is_refused(how: Callable[[], How], check: Check) -> None:
    outcome = read(response(signed=Signed.ASSERTION, inner=how()))
    assert outcome.assertion is None
    assert outcome.failed is not None
    assert outcome.failed.name is check
    # The right key is not looked for in the message, nor is it minded there.
    assert read(response(signed=Signed.ASSERTION, inner=How(shown=keys("stranger")))).assertion is not None


def test_a_wrong_signature_is_refused_even_where_none_was_demanded() -> None:
    wrong = How(pair=keys("stranger"))
    assert read(response(outer=wrong), Demands(signed=Signed.ASSERTION)).assertion is None
    assert read(response(inner=wrong), Demands(signed=Signed.RESPONSE)).assertion is None
    assert read(response(), Demands(signed=Signed.ASSERTION)).assertion is not None


# --- two trusted providers -------------------------------------------------------------------------------------------

_A, _B = "https://a.example.com", "https://b.example.com"


def _trusted(name: str, entity_id: str) -> IdentityProvider:
    return provider.identity_provider(name, entity_id)


@pytest.mark.parametrize(
    ("said", "key", "read_as", "accepted"),
    [
        ((_A, _A), "a", "a", True),
        ((_B, _B), "b", "b", True),
        ((_A, _A), "b", "b", False),
        ((_A, _B), "b", "b", False),
        ((_B, _A), "b", "b", False),
        ((_A, _A), "b", "a", False),
        ((_B, _B), "b", "a", False),
        ((_B, _B), "a", "a", False),
    ],
)
def test_one_provider_cannot_speak_for_another(said: tuple[str, str], key: str, read_as: str, accepted: bool) -> None:
    issuer, response_issuer = said
    how = How(pair=keys(key), shown=keys(key))
    made = response(saying(issuer=issuer, response_issuer=response_issuer), inner=how, outer=how)
    connection = _trusted(read_as, _A if read_as == "a" else _B)
    assert (read(made, Demands(signed=Signed.BOTH), provider=connection).assertion is not None) == accepted


# --- what parsers disagree about -------------------------------------------------------------------------------------

_ROOT = b"<samlp:Response"
_NAME = b"mira@example.com</saml:NameID>"


def _before_root(prolog: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: prolog + xml


def _in_name(inserted: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: xml.replace(_NAME, b"mira@example.com" + inserted + b"</saml:NameID>", 1)


_LAUGHS = (
    b"<!DOCTYPE r ["
    + b"".join(
        b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10 if number else b"lol") for number in range(12)
    )
    + b"]>"
)


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
        (_before_root(_LAUGHS), Check.NO_DOCUMENT_TYPE),
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


def test_no_attack_raises_whatever_it_is_read_with() -> None:
    settings: list[dict[str, Any]] = [{"service": ServiceProvider("", "", "")}, {"outstanding": {}}]
    for attack in _WRAPPED:
        for given in settings:
            assert read(attacked(attack), **given).assertion is None
