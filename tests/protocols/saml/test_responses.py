"""What a good response says comes out; what is said wrongly, to somebody else or at another time is refused."""

import base64
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import xmlsec
from lxml import etree

from app.protocols.saml import envelope, schema
from app.protocols.saml.types import Check, Demands, NameId, Outstanding, Signed
from tests.processes import PATIENCE_SECONDS
from tests.protocols.saml import provider
from tests.protocols.saml.provider import ACS, ENTITY, MIN, NOW, REQUEST, How, Said, read, response, saying

_ANY = Demands(signed=Signed.ASSERTION)
_RACERS = 6


def test_a_good_response_says_who_signed_in() -> None:
    outcome = read(response())
    assert outcome.failed is None
    found = outcome.assertion
    assert found is not None
    assert found.subject == NameId(None, "mira@example.com")
    assert found.issuer == ENTITY
    assert found.assertion_id == "_assertion-1"
    assert found.in_response_to == REQUEST
    assert {one.name: one.values for one in found.attributes} == {
        "mail": ("mira@example.com",),
        "groups": ("finance", "harbour & quay"),
    }
    assert found.authn_contexts == (provider.PASSWORD_CONTEXT,)
    assert (found.session_index, found.session_not_on_or_after) == ("_session-1", NOW + timedelta(hours=8))


def test_an_attribute_of_an_unknown_name_format_is_read() -> None:
    found = read(response()).assertion
    assert found is not None
    assert found.attributes[1].name_format == "urn:example:unheard-of"
    assert found.attributes[1].values == ("finance", "harbour & quay")


def test_every_passed_check_is_told_in_order() -> None:
    names = [result.name for result in read(response(), Demands(signed=Signed.BOTH)).checks]
    order = list(Check)
    assert names[0] is Check.SIZE
    assert {Check.SIGNATURE_KEY, Check.SIGNED_CONTENT, Check.AUDIENCE, Check.RECIPIENT} <= set(names)
    assert order.index(names[0]) < order.index(names[-1])


@pytest.mark.parametrize(
    ("signed", "demanded", "missing"),
    [
        (Signed.BOTH, Signed.BOTH, None),
        (Signed.BOTH, Signed.RESPONSE, None),
        (Signed.BOTH, Signed.ASSERTION, None),
        (Signed.RESPONSE, Signed.RESPONSE, None),
        (Signed.ASSERTION, Signed.ASSERTION, None),
        (Signed.ASSERTION, Signed.BOTH, Check.RESPONSE_SIGNED),
        (Signed.ASSERTION, Signed.RESPONSE, Check.RESPONSE_SIGNED),
        (Signed.RESPONSE, Signed.BOTH, Check.ASSERTION_SIGNED),
        (Signed.RESPONSE, Signed.ASSERTION, Check.ASSERTION_SIGNED),
        (None, Signed.RESPONSE, Check.RESPONSE_SIGNED),
        (None, Signed.ASSERTION, Check.ASSERTION_SIGNED),
        (None, Signed.BOTH, Check.RESPONSE_SIGNED),
    ],
)
def test_what_a_connection_demands_must_be_signed(
    signed: Signed | None, demanded: Signed, missing: Check | None
) -> None:
    outcome = read(response(signed=signed), Demands(signed=demanded))
    assert (outcome.failed.name if outcome.failed else None) == missing
    assert (outcome.assertion is None) == (missing is not None)


