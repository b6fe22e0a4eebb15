"""What readers may do: chosen on the forms, bounded by the service, and told where it does not go with what is shared."""

from dataclasses import fields, replace

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.accounts.api_tokens import Scope
from app.core.db import reading, transaction
from app.core.errors import Invalid
from app.features.share_links import powers, queries
from app.features.share_links.lists import listing
from app.features.share_links.models import ShareLink
from app.features.share_links.powers import Children, Powers, checked, dump, labels_of, load
from app.features.share_links.reading import comments, content, copies, coverage, outlook, tree
from app.features.share_links.reading.names import Names, initials
from tests import html
from tests.factories import people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import control, forget_kept, opened, share, share_issue
from tests.features.share_links.test_api import program
from tests.features.share_links.test_children import FEES, GATE_HOURS, HANDBOOK
from tests.pages import PageClient


def stored(world: World, public_id: str) -> Powers:
    """Return the powers of a link as they are stored."""
    with reading() as db:
        return listing.one(db, people.actor_of(db, world.author), public_id).powers


def made(pages: PageClient) -> str:
    """Return the public id of the link that was just created."""
    return pages.follow().path.split("/")[2]


def test_a_page_is_shared_with_its_children_and_comments(world: World, pages: PageClient) -> None:
    pages.sign_in(world.author)
    pages.get(f"/links/new/?url={world.page(HANDBOOK)}")
    pages.submit(
        "Create link",
        {"children": "2", "labels": "Partner, handbook,partner", "comments": "y", "download": "y", "names": "initials"},
    )
    found = stored(world, made(pages))
    assert found == Powers(
        comments=True,
        attachments=True,
        download=True,
        children=Children(2, ("partner", "handbook")),
        names=Names.INITIALS,
    )


def test_an_issue_is_shared_with_the_fields_that_are_ticked(world: World, pages: PageClient) -> None:
    pages.sign_in(world.author)
    page = pages.get(f"/links/new/?url={world.issue('HARB-31')}")
    assert "children" not in page.form("Create link").names
    offered = {one.get("value") for one in page.xpath("//input[@name='fields']")}
    assert {"status", "description", "assignee", "customfield_10042", "issuelinks"} <= offered
    # Empty on this issue, never to be shown, or a power of its own.
    assert not {"resolution", "security", "comment", "attachment", "summary"} & offered
    pages.submit("Create link", {"fields": ["status", "customfield_10042"]})
    assert set(stored(world, made(pages)).jira_fields) == {"summary", "status", "customfield_10042"}


def test_a_field_that_was_not_offered_cannot_be_chosen(world: World, pages: PageClient) -> None:
    pages.sign_in(world.author)
    pages.get(f"/links/new/?url={world.issue('HARB-31')}")
    page = pages.submit("Create link", {"fields": ["status", "security"]}, status=422)
    assert "security" in page.text


def test_what_readers_will_not_see_is_listed_before_the_link_is_made(world: World, pages: PageClient) -> None:
    pages.sign_in(world.author)
    page = pages.get(f"/links/new/?url={world.page(HANDBOOK)}")
    assert "Readers will not see everything" in page.text
    assert "included page: it belongs to something that the link does not show" in page.text
    assert "Readers will not see everything" not in pages.get(f"/links/new/?url={world.page('100124')}").text


BOXED = '<ac:structured-macro ac:name="recently-updated" />'


@pytest.fixture(params=["world", "own_servers"], ids=["cloud", "data center"])
def company(request: pytest.FixtureRequest) -> World:
    """The site with its pages and issues, as Atlassian's and as the company's own."""
    found: World = request.getfixturevalue(request.param)
    return found


def outlook_of(company: World, pages: PageClient) -> list[str]:
    """Return what a creator is told of the handbook before there is a link."""
    pages.sign_in(company.author)
    page = pages.get(f"/links/new/?url={company.page(HANDBOOK)}")
    said = page.xpath("//*[contains(@class, 'section-message')][contains(., 'Readers will not see everything')]")[0]
    return [html.text_of(one) for one in said.iter("p", "li")]


