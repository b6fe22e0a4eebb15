"""Known attacks on SAML responses: each is refused for the right reason, and its untouched twin is accepted."""

from typing import Any

import pytest
from lxml import etree

from app.protocols.saml.types import Check, Demands, ServiceProvider, Signed
from tests.protocols.saml.attacks import (
    WRAPPED,
    Change,
    comment_in_digest,
    duplicate_id,
    empty_value,
    hmac_method,
    nested_response,
    object_in_signature,
    other_group,
    other_person,
    other_uri,
    output_length,
    second_assertion,
    second_reference,
    second_signature,
    stray_signature,
    strip_all,
    strip_assertion,
    strip_response,
    value_of_the_other,
    xpath_transform,
    xsw1,
    xsw2,
    xsw5,
    xsw6,
    xsw8,
)
from tests.protocols.saml.provider import SAML, SAMLP, attacked, read, response


@pytest.mark.parametrize("signed", [Signed.RESPONSE, Signed.ASSERTION, Signed.BOTH])
@pytest.mark.parametrize("attack", WRAPPED, ids=lambda attack: attack.__name__)
def test_a_wrapped_signature_is_refused(attack: Change, signed: Signed) -> None:
    if (attack in {xsw1, xsw2} and signed is Signed.ASSERTION) or (
        attack in {xsw5, xsw6, xsw8} and signed is Signed.RESPONSE
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


@pytest.mark.parametrize("attack", WRAPPED, ids=lambda attack: attack.__name__)
def test_a_wrapped_signature_is_refused_even_with_every_id_made_new(attack: Change) -> None:
    def changed(root: etree._Element) -> None:
        attack(root)
        for number, node in enumerate(list(root.iter(f"{{{SAML}}}Assertion"))[1:]):
            node.set("ID", f"_new-{number}")
        for number, node in enumerate(list(root.iter(f"{{{SAMLP}}}Response"))[1:]):
            node.set("ID", f"_again-{number}")

    assert read(attacked(changed), Demands(signed=Signed.BOTH)).assertion is None


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (strip_all, Check.RESPONSE_SIGNED),
        (strip_assertion, Check.ASSERTION_SIGNED),
        (strip_response, Check.RESPONSE_SIGNED),
        (other_person, Check.SIGNATURE_KEY),
        (other_group, Check.SIGNATURE_KEY),
        (second_assertion, Check.ONE_ASSERTION),
        (second_signature, Check.SIGNATURE_PROFILE),
        (second_reference, Check.SIGNATURE_PROFILE),
        (duplicate_id, Check.UNIQUE_IDS),
        (stray_signature, Check.SIGNATURE_PLACE),
        (object_in_signature, Check.SIGNATURE_PROFILE),
        (other_uri(""), Check.SIGNATURE_PROFILE),
        (other_uri("#_response-1"), Check.SIGNATURE_PROFILE),
        (other_uri("#xpointer(/)"), Check.SIGNATURE_PROFILE),
        (other_uri("http://evil.example/"), Check.SIGNATURE_PROFILE),
        (hmac_method, Check.SIGNATURE_ALGORITHM),
        (output_length, Check.SIGNATURE_PROFILE),
        (xpath_transform, Check.SIGNATURE_PROFILE),
        (empty_value, Check.SIGNATURE_KEY),
        (value_of_the_other, Check.SIGNATURE_KEY),
        (comment_in_digest, Check.NO_COMMENTS),
        (nested_response, Check.ONE_ASSERTION),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
@pytest.mark.parametrize("outer", [True, False], ids=["signed-response", "assertion-only"])
def test_what_was_changed_after_signing_is_refused(change: Change, check: Check, outer: bool) -> None:
    needs_both = change in {strip_response, strip_all, stray_signature, value_of_the_other}
    signed = Signed.BOTH if outer or needs_both else Signed.ASSERTION
    outcome = read(attacked(change, signed=signed), Demands(signed=signed))
    assert outcome.assertion is None
    assert outcome.failed is not None
    # Where the response is signed too, its broken signature may be met first.
    assert outcome.failed.name in {check, Check.SIGNATURE_KEY}
    if not outer:
        assert outcome.failed.name is check
    assert read(response(signed=signed), Demands(signed=signed)).assertion is not None


def test_no_attack_raises_whatever_it_is_read_with() -> None:
    settings: list[dict[str, Any]] = [{"service": ServiceProvider("", "", "")}, {"outstanding": {}}]
    for attack in WRAPPED:
        for given in settings:
            assert read(attacked(attack), **given).assertion is None
