"""What is looked for in what a link shows: real formats, their near misses, bounds; and what is done where it is found."""

import time
from typing import Any

import pytest
from sqlalchemy import select

from app.core import db
from app.core.audit.models import AuditEntry
from app.features.share_links import service
from app.features.share_links.conditions import Conditions
from app.features.share_links.models import LinkApproval, OwnerNotice, ShareLink
from app.features.share_links.proof import RefusedToShare
from app.features.share_links.rules import approving, content_check, content_guard
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.content_check import Finding, Scan
from app.features.share_links.rules.patterns import OwnPattern
from app.features.share_links.rules.ruling import EVERYWHERE
from tests.factories import connections, links, people


def joined(*parts: str) -> str:
    # Written in parts, so that nothing that looks for secrets in sources finds these made ones.
    return "".join(parts)


AWS = joined("AKIA", "Q3EGYR4TW5ZL7XMN")
GITHUB = joined("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789")
FOUND = Scan((Finding("AWS Access Key", "Keys", "AK…MN"),))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (AWS, "AWS Access Key"),
        (GITHUB, "GitHub Token"),
        (joined("-----BEGIN ", "RSA PRIVATE KEY-----"), "Private Key"),
        (joined("https://deploy:", "s3cretW0rd@host.example/x"), "Basic Auth Credentials"),
        (joined("sk_live_", "abcdefghijklmnopqrstuvwx"), "Stripe Access Key"),
        ("4111 1111 1111 1111", content_check.CARD),
        ("Pay 5500-0055-5555-5559 now", content_check.CARD),
        ("1,4111111111111111,2", content_check.CARD),
        ("378282246310005", content_check.CARD),
        ("DE89 3704 0044 0532 0130 00", content_check.ACCOUNT),
        ("to GB29NWBK60161331926819, please", content_check.ACCOUNT),
        ("DE89 3704 0044 0532 0130 00 BANK OF NOWHERE", content_check.ACCOUNT),
    ],
)
def test_each_format_is_found_and_told_in_a_few_characters(text: str, kind: str) -> None:
    found = content_check.scan([("Section", text)]).findings
    assert [one.kind for one in found] == [kind]
    assert found[0].place == "Section"
    assert len(found[0].masked) <= 5


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # the check digit is wrong
        "1234 5678 9012 3456",  # no issuer begins like this
        "A4111111111111111",  # part of a longer name
        "DE88 3704 0044 0532 0130 00",  # the check digits are wrong
        "ZZ89 3704 0044 0532 0130 00",  # no such country
        "Version 1.2.3 of 2026-11-25, ticket HARB-1234, sha256:" + "ab" * 32,
        "The password is changed every week; ask the key keeper for a token.",
        "4444 4444 4444 4444",
        "0.4111111111111111",  # the digits of a fraction
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert content_check.scan([("", text)]).clean


def test_a_finding_names_the_heading_it_stands_below_and_code_in_parts_is_read_as_one() -> None:
    html = f"<p>Hello</p><h2>Keys <em>of ours</em></h2><pre><span>{AWS[:7]}</span><span>{AWS[7:]}</span></pre>"
    assert [(one.place, one.masked) for one in content_check.of_html(html).findings] == [("Keys of ours", "AK…MN")]


def test_addresses_of_links_are_looked_through() -> None:
    html = f'<p>See <a href="https://x.example/?key={AWS}">this</a></p>'
    assert [one.kind for one in content_check.of_html(html).findings] == ["AWS Access Key"]


def test_own_patterns_are_found_by_their_name() -> None:
    own = [OwnPattern("Project code", "PX-[0-9]{5}")]
    assert [one.kind for one in content_check.scan([("", "see PX-12345")], own).findings] == ["Project code"]
    assert content_check.scan([("", "see PX-1234")], own).clean


def test_an_evil_pattern_is_stopped_and_what_it_left_counts_as_not_looked_through() -> None:
    began = time.process_time()
    found = content_check.scan([("", "a" * 1_999 + "!")], [OwnPattern("evil", "(a|aa)+$")])
    assert not found.finished
    assert not found.clean
    assert time.process_time() - began < 3


def test_more_than_may_be_looked_through_is_said_to_be_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_check, "MOST_CHARACTERS", 100)
    assert not content_check.scan([("", "harmless")] * 20).finished
    assert content_check.scan([("", "harmless")] * 5).finished


