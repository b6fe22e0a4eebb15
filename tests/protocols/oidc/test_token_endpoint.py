"""How a code is exchanged: who we say we are, and what is read of the answer."""

import base64
import json
import secrets
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448

from app.protocols.oidc import client_assertion, token_endpoint
from app.protocols.oidc.checks import Checklist
from app.protocols.oidc.errors import Refused, RequestRefused
from app.protocols.oidc.keys import read_key_set
from app.protocols.oidc.signed_tokens import verify
from app.protocols.oidc.types import (
    ALL_ALGORITHMS,
    Algorithm,
    AssertionAudience,
    Check,
    Client,
    ClientMethod,
    Endpoints,
    SigningKey,
    TokenRequest,
)
from tests.protocols.oidc.provider import AT, ISSUER, KEY_OF, NOW, b64, key, pem, public_pem

TOKEN_URL = "https://id.acme.example/token"
ENDPOINTS = Endpoints("https://id.acme.example/authorize", TOKEN_URL)
CALLBACK = "https://portal.acme.example/sso/staff/oidc/callback"
ED448_PEM = ed448.Ed448PrivateKey.generate().private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
SECRET = "s3cr:t%/+ä"


def request_of(client: Client, issuer: str | None = ISSUER) -> TokenRequest:
    return token_endpoint.make_request(
        ENDPOINTS,
        client,
        code="the-code",
        redirect_uri=CALLBACK,
        verifier="the-verifier",
        issuer=issuer,
        now=NOW,
        randomness=secrets.token_bytes,
    )


def form_of(made: TokenRequest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(made.body.decode()).items()}


COMMON = {
    "grant_type": "authorization_code",
    "code": "the-code",
    "redirect_uri": CALLBACK,
    "code_verifier": "the-verifier",
}


def test_a_basic_client_sends_its_secret_in_the_header_only() -> None:
    made = request_of(Client("port:ico", ClientMethod.BASIC, SECRET))
    scheme, _, value = made.headers["Authorization"].partition(" ")
    name, _, secret = base64.b64decode(value).decode().partition(":")
    assert (scheme, unquote_plus(name), unquote_plus(secret)) == ("Basic", "port:ico", SECRET)
    assert form_of(made) == COMMON
    assert made.url == TOKEN_URL
    assert made.headers["Accept"] == "application/json"


def test_a_post_client_sends_its_secret_in_the_form_only() -> None:
    made = request_of(Client("portico", ClientMethod.POST, SECRET))
    assert "Authorization" not in made.headers
    assert form_of(made) == COMMON | {"client_id": "portico", "client_secret": SECRET}


def test_a_request_and_a_client_do_not_show_their_secrets() -> None:
    client = Client("portico", ClientMethod.POST, "canary-1", SigningKey(b"canary-2", Algorithm.RS256))
    assert "canary" not in repr((client, request_of(client)))


