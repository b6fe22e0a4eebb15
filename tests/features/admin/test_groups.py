"""Groups: local ones are edited here, others are shown with their source and changed there."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import signals
from app.core.accounts import queries
from app.core.accounts.models import Group, Membership, Person
from app.core.db import reading, transaction
from app.core.text import Text
from tests.factories.people import make_administrator, make_foreign_group, make_group, make_guest, make_person
from tests.pages import PageClient


@pytest.fixture
def administrator(pages: PageClient) -> Person:
    with transaction() as db:
        made = make_administrator(db)
    pages.sign_in(made)
    return made


@pytest.fixture
def partners(app: Flask) -> Group:
    with transaction() as db:
        return make_group(db, "Partners")


def test_the_first_group_is_asked_for_on_an_empty_page(pages: PageClient, administrator: Person) -> None:
    assert "No groups yet" in pages.get("/admin/groups").text
    pages.click("Create group")
    pages.submit("Create group", {"name": "Partners", "description": "Who builds\0 with us"})
    page = pages.follow()
    assert page.heading == "Partners"
    assert "Who builds with us" in page.text


def test_two_local_groups_do_not_share_a_name(pages: PageClient, administrator: Person, partners: Group) -> None:
    pages.get("/admin/groups/new")
    assert "There is a group named PARTNERS" in pages.submit("Create group", {"name": "PARTNERS"}, status=422).text


def test_a_group_is_renamed(pages: PageClient, administrator: Person, partners: Group) -> None:
    pages.get(f"/admin/groups/{partners.public_id}/edit")
    pages.submit("Save group", {"name": "Suppliers", "description": ""})
    assert pages.follow().heading == "Suppliers"


def test_members_are_added_by_address_and_removed(pages: PageClient, administrator: Person, partners: Group) -> None:
    with transaction() as db:
        guest = make_guest(db)
    pages.get(f"/admin/groups/{partners.public_id}")
    pages.submit("Add member", {"email": "GRETA.guest@example.com"})
    assert "Greta Guest was added." in pages.follow().text
    with reading() as db:
        assert queries.is_member(db, guest.id, [partners.id])
    assert "is a member already" in pages.submit("Add member", {"email": guest.email}, status=422).text
    pages.submit("Remove Greta Guest")
    pages.follow()
    with reading() as db:
        assert not queries.is_member(db, guest.id, [partners.id])


def test_an_unknown_address_is_not_added(pages: PageClient, administrator: Person, partners: Group) -> None:
    pages.get(f"/admin/groups/{partners.public_id}")
    page = pages.submit("Add member", {"email": "nobody@example.com"}, status=422)
    assert "Nobody has the address nobody@example.com." in page.text


def test_a_group_from_elsewhere_is_shown_with_its_source_and_not_edited(
    pages: PageClient, administrator: Person
) -> None:
    with transaction() as db:
        finance = make_foreign_group(db, "Finance", source="idp-1", external_id="group-42")
        member = make_person(db, "Bo Lind", groups=(finance,))
    page = pages.get(f"/admin/groups/{finance.public_id}")
    assert "comes from elsewhere" in page.text
    assert "group-42" in page.text
    assert "Add member" not in page.text
    for action in ("members", "delete", f"members/{member.public_id}/remove"):
        pages.post(
            f"/admin/groups/{finance.public_id}/{action}",
            {"email": "ada.admin@example.com"},
            status=422 if action == "members" else 409,
        )
        pages.get(f"/admin/groups/{finance.public_id}")
    pages.get(f"/admin/groups/{finance.public_id}/edit")
    pages.submit("Save group", {"name": "Mine"}, status=422)
    with reading() as db:
        assert db.scalars(select(Group.name)).all() == ["Finance"]
        assert len(db.scalars(select(Membership)).all()) == 1


def test_a_group_that_something_needs_stays(pages: PageClient, administrator: Person, partners: Group) -> None:
    def needs(group_id: int, **_: object) -> Text:
        return Text("2 links ask for this group. Change them first.")

    pages.get(f"/admin/groups/{partners.public_id}")
    with signals.group_deleting.connected_to(needs, sender=partners.id):
        assert "2 links ask for this group." in pages.submit("Delete group", status=409).text
    pages.get(f"/admin/groups/{partners.public_id}")
    pages.submit("Delete group")
    assert "The group was deleted." in pages.follow().text


def test_groups_are_searched_and_paged(pages: PageClient, administrator: Person) -> None:
    with transaction() as db:
        for number in range(60):
            make_group(db, f"Group {number:02}")
    page = pages.get("/admin/groups")
    assert len(page.table()) == 50
    assert len(pages.click("Next page").table()) == 10
    assert [row["Name"] for row in pages.get("/admin/groups?q=group 07").table()] == ["Group 07"]


def test_members_are_paged(pages: PageClient, administrator: Person, partners: Group) -> None:
    with transaction() as db:
        group = db.get_one(Group, partners.id)
        for number in range(55):
            make_person(db, f"Member {number:02}", password=False, groups=(group,))
    page = pages.get(f"/admin/groups/{partners.public_id}")
    assert len(page.table()) == 50
    assert len(pages.click("Next page").table()) == 5
    assert len(pages.get(f"/admin/groups/{partners.public_id}?q=member 07").table()) == 1
    assert "No member matches." in pages.get(f"/admin/groups/{partners.public_id}?q=nobody").text
    pages.get(f"/admin/groups/{partners.public_id}?sort=-name")
    assert pages.page.table()[0]["Name"].endswith("54")
    file = pages.get(pages.page.links["Export as CSV"]).body.decode().splitlines()
    assert len(file) == 56
    assert "Member 54" in file[1]


def test_groups_are_filtered_by_where_they_are_kept_up(
    pages: PageClient, administrator: Person, partners: Group
) -> None:
    with transaction() as db:
        make_foreign_group(db, "From there")
    assert len(pages.get("/admin/groups").table()) == 2
    assert [row["Name"] for row in pages.get("/admin/groups?source=elsewhere").table()] == ["From there"]
    assert [row["Name"] for row in pages.get("/admin/groups?source=local").table()] == [partners.name]
    file = pages.get(pages.page.links["Export as CSV"]).body.decode()
    assert partners.name in file
    assert "From there" not in file
