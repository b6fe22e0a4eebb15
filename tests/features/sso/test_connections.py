"""Connections to identity providers: described by metadata or by hand, tried before they are on, explained on their page."""

import io
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import select

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.accounts.membership import add_member, create_group
from app.core.accounts.models import Group, Membership, MembershipSource, Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.core.errors import Invalid
from app.features.sso import addresses, checking, configuration, parties, service
from app.features.sso.configuration import SamlSettings
from app.features.sso.models import SsoConnection
from app.protocols.saml.certificates import read_certificate
from tests.factories.people import make_administrator, make_auditor, make_author, make_guest
from tests.features.sso.acme import Provider, connect
from tests.pages import PageClient
from tests.protocols.saml import provider

ACME = Provider("acme")
SECRET = "oidc-canary-secret-71b2"


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    return made


def pem(name: str = "acme") -> str:
    return provider.keys(name).certificate.pem


def described(*names: str, redirect: str = "https://acme.example/sso") -> bytes:
    """Return SAML metadata of a provider with the certificates of these names."""
    certificates = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        + "".join(pem(name).splitlines()[1:-1])
        + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for name in names
    )
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://acme.example/metadata">'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{certificates}"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
        f'Location="{redirect}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    ).encode()


def stored(public_id: str = "acme") -> configuration.Connection:
    with reading() as db:
        return configuration.of(db.scalars(select(SsoConnection).where(SsoConnection.public_id == public_id)).one())


def saml(public_id: str = "acme") -> SamlSettings:
    settings = stored(public_id).settings
    assert isinstance(settings, SamlSettings)
    return settings


def note_tested(public_id: str = "acme") -> None:
    with transaction() as db:
        service.note_tested(
            db, SYSTEM, public_id, version=stored(public_id).version, passed=True, reference="0123456789abcdef"
        )


def test_the_first_provider_is_asked_for_on_an_empty_page(pages: PageClient, administrator: Person) -> None:
    assert "No identity providers yet" in pages.get("/admin/sso/").text
    page = pages.click("Add identity provider")
    assert "Another provider" in page.text


def test_a_saml_provider_is_added_by_its_metadata_file_and_begins_switched_off(
    pages: PageClient, administrator: Person
) -> None:
    pages.get("/admin/sso/new/saml/other")
    file = (io.BytesIO(described("acme", "acme-next")), "metadata.xml")
    pages.submit("Add identity provider", {"name": "Acme", "metadata_file": file})
    page = pages.follow()
    assert page.heading == "Acme"
    assert "Off" in page.text
    assert "http://localhost:8000/sso/acme/saml/acs" in page.source
    assert saml() == SamlSettings(
        entity_id="https://acme.example/metadata",
        sso_redirect_url="https://acme.example/sso",
        certificates=(pem(), pem("acme-next")),
    )
    assert len(stored().secrets.own_keys) == 1


def test_our_addresses_are_told_before_a_provider_is_added_and_are_those_it_gets(
    pages: PageClient, administrator: Person
) -> None:
    assert "http://localhost:8000/sso/okta/oidc/callback" in pages.get("/admin/sso/new/oidc/okta").source
    told = pages.get("/admin/sso/new/saml/okta").source
    acs = "http://localhost:8000/sso/okta/saml/acs"
    assert acs in told
    assert "http://localhost:8000/sso/okta/saml/metadata" in told
    fields = {"entity_id": "urn:okta", "sso_post_url": "https://okta.example/", "certificates": pem()}
    pages.submit("Add identity provider", fields)
    assert acs in pages.follow().source
    again = pages.get("/admin/sso/new/saml/okta")
    assert acs not in again.source
    assert "Another provider has or had the name" in again.text


