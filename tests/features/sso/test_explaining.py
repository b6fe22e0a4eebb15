"""Attempts are explained: which check failed, what was received, what the rules make of it now, in words."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.features.sso import deciding, received, refusals, service, words
from app.features.sso.mapping import AttributeRule, GroupMapping, GroupRules, Need, Otherwise, Target
from app.features.sso.models import AttemptResult, Purpose, SsoAttempt, SsoConnection
from app.features.sso.received import CheckLine, Received, ReceivedAttribute
from app.features.sso.refusals import Refusal
from app.protocols.oidc.types import Check as OidcCheck
from app.protocols.saml.types import Check
from tests.factories.people import make_administrator, make_auditor, make_group
from tests.features.sso.acme import Provider, connect
from tests.features.sso.test_connections import stored
from tests.pages import PageClient

ACME = Provider("acme")
REFERENCE = "00112233445566ff"
SAID = Received(
    subject="persistent:42",
    attributes=(
        ReceivedAttribute("urn:oid:0.9.2342.19200300.100.1.3", ("Mira@Acme.example",), friendly_name="mail"),
        ReceivedAttribute("groups", ("crew", "<b>boss</b>")),
    ),
    contexts=("urn:mfa",),
    subject_format="persistent",
)
CHECKS = (
    CheckLine("issuer", True, "https://acme.example/metadata", "https://acme.example/metadata"),
    CheckLine("audience", False, "http://localhost:8000/sso/acme/saml/metadata", "https://other.example"),
)


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    connect(ACME)
    return made


def attempt(
    said: Received | None = SAID,
    *,
    reason: Refusal | None = Refusal.CHECK_FAILED,
    checks: tuple[CheckLine, ...] = CHECKS,
    ahead: int | None = 95,
    purpose: Purpose = Purpose.SIGN_IN,
) -> None:
    with transaction() as db:
        row = db.scalars(select(SsoConnection)).one()
        now = clock.now()
        db.add(
            SsoAttempt(
                reference=REFERENCE,
                connection_id=row.id,
                at=now,
                purpose=purpose.value,
                result=(AttemptResult.REFUSED if reason else AttemptResult.ACCEPTED).value,
                reason=reason.value if reason else None,
                connection_version=row.version,
                provider_at=now + timedelta(seconds=ahead) if ahead is not None else None,
                checks=received.dump_checks(checks),
                received=received.dump(said) if said else None,
            )
        )


def rows(pages: PageClient, caption: str) -> list[list[str]]:
    found = pages.page.xpath(f"//table[caption='{caption}']/tbody/tr")
    return [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in found]


def test_a_failed_sign_in_is_found_by_its_reference_id(pages: PageClient, administrator: Person) -> None:
    attempt()
    pages.get("/admin/sso/")
    pages.get(f"/admin/sso/attempts?reference=%20{REFERENCE}%20", status=303)
    page = pages.follow()
    assert page.heading == f"Attempt {REFERENCE}"
    assert "A check of the provider's answer failed" in page.text
    assert rows(pages, "Checks that failed")[0] == [
        "It was made for Portico and for no other application",
        "Failed",
        "http://localhost:8000/sso/acme/saml/metadata",
        "https://other.example",
    ]
    assert "95 seconds ahead of ours; 120 seconds are tolerated" in page.text


def test_an_unknown_reference_id_says_so(pages: PageClient, administrator: Person) -> None:
    assert "Nothing is known of that reference id" in pages.get("/admin/sso/attempts?reference=none").text
    pages.get("/admin/sso/attempts/none", status=404)


def test_every_attribute_is_shown_with_what_the_rules_make_of_it(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        partners = make_group(db, "Partners").public_id
        staff = make_group(db, "House").public_id
        service.set_mapping(
            db,
            SYSTEM,
            "acme",
            (AttributeRule(Target.EMAIL, ("mail",)), AttributeRule(Target.NAME, ("cn",), (), Otherwise.REFUSE)),
        )
        mapped = (GroupMapping("crew", partners), GroupMapping("absent", staff))
        service.set_groups(db, SYSTEM, "acme", GroupRules(("groups",), mapped=mapped, required=("needed",)))
    attempt(reason=None, checks=(CHECKS[0],))
    page = pages.get(f"/admin/sso/attempts/{REFERENCE}")
    assert rows(pages, "Attributes received") == [
        ["urn:oid:0.9.2342.19200300.100.1.3", "mail", "Mira@Acme.example"],
        ["groups", "–", "crew, <b>boss</b>"],
    ]
    assert rows(pages, "What each mapping makes of it") == [
        ["Email address", "mail", "Mira@Acme.example", "Mira@Acme.example"],
        ["Name", "not received", "–", "Refuses"],
    ]
    assert rows(pages, "Which groups follow") == [
        ["Partners", "By the mapping"],
        ["House", "Taken away: managed by the mapping and not received"],
    ]
    assert "A group that is needed was not received: needed." in page.text
    assert "The mapping of name found no value that fits" in page.text


def test_a_changed_mapping_shows_its_effect_on_the_same_attempt(pages: PageClient, administrator: Person) -> None:
    attempt(reason=None, checks=())
    assert "The connection was changed since" not in pages.get(f"/admin/sso/attempts/{REFERENCE}").text
    with transaction() as db:
        service.set_mapping(db, SYSTEM, "acme", (AttributeRule(Target.NAME, ("groups",)),))
    page = pages.get(f"/admin/sso/attempts/{REFERENCE}")
    assert "The connection was changed since" in page.text
    assert rows(pages, "What each mapping makes of it") == [["Name", "groups", "crew, <b>boss</b>", "crew"]]


def test_no_groups_received_is_said(pages: PageClient, administrator: Person) -> None:
    attempt(replace(SAID, attributes=SAID.attributes[:1]), reason=None, checks=())
    assert (
        "No group was received in groups, and so there is none." in pages.get(f"/admin/sso/attempts/{REFERENCE}").text
    )


def test_where_nothing_could_be_believed_nothing_of_it_is_shown(pages: PageClient, administrator: Person) -> None:
    attempt(None, ahead=None)
    page = pages.get(f"/admin/sso/attempts/{REFERENCE}")
    assert "Nothing that was sent could be believed" in page.text
    assert "The provider did not say what time it was" in page.text


def test_looking_at_what_was_received_about_somebody_is_recorded(pages: PageClient, administrator: Person) -> None:
    attempt()
    with transaction() as db:
        auditor = make_auditor(db)
    pages.sign_in(auditor)
    pages.get(f"/admin/sso/attempts/{REFERENCE}")
    with reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.event == "sso:attempt:explained")).one()
    assert (entry.actor_id, entry.details["reference"]) == (auditor.public_id, REFERENCE)


def test_a_test_sign_in_begins_on_a_page_that_says_what_happens(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/sso/acme")
    page = pages.click("Test sign-in")
    assert "Nobody is signed in by it" in page.text
    assert page.form("Begin test").action.endswith("/sso/acme/test")


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_words(refusal: Refusal) -> None:
    assert str(refusals.WORDS[refusal]).endswith(".")


#: Checks of metadata, keys and requests: no attempt to sign in has them.
PUBLISHED = {OidcCheck.DISCOVERY, OidcCheck.DISCOVERY_ISSUER, OidcCheck.ADDRESS, OidcCheck.KEY_SET}
ELSEWHERE = {Check.METADATA, Check.METADATA_EXPIRY, Check.CERTIFICATE, Check.ADDRESS, Check.RELAY_STATE}


@pytest.mark.parametrize("check", sorted(set(Check) - ELSEWHERE))
def test_every_check_of_a_response_has_words(check: Check) -> None:
    assert check.value in words.CHECKS


@pytest.mark.parametrize("check", sorted(set(OidcCheck) - PUBLISHED))
def test_every_check_of_an_answer_has_words(check: OidcCheck) -> None:
    assert check.value in words.CHECKS


def test_a_check_without_words_shows_its_name() -> None:
    assert str(words.check("some_new_check")) == "Some new check"


def test_friendly_names_stand_for_attributes_unless_another_has_that_name() -> None:
    said = Received(
        "s",
        (
            ReceivedAttribute("urn:1", ("a",), friendly_name="mail"),
            ReceivedAttribute("urn:2", ("evil",), friendly_name="groups"),
            ReceivedAttribute("groups", ("crew",)),
        ),
    )
    assert said.by_name["mail"] == ("a",)
    assert said.by_name["groups"] == ("crew",)


@pytest.mark.parametrize(
    "refusal", [one for one in Refusal if one not in {Refusal.CHECK_FAILED, Refusal.PROVIDER_SAID_NO}]
)
def test_every_refusal_that_is_no_failed_check_says_what_was_expected_and_found(app: object, refusal: Refusal) -> None:
    acme = Provider("acme")
    groups = GroupRules(sources=("groups",), required=("crew", "desk"), need=Need.ALL)
    connect(acme, groups=groups)
    said = Received("mira", (ReceivedAttribute("mail", ("mira@acme.example",)), ReceivedAttribute("groups", ("desk",))))
    for what in (said, None):
        line = deciding.line(stored(), refusal, what)
        assert not line.passed
        assert line.name in words.CHECKS
        assert line.expected
        assert line.found


@pytest.mark.parametrize(
    ("refusal", "expected", "found"),
    [
        (Refusal.GROUP_MISSING, "all of: crew, desk", "desk"),
        (Refusal.ADDRESS_TAKEN, "an address of nobody here", "mira@acme.example"),
        (Refusal.NOT_KNOWN, "a subject that somebody here has", "mira"),
        (Refusal.NOT_FOR_THIS_KIND, "one of: staff, guests", "another kind"),
    ],
)
def test_what_was_expected_and_found_is_that_of_the_attempt(
    app: object, refusal: Refusal, expected: str, found: str
) -> None:
    groups = GroupRules(sources=("groups",), required=("crew", "desk"), need=Need.ALL)
    connect(Provider("acme"), groups=groups)
    said = Received("mira", (ReceivedAttribute("mail", ("mira@acme.example",)), ReceivedAttribute("groups", ("desk",))))
    line = deciding.line(stored(), refusal, said)
    assert expected in line.expected
    assert found in line.found
