"""Whatever is changed about a valid response, what is accepted says what was signed, or nothing is accepted."""

import base64
import copy
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from app.protocols.saml import responses
from app.protocols.saml.types import Assertion, Demands, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.provider import Sealed, read, response

_KINDS = st.sampled_from([*Signed, "sealed"])
_settings = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])


@cache
def _good(kind: str) -> tuple[bytes, Demands, Assertion]:
    signed = Signed.ASSERTION if kind == "sealed" else Signed(kind)
    made = response(signed=signed, sealed=Sealed() if kind == "sealed" else None)
    demands = Demands(signed=signed)
    found = read(made, demands).assertion
    assert found is not None
    return made, demands, found


def _never_another(kind: str, changed: bytes) -> None:
    _, demands, expected = _good(kind)
    outcome = read(changed, demands)
    if outcome.assertion is None:
        assert outcome.failed is not None
    else:
        assert outcome.assertion == expected


@_settings
@given(kind=_KINDS, at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_changed_byte_never_makes_another_assertion(kind: str, at: float, byte: int) -> None:
    good = _good(kind)[0]
    place = int(at * len(good))
    _never_another(kind, good[:place] + bytes([byte]) + good[place + 1 :])


@_settings
@given(kind=_KINDS, at=st.floats(0, 1, exclude_max=True), length=st.integers(0, 400), put=st.binary(max_size=12))
def test_a_replaced_stretch_never_makes_another_assertion(kind: str, at: float, length: int, put: bytes) -> None:
    good = _good(kind)[0]
    place = int(at * len(good))
    _never_another(kind, good[:place] + put + good[place + length :])


_TEXTS = st.sampled_from(
    ["attacker@example.com", "", "administrators", provider.ENTITY, "#_assertion-1", "_assertion-1", "2.0"]
)


@_settings
@given(
    kind=_KINDS,
    source=st.integers(0, 80),
    target=st.integers(0, 80),
    how=st.sampled_from(["remove", "move", "copy", "copy before", "swap", "text", "attribute", "rename", "wrap"]),
    text=_TEXTS,
)
def test_changed_elements_never_make_another_assertion(
    kind: str, source: int, target: int, how: str, text: str
) -> None:
    root = etree.fromstring(_good(kind)[0])
    nodes = list(root.iter(etree.Element))
    one, other = nodes[source % len(nodes)], nodes[target % len(nodes)]
    _change(one, other, how, text)
    _never_another(kind, etree.tostring(root))


def _change(one: etree._Element, other: etree._Element, how: str, text: str) -> None:
    parent = one.getparent()
    if how == "text":
        one.text = text
    elif how == "attribute" and one.attrib:
        one.set(min(map(str, one.attrib)), text)
    elif how == "rename":
        one.tag = other.tag
    elif parent is not None and one is not other and one not in set(other.iterancestors()):
        _rearrange(parent, one, other, how, text)


def _rearrange(parent: etree._Element, one: etree._Element, other: etree._Element, how: str, text: str) -> None:
    if how == "remove":
        parent.remove(one)
    elif how == "move":
        other.append(one)
    elif how == "swap":
        one.text, other.text = other.text, one.text
    elif how.startswith("copy"):
        other.insert(0 if how == "copy before" else len(other), copy.deepcopy(one))
    elif how == "wrap":
        other.insert(0, copy.deepcopy(one))
        for node in one.iter(f"{{{provider.SAML}}}NameID"):
            node.text = text


@_settings
@given(field=st.one_of(st.binary(max_size=300), st.text(max_size=300), st.binary(max_size=300).map(base64.b64encode)))
def test_no_input_raises(field: str | bytes) -> None:
    outcome = responses.read(
        provider.identity_provider(),
        provider.service_provider(),
        Demands(),
        field,
        outstanding=provider.OUTSTANDING,
        now=provider.NOW,
    )
    assert outcome.assertion is None
    assert outcome.failed is not None