@pytest.mark.parametrize(
    "fault",
    [
        {"client_id": "", "method": ClientMethod.BASIC, "secret": "x"},
        {"client_id": "portico", "method": ClientMethod.BASIC},
        {"client_id": "portico", "method": ClientMethod.POST, "secret": ""},
        {"client_id": "portico", "method": ClientMethod.PRIVATE_KEY_JWT, "secret": "x"},
    ],
)
def test_a_client_without_what_its_method_needs_cannot_be_made(fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Client(**fault)


def _part(assertion: str, place: int) -> dict[str, Any]:
    segment = assertion.split(".")[place]
    found = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("algorithm", sorted(KEY_OF))
def test_an_assertion_is_verified_by_the_key_set_we_publish(algorithm: str) -> None:
    signing = SigningKey(pem(key(KEY_OF[algorithm])), Algorithm(algorithm))
    made = form_of(request_of(Client("portico", ClientMethod.PRIVATE_KEY_JWT, key=signing)))
    assert made["client_assertion_type"].endswith(":jwt-bearer")
    assert made["client_id"] == "portico"
    published = client_assertion.public_key_set((signing,))
    assert b'"d"' not in published
    found = verify(made["client_assertion"], read_key_set(published), ALL_ALGORITHMS, Checklist()).claims
    assert (found["iss"], found["sub"], found["aud"]) == ("portico", "portico", TOKEN_URL)
    assert (found["iat"], found["exp"]) == (AT, AT + 120)
    assert len(found["jti"]) == 32


def test_two_assertions_of_one_second_differ() -> None:
    client = Client(
        "portico", ClientMethod.PRIVATE_KEY_JWT, key=SigningKey(pem(key("ed")), Algorithm.ED25519, kid="k-1")
    )
    first, second = (form_of(request_of(client))["client_assertion"] for _ in range(2))
    assert first != second
    assert _part(first, 1)["jti"] != _part(second, 1)["jti"]
    assert _part(first, 0) == {"alg": "Ed25519", "typ": "JWT", "kid": "k-1"}


def test_an_assertion_may_be_made_out_to_the_issuer_and_name_a_certificate() -> None:
    signing = SigningKey(pem(key("rsa")), Algorithm.PS256, certificate_sha256=b"\x01" * 32)
    client = Client("portico", ClientMethod.PRIVATE_KEY_JWT, key=signing, assertion_audience=AssertionAudience.ISSUER)
    made = form_of(request_of(client))["client_assertion"]
    assert _part(made, 1)["aud"] == ISSUER
    assert _part(made, 0)["x5t#S256"] == b64(b"\x01" * 32)
    with pytest.raises(RequestRefused):
        request_of(client, issuer=None)


@pytest.mark.parametrize(
    "signing",
    [
        SigningKey(b"", Algorithm.RS256),
        SigningKey(b"not a key", Algorithm.ES256),
        SigningKey(public_pem(key("rsa")), Algorithm.RS256),
        SigningKey(pem(key("P-256")), Algorithm.ES384),
        SigningKey(pem(key("rsa")), Algorithm.ES256),
        SigningKey(pem(key("ed")), Algorithm.RS256),
        SigningKey(ED448_PEM, Algorithm.EDDSA),
        SigningKey(ED448_PEM, Algorithm.ED25519),
    ],
)
def test_a_key_that_does_not_fit_is_refused_without_being_shown(signing: SigningKey) -> None:
    with pytest.raises(RequestRefused) as caught:
        request_of(Client("portico", ClientMethod.PRIVATE_KEY_JWT, key=signing))
    assert "KEY-----" not in str(caught.value)


def test_only_what_we_can_sign_with_is_published() -> None:
    with pytest.raises(RequestRefused):
        client_assertion.public_key_set((SigningKey(public_pem(key("rsa")), Algorithm.RS256),))


def answer(**changes: Any) -> bytes:
    made = {"access_token": "at", "token_type": "Bearer", "id_token": "a.b.c", "expires_in": 300, **changes}
    return json.dumps({name: value for name, value in made.items() if value is not None}).encode()


def test_an_answer_gives_its_tokens() -> None:
    found = token_endpoint.read_answer(answer(scope="openid email"), status=200)
    assert (found.access_token, found.id_token, found.expires_in) == ("at", "a.b.c", 300)
    assert found.scopes == ("openid", "email")
    assert "a.b.c" not in repr(found)


@pytest.mark.parametrize(
    ("said", "seconds"), [(None, None), ("3600", 3600), (True, None), (-1, None), ("soon", None), (1.5, None)]
)
def test_a_life_time_is_read_where_it_makes_sense(said: Any, seconds: int | None) -> None:
    assert token_endpoint.read_answer(answer(expires_in=said), status=200).expires_in == seconds


def test_plain_oauth_needs_no_id_token() -> None:
    plain = answer(id_token=None, token_type="bearer")
    assert token_endpoint.read_answer(plain, status=200, openid=False).id_token is None
    with pytest.raises(Refused) as caught:
        token_endpoint.read_answer(plain, status=200)
    assert caught.value.check is Check.EXCHANGE


@pytest.mark.parametrize(
    ("body", "status", "check"),
    [
        (b"", 200, Check.EXCHANGE),
        (b"access_token=at&token_type=bearer", 200, Check.EXCHANGE),
        (b"<html>", 502, Check.EXCHANGE),
        (answer() + b" " * token_endpoint.MAX_ANSWER_BYTES, 200, Check.EXCHANGE),
        (answer().replace(b'"id_token"', b'"id_token": "x.y.z", "id_token"'), 200, Check.EXCHANGE),
        (b'{"error": "invalid_grant", "error_description": "code was used"}', 400, Check.EXCHANGE_ERROR),
        (b'{"error": "bad_verification_code"}', 200, Check.EXCHANGE_ERROR),
        (answer(error="x"), 200, Check.EXCHANGE_ERROR),
        (answer(), 401, Check.EXCHANGE_ERROR),
        (answer(token_type="mac"), 200, Check.BEARER),
        (answer(token_type=None), 200, Check.BEARER),
        (answer(access_token=None), 200, Check.EXCHANGE),
        (answer(access_token=""), 200, Check.EXCHANGE),
        (answer(access_token="a b"), 200, Check.EXCHANGE),
        (answer(access_token="a\r\nX: y"), 200, Check.EXCHANGE),
        (answer(access_token=["at"]), 200, Check.EXCHANGE),
        (answer(id_token={"a": 1}), 200, Check.EXCHANGE),
    ],
)
def test_any_other_answer_is_refused(body: bytes, status: int, check: Check) -> None:
    with pytest.raises(Refused) as caught:
        token_endpoint.read_answer(body, status=status)
    assert caught.value.check is check


def test_a_refusal_says_what_the_provider_said_and_no_token() -> None:
    body = json.dumps({"error": "invalid_grant", "error_description": "used", "access_token": "canary"}).encode()
    with pytest.raises(Refused) as caught:
        token_endpoint.read_answer(body, status=400)
    assert caught.value.found == "invalid_grant: used (status 400)"
