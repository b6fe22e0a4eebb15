"""The way to the provider and back: what is asked, and which answers are believed."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from app.protocols.oidc.authorization import challenge, make_request, new_attempt, read_answer
from app.protocols.oidc.errors import Refused, RequestRefused
from app.protocols.oidc.types import Attempt, Check, Endpoints, Wishes
from tests.protocols.oidc.provider import ISSUER

ENDPOINTS = Endpoints("https://id.acme.example/authorize", "https://id.acme.example/token")
CALLBACK = "https://portal.acme.example/sso/staff/oidc/callback"
ATTEMPT = Attempt("the-state", "the-nonce", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")


def asked(endpoints: Endpoints = ENDPOINTS, wishes: Wishes | None = None, **changes: bool) -> dict[str, list[str]]:
    url = make_request(
        endpoints,
        client_id="portico",
        redirect_uri=CALLBACK,
        attempt=ATTEMPT,
        wishes=wishes or Wishes(),
        **changes,
    )
    assert url.startswith("https://id.acme.example/authorize?")
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


def test_a_request_asks_for_a_code_with_state_nonce_and_challenge() -> None:
    assert asked() == {
        "response_type": ["code"],
        "client_id": ["portico"],
        "redirect_uri": [CALLBACK],
        "scope": ["openid"],
        "state": ["the-state"],
        "nonce": ["the-nonce"],
        "code_challenge": ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        "code_challenge_method": ["S256"],
    }


def test_the_challenge_is_that_of_the_specification() -> None:
    # RFC 7636, appendix B.
    assert challenge(ATTEMPT.verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_wishes_are_asked_for() -> None:
    wishes = Wishes(
        scopes=("email", "openid", "profile"),
        prompt="login",
        max_age=timedelta(0),
        acr_values=("phr", "2"),
        login_hint="ada@acme.example",
        extra={"hd": "acme.example"},
    )
    found = asked(wishes=wishes)
    assert found["scope"] == ["openid email profile"]
    assert (found["prompt"], found["max_age"], found["acr_values"]) == (["login"], ["0"], ["phr 2"])
    assert (found["login_hint"], found["hd"]) == (["ada@acme.example"], ["acme.example"])


def test_plain_oauth_asks_neither_for_openid_nor_with_a_nonce() -> None:
    found = asked(wishes=Wishes(scopes=("read:user",)), openid=False)
    assert found["scope"] == ["read:user"]
    assert "nonce" not in found
    assert found["code_challenge_method"] == ["S256"]
    assert "scope" not in asked(openid=False)


def test_a_query_of_the_endpoint_is_kept() -> None:
    found = asked(Endpoints("https://id.acme.example/authorize?p=policy&empty=", ENDPOINTS.token))
    assert (found["p"], found["empty"], found["client_id"]) == (["policy"], [""], ["portico"])


@pytest.mark.parametrize("name", ["redirect_uri", "client_id", "state", "nonce", "scope", "code_challenge", "request"])
def test_nothing_of_ours_can_be_replaced_by_the_endpoint_or_a_vendors_parameter(name: str) -> None:
    with pytest.raises(RequestRefused, match=name):
        asked(Endpoints(f"https://id.acme.example/authorize?{name}=x", ENDPOINTS.token))
    with pytest.raises(RequestRefused, match=name):
        asked(wishes=Wishes(extra={name: "x"}))


def test_a_request_that_no_browser_would_send_is_refused() -> None:
    with pytest.raises(RequestRefused, match="8000"):
        asked(wishes=Wishes(login_hint="x" * 8000))


def test_each_attempt_has_values_of_its_own_and_keeps_them_to_itself() -> None:
    first, second = new_attempt(secrets.token_bytes), new_attempt(secrets.token_bytes)
    values = {first.state, first.nonce, first.verifier, second.state, second.nonce, second.verifier}
    assert len(values) == 6
    assert {len(one) for one in values} == {43}
    assert not any(one in repr((first, second)) for one in values)


@pytest.mark.parametrize(
    ("parameters", "names_issuer"),
    [
        ({"code": ["c"], "state": ["s"]}, False),
        ({"code": ["c"], "state": ["s"], "iss": [ISSUER]}, False),
        ({"code": ["c"], "state": ["s"], "iss": [ISSUER]}, True),
        ({"code": ["c"], "state": ["s"], "session_state": ["a", "b"], "scope": ["openid"]}, False),
    ],
)
def test_an_answer_with_the_right_state_and_issuer_gives_its_code(
    parameters: Mapping[str, Sequence[str]], names_issuer: bool
) -> None:
    assert read_answer(parameters, state="s", issuer=ISSUER, names_issuer=names_issuer) == "c"


@pytest.mark.parametrize(
    ("parameters", "names_issuer", "check"),
    [
        ({}, False, Check.STATE),
        ({"code": ["c"]}, False, Check.STATE),
        ({"code": ["c"], "state": [""]}, False, Check.STATE),
        ({"code": ["c"], "state": ["other"]}, False, Check.STATE),
        ({"code": ["c"], "state": ["s", "s"]}, False, Check.PARAMETERS),
        ({"code": ["c", "d"], "state": ["s"]}, False, Check.PARAMETERS),
        ({"code": ["c"], "state": ["s"], "iss": [ISSUER, "x"]}, False, Check.PARAMETERS),
        ({"code": ["c"], "state": ["s"], "iss": ["https://evil.example"]}, False, Check.ANSWER_ISSUER),
        ({"code": ["c"], "state": ["s"], "iss": [ISSUER + "/"]}, False, Check.ANSWER_ISSUER),
        ({"code": ["c"], "state": ["s"], "iss": [""]}, False, Check.ANSWER_ISSUER),
        ({"code": ["c"], "state": ["s"]}, True, Check.ANSWER_ISSUER),
        ({"error": ["access_denied"], "state": ["s"], "iss": ["https://evil.example"]}, False, Check.ANSWER_ISSUER),
        ({"error": ["access_denied"], "state": ["other"]}, False, Check.STATE),
        ({"error": ["access_denied"], "state": ["s"]}, False, Check.PROVIDER_ERROR),
        ({"error": ["access_denied"], "code": ["c"], "state": ["s"]}, False, Check.PROVIDER_ERROR),
        ({"error": [""], "code": ["c"], "state": ["s"]}, False, Check.PROVIDER_ERROR),
        ({"state": ["s"]}, False, Check.CODE),
        ({"code": [""], "state": ["s"]}, False, Check.CODE),
        ({"code": ["c\n"], "state": ["s"]}, False, Check.CODE),
        ({"code": ["c" * 4001], "state": ["s"]}, False, Check.CODE),
        ({"code": ["c" * 8001], "state": ["s"]}, False, Check.PARAMETERS),
    ],
)
def test_any_other_answer_is_refused(parameters: Mapping[str, Sequence[str]], names_issuer: bool, check: Check) -> None:
    with pytest.raises(Refused) as caught:
        read_answer(parameters, state="s", issuer=ISSUER, names_issuer=names_issuer)
    assert caught.value.check is check


def test_what_the_provider_says_is_handed_on_in_one_line() -> None:
    answer = {"error": ["access_denied"], "error_description": ["Not\r\nassigned <b>"], "state": ["s"]}
    with pytest.raises(Refused) as caught:
        read_answer(answer, state="s", issuer=None)
    assert caught.value.found.startswith("access_denied: Not")
    assert caught.value.found.isprintable()


def test_plain_oauth_has_no_issuer_to_compare() -> None:
    assert read_answer({"code": ["c"], "state": ["s"], "iss": ["x"]}, state="s", issuer=None) == "c"


def test_a_state_that_was_never_drawn_fits_nothing() -> None:
    with pytest.raises(Refused):
        read_answer({"code": ["c"], "state": [""]}, state="", issuer=None)