class Office:
    def __init__(self) -> None:
        with db.transaction() as session:
            self.author = people.make_author(session)
            self.ada = people.make_administrator(session, "Ada Admin")
            self.connection = connections.make_connection(session)

    def mode(self, mode: str) -> None:
        with db.transaction() as session:
            rule_changes.change(session, people.actor_of(session, self.ada), EVERYWHERE, {"content_check": mode})

    def create(self, scan: Scan) -> service.Created | service.NotShared:
        with db.transaction() as session:
            facts = links.share_facts(session, self.author, self.connection)
            conditions = Conditions(password=links.hashed_password())
            return service.create(session, people.actor_of(session, self.author), facts, conditions, scan)

    def paused(self, made: Any) -> str | None:
        with db.reading() as session:
            return session.scalar(select(ShareLink.paused_reason).where(ShareLink.public_id == made.public_id))


@pytest.fixture
def office(app: object) -> Office:
    return Office()


@pytest.mark.parametrize(
    ("mode", "scan", "outcome"),
    [
        ("off", FOUND, None),
        ("warn", FOUND, None),
        ("approve", FOUND, "approval"),
        ("approve", content_check.NOT_LOOKED, "approval"),
        ("approve", Scan(()), None),
        ("refuse", Scan(()), None),
        ("refuse", FOUND, "refused"),
        ("refuse", content_check.NOT_LOOKED, "refused"),
    ],
)
def test_the_rules_say_what_becomes_of_a_link_in_which_something_was_found(
    office: Office, mode: str, scan: Scan, outcome: str | None
) -> None:
    office.mode(mode)
    made = office.create(scan)
    if outcome == "refused":
        assert isinstance(made, service.NotShared)
        assert made.reason is RefusedToShare.CONTENT
    else:
        assert isinstance(made, service.Created)
        assert office.paused(made) == outcome


def test_a_later_version_is_looked_through_and_pauses_the_link_where_the_rules_refuse_it(office: Office) -> None:
    office.mode("refuse")
    made = office.create(Scan(()))
    with db.reading() as session:
        link = session.scalars(select(ShareLink)).one()
    assert content_guard.permits(link.id, "<p>Harmless</p>")
    assert office.paused(made) is None
    assert not content_guard.permits(link.id, f"<p>{AWS}</p>")
    assert office.paused(made) == "content"


def test_what_a_second_person_agreed_to_is_shown_and_anything_else_waits_again(office: Office) -> None:
    office.mode("approve")
    made = office.create(Scan(()))
    with db.reading() as session:
        link = session.scalars(select(ShareLink)).one()
    assert not content_guard.permits(link.id, f"<p>{AWS}</p>")
    assert office.paused(made) == "approval"
    with db.transaction() as session:
        request = session.scalars(select(LinkApproval.id).order_by(LinkApproval.id.desc())).first()
        approving.approve(session, people.actor_of(session, office.ada), request or 0)
    assert content_guard.permits(link.id, f"<p>Another text, the same key: {AWS}</p>")
    assert not content_guard.permits(link.id, f"<p>{AWS} and {GITHUB}</p>")


def test_where_rules_only_warn_the_owner_is_told_once_of_what_a_later_version_holds(office: Office) -> None:
    office.mode("warn")
    made = office.create(FOUND)
    with db.reading() as session:
        link = session.scalars(select(ShareLink)).one()

    def told() -> list[str]:
        with db.reading() as session:
            return list(session.scalars(select(OwnerNotice.code)))

    # The version that it was made for: its creator saw what was found.
    assert content_guard.permits(link.id, f"<p>{AWS}</p>")
    assert told() == []
    with db.transaction() as session:
        session.get_one(ShareLink, link.id).page_changed = True
    for html in (f"<p>{AWS}</p>", f"<p>Another text: {AWS}</p>", "<p>Harmless</p>"):
        assert content_guard.permits(link.id, html)
    assert told() == ["content_found"]
    assert content_guard.permits(link.id, f"<p>{AWS} and {GITHUB}</p>")
    assert told() == ["content_found"] * 2
    assert office.paused(made) is None


def test_nothing_of_what_was_found_is_stored_or_recorded_in_plain(office: Office) -> None:
    office.mode("approve")
    office.create(content_check.of_html(f"<h2>Keys</h2><p>{AWS}</p>"))
    with db.reading() as session:
        stored = [str(one) for one in session.scalars(select(LinkApproval.findings))]
        recorded = [str(one) for one in session.scalars(select(AuditEntry.details))]
    assert any("AK…MN" in one for one in stored)
    assert not any(AWS in one for one in [*stored, *recorded])
