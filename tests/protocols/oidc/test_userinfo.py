"""What more is told about a person, and how claims of any shape become texts."""

import json
from typing import Any

import pytest

from app.protocols.oidc.attributes import MAX_VALUE_LENGTH, MAX_VALUES_PER_CLAIM, elsewhere, flatten, merge
from app.protocols.oidc.errors import Refused
from app.protocols.oidc.oauth2 import read_profile
from app.protocols.oidc.types import Check
from app.protocols.oidc.userinfo import MAX_ANSWER_BYTES, read_userinfo


def test_userinfo_about_the_person_of_the_id_token_is_read() -> None:
    found = read_userinfo(b'{"sub": "ada", "groups": ["a", "b"], "email_verified": true}', subject="ada")
    assert found.subject == "ada"
    assert found.attributes["groups"] == ("a", "b")
    assert found.attributes["email_verified"] == ("true",)
    assert [check.name for check in found.checks] == [Check.USERINFO, Check.USERINFO_SUBJECT]


@pytest.mark.parametrize("said", [None, "", "eve", "Ada", "ada ", ["ada"], 1, {"ada": 1}])
def test_userinfo_about_anybody_else_is_refused(said: Any) -> None:
    body = json.dumps({"groups": ["administrators"]} | ({} if said is None else {"sub": said})).encode()
    with pytest.raises(Refused) as caught:
        read_userinfo(body, subject="ada")
    assert caught.value.check is Check.USERINFO_SUBJECT


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"sub": "ada", "sub": "eve"}', "application/json"),
        (b'{"sub": "ada"}', "text/html"),
        (b'{"sub": "ada"}', ""),
        (b"a.b.c", "application/jwt"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (b'{"sub": "ada"}' + b" " * MAX_ANSWER_BYTES, "application/json"),
    ],
)
def test_an_answer_that_is_not_plain_json_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        read_userinfo(body, subject="ada", content_type=kind)
    assert caught.value.check is Check.USERINFO
    assert read_userinfo(b'{"sub": "ada"}', subject="ada", content_type="application/json; charset=utf-8").subject


@pytest.mark.parametrize(
    ("profile", "field", "subject"),
    [
        ({"id": 583231, "login": "ada"}, "id", "583231"),
        ({"id": "u-1"}, "id", "u-1"),
        ({"data": {"user": {"id": 7}}}, "data.user.id", "7"),
        ({"data.id": "own", "data": {"id": "path"}}, "data.id", "own"),
        ({"id": 0}, "id", "0"),
    ],
)
def test_a_profile_is_about_whom_its_id_field_names(profile: dict[str, Any], field: str, subject: str) -> None:
    assert read_profile(json.dumps(profile).encode(), id_field=field).subject == subject


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({"login": "ada"}, "id"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": " "}, "id"),
        ({"id": True}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": ["1"]}, "id"),
        ({"id": {"a": 1}}, "id"),
        ({"id": "x" * 256}, "id"),
        ({"id": int("9" * 400)}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": 1}, ""),
        ({"id": 1}, "id.more"),
        ({"message": "Bad credentials"}, "id"),
    ],
)
def test_a_profile_without_a_usable_id_is_refused(profile: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as caught:
        read_profile(json.dumps(profile).encode(), id_field=field)
    assert caught.value.check is Check.PROFILE_ID


@pytest.mark.parametrize(
    ("claims", "attributes"),
    [
        ({"a": "x"}, {"a": ("x",)}),
        ({"a": ["x", "y"]}, {"a": ("x", "y")}),
        ({"a": True, "b": False, "c": 3, "d": 1.5}, {"a": ("true",), "b": ("false",), "c": ("3",), "d": ("1.5",)}),
        ({"a": None, "b": "", "c": [], "d": {}, "e": [None, ""]}, {}),
        ({"realm_access": {"roles": ["r", "s"]}}, {"realm_access.roles": ("r", "s")}),
        ({"groups": [{"id": 1, "name": "x"}, {"id": 2}]}, {"groups.id": ("1", "2"), "groups.name": ("x",)}),
        ({"https://acme.example/groups": ["g"]}, {"https://acme.example/groups": ("g",)}),
        ({"a.b": "own", "a": {"b": "path"}}, {"a.b": ("own",)}),
        ({"a": {"b": "path"}, "a.b": "own"}, {"a.b": ("own",)}),
        ({"a": [["x"], ["y"]]}, {"a": ("x", "y")}),
        ({"a": "x" * (MAX_VALUE_LENGTH + 1)}, {}),
        ({"a": ["x"] * (MAX_VALUES_PER_CLAIM + 1)}, {"a": ("x",) * MAX_VALUES_PER_CLAIM}),
    ],
)
def test_claims_become_texts_by_name(claims: dict[str, Any], attributes: dict[str, tuple[str, ...]]) -> None:
    assert dict(flatten(claims)) == attributes


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({}, ()),
        ({"_claim_names": {"groups": "src1", "address": "src2"}}, ("address", "groups")),
        ({"_claim_names": "groups"}, ()),
        ({"hasgroups": True}, ("groups",)),
        ({"hasgroups": "true"}, ("groups",)),
        ({"hasgroups": False, "groups": ["a"]}, ()),
    ],
)
def test_claims_that_the_provider_keeps_elsewhere_are_named(claims: dict[str, Any], names: tuple[str, ...]) -> None:
    assert elsewhere(claims) == names


def test_an_address_is_verified_only_by_the_source_that_gave_it() -> None:
    token = flatten({"email": "ada@acme.example", "name": "Ada"})
    told = flatten({"email": "eve@acme.example", "email_verified": True, "groups": ["g"]})
    assert dict(merge(token, told)) == {"email": ("ada@acme.example",), "name": ("Ada",), "groups": ("g",)}
    assert dict(merge(flatten({"email_verified": True}), flatten({"email": "eve@acme.example"}))) == {
        "email": ("eve@acme.example",)
    }
    both = flatten({"email": "ada@acme.example", "email_verified": True})
    assert merge(flatten({}), both) == both
    assert merge(both, told)["email_verified"] == ("true",)
