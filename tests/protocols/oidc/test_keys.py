"""Key sets: what is read as a key, what is left out and why."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.protocols.oidc.errors import MetadataRefused
from app.protocols.oidc.keys import MAX_KEYS, MAX_SET_BYTES, read_key_set
from app.protocols.oidc.types import Algorithm
from tests.protocols.oidc.provider import document, jwk, number


@pytest.mark.parametrize(
    ("name", "algorithms"),
    [
        ("rsa", {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
        ("P-256", {"ES256"}),
        ("P-384", {"ES384"}),
        ("P-521", {"ES512"}),
        ("ed", {"EdDSA", "Ed25519"}),
    ],
)
def test_a_key_says_by_its_kind_what_it_can_verify(name: str, algorithms: set[str]) -> None:
    (found,) = read_key_set(document(jwk(name))).keys
    assert {one.value for one in found.algorithms} == algorithms
    assert found.kid == name


def test_a_key_may_be_for_one_algorithm_only() -> None:
    (found,) = read_key_set(document(jwk("rsa", alg="PS384"))).keys
    assert found.algorithms == {Algorithm.PS384}


def _small_rsa() -> dict[str, Any]:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers()
    return jwk("rsa", n=number(numbers.n), e=number(numbers.e))


def _other_curve() -> dict[str, Any]:
    point = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    return jwk("P-256", crv="secp256k1", x=number(point.x), y=number(point.y))


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "a"}, "secret part"),
        ({"kty": "oct", "kid": "a"}, "of the kind oct"),
        (jwk("rsa", d="AQAB"), "secret part"),
        (jwk("rsa", use="enc"), "not for signatures"),
        (jwk("rsa", key_ops=["encrypt"]), "not for verifying"),
        (jwk("rsa", alg="HS256"), "HS256"),
        (jwk("rsa", alg="none"), "none"),
        (jwk("rsa", alg="ES256"), "ES256"),
        (jwk("rsa", alg=["RS256"]), "RS256"),
        (jwk("rsa", kty=None), "of the kind nothing"),
        (jwk("rsa", n=None), "member n"),
        (jwk("rsa", n="not base64url!"), "member n"),
        (jwk("rsa", n=5), "member n"),
        (jwk("rsa", e="AQ"), "exponent"),
        (jwk("rsa", e="AgAA"), "exponent"),
        (jwk("rsa", e="AQAAAAAAAAAAAAAB"), "exponent"),
        (jwk("rsa", n=number((1 << 9000) + 1)), "9001 bits"),
        (jwk("rsa", kid=7), "its id"),
        (jwk("rsa", kid="x" * 501), "its id"),
        (jwk("P-256", x=jwk("P-256")["y"]), "numbers"),
        (jwk("P-256", crv="P-384"), "numbers"),
        (jwk("P-256", crv="secp256k1"), "of the kind EC secp256k1"),
        (jwk("ed", crv="X25519"), "of the kind OKP X25519"),
        (jwk("ed", crv="Ed448"), "of the kind OKP Ed448"),
        (jwk("ed", x="AAAA"), "numbers"),
        (_small_rsa(), "1024 bits"),
        (_other_curve(), "secp256k1"),
        ("a key", "not a key"),
        (None, "not a key"),
    ],
)
def test_a_key_that_cannot_be_used_is_left_out_with_the_reason(member: Any, reason: str) -> None:
    found = read_key_set(document(member, jwk("ed")))
    assert [one.kid for one in found.keys] == ["ed"]
    assert len(found.left_out) == 1
    assert reason in found.left_out[0]
    with pytest.raises(MetadataRefused, match="no key that can be used"):
        read_key_set(document(member))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [], "keys": []}',
        b"<html>sign in</html>",
        document(jwk("rsa")) + b" " * MAX_SET_BYTES,
        document(*[{}] * (MAX_KEYS + 1)),
    ],
)
def test_a_document_that_is_no_key_set_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(MetadataRefused) as caught:
        read_key_set(body)
    assert str(caught.value).startswith("The key set ")
    assert str(caught.value).endswith(".")


def test_a_key_that_names_a_member_twice_is_refused() -> None:
    twice = json.dumps({"keys": [jwk("rsa")]}).replace('"kid"', '"kty": "oct", "kid"').encode()
    with pytest.raises(MetadataRefused, match="same member twice"):
        read_key_set(twice)
