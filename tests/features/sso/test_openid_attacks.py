"""Every attack on an OpenID sign-in, at the portal's own address: refused, recorded with its reason, shown in its explanation.

What is made of each token is in `tests/protocols/oidc`; here each goes the way of a real answer, over HTTP on loopback, beside
the same sign-in without it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.features.sso import wire
from app.features.sso.configuration import Kind
from simulator import identity
from simulator.identity import Provider, Running
from tests.features.sso import refusing
from tests.features.sso.test_oidc import _connect, _settings, acme, begin, choose, running, sign_in
from tests.pages import PageClient

__all__ = ["acme", "running"]
Attack = Callable[[Provider], None]
EVIL = "https://evil.example"


def claim(name: str, value: Any, where: str = "id_token") -> Attack:
    """Say something else in the ID token, or in userinfo."""

    def attack(provider: Provider) -> None:
        provider.changes = lambda what, claims: {**claims, name: value} if what == where else claims

    return attack


def header(**members: Any) -> Attack:
    """Have the token's header ask for something, under a right signature."""

    def attack(provider: Provider) -> None:
        provider.header = members

    return attack


def forged(algorithm: str, sign: Callable[[Provider, bytes], bytes], **members: Any) -> Attack:
    """Put another header before the right claims, and another signature behind them."""

    def attack(provider: Provider) -> None:
        honest = provider.id_token

        def forge(asked: Any, access_token: str) -> str:
            claims = honest(asked, access_token).split(".")[1]
            head = {"alg": algorithm, "kid": provider.kid, **members}
            signed = f"{text(json.dumps(head).encode())}.{claims}"
            return f"{signed}.{text(sign(provider, signed.encode()))}"

        setattr(provider, "id_token", forge)  # noqa: B010 - replaces a method of this one provider

    return attack


def another_key(**members: Any) -> Attack:
    """Sign with a key that the provider does not publish; the header says where to find it."""

    def attack(provider: Provider) -> None:
        stranger = Provider(issuer=provider.issuer)
        members.setdefault("kid", provider.kid)
        stranger.header = members
        setattr(provider, "id_token", stranger.id_token)  # noqa: B010 - replaces a method of this one provider

    return attack


def answer(change: Callable[[dict[str, str]], dict[str, str]]) -> Attack:
    """Send the browser back with other parameters."""

    def attack(provider: Provider) -> None:
        provider.answers = change

    return attack


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def public_pem(provider: Provider) -> bytes:
    return provider.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def jwk() -> dict[str, str]:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    return {"kty": "RSA", "n": text(numbers.n.to_bytes(256, "big")), "e": "AQAB"}


def mac(secret: Callable[[Provider], bytes]) -> Callable[[Provider, bytes], bytes]:
    return lambda provider, signed: hmac.new(secret(provider), signed, hashlib.sha256).digest()


