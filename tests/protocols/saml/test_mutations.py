"""Whatever is changed about a valid response, what is accepted says what was signed, or nothing is accepted."""

import base64
from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from app.protocols.saml import responses
from app.protocols.saml.types import Assertion, Demands, Signed
from tests.protocols.saml import changes, provider
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


@_settings
@given(
    kind=_KINDS,
    source=st.integers(0, 80),
    target=st.integers(0, 80),
    how=st.sampled_from(changes.HOW),
    text=st.sampled_from(changes.TEXTS),
)
def test_changed_elements_never_make_another_assertion(
    kind: str, source: int, target: int, how: str, text: str
) -> None:
    root = etree.fromstring(_good(kind)[0])
    nodes = list(root.iter(etree.Element))
    one, other = nodes[source % len(nodes)], nodes[target % len(nodes)]
    changes.change(one, other, how, text)
    _never_another(kind, etree.tostring(root))


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
