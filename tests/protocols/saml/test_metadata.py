"""Descriptions of identity providers: read, or refused with a sentence; and our own, as they read it."""

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from saml2 import md
from xmlsec import constants

from app.protocols.saml import metadata, schema
from app.protocols.saml.certificates import CertificateRefused, make_key_pair, read_certificate
from app.protocols.saml.errors import MetadataRefused
from app.protocols.saml.types import Check, ServiceProvider
from tests.protocols.saml import provider
from tests.protocols.saml.provider import NOW, keys

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def _key(name: str, use: str = "") -> str:
    text = base64.b64encode(keys(name).certificate.der).decode()
    spaced = "\n        ".join(text[at : at + 64] for at in range(0, len(text), 64))
    attribute = f' use="{use}"' if use else ""
    return (
        f'<md:KeyDescriptor{attribute}><ds:KeyInfo xmlns:ds="{provider.DS}"><ds:X509Data><ds:X509Certificate>\n'
        f"{spaced}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def _entity(
    entity_id: str = "https://idp.example.com",
    *,
    key: str | None = None,
    services: str | None = None,
    role: str = "IDPSSODescriptor",
    until: str = "",
    protocol: str = provider.SAMLP,
    more: str = "",
) -> str:
    key = _key("idp") if key is None else key
    if services is None:
        services = (
            f'<md:SingleSignOnService Binding="{_REDIRECT}" Location="https://idp.example.com/redirect"/>'
            f'<md:SingleSignOnService Binding="{_POST}" Location="https://idp.example.com/post"/>'
        )
    return (
        f'<md:EntityDescriptor xmlns:md="{_MD}" entityID="{entity_id}"{until}><md:{role} WantAuthnRequestsSigned="1" '
        f'protocolSupportEnumeration="{protocol}">{more}{key}<md:NameIDFormat>urn:x:persistent</md:NameIDFormat>'
        f"<md:NameIDFormat/>{services}</md:{role}></md:EntityDescriptor>"
    )


def _several(*entities: str) -> str:
    return f'<md:EntitiesDescriptor xmlns:md="{_MD}">{"".join(entities)}</md:EntitiesDescriptor>'


def test_a_provider_is_read_with_everything_it_says() -> None:
    (found,) = metadata.read_metadata(_entity().encode(), now=NOW)
    assert found.entity_id == "https://idp.example.com"
    assert found.sso_redirect_url == "https://idp.example.com/redirect"
    assert found.sso_post_url == "https://idp.example.com/post"
    assert found.wants_signed_requests
    assert found.name_id_formats == ("urn:x:persistent",)
    assert found.signing_certificates == (keys("idp").certificate,)
    assert found.encryption_certificates == (keys("idp").certificate,)


def test_keys_are_told_apart_by_their_use() -> None:
    text = _entity(key=_key("idp", "signing") + _key("new", "signing") + _key("sp", "encryption"))
    (found,) = metadata.read_metadata(text.encode(), now=NOW)
    assert found.signing_certificates == (keys("idp").certificate, keys("new").certificate)
    assert found.encryption_certificates == (keys("sp").certificate,)


def test_an_aggregate_is_read_whole_or_by_name() -> None:
    text = _several(_entity("https://a.example"), _entity("https://b.example"), _entity("x", role="SPSSODescriptor"))
    found = metadata.read_metadata(text.encode(), now=NOW)
    assert [one.entity_id for one in found] == ["https://a.example", "https://b.example"]
    (named,) = metadata.read_metadata(text.encode(), now=NOW, entity_id="https://b.example")
    assert named.entity_id == "https://b.example"
    with pytest.raises(MetadataRefused, match="does not describe"):
        metadata.read_metadata(text.encode(), now=NOW, entity_id="https://c.example")
    with pytest.raises(MetadataRefused, match="not described as an identity provider, only as a service provider"):
        metadata.read_metadata(text.encode(), now=NOW, entity_id="x")


