"""The storm's own check notices what it is there for; with nothing wrong it says nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.mail import delivery
from app.core.text import Text
from app.features.share_links.life_models import BulkRun
from app.features.share_links.models import Grant, ShareLink
from tests.factories import links, people
from tests.reliability import invariants
from tests.reliability.storm import Link

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def known() -> Link:
    """A link that was acknowledged, and nothing done to it."""
    with db.transaction() as session:
        row = links.make_link(session, people.make_author(session), max_views=1)
        return Link(row.public_id, "", row.name, row.expires_at.isoformat(), 1, None)


def change(**values: object) -> Callable[[Session, ShareLink], None]:
    """Return what changes the link's row behind everybody's back."""

    def do(_session: Session, row: ShareLink) -> None:
        for name, value in values.items():
            setattr(row, name, value)

    return do


def grant(session: Session, row: ShareLink) -> None:
    """Give a grant that no opening made."""
    now = clock.now()
    given = Grant(link_id=row.id, browser_digest="0" * 64, conditions_version=1, created_at=now, ends_at=now)
    session.add(given)


def send(session: Session, _row: ShareLink) -> None:
    """Write a message that nobody sends."""
    delivery.send(session, to="a@example.com", subject=Text("Hello"), body=Text("Hello."))


def begin(session: Session, row: ShareLink) -> None:
    """Leave work on many links undone."""
    now = clock.now()
    run = BulkRun(public_id="r", person_id=row.created_by_id, action="pause", total=1, made_at=now, confirmed_at=now)
    session.add(run)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (change(views=2), "was opened 2 times, and may be 1 times"),
        (change(views=1), "1 views, 0 recorded, 0 grants"),
        (change(views=1), "1 views, 0 acknowledged, 0 without an answer"),
        (grant, "0 views, 0 recorded, 1 grants"),
        (change(name="Another"), "is called Another"),
        (change(paused_at=clock.now()), "is not active"),
        (change(revoked_at=clock.now()), "is not active"),
        (change(expires_at=clock.now()), "was to end"),
        (send, "1 messages were written, 0 are in the folder"),
        (send, "not all jobs are done"),
        (begin, "of the work r 0 of 1 links are done"),
    ],
)
def test_what_is_wrong_is_noticed(
    known: Link, tmp_path: Path, fault: Callable[[Session, ShareLink], None], words: str
) -> None:
    with db.transaction() as session:
        assert list(invariants.broken(session, [known], [], tmp_path)) == []
        fault(session, session.scalars(select(ShareLink)).one())
        session.flush()
        assert any(words in sentence for sentence in invariants.broken(session, [known], [], tmp_path))


def test_what_is_missing_is_noticed(known: Link, tmp_path: Path) -> None:
    lost = replace(known, public_id="lost")
    with db.reading() as session:
        found = list(invariants.broken(session, [known, lost], ["r"], tmp_path))
    assert found == ["the acknowledged link lost is gone", "the acknowledged work r is gone"]