def test_a_saml_provider_is_added_by_hand(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/sso/new/saml/other")
    pages.submit(
        "Add identity provider",
        {
            "name": "Ünser Haus",
            "entity_id": "urn:acme",
            "sso_post_url": "https://acme.example/post",
            "certificates": pem() + pem("acme-next"),
        },
    )
    assert pages.follow().heading == "Ünser Haus"
    assert saml("unser-haus").certificates == (pem(), pem("acme-next"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"metadata_file": (io.BytesIO(b"<html/>"), "page.html")}, "This is not SAML metadata"),
        (
            {"entity_id": "urn:a", "certificates": "nonsense", "sso_post_url": "https://a.example/"},
            "not an X.509 certificate",
        ),
        ({"entity_id": "urn:a", "sso_post_url": "https://a.example/"}, "at least one certificate"),
        ({"entity_id": "urn:a", "sso_post_url": "javascript:alert(1)"}, "Enter an address such as"),
        ({"entity_id": "urn:a", "sso_post_url": "http://a.example/"}, "has to start with https://"),
        ({"entity_id": "urn:a", "sso_post_url": "https://a@b.example/"}, "Enter an address such as"),
        ({"entity_id": "urn:a"}, "Enter where people are sent"),
        ({"sso_post_url": "https://a.example/"}, "Enter the provider's entity id."),
        ({"name": ""}, "Fill this in."),
        ({"name": "ACME"}, "There is a provider named ACME already."),
    ],
)
def test_what_cannot_be_a_saml_provider_says_why(
    pages: PageClient, administrator: Person, fields: dict[str, object], sentence: str
) -> None:
    connect(ACME)
    pages.get("/admin/sso/new/saml/other")
    given = {"name": "New", **fields}
    if given["name"] == "ACME":
        given |= {"entity_id": "urn:a", "sso_post_url": "https://a.example/", "certificates": pem()}
    page = pages.submit("Add identity provider", given, status=422)  # type: ignore[arg-type]
    assert sentence in page.text


def test_an_oauth_provider_keeps_its_secret_to_itself(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/sso/new/oauth/other")
    fields = {
        "name": "Forge",
        "authorization_endpoint": "https://forge.example/authorize",
        "token_endpoint": "https://forge.example/token",
        "userinfo_endpoint": "https://forge.example/user",
        "client_id": "portico",
        "client_secret": SECRET,
        "scopes": "read:user email",
        "subject_field": "id",
    }
    pages.submit("Add identity provider", fields)
    assert "canary" not in pages.follow().source
    assert stored("forge").secrets.client_secret == SECRET
    pages.get("/admin/sso/forge/edit")
    assert "canary" not in pages.page.source
    pages.submit("Save provider", {"name": "Forge two"})
    assert stored("forge").secrets.client_secret == SECRET


@pytest.mark.parametrize(
    "fields",
    [{"token_endpoint": "https://elsewhere.example/token"}, {"client_id": "another"}],
    ids=["address", "client"],
)
def test_a_stored_secret_is_never_sent_to_another_address_or_for_another_client(
    pages: PageClient, administrator: Person, fields: dict[str, str]
) -> None:
    test_an_oauth_provider_keeps_its_secret_to_itself(pages, administrator)
    pages.get("/admin/sso/forge/edit")
    page = pages.submit("Save provider", fields, status=422)
    assert "Enter the client secret" in page.text
    assert stored("forge").secrets.client_secret == SECRET


def test_a_connection_is_switched_on_after_a_test_and_needs_another_after_a_change(
    pages: PageClient, administrator: Person
) -> None:
    connect(ACME, enabled=False)
    pages.get("/admin/sso/acme")
    pages.post("/admin/sso/acme/switch-on", status=409)
    note_tested()
    pages.get("/admin/sso/acme")
    pages.submit("Switch on")
    assert "The connection is on" in pages.follow().text
    pages.click("Edit")
    pages.submit("Save provider", {"clock_tolerance_seconds": "60"})
    page = pages.follow()
    assert "Not tested like this" in page.text
    assert stored().enabled
    pages.submit("Switch off provider")
    pages.follow()
    pages.post("/admin/sso/acme/switch-on", status=409)


def test_an_administrator_may_switch_on_without_a_test_and_the_trail_says_so(
    pages: PageClient, administrator: Person
) -> None:
    connect(ACME, enabled=False)
    pages.get("/admin/sso/acme")
    pages.submit("Switch on anyway")
    assert stored().enabled
    with reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.event == "sso:connection:switched_on")).one()
    assert entry.details["tested"] is False


