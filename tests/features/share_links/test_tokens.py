"""The token of a link: one form only, every key of the ring, nothing else."""

import base64
import hashlib
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import Signer

from app.core.crypto import keyring, ring
from app.core.crypto import tokens as secrets
from app.core.crypto.keyring import KeyRing, Purpose
from app.features.share_links import tokens
from tests.conftest import NOW

PUBLIC_ID = "abcdefghijkl"
_ALPHABET = string.ascii_letters + string.digits + "-_"


@pytest.mark.usefixtures("key_ring")
@pytest.mark.parametrize("generation", [0, 1, 127, 255])
def test_a_token_names_its_link_and_generation(generation: int) -> None:
    public_id = secrets.new_public_id()
    assert tokens.read(tokens.make(public_id, generation)) == (public_id, generation)


@pytest.mark.usefixtures("key_ring")
def test_no_other_last_character_is_taken_for_the_token() -> None:
    token = tokens.make(PUBLIC_ID, 0)
    accepted = [character for character in _ALPHABET if tokens.read(token[:-1] + character) is not None]
    assert accepted == [token[-1]]


@pytest.mark.usefixtures("key_ring")
def test_no_other_last_character_of_the_value_is_taken() -> None:
    token = tokens.make(PUBLIC_ID, 0)
    value, signature = token.split(".")
    accepted = [character for character in _ALPHABET if tokens.read(f"{value[:-1]}{character}.{signature}")]
    assert accepted == [value[-1]]


@pytest.mark.usefixtures("key_ring")
@pytest.mark.parametrize(
    "spoilt",
    [
        lambda token: token + "=",
        lambda token: token + "A",
        lambda token: token[:-1],
        lambda token: " " + token[1:],
        lambda token: token.upper(),
        lambda token: token.replace(".", ":"),
        lambda token: token.split(".")[0],
        lambda token: "",
        lambda token: "é" * tokens.LENGTH,
        lambda token: "\x00" * tokens.LENGTH,
        lambda token: token * 1_000,
        lambda token: "a" * 14 + token[14:],
    ],
)
def test_a_spoilt_token_is_forged(spoilt: object) -> None:
    assert tokens.read(spoilt(tokens.make(PUBLIC_ID, 0))) is None  # type: ignore[operator]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.text(alphabet=_ALPHABET + ".=", min_size=tokens.LENGTH, max_size=tokens.LENGTH))
def test_made_up_tokens_are_forged(key_ring: KeyRing, text: str) -> None:
    assert tokens.read(text) is None


def test_tokens_of_older_keys_hold_until_their_key_is_removed(key_ring: KeyRing) -> None:
    old = tokens.make(PUBLIC_ID, 3)
    newer = keyring.new_key(NOW)
    ring.install(KeyRing((*key_ring.keys, newer)))
    assert tokens.read(old) == (PUBLIC_ID, 3)
    fresh = tokens.make(PUBLIC_ID, 3)
    assert fresh != old
    assert tokens.read(fresh) == (PUBLIC_ID, 3)
    ring.install(KeyRing((newer,)))
    assert tokens.read(old) is None
    assert tokens.read(fresh) == (PUBLIC_ID, 3)


@pytest.mark.usefixtures("key_ring")
def test_a_signature_for_another_purpose_is_forged(key_ring: KeyRing) -> None:
    key = key_ring.derived(Purpose.SHARE_LINKS)
    value = base64.urlsafe_b64encode(base64.urlsafe_b64decode(PUBLIC_ID) + b"\x00").rstrip(b"=")
    for salt, digest in ((b"other", hashlib.sha256), (tokens.SALT, hashlib.sha1)):
        forged = Signer(key, salt=salt, key_derivation="hmac", digest_method=digest).sign(value).decode()
        assert tokens.read(forged) is None


def test_only_four_characters_are_shown() -> None:
    assert tokens.shown("abcdefgh") == "…efgh"
