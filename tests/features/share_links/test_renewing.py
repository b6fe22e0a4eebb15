"""When the provider's word about a reader is too old: what was asked for is gone on with, and what was sent is asked again."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from app.core import clock
from app.core.db import transaction
from app.core.jobs import worker
from app.features.share_links.paper import views as paper_views
from app.features.share_links.powers import Powers
from app.features.sso.configuration import IdentityRules
from app.features.sso.mapping import GroupMapping, GroupRules
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import CSV, PLAN, Shared, share
from tests.features.share_links.test_media import fetch
from tests.features.sso import acme
from tests.features.sso.acme import Provider
from tests.pages import Page, PageClient

ACME = Provider("acme")
AGE = timedelta(minutes=30)
POWERS = Powers(attachments=True, download=True, pdf=True)
_numbers = count(1)


@pytest.fixture
def group(world: World, held_clock: datetime) -> str:
    """A group that the provider's `crew` stands for, as long as half an hour."""
    with transaction() as db:
        made = people.make_group(db, "Hauliers")
    rules = GroupRules(sources=("groups",), mapped=(GroupMapping("crew", made.public_id),))
    acme.connect(ACME, groups=rules, identity=IdentityRules(membership_minutes=30))
    return made.public_id


def prove(pages: PageClient, page: Page, moved: timedelta = timedelta(0)) -> Page:
    """Prove at the provider, to which a page leads, who one is; returns the redirect to what was wanted."""
    answer = ACME.answers(acme.request_id(page), assertion_id=f"_{next(_numbers)}", **acme.later(moved))
    return acme.come_back(pages, ACME, answer)


def come(pages: PageClient, shared: Shared) -> Page:
    """Come to the link through the provider."""
    pages.get(shared.path)
    prove(pages, pages.submit("Sign in with acme", status=200))
    return pages.follow()


@pytest.fixture
def shared(world: World, pages: PageClient, group: str, monkeypatch: pytest.MonkeyPatch) -> Shared:
    """A link that somebody reads whom the provider put into the group, with its PDF made."""
    monkeypatch.setattr(paper_views, "PATIENCE", 0.0)
    made = share(world, password=False, groups=(group,), powers=POWERS)
    come(pages, made)
    pages.submit("Open")
    pages.follow()
    fetch(pages, made, "pdf")
    worker.sweep()
    return made


@pytest.mark.parametrize(
    ("part", "content_type"),
    [
        ("", "text/html; charset=utf-8"),
        (f"media/{PLAN}", "image/png"),
        (f"files/{CSV}", "text/csv"),
        ("pdf", "application/pdf"),
        ("pdf/progress", "text/html; charset=utf-8"),
        ("access", "text/html; charset=utf-8"),
    ],
)
def test_what_was_asked_for_is_gone_on_with_after_the_provider(
    shared: Shared, pages: PageClient, part: str, content_type: str
) -> None:
    assert fetch(pages, shared, part).content_type == content_type
    with clock.at(clock.now() + AGE):
        asked = fetch(pages, shared, part)
        assert (asked.status_code, asked.headers["Location"]) == (303, f"/sso/acme/start?next={shared.path}{part}")
        assert prove(pages, pages.get(asked.headers["Location"]), AGE).location == shared.path + part
        resumed = fetch(pages, shared, part)
        assert (resumed.status_code, resumed.content_type) == (200, content_type)


def test_a_picture_within_a_page_leaves_going_to_the_provider_to_the_page(shared: Shared, pages: PageClient) -> None:
    assert fetch(pages, shared, f"media/{PLAN}", Sec_Fetch_Dest="image").status_code == 200
    with clock.at(clock.now() + AGE):
        asked = fetch(pages, shared, f"media/{PLAN}", Sec_Fetch_Dest="image")
        assert (asked.status_code, asked.headers["Location"]) == (303, shared.path)


@pytest.mark.parametrize(
    ("conditions", "button", "fields", "question"),
    [
        ({"password": True}, "Open", {"password": links.PASSWORD}, "Password"),
        (
            {"asks_reason": True, "password": False},
            "Go on",
            {"reason": "Planning the berths"},
            "Say in a few words why you open it.",
        ),
        ({"password": False}, "Open", {}, "Open it when you are ready to read."),
    ],
)
def test_what_was_sent_too_late_counts_for_nothing_and_is_asked_again(
    world: World,
    pages: PageClient,
    group: str,
    conditions: dict[str, Any],
    button: str,
    fields: dict[str, str],
    question: str,
) -> None:
    late = share(world, groups=(group,), **conditions)
    assert question in come(pages, late).text
    with clock.at(clock.now() + AGE):
        pages.submit(button, fields)
        page = pages.follow(status=303)
        assert page.location == f"/sso/acme/start?next={late.path}"
        assert late.row().views == 0
        prove(pages, pages.follow(), AGE)
        assert question in pages.follow().text
        pages.submit(button, fields)
        assert pages.follow().status == 200
