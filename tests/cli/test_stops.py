"""`portico stop` and `portico resume`: what is named is shut for every process, told and undone."""

import re

import pytest
from sqlalchemy import select

from app.core import clock, db
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.connections.models import Connection
from app.core.mail.models import OutgoingMail
from app.core.settings import registry
from app.core.text import Text
from app.features.share_links import policy, queries, tokens
from app.features.share_links.models import Grant, ShareLink
from app.features.share_links.policy import Closed, ClosedBecause, Step, VisitorFacts
from app.features.share_links.settings import ShareLinkSettings
from tests.cli.conftest import Installation, bound
from tests.cli.test_keys import set_up
from tests.factories import links, people

PAGE = "https://acme.atlassian.net/wiki/spaces/OPS/pages/100101/Title"


@pytest.fixture
def link(installation: Installation) -> ShareLink:
    set_up(installation)
    # Links are made by a portal, which knows their settings; the command does without.
    registry.register("share_links", Text("Share links"), ShareLinkSettings)
    with bound(), db.transaction() as session:
        made = links.make_link(session, people.make_author(session, "Ines Duarte"))
        links.make_grant(session, made)
        return made


def step(link: ShareLink) -> Step:
    """Ask as a portal does that knows nothing of the command."""
    now = clock.now()
    with bound(), db.reading() as session:
        visit = queries.visit(session, link.public_id, None, browser_digest="a" * 64, session_digest=None, now=now)
    assert visit is not None
    return policy.next_step(visit.link, VisitorFacts(grant=visit.visitor.grant), now)


def stopped(said: str) -> str:
    """Return the id that undoes what was done."""
    found = re.search(r"`portico resume (\S+)` undoes it", said)
    assert found is not None, said
    return found.group(1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("everything",), "every link"),
        (("person", "ines.duarte@example.com"), "all links of Ines Duarte"),
        (("connection", "{connection}"), "all links into {connection}"),
        (("space", "ops", "--connection", "{connection}"), "all links into OPS ({connection})"),
        (("page", PAGE), "all links to Berth and crane plan, week 48"),
        (("link", "{link}"), "the link “For Northwind”"),
        (("link", "http://localhost:8000/s/{token}/"), "the link “For Northwind”"),
    ],
)
def test_what_is_named_is_shut_at_the_next_request_and_goes_on_without_its_grants(
    installation: Installation, link: ShareLink, words: tuple[str, ...], told: str
) -> None:
    with bound(), db.reading() as session:
        connection = session.scalars(select(Connection.name)).one()
        token = tokens.make(link.public_id, link.generation)
    known = {"connection": connection, "link": link.public_id, "token": token}
    said = installation.done("stop", *(one.format(**known) for one in words), "--reason", "A leak")
    assert said.startswith(f"Stopped {told.format(**known)}: 1 links, 1 readers.")
    assert step(link) == Closed(ClosedBecause.STOPPED)
    halt = stopped(said)
    assert told.format(**known) in installation.done("resume")
    assert "Goes on" in installation.done("resume", halt)
    assert installation.done("resume") == ""
    assert not isinstance(step(link), Closed | policy.Serve)
    with bound(), db.reading() as session:
        assert session.scalars(select(Grant.ended_at)).one() is not None


def test_it_is_recorded_as_done_by_the_command_and_administrators_get_mail(
    installation: Installation, link: ShareLink
) -> None:
    halt = stopped(installation.done("stop", "everything", "--reason", "A leak"))
    assert stopped(installation.done("stop", "everything")) == halt
    installation.done("resume", halt)
    with bound(), db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "sharing")).all()
        personal = session.get_one(AuditPersonal, entries[0].id).values
        mails = session.execute(select(OutgoingMail.recipient, OutgoingMail.subject).order_by(OutgoingMail.id)).all()
        administrator = session.scalars(select(Person.email).where(Person.display_name == "Ada")).one()
    assert [(one.event.rpartition(":")[2], one.source, one.actor_kind) for one in entries] == [
        ("stopped", "command", "system"),
        ("resumed", "command", "system"),
    ]
    assert personal["reason"] == "A leak"
    assert [tuple(one) for one in mails] == [
        (administrator, "Emergency stop: every link"),
        (administrator, "Sharing goes on: every link"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("stop", "link", "nothing"),
        ("stop", "person", "nobody@example.com"),
        ("stop", "space", "OPS"),
        ("stop", "page", "https://acme.atlassian.net/wiki/spaces/OPS/pages/9/Title"),
        ("stop", "link"),
        ("stop", "planet"),
        ("resume", "nothing"),
    ],
)
def test_what_is_not_known_stops_nothing_and_says_so(
    installation: Installation, link: ShareLink, words: tuple[str, ...]
) -> None:
    result = installation.run(*words)
    assert result.exit_code != 0
    assert str(result.exception) or result.output
    assert not isinstance(step(link), Closed)