def test_the_order_and_words_of_a_button_need_no_other_test(pages: PageClient, administrator: Person) -> None:
    connect(ACME)
    note_tested()
    pages.get("/admin/sso/acme/edit")
    pages.submit("Save provider", {"button_label": "Come in", "position": "3"})
    assert "Not tested like this" not in pages.follow().text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"clock_tolerance_seconds": "301"}, "Enter 0 to 300 seconds."),
        ({"clock_tolerance_seconds": "-1"}, "Enter 0 to 300 seconds."),
        ({"membership_minutes": "50000"}, "Enter 0 to 43200 minutes."),
        ({"domains": "not a domain"}, "not a domain is no domain such as example.com."),
        ({"for_staff": [], "for_guests": []}, "Choose who may sign in"),
        ({"entity_id": ""}, "Fill this in."),
        ({"sso_redirect_url": "https://a.example/#x"}, "Enter an address such as"),
    ],
)
def test_what_cannot_be_saved_says_why(
    pages: PageClient, administrator: Person, fields: dict[str, str], sentence: str
) -> None:
    connect(ACME)
    pages.get("/admin/sso/acme/edit")
    assert sentence in pages.submit("Save provider", fields, status=422).text


def test_everything_on_the_edit_page_is_kept_as_it_was_when_it_is_only_saved(
    pages: PageClient, administrator: Person
) -> None:
    connect(ACME, domains=("acme.example", "acme.test"))
    before = stored()
    pages.get("/admin/sso/acme/edit")
    pages.submit("Save provider")
    assert stored() == before


def test_metadata_that_is_read_again_replaces_addresses_and_certificates_only(
    pages: PageClient, administrator: Person
) -> None:
    connect(ACME)
    pages.get("/admin/sso/acme/edit")
    pages.submit("Save provider", {"signed": "both"})
    pages.get("/admin/sso/acme/metadata")
    page = pages.submit("Read metadata", status=422)
    assert "Choose a file or enter an address." in page.text
    file = (io.BytesIO(described("acme-next", redirect="https://acme.example/new")), "m.xml")
    pages.submit("Read metadata", {"metadata_file": file})
    settings = saml()
    assert (settings.sso_redirect_url, settings.certificates) == ("https://acme.example/new", (pem("acme-next"),))
    assert settings.signed == "both"


def test_metadata_of_another_provider_is_refused(pages: PageClient, administrator: Person) -> None:
    connect(ACME)
    pages.get("/admin/sso/acme/metadata")
    other = described("acme").replace(b"https://acme.example/metadata", b"https://evil.example/metadata")
    page = pages.submit("Read metadata", {"metadata_file": (io.BytesIO(other), "m.xml")}, status=422)
    assert "does not describe" in page.text


def test_certificates_are_added_and_removed_but_for_the_last(pages: PageClient, administrator: Person) -> None:
    connect(ACME)
    pages.get("/admin/sso/acme/certificates/new")
    pages.submit("Add certificate", {"certificates": pem("acme-next")})
    assert saml().certificates == (pem(), pem("acme-next"))
    pages.follow()
    first = read_certificate(pem()).fingerprint_sha256
    pages.post(f"/admin/sso/acme/certificates/{first}/remove")
    assert saml().certificates == (pem("acme-next"),)
    last = read_certificate(pem("acme-next")).fingerprint_sha256
    pages.follow()
    pages.post(f"/admin/sso/acme/certificates/{last}/remove", status=409)
    assert saml().certificates == (pem("acme-next"),)


def test_a_certificate_that_ends_is_warned_about(pages: PageClient, administrator: Person) -> None:
    connect(ACME)
    end = read_certificate(pem()).not_after
    for before, words in ((31, "On, not tested"), (29, "Certificate ends soon"), (-1, "Certificate ended")):
        with clock.at(end - timedelta(days=before)):
            pages.sign_in(administrator)
            assert words in pages.get("/admin/sso/").text


def test_a_key_is_rolled_over_by_adding_switching_and_removing(pages: PageClient, administrator: Person) -> None:
    connect(ACME)
    pages.get("/admin/sso/acme")
    pages.submit("Add key")
    pages.follow()
    pages.submit("Add key")
    keys = stored().secrets.own_keys
    assert [key.signs for key in keys] == [True, False]
    old, new = (read_certificate(key.certificate).fingerprint_sha256 for key in keys)
    assert _published(pages) == [old, new]
    pages.get("/admin/sso/acme")
    pages.post(f"/admin/sso/acme/keys/{old}/remove", status=409)
    pages.get("/admin/sso/acme")
    pages.submit("Sign with it")
    assert [key.signs for key in stored().secrets.own_keys] == [False, True]
    assert _published(pages) == [old, new]
    pages.get("/admin/sso/acme")
    pages.post(f"/admin/sso/acme/keys/{old}/remove")
    assert _published(pages) == [new]