ATTACKS: dict[str, tuple[Attack, str]] = {
    "alg none": (forged("none", lambda _provider, _signed: b""), "shape"),
    "alg none, in capitals": (forged("NONE", lambda _provider, _signed: b"x"), "algorithm"),
    "alg none, still signed": (header(alg="none"), "algorithm"),
    "key confusion by the public key": (forged("HS256", mac(public_pem)), "algorithm"),
    "key confusion by the client secret": (
        forged("HS256", mac(lambda _provider: identity.CLIENT_SECRET.encode())),
        "algorithm",
    ),
    "wrong key": (another_key(), "signature"),
    "unknown key": (another_key(kid="another"), "key"),
    "jku": (another_key(jku=f"{EVIL}/keys"), "header"),
    "x5u": (another_key(x5u=f"{EVIL}/certificate"), "header"),
    "jwk": (another_key(jwk=jwk()), "header"),
    "crit": (header(crit=["exp"]), "header"),
    "crit of an extension": (header(crit=["urn:x"], **{"urn:x": 1}), "header"),
    "wrong iss": (claim("iss", EVIL), "issuer"),
    "wrong aud": (claim("aud", "somebody-else"), "audience"),
    "more aud": (claim("aud", ["portico", "somebody-else"]), "audience"),
    "wrong azp": (claim("azp", "somebody-else"), "authorized_party"),
    "no sub": (claim("sub", ""), "subject"),
    "wrong sub in userinfo": (claim("sub", "other", "userinfo"), "userinfo_subject"),
    "wrong nonce": (claim("nonce", "another"), "nonce"),
    "no nonce": (claim("nonce", None), "nonce"),
    "expired": (claim("exp", 1), "expires"),
    "not yet issued": (claim("iat", 4_000_000_000), "issued_at"),
    "another access token": (claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"),
    "wrong iss in the answer": (answer(lambda said: {**said, "iss": EVIL}), "answer_issuer"),
    "no iss in the answer": (
        answer(lambda said: {name: value for name, value in said.items() if name != "iss"}),
        "answer_issuer",
    ),
    "state twice": (answer(lambda said: {**said, "code": said["code"] + "&state=another"}), ""),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_recorded_and_explained(acme: Provider, pages: PageClient, name: str) -> None:
    attack, check = ATTACKS[name]
    attack(acme)
    refusing.look(pages, sign_in(pages, status=403), check)
    assert refusing.begun() == 0
    # The valid twin.
    vars(acme).pop("id_token", None)
    acme.header, acme.changes, acme.answers = {}, Provider.changes, Provider.answers
    wire.forget()
    sign_in(pages)
    assert refusing.begun() == 1


@pytest.mark.parametrize("state", ["", "x" * 43, "x" * 10_000])
def test_a_wrong_state_is_refused_recorded_and_explained(acme: Provider, pages: PageClient, state: str) -> None:
    back = choose(begin(pages))
    asked = parse_qs(urlsplit(back).query)["state"][0]
    refusing.look(pages, pages.get(back.replace(asked, state), status=403), "state")
    assert refusing.begun() == 0
    pages.get(back, status=303)


def test_an_answer_that_comes_again_is_refused_recorded_and_explained(acme: Provider, pages: PageClient) -> None:
    # This provider would exchange a code twice.
    acme.forgets_codes = False
    back = choose(begin(pages))
    pages.get(back, status=303)
    refusing.look(pages, pages.get(back, status=403), "state")
    assert refusing.begun() == 1


def test_a_reused_code_is_refused_recorded_and_explained(acme: Provider, pages: PageClient) -> None:
    first = choose(begin(pages))
    pages.get(first, status=303)
    other = pages.another()
    second = choose(begin(other))
    used, fresh = (parse_qs(urlsplit(one).query)["code"][0] for one in (first, second))
    refusing.look(pages, other.get(second.replace(fresh, used), status=403), "exchange_error")
    assert refusing.begun() == 1
    sign_in(other)
    assert refusing.begun() == 2


def test_a_code_of_another_request_is_refused_recorded_and_explained(acme: Provider, pages: PageClient) -> None:
    # Stolen before it was used: the verifier of the request that it was given for is not here.
    stolen = choose(begin(pages.another()), "ada")
    back = choose(begin(pages))
    theirs, ours = (parse_qs(urlsplit(one).query)["code"][0] for one in (stolen, back))
    refusing.look(pages, pages.get(back.replace(ours, theirs), status=403), "exchange_error")
    assert refusing.begun() == 0


def test_login_csrf_is_refused_recorded_and_explained(acme: Provider, pages: PageClient) -> None:
    back = choose(begin(pages), "sam")
    victim = pages.another()
    begin(victim)
    page = victim.get(back, status=403)
    assert "another browser" in page.text
    refusing.look(pages, page, "browser")
    assert refusing.begun() == 0
    # Nothing was used up by that: the browser that asked is signed in.
    pages.get(back, status=303)


def test_an_answer_of_one_provider_does_not_count_at_anothers_callback(acme: Provider, pages: PageClient) -> None:
    with identity.start() as other:
        _connect("partner", _settings(other.issuer), Kind.OIDC)
        back = choose(begin(pages, "acme"))
        refusing.look(pages, pages.get(back.replace("/sso/acme/", "/sso/partner/"), status=403), "state")
        assert refusing.begun() == 0
        pages.get(back, status=303)


def test_a_provider_that_says_to_be_another_is_refused_recorded_and_explained(
    acme: Provider, pages: PageClient
) -> None:
    with identity.start() as other:
        _connect("partner", _settings(other.issuer), Kind.OIDC)
        claim("iss", acme.issuer)(other.provider)
        refusing.look(pages, pages.get(choose(begin(pages, "partner")), status=403), "issuer")
        assert refusing.begun() == 0
        other.provider.changes = Provider.changes
        pages.get(choose(begin(pages, "partner")), status=303)


@pytest.mark.parametrize("address", ["https://10.0.0.1", "https://169.254.169.254", "https://[fd00::1]"])
@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "userinfo_endpoint"])
def test_nothing_is_fetched_from_a_private_address(
    running: Running, pages: PageClient, endpoint: str, address: str
) -> None:
    elsewhere: dict[str, Any] = {endpoint: f"{address}/x"}
    _connect("acme", replace(_settings(running.issuer), **elsewhere), Kind.OIDC)
    page = sign_in(pages, status=503)
    assert "does not answer at the moment" in page.text
    refusing.look(pages, page, "exchange")
    assert refusing.begun() == 0
