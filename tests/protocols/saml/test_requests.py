"""Requests to sign in, as an identity provider reads and verifies them."""

import base64
import zlib
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from saml2 import samlp

from app.protocols.saml import crypto, profile, requests, schema
from app.protocols.saml.errors import RequestRefused
from app.protocols.saml.requests import Binding, Post, Redirect
from app.protocols.saml.types import Demands, KeyPair, ServiceProvider
from tests.protocols.saml import provider
from tests.protocols.saml.provider import NOW, keys

_STRONG = "https://refeds.org/profile/mfa"


def _make(
    demands: Demands | None = None,
    *,
    binding: Binding | None = None,
    relay_state: str = "",
    pairs: tuple[KeyPair, ...] = (),
    sign: bool = True,
    url: str = "https://idp.example.com/sso",
) -> Redirect | Post:
    idp = replace(provider.identity_provider(), sso_redirect_url=url)
    service = replace(provider.service_provider(*pairs), sign_requests=sign)
    return requests.make_request(
        idp, service, demands or Demands(), request_id="_id", now=NOW, relay_state=relay_state, binding=binding
    )


def _inflated(made: Redirect | Post) -> bytes:
    assert isinstance(made, Redirect)
    (value,) = parse_qs(urlsplit(made.url).query)["SAMLRequest"]
    return zlib.decompress(base64.b64decode(value), -15)


def test_a_request_says_who_asks_for_what_and_where_to_answer() -> None:
    xml = _inflated(_make(Demands(force_authn=True, requested_contexts=(_STRONG,))))
    schema.validate(etree.fromstring(xml))
    read = samlp.authn_request_from_string(xml)
    assert (read.id, read.version, read.issue_instant) == ("_id", "2.0", "2026-11-23T12:00:00Z")
    assert read.destination == "https://idp.example.com/sso"
    assert read.assertion_consumer_service_url == provider.ACS
    assert read.issuer.text == provider.SP
    assert read.force_authn == "true"
    assert read.requested_authn_context.comparison == "exact"
    assert [one.text for one in read.requested_authn_context.authn_context_class_ref] == [_STRONG]


def test_nothing_is_asked_that_was_not_demanded() -> None:
    read = samlp.authn_request_from_string(_inflated(_make()))
    assert read.force_authn is None
    assert read.requested_authn_context is None


@pytest.mark.parametrize("relay_state", ["", "state & more"])
def test_a_redirect_is_signed_over_its_query_string(relay_state: str) -> None:
    made = _make(relay_state=relay_state)
    assert isinstance(made, Redirect)
    signed, _, _ = urlsplit(made.url).query.partition("&Signature=")
    said = parse_qs(urlsplit(made.url).query)
    assert said["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert said.get("RelayState", [""]) == [relay_state]
    public = serialization.load_pem_public_key(keys("sp").certificate.public_key_pem)
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(base64.b64decode(said["Signature"][0]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_an_address_that_has_a_query_keeps_it() -> None:
    made = _make(url="https://idp.example.com/sso?tenant=7")
    assert isinstance(made, Redirect)
    assert parse_qs(urlsplit(made.url).query)["tenant"] == ["7"]


def test_a_posted_request_is_signed_as_our_own_reader_demands() -> None:
    made = _make(binding=Binding.POST, relay_state="state")
    assert isinstance(made, Post)
    assert made.fields["RelayState"] == "state"
    root = etree.fromstring(base64.b64decode(made.fields["SAMLRequest"]))
    schema.validate(root)
    signature = profile.inspect(root)
    assert signature is not None
    assert crypto.verify(signature, (keys("sp").certificate,)) is not None
    assert crypto.verify(signature, (keys("stranger").certificate,)) is None
    assert signature.canonical()


def test_the_oldest_key_signs_until_it_is_dropped() -> None:
    made = _make(binding=Binding.POST, pairs=(keys("sp"), keys("sp-new")))
    assert isinstance(made, Post)
    signature = profile.inspect(etree.fromstring(base64.b64decode(made.fields["SAMLRequest"])))
    assert signature is not None
    assert crypto.verify(signature, (keys("sp-new").certificate, keys("sp").certificate)) == keys("sp").certificate


def test_a_request_is_signed_where_the_provider_wants_it() -> None:
    service = replace(provider.service_provider(), sign_requests=False)
    idp = provider.identity_provider()
    for wants, signed in ((False, False), (True, True)):
        made = requests.make_request(
            replace(idp, wants_signed_requests=wants), service, Demands(), request_id="_id", now=NOW
        )
        assert isinstance(made, Redirect)
        assert ("Signature=" in made.url) == signed


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(RequestRefused, match="80 bytes"):
        _make(relay_state="x" * 81)
    idp = replace(provider.identity_provider(), sso_post_url=None)
    with pytest.raises(RequestRefused, match="HTTP-POST"):
        requests.make_request(
            idp, provider.service_provider(), Demands(), request_id="_id", now=NOW, binding=Binding.POST
        )
    bare = ServiceProvider(provider.SP, provider.ACS, provider.SP, sign_requests=True)
    with pytest.raises(RequestRefused, match="key of ours"):
        requests.make_request(idp, bare, Demands(), request_id="_id", now=NOW)
