"""Random values: what names a row can be said in an address and on a command line."""

import base64

import pytest

from app.core.crypto import tokens


def test_a_public_id_is_no_option_of_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = [b"\xfa\xfa\xfa\xfa\xfa\xfa\xfa\xfa\xfa", bytes(range(9))]
    monkeypatch.setattr("secrets.token_urlsafe", lambda size: base64.urlsafe_b64encode(drawn.pop(0)).decode())
    assert tokens.new_public_id() == "AAECAwQFBgcI"


def test_public_ids_differ_and_hold_nine_bytes() -> None:
    made = {tokens.new_public_id() for _ in range(200)}
    assert len(made) == 200
    assert {len(base64.urlsafe_b64decode(one)) for one in made} == {tokens.PUBLIC_ID_BYTES}
