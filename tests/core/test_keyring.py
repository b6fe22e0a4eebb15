"""The key ring: what encrypts, what decrypts, and what is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.crypto import keyring, ring
from app.core.crypto.keyring import KeyRing, KeyRingError, Purpose

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def two() -> KeyRing:
    return KeyRing((keyring.new_key(NOW), keyring.new_key(NOW)))


def test_what_an_older_key_encrypted_is_still_read(two: KeyRing) -> None:
    sealed = KeyRing(two.keys[:1]).encrypt(b"secret", bound_to=b"a")
    assert two.decrypt(sealed, bound_to=b"a") == b"secret"
    assert two.key_id_of(sealed) == two.keys[0].id


def test_new_values_are_encrypted_with_the_newest_key_and_name_it(two: KeyRing) -> None:
    assert two.key_id_of(two.encrypt(b"x")) == two.newest.id


def test_two_encryptions_of_one_value_differ(two: KeyRing) -> None:
    assert two.encrypt(b"x") != two.encrypt(b"x")


@pytest.mark.parametrize("position", [0, 1, 3, 12, -1])
def test_a_changed_ciphertext_is_refused(two: KeyRing, position: int) -> None:
    sealed = bytearray(two.encrypt(b"secret", bound_to=b"a"))
    sealed[position] ^= 1
    with pytest.raises(KeyRingError):
        two.decrypt(bytes(sealed), bound_to=b"a")


def test_a_ciphertext_cannot_be_moved_to_another_column(two: KeyRing) -> None:
    with pytest.raises(KeyRingError):
        two.decrypt(two.encrypt(b"secret", bound_to=b"table.a"), bound_to=b"table.b")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02abc", b"\x01\xff", b"\x01\x05abcde"])
def test_bytes_that_are_no_ciphertext_are_refused(two: KeyRing, sealed: bytes) -> None:
    with pytest.raises(KeyRingError):
        two.decrypt(sealed)


def test_a_removed_key_is_named(two: KeyRing) -> None:
    sealed = KeyRing(two.keys[:1]).encrypt(b"secret")
    with pytest.raises(KeyRingError, match=two.keys[0].id):
        KeyRing(two.keys[1:]).decrypt(sealed)


def test_purposes_have_different_keys(two: KeyRing) -> None:
    derived = {two.derived(purpose) for purpose in Purpose}
    assert len(derived) == len(Purpose)


def test_a_key_file_round_trips_and_only_its_owner_may_read_it(two: KeyRing, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keyring.write(path, two)
    assert keyring.read(path) == two
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', '{"keys": [{"id": "a"}]}', "[]", '{"keys": 1}'])
def test_a_file_that_is_no_key_file_is_refused(text: str) -> None:
    with pytest.raises(KeyRingError):
        keyring.parse(text)


def test_a_missing_key_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match="portico init"):
        keyring.read(tmp_path / "keys.json")


def test_a_running_process_follows_a_rotation(two: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.json"
    old = KeyRing(two.keys[:1])
    keyring.write(path, old)
    ring.install(old, path)
    monkeypatch.setattr(ring, "LOOK_SECONDS", 0.0)
    keyring.write(path, two)
    assert ring.current() == two


@pytest.mark.parametrize("half", [b"", b'{"portico_keys": 1, "keys": [', b"\xff"])
def test_half_a_key_file_changes_nothing_until_the_rest_is_there(
    two: KeyRing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: bytes
) -> None:
    path = tmp_path / "keys.json"
    old = KeyRing(two.keys[:1])
    keyring.write(path, old)
    ring.install(old, path)
    monkeypatch.setattr(ring, "LOOK_SECONDS", 0.0)
    path.write_bytes(half)
    assert ring.current() == old
    keyring.write(path, two)
    assert ring.current() == two


def test_keys_do_not_show_their_secret(two: KeyRing) -> None:
    assert repr(two.newest.secret) not in repr(two)