_SAID: list[tuple[dict[str, Any], Check]] = [
    ({"issuer": "https://other.example.com"}, Check.ISSUER),
    ({"response_issuer": "https://other.example.com"}, Check.RESPONSE_ISSUER),
    ({"destination": ACS + "/other"}, Check.DESTINATION),
    ({"destination": ACS.upper()}, Check.DESTINATION),
    ({"destination": None}, Check.DESTINATION),
    ({"recipient": "https://portal.example.org/sso/other/saml/acs"}, Check.RECIPIENT),
    ({"recipient": None}, Check.RECIPIENT),
    ({"audiences": (("https://elsewhere.example.org",),)}, Check.AUDIENCE),
    ({"audiences": ()}, Check.AUDIENCE),
    ({"audiences": ((provider.SP,), ("https://elsewhere.example.org",))}, Check.AUDIENCE),
    ({"in_response_to": "_another", "response_in_response_to": "_another"}, Check.IN_RESPONSE_TO),
    ({"in_response_to": "_another"}, Check.IN_RESPONSE_TO),
    ({"response_in_response_to": "_another"}, Check.IN_RESPONSE_TO),
    ({"in_response_to": None}, Check.IN_RESPONSE_TO),
    ({"in_response_to": None, "response_in_response_to": None}, Check.IN_RESPONSE_TO),
    ({"not_on_or_after": -3 * MIN}, Check.NOT_ON_OR_AFTER),
    ({"not_before": 3 * MIN}, Check.NOT_BEFORE),
    ({"confirmation_end": -3 * MIN}, Check.CONFIRMATION_TIME),
    ({"confirmation_end": None}, Check.CONFIRMATION_TIME),
    ({"issued": 3 * MIN}, Check.ISSUED),
    ({"session_end": -3 * MIN}, Check.SESSION_END),
    ({"authn_instant": 3 * MIN}, Check.AUTHN_INSTANT),
    ({"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}, Check.SUBJECT_CONFIRMATION),
    ({"statements": False}, Check.AUTHN_STATEMENT),
    ({"version": "1.1"}, Check.VERSION),
    ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, Check.STATUS),
    ({"extra_condition": "<saml:Condition/>"}, Check.SCHEMA),
]


@pytest.mark.parametrize(("said", "check"), _SAID, ids=lambda value: str(value)[:60])
def test_what_is_said_wrongly_is_refused_and_named(said: dict[str, Any], check: Check) -> None:
    outcome = read(response(saying(**said)))
    assert outcome.assertion is None
    assert check in {result.name for result in outcome.checks if not result.passed}
    assert outcome.failed is not None
    assert outcome.failed.expected
    assert outcome.failed.found


_ALSO_GOOD: list[dict[str, Any]] = [
    {},
    {"response_issuer": None},
    {"audiences": (("https://elsewhere.example.org", provider.SP),)},
    {"not_on_or_after": -MIN, "not_before": -5 * MIN},
    {"not_before": MIN},
    {"not_before": None, "not_on_or_after": None},
    {"confirmation_end": -MIN},
    {"issued": MIN},
    {"session_end": None},
    {"response_in_response_to": None},
    {"attributes": ()},
    {"attributes": (("groups", None, ()),)},
    {"value_hint": ""},
    {"value_hint": 'xsi:type="xs:unheardOf"'},
    {"value_hint": 'xsi:type="xs:boolean"'},
    {"extra_condition": "<saml:OneTimeUse/>"},
    {"name_id": "Ren&#233; &amp; Co"},
]


@pytest.mark.parametrize("said", _ALSO_GOOD, ids=lambda value: str(value)[:60])
def test_what_a_provider_may_say_otherwise_is_accepted(said: dict[str, Any]) -> None:
    outcome = read(response(saying(**said)))
    assert outcome.failed is None
    assert outcome.assertion is not None


def test_a_response_without_signature_may_lack_its_destination() -> None:
    assert read(response(saying(destination=None), signed=Signed.ASSERTION)).assertion is not None
    assert read(response(saying(destination="https://evil.example"), signed=Signed.ASSERTION)).assertion is None


def test_a_sign_in_that_the_provider_began_needs_leave() -> None:
    begun = response(saying(in_response_to=None, response_in_response_to=None))
    assert read(begun, _ANY).assertion is None
    found = read(begun, replace(_ANY, allow_idp_initiated=True)).assertion
    assert found is not None
    assert found.in_response_to is None


def test_leave_for_the_provider_to_begin_is_no_leave_for_unknown_requests() -> None:
    unknown = response(saying(in_response_to="_stolen", response_in_response_to="_stolen"))
    assert read(unknown, replace(_ANY, allow_idp_initiated=True)).assertion is None


@pytest.mark.parametrize(("tolerance", "accepted"), [(0, False), (2, False), (4, True)])
def test_clocks_may_differ_by_what_the_connection_says(tolerance: int, accepted: bool) -> None:
    late = response(saying(not_on_or_after=-3 * MIN, confirmation_end=-3 * MIN))
    outcome = read(late, replace(_ANY, clock_tolerance=tolerance * MIN))
    assert (outcome.assertion is not None) == accepted


def test_no_connection_may_tolerate_more_than_five_minutes() -> None:
    with pytest.raises(ValueError, match="five minutes"):
        Demands(clock_tolerance=6 * MIN)


def test_an_assertion_is_remembered_for_as_long_as_any_clock_would_accept_it() -> None:
    found = read(response(saying(not_on_or_after=3 * MIN, confirmation_end=9 * MIN))).assertion
    assert found is not None
    assert found.not_on_or_after == NOW + 3 * MIN + 5 * MIN
    widest = replace(_ANY, clock_tolerance=5 * MIN)
    assert read(response(saying(not_on_or_after=3 * MIN)), widest, now=found.not_on_or_after).assertion is None


def test_an_end_beyond_the_calendar_is_bounded() -> None:
    far = response(saying(not_on_or_after=timedelta(days=7900 * 365), confirmation_end=timedelta(days=7900 * 365)))
    found = read(far).assertion
    assert found is not None
    assert found.not_on_or_after.year <= 9000


def test_a_fresh_authentication_is_demanded_after_the_request() -> None:
    demands = replace(_ANY, force_authn=True)
    morning = response(saying(authn_instant=timedelta(hours=-4)))
    assert read(morning, _ANY).assertion is not None
    refused = read(morning, demands)
    assert refused.failed is not None
    assert refused.failed.name is Check.AUTHN_INSTANT
    assert read(response(), demands).assertion is not None


def test_a_demanded_kind_of_authentication_must_come_back() -> None:
    strong = "https://refeds.org/profile/mfa"
    demands = replace(_ANY, requested_contexts=(strong,))
    refused = read(response(), demands)
    assert refused.failed is not None
    assert refused.failed.name is Check.AUTHN_CONTEXT
    assert read(response(saying(context=strong)), demands).assertion is not None


def test_a_refusal_by_the_provider_is_told_in_its_words() -> None:
    said = saying(status="urn:oasis:names:tc:SAML:2.0:status:Responder", status_message="User is not assigned")
    failed = read(response(said)).failed
    assert failed is not None
    assert (failed.name, failed.found) == (Check.STATUS, "Responder: User is not assigned")


def test_several_keys_of_a_provider_are_tried() -> None:
    during_roll_over = provider.identity_provider("idp", ENTITY, provider.keys("new"))
    for pair in (provider.keys("idp"), provider.keys("new")):
        made = response(inner=How(pair=pair), outer=How(pair=pair))
        assert read(made, provider=during_roll_over).assertion is not None
    assert read(response(inner=How(pair=provider.keys("new"))), _ANY).assertion is None


def test_prefixes_that_a_signature_lists_are_part_of_what_it_covers() -> None:
    for inner, outer in (("xs xsi", "xs"), ("#default saml xs", "#default samlp")):
        made = response(inner=How(prefixes=inner), outer=How(prefixes=outer))
        assert read(made, Demands(signed=Signed.BOTH)).assertion is not None


def test_a_listed_default_namespace_that_only_stands_outside_is_refused_rather_than_guessed() -> None:
    said = saying(response_namespaces=Said().response_namespaces + ' xmlns="urn:example:default"')
    failed = read(response(said, inner=How(prefixes="#default")), Demands(signed=Signed.BOTH)).failed
    assert failed is not None
    assert failed.name is Check.SIGNED_CONTENT
    assert read(response(said), Demands(signed=Signed.BOTH)).assertion is not None


@pytest.mark.parametrize("name", ["Sha384", "Sha512"])
def test_longer_digests_are_read(name: str) -> None:
    how = How(
        method=getattr(xmlsec.constants, f"TransformRsa{name}"), digest=getattr(xmlsec.constants, f"Transform{name}")
    )
    assert read(response(inner=how, outer=how)).assertion is not None


def test_a_pretty_printed_response_is_read() -> None:
    spaced = etree.fromstring(provider.response_text(Said()).replace("><", ">\n  <"))
    provider.sign(provider.assertion_in(spaced)).tail = "\n    "
    outcome = read(etree.tostring(spaced))
    assert outcome.assertion is None
    # White space is signed content: put there before signing it is read.
    again = etree.fromstring(provider.response_text(Said()).replace("><", ">\n  <"))
    provider.sign(provider.assertion_in(again))
    assert read(etree.tostring(again)).assertion is not None


def test_a_repeated_attribute_is_one_attribute() -> None:
    said = saying(attributes=(("groups", None, ("a",)), ("groups", None, ("b",)), ("other", None, ("c",))))
    found = read(response(said)).assertion
    assert found is not None
    assert [(one.name, one.values) for one in found.attributes] == [("groups", ("a", "b")), ("other", ("c",))]


def test_a_deflated_response_is_read_within_the_limit() -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(response()) + packer.flush()
    assert read(b"", encoded=base64.b64encode(packed)).assertion is not None


def test_base64_may_be_broken_into_lines() -> None:
    assert read(b"", encoded=base64.encodebytes(response()).decode().replace("\n", "\r\n")).assertion is not None


def _bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return base64.b64encode(packer.compress(b"<" + b" " * (64 * 1024 * 1024)) + packer.flush())


@pytest.mark.parametrize(
    ("encoded", "check"),
    [
        (b"", Check.ENCODING),
        (b"%%%", Check.ENCODING),
        ("naïve", Check.ENCODING),
        (base64.b64encode(b"not xml, not deflate"), Check.ENCODING),
        (base64.b64encode(b"<open>"), Check.WELL_FORMED),
        (base64.b64encode(b"<other/>"), Check.MESSAGE),
        (b"A" * (envelope.MAX_FIELD + 1), Check.SIZE),
        (base64.b64encode(b"<a>" + b" " * envelope.MAX_BYTES + b"</a>"), Check.SIZE),
        (_bomb(), Check.SIZE),
        (base64.b64encode(b"<a>" * 1000 + b"</a>" * 1000), Check.WELL_FORMED),
        (base64.b64encode(b"<r>" + b"<a/>" * 30_000 + b"</r>"), Check.SIZE),
        (base64.b64encode("<a>é</a>".encode("latin-1")), Check.WELL_FORMED),
        (base64.b64encode(b'<?xml version="1.0" encoding="UTF-7"?><a/>'), Check.WELL_FORMED),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_read_is_refused_and_named(encoded: str | bytes, check: Check) -> None:
    outcome = read(b"", encoded=encoded)
    assert outcome.assertion is None
    assert outcome.failed is not None
    assert outcome.failed.name is check


def test_an_unknown_request_is_told_from_one_of_ours() -> None:
    outstanding = {"_request-2": Outstanding("_request-2", NOW)}
    assert read(response(), outstanding=outstanding).assertion is None
    answer = response(saying(in_response_to="_request-2", response_in_response_to="_request-2"))
    assert read(answer, outstanding=outstanding).assertion is not None


class TakenMeanwhile(dict[str, Outstanding]):
    """Requests that somebody else takes away as soon as one of them was looked up."""

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) and self.pop(str(key)) is not None


def test_a_request_that_is_taken_while_its_answer_is_read_is_no_error() -> None:
    outcome = read(response(), outstanding=TakenMeanwhile({REQUEST: Outstanding(REQUEST, NOW)}))
    assert outcome.assertion is not None


def test_the_schemas_are_compiled_once_however_many_come_first() -> None:
    schema._compiled.cache_clear()
    together = threading.Barrier(_RACERS)

    def come(_number: int) -> bool:
        together.wait(PATIENCE_SECONDS)
        return read(response()).assertion is not None

    with ThreadPoolExecutor(_RACERS) as pool:
        assert all(pool.map(come, range(_RACERS)))
    assert schema._compiled.cache_info().misses == 1


def test_a_signature_by_an_elliptic_curve_is_read() -> None:
    pair = provider.curve_keys()
    how = How(pair=pair, method=xmlsec.constants.TransformEcdsaSha256)
    connection = replace(
        provider.identity_provider(), signing_certificates=(provider.keys().certificate, pair.certificate)
    )
    assert read(response(inner=how, outer=how), provider=connection).assertion is not None
    assert read(response(inner=how, outer=how)).assertion is None


_OTHER_RECIPIENT = (
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
    'Recipient="https://other.example.org/acs" InResponseTo="_theirs" NotOnOrAfter="2026-11-23T12:05:00Z"/>'
    "</saml:SubjectConfirmation>"
)


def test_one_confirmation_meant_for_us_is_enough_and_names_the_request() -> None:
    text = provider.response_text(Said()).replace("</saml:NameID>", "</saml:NameID>" + _OTHER_RECIPIENT)
    root = etree.fromstring(text)
    provider.sign(provider.assertion_in(root))
    found = read(etree.tostring(root)).assertion
    assert found is not None
    assert found.in_response_to == REQUEST


def test_an_assertion_may_name_nobody() -> None:
    found = read(response(saying(name_id=" "))).assertion
    assert found is not None
    assert found.subject is None


def test_an_explanation_shows_only_printable_characters_and_not_endlessly_many() -> None:
    said = saying(audiences=(("https://evil.example/&#x202e;&#10;" + "x" * 2000,),), issuer="&#x200b;" * 600)
    outcome = read(response(said))
    assert outcome.assertion is None
    for result in outcome.checks:
        assert (result.expected + result.found).isprintable()
        assert len(result.found) <= 500


def test_threads_read_side_by_side() -> None:
    good, bad = response(), response(inner=How(pair=provider.keys("stranger")))
    with ThreadPoolExecutor(8) as pool:
        believed = list(pool.map(lambda xml: read(xml).assertion is not None, [good, bad] * 60))
    assert believed == [True, False] * 60
