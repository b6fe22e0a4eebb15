"""Keys and algorithms that count for a provider, and what one provider says in the name of another."""

from collections.abc import Callable

import pytest
import xmlsec

from app.protocols.saml.types import Check, Demands, IdentityProvider, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.provider import How, keys, read, response, saying


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
