"""Which ID tokens are believed: each attack beside a twin that differs in that one thing and is accepted."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.protocols.oidc import id_token
from app.protocols.oidc.errors import OidcError, Refused, UnknownKey
from app.protocols.oidc.keys import read_key_set
from app.protocols.oidc.signed_tokens import MAX_TOKEN_LENGTH
from app.protocols.oidc.types import Algorithm, Check, Claims, Demands
from tests.protocols.oidc.provider import (
    AT,
    CLIENT,
    ISSUER,
    KEY_OF,
    NONCE,
    NOW,
    b64,
    claims,
    document,
    half_hash,
    hmac_token,
    jwk,
    key,
    public_pem,
    published,
    token,
)


def verify(text: str, **changes: Any) -> Claims:
    settings: dict[str, Any] = {"issuer": ISSUER, "audience": CLIENT, "nonce": NONCE, "now": NOW, **changes}
    keys = settings.pop("keys", None) or published()
    return id_token.verify(text, keys, **settings)


def refused(text: str, **changes: Any) -> OidcError:
    with pytest.raises(Refused) as caught:
        verify(text, **changes)
    return caught.value


@pytest.mark.parametrize("algorithm", sorted(KEY_OF))
def test_a_token_signed_by_the_provider_is_believed(algorithm: str) -> None:
    found = verify(token(algorithm=algorithm))
    assert (found.issuer, found.subject, found.audience) == (ISSUER, "248289761001", (CLIENT,))
    assert (found.issued_at.timestamp(), found.expires_at.timestamp()) == (AT - 5, AT + 300)
    assert all(check.passed for check in found.checks)
    assert {Check.SIGNATURE, Check.ISSUER, Check.AUDIENCE, Check.NONCE} <= {check.name for check in found.checks}


@pytest.mark.parametrize("algorithm", sorted(KEY_OF))
def test_a_token_whose_claims_were_changed_after_signing_is_refused(algorithm: str) -> None:
    header, _, signed = token(algorithm=algorithm).split(".")
    other = b64(json.dumps(claims(sub="administrator")).encode())
    assert refused(f"{header}.{other}.{signed}").check is Check.SIGNATURE


@pytest.mark.parametrize("algorithm", sorted(KEY_OF))
def test_a_token_signed_by_a_foreign_key_under_a_known_key_id_is_refused(algorithm: str) -> None:
    # A key of the same kind, under a name of its own.
    kind = KEY_OF[algorithm]
    foreign = {"rsa": "rsa-foreign", "ed": "ed-foreign"}.get(kind)
    if foreign is None:
        from cryptography.hazmat.primitives.asymmetric import ec

        own = key(kind)
        assert isinstance(own, ec.EllipticCurvePrivateKey)
        assert refused(token(algorithm=algorithm, signer=ec.generate_private_key(own.curve))).check is Check.SIGNATURE
        return
    assert refused(token(algorithm=algorithm, signer=key(foreign))).check is Check.SIGNATURE


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, ["RS256"], {"RS256": 1}, 1, "rs256", "RS1"])
def test_an_algorithm_that_is_not_among_ours_is_refused(name: Any) -> None:
    header = json.dumps({"alg": name, "typ": "JWT", "kid": "rsa"}).encode()
    assert refused(token(header=header)).check is Check.ALGORITHM


def test_an_unsigned_token_is_refused_even_where_the_provider_lists_none() -> None:
    header, body, _ = token(header={"alg": "none"}).split(".")
    assert refused(f"{header}.{body}.").check is Check.SHAPE
    assert refused(f"{header}.{body}").check is Check.SHAPE
    assert refused(f"{header}.{body}.AA").check is Check.ALGORITHM


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_mac_with_the_public_key_or_the_client_secret_as_its_secret_is_refused(algorithm: str) -> None:
    modulus = jwk("rsa")["n"].encode()
    for secret in (public_pem(key("rsa")), modulus, json.dumps(jwk("rsa")).encode(), b"client secret", b""):
        assert refused(hmac_token(secret, algorithm)).check is Check.ALGORITHM


def test_a_connection_may_narrow_the_algorithms_and_never_widen_them() -> None:
    only = Demands(algorithms=frozenset({Algorithm.ES256}))
    assert verify(token(algorithm="ES256"), demands=only).subject
    assert refused(token(algorithm="RS256"), demands=only).check is Check.ALGORITHM
    widened = Demands(algorithms=frozenset({"HS256", "none"}))  # type: ignore[arg-type]
    assert refused(hmac_token(b"secret"), demands=widened).check is Check.ALGORITHM


@pytest.mark.parametrize(
    "extra",
    [
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/chain.pem"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
    ],
)
def test_a_header_that_brings_a_key_or_an_extension_is_refused(extra: dict[str, Any]) -> None:
    assert refused(token(header=extra)).check is Check.HEADER


def test_a_key_in_the_header_is_refused_though_it_signed_the_token() -> None:
    assert refused(token(header={"jwk": jwk("rsa-foreign")}, signer=key("rsa-foreign"))).check is Check.HEADER


def test_a_certificate_thumbprint_in_the_header_is_no_obstacle() -> None:
    assert verify(token(header={"x5t": "AAAA", "x5c": ["AAAA"]})).subject


@pytest.mark.parametrize("kind", ["at+jwt", "logout+jwt", "secevent+jwt", "", 1, ["JWT"]])
def test_another_kind_of_token_of_the_same_provider_is_refused(kind: Any) -> None:
    assert refused(token(header={"typ": kind})).check is Check.HEADER


@pytest.mark.parametrize("kind", ["JWT", "jwt", None])
def test_the_type_of_a_token_is_jwt_or_left_out(kind: str | None) -> None:
    assert verify(token(header={"typ": kind})).subject


def test_a_key_id_that_is_not_in_the_set_asks_for_a_fresh_set() -> None:
    with pytest.raises(UnknownKey) as caught:
        verify(token(header={"kid": "next"}))
    assert "next" in caught.value.found
    fresh = read_key_set(document(jwk("rsa"), jwk("rsa-foreign", kid="next")))
    assert verify(token(header={"kid": "next"}, signer=key("rsa-foreign")), keys=fresh).subject


def test_a_token_without_a_key_id_needs_a_set_with_one_key_that_fits() -> None:
    unnamed = token(header={"kid": None})
    assert verify(unnamed).subject
    assert verify(unnamed, keys=read_key_set(document(jwk("rsa", kid=None)))).subject
    with pytest.raises(UnknownKey):
        verify(unnamed, keys=read_key_set(document(jwk("rsa"), jwk("rsa-foreign"))))


def test_two_keys_under_one_id_are_told_apart_by_algorithm_or_not_at_all() -> None:
    mixed = read_key_set(document(jwk("rsa", kid="a"), jwk("P-256", kid="a")))
    assert verify(token(header={"kid": "a"}), keys=mixed).subject
    with pytest.raises(UnknownKey):
        verify(token(header={"kid": "a"}), keys=read_key_set(document(jwk("rsa", kid="a"), jwk("rsa-2", kid="a"))))


def test_a_key_for_one_algorithm_does_not_verify_another() -> None:
    keys = read_key_set(document(jwk("rsa", alg="PS256")))
    assert verify(token(algorithm="PS256"), keys=keys).subject
    with pytest.raises(UnknownKey):
        verify(token(algorithm="RS256"), keys=keys)


@pytest.mark.parametrize("kid", [1, {"a": 1}, ["rsa"], "x" * 501])
def test_a_key_id_that_is_no_text_of_bounded_length_is_refused(kid: Any) -> None:
    assert refused(token(header={"kid": kid})).check is Check.HEADER


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"iss": "https://evil.example"}, Check.ISSUER),
        ({"iss": ISSUER + "/"}, Check.ISSUER),
        ({"iss": ISSUER.upper()}, Check.ISSUER),
        ({"iss": [ISSUER]}, Check.ISSUER),
        ({"iss": None}, Check.ISSUER),
        ({"sub": None}, Check.SUBJECT),
        ({"sub": ""}, Check.SUBJECT),
        ({"sub": 248289761001}, Check.SUBJECT),
        ({"sub": " ada"}, Check.SUBJECT),
        ({"sub": "ada\nadmin"}, Check.SUBJECT),
        ({"sub": "x" * 256}, Check.SUBJECT),
        ({"aud": "another"}, Check.AUDIENCE),
        ({"aud": None}, Check.AUDIENCE),
        ({"aud": []}, Check.AUDIENCE),
        ({"aud": ["another"]}, Check.AUDIENCE),
        ({"aud": [CLIENT, 1]}, Check.AUDIENCE),
        ({"aud": {CLIENT: True}}, Check.AUDIENCE),
        ({"aud": CLIENT + "-2"}, Check.AUDIENCE),
        ({"aud": [CLIENT, "another"], "azp": CLIENT}, Check.AUDIENCE),
        ({"azp": "another"}, Check.AUTHORIZED_PARTY),
        ({"azp": ""}, Check.AUTHORIZED_PARTY),
        ({"azp": [CLIENT]}, Check.AUTHORIZED_PARTY),
        ({"iat": None}, Check.ISSUED_AT),
        ({"iat": AT + 121}, Check.ISSUED_AT),
        ({"iat": str(AT)}, Check.ISSUED_AT),
        ({"iat": True}, Check.ISSUED_AT),
        ({"nbf": AT + 121}, Check.NOT_BEFORE),
        ({"nbf": "soon"}, Check.NOT_BEFORE),
        ({"exp": AT - 120}, Check.EXPIRES),
        ({"exp": None}, Check.EXPIRES),
        ({"exp": True}, Check.EXPIRES),
        ({"exp": "9999999999"}, Check.EXPIRES),
        ({"exp": 1e300}, Check.EXPIRES),
        ({"exp": -1}, Check.EXPIRES),
        ({"nonce": None}, Check.NONCE),
        ({"nonce": NONCE + "0"}, Check.NONCE),
        ({"nonce": [NONCE]}, Check.NONCE),
        ({"auth_time": AT + 121}, Check.AUTH_TIME),
        ({"auth_time": "yesterday"}, Check.AUTH_TIME),
        ({"acr": ["2"]}, Check.AUTHENTICATION_CONTEXT),
        ({"amr": {"otp": 1}}, Check.AUTHENTICATION_METHODS),
        ({"amr": ["pwd", 2]}, Check.AUTHENTICATION_METHODS),
    ],
)
def test_a_claim_that_is_not_as_expected_refuses_the_token(changes: dict[str, Any], check: Check) -> None:
    error = refused(token(claims(**changes)))
    assert error.check is check
    assert [one.name for one in error.checks if not one.passed] == [check]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": [CLIENT]},
        {"azp": CLIENT},
        {"aud": [CLIENT, CLIENT], "azp": CLIENT},
        {"iat": AT + 119},
        {"iat": AT - 0.5},
        {"nbf": AT + 119},
        {"exp": AT - 119},
        {"auth_time": AT - 86400},
        {"sub": "x" * 255},
        {"amr": "pwd"},
        {"acr": 0},
        {"auth_time": 0},
    ],
)
def test_a_claim_at_the_edge_of_what_is_allowed_is_accepted(changes: dict[str, Any]) -> None:
    assert verify(token(claims(**changes))).subject


def test_a_claim_that_is_null_is_a_claim_that_is_not_there() -> None:
    optional = b', "auth_time": null, "acr": null, "amr": null, "azp": null, "nbf": null, "at_hash": null, "sid": null}'
    found = verify(token(json.dumps(claims()).encode().removesuffix(b"}") + optional), access_token="access")
    assert (found.auth_time, found.acr, found.amr, found.session_id) == (None, None, (), None)


def test_a_second_audience_is_accepted_only_where_it_is_trusted_and_we_are_the_authorized_party() -> None:
    demands = Demands(other_audiences=frozenset({"account"}))
    both = {"aud": [CLIENT, "account"]}
    assert verify(token(claims(**both, azp=CLIENT)), demands=demands).audience == (CLIENT, "account")
    assert refused(token(claims(**both)), demands=demands).check is Check.AUTHORIZED_PARTY
    assert refused(token(claims(**both, azp="account")), demands=demands).check is Check.AUTHORIZED_PARTY


def test_an_expected_nonce_that_is_empty_never_fits() -> None:
    assert refused(token(claims(nonce="")), nonce="").check is Check.NONCE


def test_all_claims_that_failed_are_told_and_nothing_secret_with_them() -> None:
    error = refused(token(claims(iss="https://evil.example", exp=AT - 4000, nonce="another")))
    failed = {one.name: one for one in error.checks if not one.passed}
    assert set(failed) == {Check.ISSUER, Check.EXPIRES, Check.NONCE}
    assert failed[Check.ISSUER].expected == ISSUER
    assert failed[Check.ISSUER].found == "https://evil.example"
    assert "2026-11-23T10:53:20" in failed[Check.EXPIRES].found
    assert NONCE not in str(error.checks)


def test_what_a_token_says_is_shown_in_one_printable_line() -> None:
    error = refused(token(claims(iss="https://evil.example/\r\n\x1b[2J" + "x" * 5000)))
    assert error.found.isprintable()
    assert len(error.found) < 250


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("RS256", "sha256"), ("PS384", "sha384"), ("ES512", "sha512"), ("EdDSA", "sha512"), ("Ed25519", "sha512")],
)
def test_the_hashes_of_access_token_and_code_must_fit_where_they_stand(algorithm: str, digest: str) -> None:
    good = claims(at_hash=half_hash("access", digest), c_hash=half_hash("code", digest))
    made = token(good, algorithm=algorithm)
    assert verify(made, access_token="access", code="code").subject
    assert refused(made, access_token="swapped", code="code").check is Check.AT_HASH
    assert refused(made, access_token="access", code="swapped").check is Check.C_HASH
    assert refused(token(claims(at_hash=""), algorithm=algorithm), access_token="access").check is Check.AT_HASH
    assert verify(token(algorithm=algorithm), access_token="access", code="code").subject


def test_a_recent_sign_in_is_shown_by_auth_time_and_by_nothing_else() -> None:
    demands = Demands(max_age=timedelta(minutes=10))
    found = verify(token(claims(auth_time=AT - 500)), demands=demands)
    assert found.auth_time is not None
    assert found.auth_time.timestamp() == AT - 500
    assert verify(token(claims(auth_time=AT - 720)), demands=demands).subject
    assert refused(token(claims(auth_time=AT - 721)), demands=demands).check is Check.AUTH_TIME
    assert refused(token(), demands=demands).check is Check.AUTH_TIME


def test_a_context_that_was_asked_for_must_come_back() -> None:
    demands = Demands(acr_values=("phr", "2"))
    assert verify(token(claims(acr="phr")), demands=demands).acr == "phr"
    assert verify(token(claims(acr=2)), demands=demands).acr == "2"
    for said in (None, "1", ["phr"], "phr 2"):
        assert refused(token(claims(acr=said)), demands=demands).check is Check.AUTHENTICATION_CONTEXT


def test_methods_session_and_every_other_claim_are_handed_on() -> None:
    found = verify(
        token(claims(amr=["pwd", "otp"], sid="s-1", groups=["a", "b"], _claim_names={"groups": "src1"}, email="a@b.c"))
    )
    assert (found.amr, found.session_id, found.elsewhere) == (("pwd", "otp"), "s-1", ("groups",))
    assert found.attributes["groups"] == ("a", "b")
    assert found.attributes["email"] == ("a@b.c",)


@pytest.mark.parametrize(
    "body",
    [
        b'{"iss": "%s", "iss": "https://evil.example"}' % ISSUER.encode(),
        b'{"sub": {"a": 1, "a": 2}}',
        b"[]",
        b'"claims"',
        b"not json",
        b"\xff\xfe",
        b'{"exp": NaN}',
        b'{"sub": "ada\\u0000"}',
        b'{"sub": "\\ud800"}',
        b'{"a":' + b"[" * 30 + b"]" * 30 + b"}",
        b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b'{"a":' + b"1" * 5000 + b"}",
    ],
)
def test_claims_that_two_readers_could_read_differently_are_refused(body: bytes) -> None:
    assert refused(token(body)).check is Check.CLAIMS


@pytest.mark.parametrize("header", [b'{"alg": "RS256", "alg": "none"}', b"[]", b"RS256", b"{" * 5000])
def test_a_header_that_is_not_one_clear_object_is_refused(header: bytes) -> None:
    assert refused(token(header=header)).check is Check.HEADER


def test_a_giant_token_is_refused_before_it_is_looked_at() -> None:
    fits = token(claims(groups=["g" * 36] * 1000))
    assert len(fits) < MAX_TOKEN_LENGTH
    assert len(verify(fits).attributes["groups"]) == 1000
    error = refused(token(claims(groups=["g" * 36] * 2000)))
    assert [one.name for one in error.checks] == [Check.SIZE]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text + ".",
        lambda text: "." + text,
        lambda text: text.replace(".", "..", 1),
        lambda text: text + "=",
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: text.replace(".", ".é", 1),
        lambda text: text.replace("e", "+", 1),
        lambda text: ".".join([text] * 2),
        lambda text: "a.b.c.d.e",
    ],
)
def test_a_token_of_another_shape_is_refused(damage: Any) -> None:
    assert refused(damage(token())).check in (Check.SHAPE, Check.SIZE)


def test_a_signature_can_be_written_in_one_way_only() -> None:
    good = token(algorithm="RS256")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 256 bytes end in a character of which four bits count nothing.
    twin = good[:-1] + alphabet[alphabet.index(good[-1]) + 1]
    assert verify(good).subject
    assert refused(twin).check is Check.SHAPE


def test_an_encrypted_token_is_refused_by_name() -> None:
    assert "encrypted" in refused("a.b.c.d.e").found


@pytest.mark.parametrize("seconds", [-1, 301])
def test_a_tolerance_beyond_five_minutes_cannot_be_set(seconds: int) -> None:
    with pytest.raises(ValueError, match="five minutes"):
        Demands(clock_tolerance=timedelta(seconds=seconds))
