"""Discovery documents: what is read of them, and which are refused with a sentence."""

import json
from typing import Any

import pytest

from app.protocols.oidc.discovery import MAX_DOCUMENT_BYTES, discovery_url, read_discovery
from app.protocols.oidc.errors import MetadataRefused
from app.protocols.oidc.types import ALL_ALGORITHMS, Algorithm, Check, ClientMethod, Endpoints
from tests.protocols.oidc.provider import ISSUER


def published(**changes: Any) -> bytes:
    made = {
        "issuer": ISSUER,
        "authorization_endpoint": ISSUER + "/authorize",
        "token_endpoint": ISSUER + "/token",
        "userinfo_endpoint": "https://api.acme.example/userinfo",
        "jwks_uri": "https://keys.acme.example/jwks",
        "response_types_supported": ["code", "id_token"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "tls_client_auth"],
        "scopes_supported": ["openid", "email"],
        "acr_values_supported": ["1", "2"],
        "authorization_response_iss_parameter_supported": True,
        **changes,
    }
    return json.dumps({name: value for name, value in made.items() if value is not None}).encode()


def test_a_document_describes_its_provider() -> None:
    found = read_discovery(published(), ISSUER)
    assert found.issuer == ISSUER
    assert found.endpoints == Endpoints(ISSUER + "/authorize", ISSUER + "/token", "https://api.acme.example/userinfo")
    assert found.jwks_uri == "https://keys.acme.example/jwks"
    assert found.client_methods == {ClientMethod.POST, ClientMethod.PRIVATE_KEY_JWT}
    assert found.names_issuer_in_answer
    assert (found.scopes, found.acr_values) == (("openid", "email"), ("1", "2"))


def test_metadata_can_only_take_algorithms_away() -> None:
    assert read_discovery(published(), ISSUER).algorithms == {Algorithm.RS256, Algorithm.ES256}
    unsaid = published(id_token_signing_alg_values_supported=None)
    assert read_discovery(unsaid, ISSUER).algorithms == ALL_ALGORITHMS
    for offered in (["none"], ["HS256", "HS512"], ["none", "HS256", "RS1", "ES256K"], []):
        with pytest.raises(MetadataRefused, match="not accepted"):
            read_discovery(published(id_token_signing_alg_values_supported=offered), ISSUER)


def test_what_is_left_out_has_the_meaning_the_specification_gives_it() -> None:
    found = read_discovery(
        published(
            userinfo_endpoint=None,
            response_types_supported=None,
            token_endpoint_auth_methods_supported=None,
            scopes_supported=None,
            acr_values_supported=None,
            authorization_response_iss_parameter_supported=None,
        ),
        ISSUER,
    )
    assert found.endpoints.userinfo is None
    assert found.client_methods == {ClientMethod.BASIC}
    assert not found.names_issuer_in_answer


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert read_discovery(b"\xef\xbb\xbf" + published(), ISSUER).issuer == ISSUER


@pytest.mark.parametrize(
    "configured",
    [ISSUER + "/", ISSUER[:-1], "https://id.acme.example", "https://evil.example/realms/staff", ISSUER.upper(), ""],
)
def test_a_document_about_another_issuer_is_refused(configured: str) -> None:
    with pytest.raises(MetadataRefused, match="another issuer") as caught:
        read_discovery(published(), configured)
    assert caught.value.check is Check.DISCOVERY_ISSUER
    assert ("slash" in str(caught.value)) is (configured == ISSUER + "/")


@pytest.mark.parametrize(
    ("issuer", "says"),
    [
        (None, "names no issuer"),
        (5, "names no issuer"),
        ("accounts.acme.example", "absolute https"),
        ("http://id.acme.example", "https://"),
        ("https://id.acme.example/{tenantid}/v2.0", "many organisations"),
        ("https://id.acme.example/?a=b", "query"),
        ("https://id.acme.example/#a", "fragment"),
        ("https://ada@id.acme.example/", "user name"),
    ],
)
def test_an_issuer_that_cannot_be_one_is_refused(issuer: Any, says: str) -> None:
    with pytest.raises(MetadataRefused, match=says):
        read_discovery(published(issuer=issuer), str(issuer))


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize(
    "address",
    [
        "http://id.acme.example/x",
        "http://127.0.0.1/x",
        "jwks.json",
        "//id.acme.example/x",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://id.acme.example/x#y",
        "https://ada:pw@id.acme.example/x",
        "https://id.acme.example\\@evil.example/x",
        "https://id.acme.example/x y",
        "https://id.acme.example/x\r\nHost: evil.example",
        "https://id.acme.exämple/x",
        "https://id.acme.example:port/x",
        "https://[::1/x",
        "https://id.acme.example/" + "x" * 2000,
        ["https://id.acme.example/x"],
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(member: str, address: Any) -> None:
    with pytest.raises(MetadataRefused) as caught:
        read_discovery(published(**{member: address}), ISSUER)
    assert caught.value.check is Check.ADDRESS
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_address_that_is_wanted_must_be_there(member: str) -> None:
    with pytest.raises(MetadataRefused, match="gives no"):
        read_discovery(published(**{member: None}), ISSUER)


def test_plain_http_is_for_this_machine_and_for_development() -> None:
    issuer = "http://localhost:8080/realms/staff"
    local = published(
        issuer=issuer,
        authorization_endpoint=issuer + "/authorize",
        token_endpoint="http://127.0.0.1:8080/token",
        jwks_uri="http://[::1]:8080/jwks",
    )
    assert read_discovery(local, issuer, allow_loopback=True).endpoints.token == "http://127.0.0.1:8080/token"
    with pytest.raises(MetadataRefused):
        read_discovery(local, issuer)
    with pytest.raises(MetadataRefused):
        read_discovery(published(token_endpoint="http://10.0.0.1/token"), ISSUER, allow_loopback=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"response_types_supported": ["id_token", "token"]}, "code flow"),
        ({"response_types_supported": "code"}, "not a list"),
        ({"scopes_supported": [1]}, "not a list"),
        ({"token_endpoint_auth_methods_supported": ["tls_client_auth"]}, "tls_client_auth"),
        ({"token_endpoint_auth_methods_supported": []}, "none"),
    ],
)
def test_a_provider_that_cannot_be_used_is_refused_with_the_reason(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(MetadataRefused, match=says):
        read_discovery(published(**changes), ISSUER)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>sign in</html>",
        b"[]",
        published().replace(b'"issuer"', b'"issuer": "https://evil.example", "issuer"'),
        published() + b" " * MAX_DOCUMENT_BYTES,
        b"\xff\xfe{}",
    ],
)
def test_a_document_that_cannot_be_read_is_refused(document: bytes) -> None:
    with pytest.raises(MetadataRefused, match="cannot be read"):
        read_discovery(document, ISSUER)


@pytest.mark.parametrize("issuer", ["https://id.acme.example/a", "https://id.acme.example/a/"])
def test_the_document_is_looked_for_below_the_issuer(issuer: str) -> None:
    assert discovery_url(issuer) == "https://id.acme.example/a/.well-known/openid-configuration"