def test_a_description_holds_until_its_end() -> None:
    text = _entity(until=' validUntil="2026-11-24T00:00:00Z"').encode()
    (found,) = metadata.read_metadata(text, now=NOW)
    assert found.valid_until == NOW + timedelta(hours=12)
    with pytest.raises(MetadataRefused, match="ended at 2026-11-24T00:00:00Z") as refused:
        metadata.read_metadata(text, now=NOW + timedelta(days=1))
    assert refused.value.check is Check.METADATA_EXPIRY


def _signed(text: str, how: provider.How | None = None, change: bytes = b"") -> bytes:
    root = etree.fromstring(text)
    root.set("ID", "_described")
    provider.sign(root, how or provider.How(pair=keys("registrar")))
    made = etree.tostring(root)
    return made.replace(b"/redirect", change, 1) if change else made


def test_signed_metadata_is_verified_with_the_certificate_that_is_given() -> None:
    for text in (_entity(), _several(_entity(), _entity("https://other.example.com"))):
        read = metadata.read_metadata(_signed(text), now=NOW, signed_by=keys("registrar").certificate)
        assert read[0].entity_id == "https://idp.example.com"


@pytest.mark.parametrize(
    ("xml", "sentence"),
    [
        (lambda: _entity().encode(), "is not signed"),
        (lambda: _signed(_entity(), provider.How(pair=keys("idp"))), "signed with another key"),
        (lambda: _signed(_entity(), change=b"/evil"), "signed with another key"),
        (
            lambda: _signed(_entity(), provider.How(pair=keys("registrar"), method=constants.TransformRsaSha1)),
            "cannot be verified: expected RSA or ECDSA with SHA-256 or longer",
        ),
        (
            lambda: _several(_signed(_entity()).decode()).encode(),
            "is not signed",
        ),
        (
            lambda: _signed(_entity(), provider.How(pair=keys("registrar"), shown=keys("idp"), uri="")),
            "cannot be verified: expected a reference to #_described",
        ),
    ],
    ids=["unsigned", "another key", "changed", "SHA-1", "only an entity of it", "the whole document"],
)
def test_metadata_that_is_not_signed_like_that_is_refused(xml: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(MetadataRefused, match=sentence):
        metadata.read_metadata(xml(), now=NOW, signed_by=keys("registrar").certificate)
    # Without a certificate the administrator's word is enough.
    if sentence == "is not signed":
        assert metadata.read_metadata(xml(), now=NOW)


def test_a_certificate_that_was_encoded_twice_is_read() -> None:
    twice = base64.b64encode(keys().certificate.pem.encode()).decode()
    assert read_certificate(twice) == keys().certificate


def test_a_banner_before_the_description_is_no_hindrance() -> None:
    text = "\ufeff<?xml version='1.0' encoding='UTF-8'?><!-- made by an example -->" + _entity()
    assert len(metadata.read_metadata(text.encode(), now=NOW)) == 1


_HOSTILE = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cannot be read"),
        ("<html/>", "not SAML metadata"),
        (_HOSTILE + _entity(), "no document type"),
        (_several(), "describes no entity"),
        (_several(_entity(), _entity()), "twice"),
        (_entity(""), "needs an entityID"),
        (_entity("x" * 2000), "needs an entityID"),
        (_entity(protocol="urn:oasis:names:tc:SAML:1.1:protocol"), "does not say that it speaks SAML 2.0"),
        (_entity(services=""), "no address for sign-in"),
        (_entity(key=""), "no certificate for signing"),
        (_entity(key=_key("idp", "encryption")), "no certificate for signing"),
        (_entity(key=_key("idp").replace("MII", "!!!", 1)), "not in base64"),
        (_entity(key=_key("idp").replace("MII", "AAA", 1)), "not an X.509 certificate"),
        (_entity(until=' validUntil="tomorrow"'), "is not an instant"),
        (
            _entity(services=f'<md:SingleSignOnService Binding="{_POST}" Location="javascript:alert(1)"/>'),
            "web address",
        ),
        (_entity(services=f'<md:SingleSignOnService Binding="{_POST}" Location="https://a b/"/>'), "web address"),
        (_entity(services=f'<md:SingleSignOnService Binding="{_POST}" Location="https://u:p@a/"/>'), "web address"),
        (_entity(services=f'<md:SingleSignOnService Binding="{_POST}" Location="https://[a/"/>'), "web address"),
        (_entity(key=_key("idp").replace("MII", "M<!-- -->II", 1)), "comment"),
    ],
    ids=lambda value: value[:30] if len(value) < 60 else "",
)
def test_what_cannot_be_used_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(MetadataRefused, match=sentence) as refused:
        metadata.read_metadata(text.encode(), now=NOW)
    assert str(refused.value).endswith(".")


