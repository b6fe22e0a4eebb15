"""Whatever comes: it is believed, or refused with a check; nothing else happens."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from app.protocols.oidc import id_token, token_endpoint
from app.protocols.oidc.attributes import flatten
from app.protocols.oidc.authorization import read_answer
from app.protocols.oidc.discovery import read_discovery
from app.protocols.oidc.errors import OidcError
from app.protocols.oidc.keys import read_key_set
from app.protocols.oidc.oauth2 import read_profile
from app.protocols.oidc.types import Claims
from app.protocols.oidc.userinfo import read_userinfo
from tests.protocols.oidc.provider import CLIENT, ISSUER, NONCE, NOW, claims, document, jwk, published, token
from tests.protocols.oidc.test_discovery import published as discovery_document

Result = TypeVar("Result")

# Without the characters that no JSON is read with, so that the examples come further.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CLAIM_NAMES = st.sampled_from(
    ["iss", "sub", "aud", "azp", "iat", "nbf", "exp", "nonce", "at_hash", "c_hash", "auth_time", "acr", "amr", "sid"]
)
HEADER_NAMES = st.sampled_from(["alg", "typ", "kid", "crit", "jku", "x5u", "jwk", "x5t", "b64", "zip"])
KEY_MEMBERS = st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y", "d", "k"])
METADATA = st.sampled_from(sorted(json.loads(discovery_document())))
PARAMETERS = st.sampled_from(["state", "iss", "code", "error", "error_description"])


def tried(read: Callable[[], Result]) -> Result | None:
    """Return what was read, or None where it was refused with a check that failed and words that can be shown."""
    refusal: OidcError
    try:
        return read()
    except OidcError as error:
        refusal = error
    assert any(not one.passed for one in refusal.checks)
    assert all((one.expected + one.found).isprintable() for one in refusal.checks)
    return None


def believed(text: str) -> Claims | None:
    return tried(
        lambda: id_token.verify(
            text, published(), issuer=ISSUER, audience=CLIENT, nonce=NONCE, now=NOW, access_token="a", code="c"
        )
    )


@given(st.text() | st.text(alphabet="eyJ0.-_AQ"))
def test_any_text_is_no_token(text: str) -> None:
    assert believed(text) is None


@given(st.dictionaries(CLAIM_NAMES, VALUES, max_size=4))
def test_a_token_with_any_claims_is_believed_only_as_this_sign_in(changes: dict[str, Any]) -> None:
    said = claims() | changes
    found = believed(token(json.dumps(said).encode(), algorithm="Ed25519"))
    if found is not None:
        assert (said["iss"], said["nonce"], said["sub"]) == (ISSUER, NONCE, found.subject)
        assert said["aud"] in (CLIENT, [CLIENT])
        assert all(one.passed for one in found.checks)


@given(st.dictionaries(HEADER_NAMES, VALUES, min_size=1, max_size=3))
def test_a_token_with_any_header_is_believed_only_by_a_known_key(changes: dict[str, Any]) -> None:
    header = {"alg": "Ed25519", "typ": "JWT", "kid": "ed"} | changes
    if believed(token(algorithm="Ed25519", header=json.dumps(header).encode())) is not None:
        assert header["alg"] == "Ed25519"
        assert header.get("kid") in ("ed", None)


@given(st.binary(), st.integers(min_value=0))
def test_a_token_that_was_damaged_anywhere_is_not_believed(other: bytes, place: int) -> None:
    good = token(algorithm="ES256")
    at = place % len(good)
    damaged = good[:at] + other.decode("latin-1") + good[at + 1 :]
    assert damaged == good or believed(damaged) is None


@given(st.dictionaries(KEY_MEMBERS, VALUES, max_size=4), st.sampled_from(["rsa", "P-256", "ed"]))
def test_any_key_is_read_or_left_out(changes: dict[str, Any], name: str) -> None:
    found = read_key_set(document(jwk(name) | changes, jwk("P-384")))
    assert len(found.keys) + len(found.left_out) == 2
    assert all(one.isprintable() for one in found.left_out)


@given(st.dictionaries(METADATA, VALUES, max_size=3))
def test_any_metadata_is_read_or_refused_with_a_sentence(changes: dict[str, Any]) -> None:
    made = json.dumps(json.loads(discovery_document()) | changes).encode()
    found = tried(lambda: read_discovery(made, ISSUER))
    assert found is None or (found.issuer == ISSUER and found.endpoints.token.startswith("https://"))


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    tried(lambda: read_key_set(body))
    tried(lambda: read_discovery(body, ISSUER))
    tried(lambda: token_endpoint.read_answer(body, status=200))
    tried(lambda: read_profile(body, id_field="id"))
    about = tried(lambda: read_userinfo(body, subject="ada"))
    assert about is None or json.loads(body)["sub"] == "ada"


@given(st.dictionaries(PARAMETERS, st.lists(st.text() | st.just("s"), max_size=2)))
def test_any_parameters_give_a_code_or_are_refused(parameters: dict[str, list[str]]) -> None:
    code = tried(lambda: read_answer(parameters, state="s", issuer=ISSUER))
    assert code is None or (parameters["state"] == ["s"] and parameters["code"] == [code])


@given(st.dictionaries(st.text(), VALUES))
def test_any_claims_become_texts(said: dict[str, Any]) -> None:
    assert all(values and all(isinstance(one, str) for one in values) for values in flatten(said).values())
