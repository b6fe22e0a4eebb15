"""The mapping editor and the rules about groups, on pages that work without script."""

import pytest

from app.core.accounts.models import Person
from app.core.db import transaction
from app.features.sso.mapping import (
    AttributeRule,
    GroupMapping,
    GroupRules,
    Need,
    Otherwise,
    OwnGroups,
    Target,
    Transform,
    TransformKind,
)
from tests.factories.people import make_administrator, make_foreign_group, make_group
from tests.features.sso.acme import Provider, connect
from tests.features.sso.test_connections import stored
from tests.pages import PageClient

ACME = Provider("acme")


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    connect(ACME)
    return made


def test_a_chain_of_transforms_is_entered_row_by_row(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/sso/acme")
    pages.click("Edit mapping")
    pages.submit(
        "Save mapping",
        {
            "email_sources": "mail\nemailAddress\n",
            "email_0_kind": "regex",
            "email_0_text": "^(.+)@old$",
            "email_0_replacement": "\\1@new",
            "email_1_kind": "lower",
            "email_otherwise": "refuse",
            "name_sources": "",
            "name_0_kind": "template",
            "name_0_text": "{givenName} {sn}",
        },
    )
    assert stored().mapping == (
        AttributeRule(
            Target.EMAIL,
            ("mail", "emailAddress"),
            (Transform(TransformKind.REGEX, "^(.+)@old$", "\\1@new"), Transform(TransformKind.LOWER)),
            Otherwise.REFUSE,
        ),
        AttributeRule(Target.NAME, (), (Transform(TransformKind.TEMPLATE, "{givenName} {sn}"),)),
    )
    assert "refuse the sign-in" in pages.follow().text
    before = stored().mapping
    pages.click("Edit mapping")
    pages.submit("Save mapping")
    assert stored().mapping == before


def test_a_pattern_that_cannot_be_read_is_said_beside_its_row(pages: PageClient, administrator: Person) -> None:
    pages.get("/admin/sso/acme/mapping")
    fields = {"email_0_kind": "lower", "email_1_kind": "regex", "email_1_text": "(", "name_0_kind": ""}
    page = pages.submit("Save mapping", fields, status=422)
    assert page.xpath("//*[@id='email_1_text-error']") != []
    assert "This pattern cannot be read" in page.text


def test_rules_about_groups_are_entered_and_shown_by_name(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        partners = make_group(db, "Partners").public_id
        finance = make_foreign_group(db, "Finance", source="other-idp").public_id
    pages.get("/admin/sso/acme")
    pages.click("Edit groups")
    assert "Finance (other-idp)" in pages.page.text
    pages.submit(
        "Save groups",
        {
            "sources": "groups",
            "group_0_kind": "lower",
            "required": "crew\nboss",
            "need": "all",
            "own": "existing",
            "mapped_0_received": "external",
            "mapped_0_group": partners,
            "mapped_2_received": "money",
            "mapped_2_group": finance,
            "default_all": [partners],
            "default_new": [partners],
        },
    )
    assert stored().groups == GroupRules(
        sources=("groups",),
        transforms=(Transform(TransformKind.LOWER),),
        default_all=(partners,),
        default_new=(partners,),
        mapped=(GroupMapping("external", partners), GroupMapping("money", finance)),
        own=OwnGroups.EXISTING,
        required=("crew", "boss"),
        need=Need.ALL,
    )
    assert "Partners" in pages.follow().text
    before = stored().groups
    pages.click("Edit groups")
    pages.submit("Save groups")
    assert stored().groups == before


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sources": "", "required": "crew"}, "Enter the name of the attribute that holds the groups."),
        ({"required": "x" * 1_001}, "Each has 1 to 1,000 characters."),
        ({"group_0_kind": "template", "group_0_text": "none"}, "A template names at least one attribute"),
        ({"mapped_0_received": "a", "mapped_0_group": "unknown"}, "Not a valid choice"),
    ],
)
def test_rules_that_cannot_be_say_why(
    pages: PageClient, administrator: Person, fields: dict[str, str], sentence: str
) -> None:
    pages.get("/admin/sso/acme/groups")
    assert sentence in pages.submit("Save groups", fields, status=422).text