def test_only_the_first_certificate_of_a_chain_speaks_for_the_provider() -> None:
    second = base64.b64encode(keys("new").certificate.der).decode()
    chain = _key("idp").replace(
        "</ds:X509Certificate>", f"</ds:X509Certificate><ds:X509Certificate>{second}</ds:X509Certificate>"
    )
    (found,) = metadata.read_metadata(_entity(key=chain).encode(), now=NOW)
    assert found.signing_certificates == (keys("idp").certificate,)


# --- our own ---------------------------------------------------------------------------------------------------------


def test_our_metadata_holds_every_key_and_fits_the_schema() -> None:
    service = provider.service_provider(keys("sp"), keys("sp-new"))
    made = metadata.write_metadata(service)
    root = etree.fromstring(made)
    schema.validate(root)
    entity = md.entity_descriptor_from_string(made)
    (role,) = entity.spsso_descriptor
    assert entity.entity_id == service.entity_id
    assert (role.authn_requests_signed, role.want_assertions_signed) == ("true", "true")
    assert [one.location for one in role.assertion_consumer_service] == [service.acs_url]
    published = [
        (one.use, read_certificate(one.key_info.x509_data[0].x509_certificate.text)) for one in role.key_descriptor
    ]
    assert published == [
        ("signing", keys("sp").certificate),
        ("signing", keys("sp-new").certificate),
        ("encryption", keys("sp-new").certificate),
    ]


def test_our_metadata_can_do_without_keys() -> None:
    made = metadata.write_metadata(ServiceProvider("urn:sp", "https://sp.example/acs", "urn:sp"))
    schema.validate(etree.fromstring(made))


# --- keys and certificates -------------------------------------------------------------------------------------------


def test_a_certificate_is_read_from_pem_from_base64_and_from_der() -> None:
    made = keys("idp").certificate
    assert read_certificate(made.pem) == made
    assert read_certificate(made.pem.encode()) == made
    assert read_certificate(base64.b64encode(made.der).decode()) == made
    assert read_certificate(made.der) == made
    assert (made.key_kind, made.subject) == ("RSA", "CN=idp")


@pytest.mark.parametrize("given", ["", "not base64!", "QUJD", b"\x30\x03abc", "A" * 40_000])
def test_what_is_no_certificate_is_refused_with_a_sentence(given: str | bytes) -> None:
    with pytest.raises(CertificateRefused) as refused:
        read_certificate(given)
    assert str(refused.value).endswith(".")


def test_a_certificate_of_a_version_that_does_not_exist_is_refused() -> None:
    version_3 = b"\xa0\x03\x02\x01\x02"
    der = keys("idp").certificate.der
    assert version_3 in der
    with pytest.raises(CertificateRefused):
        read_certificate(der.replace(version_3, b"\xa0\x03\x02\x01\x1c", 1))


@given(at=st.floats(0, 1, exclude_max=True), put=st.binary(min_size=1, max_size=4))
@settings(deadline=None, max_examples=300)
def test_a_changed_certificate_is_read_or_refused(at: float, put: bytes) -> None:
    der = keys("idp").certificate.der
    place = int(at * len(der))
    changed = der[:place] + put + der[place + len(put) :]
    try:
        found = read_certificate(base64.b64encode(changed).decode())
    except CertificateRefused:
        return
    assert found.der == changed


def test_a_pair_of_ours_is_new_each_time_and_never_shows_its_key() -> None:
    one, other = make_key_pair(NOW, "one"), make_key_pair(NOW, "one")
    assert one.certificate.fingerprint_sha256 != other.certificate.fingerprint_sha256
    assert one.certificate.not_before < NOW < one.certificate.not_after
    assert "PRIVATE" not in repr(one)
