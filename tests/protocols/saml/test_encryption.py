"""Encrypted assertions: opened by any key of ours, and believed no more than those in plain text."""

import base64
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from app.protocols.saml.types import Check, Demands, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.provider import NS, How, Sealed, attacked, keys, read, response

_DEMANDS = Demands(signed=Signed.ASSERTION, encrypted=True)
_XENC = "http://www.w3.org/2001/04/xmlenc#"
_XENC11 = "http://www.w3.org/2009/xmlenc11#"


@pytest.mark.parametrize("signed", [Signed.ASSERTION, Signed.RESPONSE, Signed.BOTH])
@pytest.mark.parametrize("beside", [False, True], ids=["key inside", "key beside"])
@pytest.mark.parametrize(
    "content", [_XENC11 + "aes256-gcm", _XENC11 + "aes128-gcm", _XENC + "aes256-cbc", _XENC + "aes128-cbc"]
)
def test_an_encrypted_assertion_says_what_a_plain_one_says(signed: Signed, beside: bool, content: str) -> None:
    demands = Demands(signed=signed, encrypted=True)
    sealed = response(signed=signed, sealed=Sealed(content=content, beside=beside))
    outcome = read(sealed, demands)
    assert outcome.failed is None
    assert outcome.assertion == read(response(signed=signed), replace(demands, encrypted=False)).assertion


def test_an_assertion_cut_out_of_its_response_is_read_in_the_namespaces_around_it() -> None:
    assert read(response(signed=Signed.ASSERTION, sealed=Sealed(), cut_out=True), _DEMANDS).assertion is not None


def test_borrowed_namespaces_need_a_signature_inside() -> None:
    outcome = read(response(signed=Signed.RESPONSE, sealed=Sealed(), cut_out=True), Demands(signed=Signed.RESPONSE))
    assert outcome.failed is not None
    assert outcome.failed.name is Check.ASSERTION_SIGNED


@pytest.mark.parametrize("to", ["sp", "sp-new"])
def test_either_key_opens_during_a_roll_over(to: str) -> None:
    service = provider.service_provider(keys("sp"), keys("sp-new"))
    assert read(response(sealed=Sealed(to=keys(to))), _DEMANDS, service=service).assertion is not None


def test_a_plain_assertion_is_refused_where_encryption_is_demanded() -> None:
    outcome = read(response(), _DEMANDS)
    assert outcome.failed is not None
    assert outcome.failed.name is Check.ENCRYPTED


def test_encryption_is_no_signature() -> None:
    # Everybody can encrypt to us: our certificate is published.
    for signed in (Signed.ASSERTION, Signed.RESPONSE, Signed.BOTH):
        assert read(response(signed=None, sealed=Sealed()), Demands(signed=signed)).assertion is None
    by_stranger = response(signed=Signed.ASSERTION, sealed=Sealed(), inner=How(pair=keys("stranger")))
    assert read(by_stranger, _DEMANDS).assertion is None


@pytest.mark.parametrize(
    "how",
    [
        Sealed(to=keys("stranger")),
        Sealed(transport=_XENC + "rsa-1_5"),
        Sealed(content=_XENC + "tripledes-cbc"),
        Sealed(content=_XENC11 + "aes512-gcm"),
    ],
    ids=["to another key", "RSA 1.5", "3DES", "unknown"],
)
def test_what_is_encrypted_otherwise_is_refused(how: Sealed) -> None:
    outcome = read(response(signed=Signed.ASSERTION, sealed=how), _DEMANDS)
    assert outcome.failed is not None
    assert outcome.failed.name is Check.DECRYPTION


def _garbage(size: int) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        root.findall(f".//{{{_XENC}}}CipherValue")[-1].text = base64.b64encode(os.urandom(size)).decode()

    return change


@pytest.mark.parametrize("content", [_XENC11 + "aes256-gcm", _XENC + "aes256-cbc"])
@pytest.mark.parametrize("size", [0, 1, 11, 16, 32, 33, 4096])
def test_garbage_is_refused_without_telling_why(content: str, size: int) -> None:
    made = attacked(_garbage(size), signed=Signed.ASSERTION, sealed=Sealed(content=content))
    outcome = read(made, _DEMANDS)
    assert outcome.assertion is None
    assert outcome.failed is not None
    assert outcome.failed.name in {Check.DECRYPTION, Check.WELL_FORMED}


def _reference(root: etree._Element) -> None:
    value = root.find(f".//{{{_XENC}}}EncryptedData/{{{_XENC}}}CipherData/{{{_XENC}}}CipherValue")
    assert value is not None
    value.tag = f"{{{_XENC}}}CipherReference"
    value.set("URI", "http://evil.example/")


def _two_keys(root: etree._Element) -> None:
    key = root.find(f".//{{{_XENC}}}EncryptedKey")
    assert key is not None
    key.addnext(etree.fromstring(etree.tostring(key)))


def _plain_beside(root: etree._Element) -> None:
    root.append(etree.fromstring(provider.assertion_text(provider.saying(assertion_id="_second", value_hint=""))))


@pytest.mark.parametrize(
    ("change", "check"),
    [(_reference, Check.DECRYPTION), (_two_keys, Check.DECRYPTION), (_plain_beside, Check.ONE_ASSERTION)],
)
def test_an_envelope_of_another_shape_is_refused(change: Callable[[etree._Element], None], check: Check) -> None:
    outcome = read(attacked(change, signed=Signed.ASSERTION, sealed=Sealed()), _DEMANDS)
    assert outcome.failed is not None
    assert outcome.failed.name is check


@pytest.mark.parametrize(
    ("plain", "check"),
    [
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", Check.NO_DOCUMENT_TYPE),
        (b"<other xmlns='urn:x'/>", Check.ONE_ASSERTION),
        (b"", Check.WELL_FORMED),
        (b"<a/><b/>", Check.WELL_FORMED),
        (b"<saml:Assertion/></around><around>", Check.WELL_FORMED),
        (b"<saml:Assertion/><saml:Assertion/>", Check.ONE_ASSERTION),
        (b"<saml:Assertion ID='_x'/>", Check.ASSERTION_SIGNED),
        (b"<saml:Assertion><!-- --></saml:Assertion>", Check.NO_COMMENTS),
    ],
    ids=str,
)
def test_what_was_decrypted_is_read_under_the_same_rules(plain: bytes, check: Check) -> None:
    root = etree.fromstring(provider.response_text(provider.Said(), provider.encrypt(plain, Sealed())))
    outcome = read(etree.tostring(root), _DEMANDS)
    assert outcome.failed is not None
    assert outcome.failed.name is check
    assert root.find("saml:EncryptedAssertion", NS) is not None


def test_a_key_of_ours_is_examined_once_and_not_for_each_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    # It takes a tenth of a second, and whoever posts answers that are refused in the end could ask for it as often.
    sealed = response(sealed=Sealed(to=keys("sp-again")))
    service = provider.service_provider(keys("sp-again"))
    examined: list[bytes] = []

    def load(pem: bytes, password: bytes | None) -> object:
        examined.append(pem)
        return original(pem, password)

    original = serialization.load_pem_private_key
    monkeypatch.setattr(serialization, "load_pem_private_key", load)
    for _ in range(3):
        assert read(sealed, _DEMANDS, service=service).assertion is not None
    assert examined == [keys("sp-again").private_key_pem]
