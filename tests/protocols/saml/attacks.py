"""What attackers do to a SAML response: signatures wrapped, parts changed, added and taken away, entities declared.

Wrapping (XSW) moves a signed element to where a verifier finds it and a reader does not. The numbering follows Somorovsky
and others, "On Breaking SAML" (2012): 1 and 2 wrap a signed response, 3 to 8 a signed assertion, 9 a signature whose
reference is found through a second element of the same ID.
"""

import copy
from collections.abc import Callable

from lxml import etree

from tests.protocols.saml.provider import DS, NS, SAML, SAMLP, assertion_in

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


def xsw1(root: etree._Element) -> None:
    # The signed response goes into the signature of a forged one.
    original = _without_signature(root)
    root.set("ID", "_forged")
    _become_attacker(root)
    _object(_signature(root), original)


def xsw2(root: etree._Element) -> None:
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


def xsw3(root: etree._Element) -> None:
    assertion_in(root).addprevious(_forged(root))


def xsw4(root: etree._Element) -> None:
    original = assertion_in(root)
    forged = _forged(root)
    original.addprevious(forged)
    forged.append(original)


def xsw5(root: etree._Element) -> None:
    # The forged assertion carries the signature, the original is copied to the end.
    original = _without_signature(assertion_in(root))
    forged = assertion_in(root)
    forged.set("ID", "_forged")
    _become_attacker(forged)
    root.append(original)


def xsw6(root: etree._Element) -> None:
    original = _without_signature(assertion_in(root))
    forged = assertion_in(root)
    forged.set("ID", "_forged")
    _become_attacker(forged)
    _object(_signature(forged), original)


def xsw7(root: etree._Element) -> None:
    # A place that schemas leave open.
    forged = _forged(root)
    _extensions(root).append(copy.deepcopy(assertion_in(root)))
    root.replace(assertion_in(root), forged)


def xsw8(root: etree._Element) -> None:
    # The original, without its signature, in an Object of the forged one's signature.
    original = assertion_in(root)
    forged = _forged(root)
    signature = _signature(original)
    original.remove(signature)
    root.replace(original, forged)
    forged.insert(1, signature)
    _object(signature, original)


def xsw9(root: etree._Element) -> None:
    # Two elements of one ID: the verifier takes the one, the reader the other.
    original = assertion_in(root)
    forged = copy.deepcopy(original)
    _become_attacker(forged)
    _extensions(root).append(copy.deepcopy(original))
    root.replace(original, forged)


WRAPPED = [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, xsw9]


def strip_all(root: etree._Element) -> None:
    for node in list(root.iter(f"{{{DS}}}Signature")):
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)


def strip_assertion(root: etree._Element) -> None:
    assertion = assertion_in(root)
    assertion.remove(_signature(assertion))


def strip_response(root: etree._Element) -> None:
    root.remove(_signature(root))


def other_person(root: etree._Element) -> None:
    _become_attacker(root)


def other_group(root: etree._Element) -> None:
    value = root.findall(".//saml:AttributeValue", NS)[-1]
    value.text = "administrators"


def second_assertion(root: etree._Element) -> None:
    root.append(_forged(root))


def second_signature(root: etree._Element) -> None:
    assertion = assertion_in(root)
    assertion.append(copy.deepcopy(_signature(assertion)))


def second_reference(root: etree._Element) -> None:
    reference = root.find(".//ds:Reference", NS)
    assert reference is not None
    reference.addnext(copy.deepcopy(reference))


def duplicate_id(root: etree._Element) -> None:
    root.set("ID", assertion_in(root).get("ID") or "")


def stray_signature(root: etree._Element) -> None:
    _extensions(root).append(copy.deepcopy(_signature(root)))


def object_in_signature(root: etree._Element) -> None:
    _object(_signature(assertion_in(root)), etree.Element("note"))


def other_uri(uri: str) -> Change:
    def change(root: etree._Element) -> None:
        reference = assertion_in(root).find(".//ds:Reference", NS)
        assert reference is not None
        reference.set("URI", uri)

    change.__name__ = f"reference to {uri!r}"
    return change


def hmac_method(root: etree._Element) -> None:
    method = assertion_in(root).find(".//ds:SignatureMethod", NS)
    assert method is not None
    method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")
    etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = "1"


def output_length(root: etree._Element) -> None:
    method = assertion_in(root).find(".//ds:SignatureMethod", NS)
    assert method is not None
    etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = "8"


def xpath_transform(root: etree._Element) -> None:
    transforms = assertion_in(root).find(".//ds:Transforms", NS)
    assert transforms is not None
    step = etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(step, f"{{{DS}}}XPath").text = "not(ancestor-or-self::saml:Subject)"


def empty_value(root: etree._Element) -> None:
    value = assertion_in(root).find(".//ds:SignatureValue", NS)
    assert value is not None
    value.text = ""


def value_of_the_other(root: etree._Element) -> None:
    info = assertion_in(root).find(".//ds:SignatureValue", NS)
    other = _signature(root).find("ds:SignatureValue", NS)
    assert info is not None
    assert other is not None
    info.text = other.text


def comment_in_digest(root: etree._Element) -> None:
    digest = assertion_in(root).find(".//ds:DigestValue", NS)
    assert digest is not None
    digest.insert(0, etree.Comment("x"))


def nested_response(root: etree._Element) -> None:
    _extensions(root).append(etree.Element(f"{{{SAMLP}}}Response", ID="_inner"))


LAUGHS = (
    b"<!DOCTYPE r ["
    + b"".join(
        b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10 if number else b"lol") for number in range(12)
    )
    + b"]>"
)
