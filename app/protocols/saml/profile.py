"""The one shape of XML signature that is read, and the bytes that such a signature covers.

SAML Core §5.4 as a closed list: one signature as a direct child of what it signs, one reference to that element's ID,
the enveloped transform and exclusive C14N, SHA-256 or longer. Anything else is refused before a key is touched.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from lxml import etree

from app.protocols.saml import names
from app.protocols.saml.errors import Refused
from app.protocols.saml.names import ds
from app.protocols.saml.types import Check

_PREFIXES = f"{{{names.EXCLUSIVE_C14N}}}InclusiveNamespaces"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that fits the profile; nothing about it has been verified yet."""

    node: etree._Element
    element: etree._Element
    #: Kind of key that the algorithm needs: "RSA" or "EC".
    key_kind: str
    #: Name of the digest in hashlib.
    digest_name: str
    digest: bytes
    #: Prefixes that the canonical form treats as inclusive C14N would.
    prefixes: tuple[str, ...]

    def canonical(self) -> bytes:
        """Return exactly the bytes that the signature covers, by taking the signature out of the tree.

        The digest in the (verified) signature is compared with these very bytes, so that no difference between what
        was verified and what is read can remain. Raise Refused if they differ.
        """
        _take_out(self.node)
        covered = canonical(self.element, self.prefixes)
        if not covered or not hmac.compare_digest(hashlib.new(self.digest_name, covered).digest(), self.digest):
            raise Refused(Check.SIGNED_CONTENT, "the bytes that were signed", "bytes with another digest")
        return covered


def canonical(element: etree._Element, prefixes: tuple[str, ...] = ()) -> bytes:
    """Return an element in exclusive C14N without comments; raise Refused where that is impossible."""
    try:
        made: bytes = etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes)
        )
    except (etree.LxmlError, ValueError) as error:
        raise Refused(Check.SIGNED_CONTENT, "an element with a canonical form", "none") from error
    return made


def inspect(element: etree._Element) -> Signature | None:
    """Return the signature of an element, None if it has none; raise Refused if it does not fit the profile."""
    nodes = element.findall(ds("Signature"))
    if not nodes:
        return None
    if len(nodes) > 1:
        raise _misfit("one signature in the element it signs", f"{len(nodes)}")
    (node,) = nodes
    signed_info, value = _children(node, "SignedInfo", "SignatureValue", optional="KeyInfo")
    if len(value):
        raise _misfit("a signature value", "elements inside it")
    c14n, method, reference = _children(signed_info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    _exclusive(c14n)
    digest_name, digest, prefixes = _read_reference(reference, element)
    return Signature(node, element, _key_kind(method), digest_name, digest, prefixes)


def _misfit(expected: str, found: str) -> Refused:
    return Refused(Check.SIGNATURE_PROFILE, expected, found[:200])


def _children(parent: etree._Element, *wanted: str, optional: str = "") -> list[etree._Element]:
    # Exactly these and in this order; ds:Object, a second Reference or a Manifest have no place here.
    found = list(parent)
    tags = [child.tag for child in found]
    if tags[: len(wanted)] != [ds(name) for name in wanted] or tags[len(wanted) :] not in ([], [ds(optional)]):
        raise _misfit(
            f"{', '.join(wanted)} in {_name(parent)}", ", ".join(_name(child) for child in found) or "nothing"
        )
    if any((text or "").strip() for text in (parent.text, *(child.tail for child in found))):
        raise _misfit(f"only elements in {_name(parent)}", "text")
    return found[: len(wanted)]


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _exclusive(method: etree._Element) -> tuple[str, ...]:
    if method.get("Algorithm") != names.EXCLUSIVE_C14N:
        raise _misfit("exclusive C14N", method.get("Algorithm") or "no algorithm")
    if not len(method):
        return ()
    if len(method) > 1 or method[0].tag != _PREFIXES or len(method[0]):
        raise _misfit("exclusive C14N with at most a list of prefixes", "other parameters")
    # lxml does not know “#default”: where that would change a byte, the digest differs and the message is refused.
    return tuple((method[0].get("PrefixList") or "").split())


def _key_kind(method: etree._Element) -> str:
    algorithm = method.get("Algorithm") or "no algorithm"
    kind = names.SIGNATURE_ALGORITHMS.get(algorithm)
    if kind is None:
        raise Refused(Check.SIGNATURE_ALGORITHM, "RSA or ECDSA with SHA-256 or longer", algorithm[:200])
    if len(method) or (method.text or "").strip():
        # An HMACOutputLength of one bit was accepted by many a library once.
        raise _misfit("a signature method without parameters", "parameters")
    return kind


def _read_reference(reference: etree._Element, element: etree._Element) -> tuple[str, bytes, tuple[str, ...]]:
    identifier = element.get("ID")
    if not identifier or reference.get("URI") != f"#{identifier}":
        raise _misfit(f"a reference to #{identifier}", reference.get("URI") or "the whole document")
    transforms, method, value = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    steps = list(transforms)
    if any(step.tag != ds("Transform") for step in steps):
        raise _misfit("transforms", "other elements")
    algorithms = [step.get("Algorithm") or "no algorithm" for step in steps]
    if algorithms != [names.ENVELOPED, names.EXCLUSIVE_C14N]:
        raise _misfit("the enveloped transform, then exclusive C14N", ", ".join(algorithms) or "no transforms")
    if len(steps[0]):
        raise _misfit("the enveloped transform without parameters", "parameters")
    algorithm = method.get("Algorithm") or "no algorithm"
    if algorithm not in names.DIGEST_ALGORITHMS or len(method):
        raise Refused(Check.SIGNATURE_ALGORITHM, "a digest of SHA-256 or longer", algorithm[:200])
    return names.DIGEST_ALGORITHMS[algorithm], _digest(value), _exclusive(steps[1])


def _digest(value: etree._Element) -> bytes:
    try:
        if len(value):
            raise _misfit("a digest", "elements inside it")
        return base64.b64decode("".join((value.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _misfit("a digest in base64", "something else") from error


def _take_out(node: etree._Element) -> None:
    # The white space after it is signed content and stays (XML Signature §6.6.4).
    parent = node.getparent()
    assert parent is not None
    before = node.getprevious()
    tail = node.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    node.tail = None
    parent.remove(node)
