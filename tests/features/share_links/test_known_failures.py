"""The failures of other systems that share links, each shown not to be one here (docs/security/threat-model.md)."""

import ast
import inspect
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import app
from app.core import clock, db, ratelimit
from app.core.accounts import service as accounts
from app.core.accounts.actor import SYSTEM
from app.core.crypto import passwords
from app.core.crypto import tokens as secrets
from app.core.errors import Invalid
from app.core.ratelimit import Limit
from app.core.settings import registry
from app.features.share_links import conditions, service
from app.features.share_links.conditions import Changes
from app.features.share_links.gates import limits, mailed_codes
from app.features.share_links.powers import Powers
from app.features.share_links.settings import ShareLinkSettings
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import PLAN, Shared, opened, share
from tests.pages import PageClient


@pytest.mark.usefixtures("held_clock")
def test_guessing_a_password_is_limited_by_link_whatever_addresses_it_comes_from(
    world: World, pages: PageClient
) -> None:
    # Elsewhere: no limit on the share password, or one per address only.
    shared = share(world)
    visit_limit, link_limit = limits.PASSWORD.per_visitor, limits.PASSWORD.per_link
    assert (visit_limit.count, visit_limit.seconds) == (5, 60)
    assert (link_limit.count, link_limit.seconds) == (600, 3_600)
    with db.transaction() as session:
        # As if 600 addresses had tried once each.
        for _ in range(600):
            ratelimit.take(session, (link_limit, shared.link.public_id))
    stranger = pages.another(address="198.51.100.200")
    stranger.get(shared.path)
    stranger.submit("Open", {"password": links.PASSWORD}, status=429)