def test_so_is_what_they_will_not_see_of_child_pages_and_comments(company: World, pages: PageClient) -> None:
    site = company.running.site
    site.pages[GATE_HOURS].latest.body += BOXED
    site.pages[FEES].latest.body += BOXED
    comment = next(one for one in site.pages[HANDBOOK].comments if one.parent_id is None and not one.inline)
    comment.body += BOXED
    site.pages[GATE_HOURS].comments.append(replace(comment, comment_id="469001"))
    site.pages[FEES].comments.append(replace(comment, comment_id="469002"))
    told = outlook_of(company, pages)
    assert "Of the child page “Gate hours”, if you show it:" in told
    assert "Of the comments, if you show them:" in told
    assert "Of the comments on the child page “Gate hours”, if you show both:" in told
    assert sum("recently updated" in one for one in told) == 3
    assert not any("Berthing fees" in one for one in told), "nobody is shown that page"


def test_a_program_is_told_the_same_and_nothing_is_made(company: World, app: Flask, pages: PageClient) -> None:
    site = company.running.site
    comment = next(one for one in site.pages[HANDBOOK].comments if one.parent_id is None and not one.inline)
    site.pages[GATE_HOURS].comments.append(replace(comment, comment_id="469001", body=BOXED))
    client = program(app, company.author, Scope.SHARES_WRITE)
    told = client.call("POST", "/api/v1/shares/outlook", {"url": company.page(HANDBOOK)}).get_json()
    assert told["complete"] is True
    assert {
        "child": "Gate hours",
        "comments": True,
        "name": "recently updated pages",
        "count": 1,
        "reason": "not_covered",
    } in told["left_out"]
    assert any((one["child"], one["comments"]) == (None, False) for one in told["left_out"])
    shown = " ".join(outlook_of(company, pages))
    assert all(one["name"] in shown for one in told["left_out"])
    with reading() as db:
        assert db.scalars(select(ShareLink)).all() == []