def _published(pages: PageClient) -> list[str]:
    """Return the fingerprints of the signing keys in our metadata, as anybody reads it."""
    answer = pages.another().http.get("/sso/acme/saml/metadata", base_url=pages.base_url)
    assert answer.status_code == 200
    ns = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}
    root = etree.fromstring(answer.get_data())
    found = root.iterfind(".//md:KeyDescriptor[@use='signing']//ds:X509Certificate", namespaces=ns)
    return [read_certificate(str(one.text)).fingerprint_sha256 for one in found]


def test_our_metadata_names_our_address_and_needs_no_sign_in(pages: PageClient) -> None:
    connect(ACME, enabled=False)
    answer = pages.http.get("/sso/acme/saml/metadata", base_url=pages.base_url)
    assert answer.mimetype == "application/samlmetadata+xml"
    text = answer.get_data(as_text=True)
    assert 'entityID="http://localhost:8000/sso/acme/saml/metadata"' in text
    assert 'Location="http://localhost:8000/sso/acme/saml/acs"' in text


@pytest.mark.parametrize("public_id", ["unknown", "Umlaut-ä", "a" * 60])
def test_there_is_no_metadata_for_a_connection_that_there_is_not(pages: PageClient, public_id: str) -> None:
    pages.get(f"/sso/{public_id}/saml/metadata", status=404)


def test_removing_a_connection_ends_what_it_asserted_and_nothing_else(pages: PageClient, administrator: Person) -> None:
    row = connect(ACME)
    with transaction() as db:
        guest = make_guest(db)
        group = create_group(db, SYSTEM, name="Crew", source=row.public_id, external_id="crew")
        other = create_group(db, SYSTEM, name="Other", source="elsewhere", external_id="crew")
        add_member(db, SYSTEM, group, guest, MembershipSource.SSO, origin=row.public_id)
        add_member(db, SYSTEM, other, guest, MembershipSource.SSO, origin="elsewhere")
    pages.get("/admin/sso/acme")
    pages.submit("Remove provider")
    assert "No identity providers yet" in pages.follow().text
    with reading() as db:
        assert [one.origin for one in db.scalars(select(Membership))] == ["elsewhere"]
        assert db.get(Group, group.id) is not None


def test_a_new_connection_never_inherits_the_groups_of_one_that_is_gone(
    pages: PageClient, administrator: Person
) -> None:
    connect(ACME)
    with transaction() as db:
        create_group(db, SYSTEM, name="Crew", source="acme", external_id="crew")
        service.remove(db, SYSTEM, "acme")
    pages.get("/admin/sso/new/saml/other")
    pages.submit("Add identity provider", {"name": "Acme", "metadata_file": (io.BytesIO(described("acme")), "m.xml")})
    with reading() as db:
        public_id = db.scalars(select(SsoConnection.public_id)).one()
    assert public_id.startswith("acme-")


def test_auditors_see_everything_and_change_nothing(pages: PageClient) -> None:
    connect(ACME)
    with transaction() as db:
        auditor = make_auditor(db)
    pages.sign_in(auditor)
    pages.get("/admin/sso/")
    page = pages.get("/admin/sso/acme")
    assert "Test sign-in" not in page.links
    assert "Remove provider" not in page.text
    for path in ("new", "acme/edit", "acme/mapping", "acme/groups", "acme/metadata", "acme/test"):
        pages.get(f"/admin/sso/{path}", status=403)


def test_authors_and_strangers_do_not_get_there(pages: PageClient) -> None:
    connect(ACME)
    pages.get("/admin/sso/acme", status=303)
    with transaction() as db:
        author = make_author(db)
    pages.sign_in(author)
    pages.get("/admin/sso/acme", status=403)


def test_each_host_that_people_sign_in_on_has_its_own_address_for_answers(
    engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(ACME)
    links, inside = "https://share.example.com", "https://portico.example.com"
    monkeypatch.setattr(addresses, "_hosts", addresses._Hosts(inside, links, development=False))
    root = etree.fromstring(parties.metadata(stored()))
    found = [
        (one.get("index"), one.get("Location"), one.get("isDefault"))
        for one in root.iterfind(".//{*}AssertionConsumerService")
    ]
    assert found == [("0", f"{links}/sso/acme/saml/acs", "true"), ("1", f"{inside}/sso/acme/saml/acs", None)]
    assert root.get("entityID") == f"{links}/sso/acme/saml/metadata"
    with pytest.raises(Invalid, match="https://"):
        checking.address("issuer", "http://localhost:9/")