@pytest.mark.usefixtures("held_clock")
def test_guessing_at_many_links_is_limited_over_all_of_them_and_touches_no_reader(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Elsewhere: a limit for each link, so that many links are as many allowances.
    monkeypatch.setattr(limits, "PASSWORD", replace(limits.PASSWORD, everywhere=Limit("link-password-all", 3, 60)))
    made = [share(world) for _ in range(4)]
    opened(pages, made[0])
    for number, shared in enumerate(made):
        stranger = pages.another(address=f"198.51.100.{number}")
        stranger.get(shared.path)
        refused = stranger.submit("Open", {"password": "a guess"}, status=403 if number < 3 else 429)
        assert "Retry-After" not in refused.headers
    assert pages.get(made[0].path).status == 200


def addresses(pages: PageClient, shared: Shared, method: str) -> list[str]:
    """Return every address under a link that the application answers, those of later features too."""
    rules = pages.http.application.url_map.iter_rules()
    found = {rule.rule for rule in rules if rule.rule.startswith("/s/<token>/") and method in (rule.methods or ())}
    names = {"token": shared.token, "attachment_id": PLAN, "page_id": "100101"}
    assert len(found) > 5
    return sorted(re.sub(r"<(\w+)>", lambda place: names[place[1]], rule) for rule in found)


def test_expiry_holds_for_every_address_of_a_link_not_only_for_its_page(world: World, pages: PageClient) -> None:
    # Elsewhere: expiry checked in the page but not in the data route.
    shared = share(world, powers=Powers(attachments=True, download=True, pdf=True, watermark=True))
    opened(pages, shared)
    stranger = pages.another()
    sent = dict(stranger.get(shared.path).forms[0].values)
    with clock.at(shared.row().expires_at):
        for address in addresses(pages, shared, "GET"):
            assert stranger.get(address, status=404).heading == "This link does not open anything", address
            assert pages.get(address, status=410).heading == "This page cannot be opened", address
        for address in addresses(pages, shared, "POST"):
            answer = stranger.http.post(address, data=sent, base_url=stranger.base_url)
            assert answer.status_code == 404, address
            assert "This link does not open anything" in answer.text, address
    assert shared.gates()[-1] == "link:opened"


def test_codes_tokens_and_passwords_come_from_the_systems_random_source() -> None:
    # Elsewhere: codes from a non-cryptographic generator.
    drawing = []
    for file in Path(inspect.getfile(app)).parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        if "random" in imported:
            drawing.append(file.name)
    # It names requests in logs, which opens nothing.
    assert drawing == ["context.py"]
    for module, source in (
        (mailed_codes, "secrets.randbelow"),
        (conditions, "secrets.choice"),
        (secrets, "secrets.token_urlsafe"),
    ):
        assert source in inspect.getsource(module), module.__name__


def test_a_password_is_kept_as_a_hash_that_nothing_turns_back(world: World) -> None:
    # Elsewhere: passwords stored reversibly.
    row = share(world).row()
    assert row.password_hash is not None
    assert links.PASSWORD not in repr(vars(row))
    assert "$2b$" in row.password_hash
    assert passwords.verify_password(links.PASSWORD, row.password_hash)
    assert not passwords.verify_password(links.PASSWORD + "x", row.password_hash)


def test_a_link_cannot_be_extended_for_ever(world: World) -> None:
    # Elsewhere: the longest life is counted from the day of each change.
    shared = share(world)
    most = timedelta(days=registry.get(ShareLinkSettings).maximum_days)
    last = shared.row().created_at + most

    def extend(days: int) -> None:
        with db.transaction() as session:
            actor = people.actor_of(session, world.author)
            service.change(session, actor, shared.link.public_id, Changes(expires_at=last + timedelta(days=days)))

    extend(0)
    for later in (timedelta(), most / 2, most - timedelta(minutes=1)):
        with clock.at(shared.row().created_at + later), pytest.raises(Invalid, match="counted from its creation"):
            extend(1)


def test_whoever_reads_a_link_cannot_share_it_on_with_wider_rights(world: World, pages: PageClient) -> None:
    # Elsewhere: a re-share widens rights.
    shared = share(world)
    with db.transaction() as session:
        guest, colleague = people.make_guest(session), people.make_author(session, "Carla Colleague")
    pages.sign_in(guest)
    opened(pages, shared)
    pages.get("/links/new/", status=404)
    pages.get(f"/links/{shared.link.public_id}/edit/", status=404)
    # Neither does somebody inside whom Atlassian does not show the page.
    inside = pages.another()
    inside.sign_in(colleague)
    inside.get(f"/links/new/?url={world.page('100101')}", status=422)
    inside.get(f"/links/{shared.link.public_id}/edit/", status=404)


def test_no_other_address_of_a_link_gives_its_content_before_the_gates(world: World, pages: PageClient) -> None:
    # Elsewhere: content reachable by another route.
    shared = share(world, powers=Powers(attachments=True, download=True, pdf=True, watermark=True))
    reader, stranger = pages.another(), pages.another()
    opened(reader, shared)
    for address in addresses(pages, shared, "GET"):
        answer = stranger.http.get(address, base_url=stranger.base_url)
        if answer.status_code == 303:
            assert answer.location.endswith(shared.path), address
        else:
            # The gate itself, a page below that is asked for by its address, or the form for reports.
            assert (answer.status_code, answer.mimetype) == (200, "text/html"), address
            assert "Berth" not in answer.text, address
            assert "doc-body" not in answer.text, address


def test_content_is_read_in_no_view_but_by_what_asks_the_policy() -> None:
    # Elsewhere: content reachable by another route.
    folder = Path(inspect.getfile(service)).parent
    views = [*folder.rglob("*views.py"), *folder.rglob("*api.py")]
    assert len(views) > 10
    assert [file.name for file in views if "content_of(" in file.read_text(encoding="utf-8")] == []


def test_a_link_does_not_outlive_its_creator(world: World, pages: PageClient) -> None:
    # Elsewhere: links that outlive their creator.
    shared = share(world)
    opened(pages, shared)
    with db.transaction() as session:
        person = session.merge(world.author)
        accounts.deactivate(session, SYSTEM, person)
    assert "no longer works here" in pages.get(shared.path, status=410).text
    assert pages.another().get(shared.path, status=404).heading == "This link does not open anything"