@pytest.mark.parametrize(
    ("address", "code"),
    [("{site}/wiki/spaces/FIN/pages/100302", "not_visible"), ("https://elsewhere.example/browse/X-1", "no_connection")],
)
def test_nobody_is_told_of_what_they_may_not_share(world: World, app: Flask, address: str, code: str) -> None:
    client = program(app, world.author, Scope.SHARES_WRITE)
    answer = client.call("POST", "/api/v1/shares/outlook", {"url": address.format(site=world.running.base_url)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


@pytest.mark.parametrize("bound", ["number", "time"])
def test_a_creator_is_told_where_that_is_too_much(
    company: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    if bound == "number":
        monkeypatch.setattr(outlook, "MOST_BELOW", 1)
    else:
        monkeypatch.setattr(outlook, "SECONDS", 0.3)
        control(company, "POST", "failures", {"mode": "delay", "path": f".*{GATE_HOURS}.*", "seconds": 2})
    assert "Not all child pages and comments could be looked at" in " ".join(outlook_of(company, pages))
    monkeypatch.undo()
    control(company, "DELETE", "failures")
    assert "could be looked at" not in " ".join(outlook_of(company, pages))


def test_an_edit_shows_what_is_set_and_changes_it(world: World, pages: PageClient) -> None:
    before = Powers(comments=True, pdf=True, watermark=True, children=Children(7, ("partner",)), names=Names.NONE)
    shared = share(world, HANDBOOK, powers=before)
    pages.sign_in(world.author)
    pages.get(f"/links/{shared.link.public_id}/edit/")
    pages.submit("Save changes", {})
    assert stored(world, shared.link.public_id) == before
    pages.get(f"/links/{shared.link.public_id}/edit/")
    pages.submit("Save changes", {"children": "0", "names": "full"})
    found = stored(world, shared.link.public_id)
    assert (found.children, found.names, found.comments) == (None, Names.FULL, True)


def test_fields_that_have_no_value_any_more_stay_chosen(world: World, pages: PageClient) -> None:
    shared = share_issue(world, "HARB-31", powers=Powers(jira_fields=("summary", "resolution", "status")))
    pages.sign_in(world.author)
    pages.get(f"/links/{shared.link.public_id}/edit/")
    pages.submit("Save changes", {"name": "Another"})
    assert set(stored(world, shared.link.public_id).jira_fields) == {"summary", "resolution", "status"}


@pytest.mark.parametrize(
    ("wanted", "is_page", "field"),
    [
        (Powers(children=Children(0)), True, "children"),
        (Powers(children=Children(11)), True, "children"),
        (Powers(children=Children(1)), False, "children"),
        (Powers(children=Children(1, tuple(f"l{number}" for number in range(21)))), True, "labels"),
        (Powers(children=Children(1, ("l" * 256,))), True, "labels"),
        (Powers(jira_fields=("status",)), True, "fields"),
        (Powers(jira_fields=("*all",)), False, "fields"),
        (Powers(jira_fields=("-comment",)), False, "fields"),
        (Powers(jira_fields=tuple(f"f{number}" for number in range(201))), False, "fields"),
    ],
)
def test_powers_that_do_not_fit_are_refused_by_field(wanted: Powers, is_page: bool, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(wanted, is_page=is_page)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("wanted", "is_page"),
    [
        (Powers(children=Children(10, ("partner",))), True),
        (Powers(jira_fields=("summary", "customfield_10042")), False),
        (Powers(), True),
        (Powers(), False),
    ],
)
def test_powers_that_fit_are_kept_as_they_are(wanted: Powers, is_page: bool) -> None:
    assert load(dump(checked(wanted, is_page=is_page))) == wanted


#: Each power by itself, besides none and all.
EACH = (
    Powers(),
    Powers(comments=True),
    Powers(attachments=True),
    Powers(download=True),
    Powers(pdf=True),
    Powers(watermark=True),
    Powers(children=Children(1)),
    Powers(children=Children(2, ("partner",))),
    Powers(jira_fields=("summary", "status", "comment", "attachment", "customfield_10044")),
    *(Powers(names=names) for names in Names),
    Powers(True, True, True, True, True, Children(2), ("summary", "description"), Names.INITIALS),
)


def test_every_power_is_among_those_that_are_tried() -> None:
    for field in fields(Powers):
        assert len({getattr(one, field.name) for one in EACH}) > 1, field.name


@pytest.mark.parametrize("kind", ["page", "issue"])
def test_links_share_a_copy_only_where_they_show_the_same(world: World, pages: PageClient, kind: str) -> None:
    below = Powers(children=Children(2))
    shared = share(world, HANDBOOK, powers=below) if kind == "page" else share_issue(world, "HARB-31")
    opened(pages, shared)

    def shown(wanted: Powers) -> tuple[str, object]:
        with reading() as db:
            target = queries.object_row(db, shared.target().id)
            tree_found = tree.load(db, target.id)
        covered = coverage.covered(tree_found, target.object_id, target.title, wanted.children)
        said = comments.of(target, wanted, covered)
        found = content.content_of(target, wanted, covered)
        return found.html, (found.left_out, found.files, said and said.html)

    together = [shown(one) for one in EACH]
    for one, before in zip(EACH, together, strict=True):
        forget_kept()
        with transaction() as db:
            copies.delete_all(db, shared.target().id)
        assert shown(one) == before, one


def test_what_a_later_version_wrote_names_nobody() -> None:
    assert load({"schema": powers.SCHEMA + 1}).names is Names.NONE
    assert load(dump(Powers()) | {"names": "nicknames"}).names is Names.NONE
    before = dump(Powers())
    del before["names"]
    assert load(before).names is Names.NAME


def test_labels_are_read_from_one_line() -> None:
    assert labels_of(" Partner,, handbook , partner") == ("partner", "handbook")
    assert labels_of("") == ()


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Ines Moreau", "I. M."),
        ("Mia-Luise  von der Tann", "M. L. T."),
        ("Ümit", "Ü."),
        ("", ""),
        ("42", ""),
        ("李 明", "李. 明."),
    ],
)
def test_initials_are_the_first_letters_of_a_name(name: str, short: str) -> None:
    assert initials(name) == short
