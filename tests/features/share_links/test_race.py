"""Visitors of two processes race for the last views: exactly as many as there are get in."""

import sys
from pathlib import Path

from app.core import db
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing
from tests import processes
from tests.factories import links, people
from tests.features.share_links.readers import Shared

VISITORS, VIEWS = 50, 10


def test_fifty_visitors_through_two_processes_get_the_last_ten_views(
    app: object, database_url: str, key_ring: KeyRing, tmp_path: Path
) -> None:
    with db.transaction() as session:
        shared = Shared(links.make_link(session, people.make_author(session), max_views=VIEWS), "")
    keyring.write(tmp_path / "keys.json", key_ring)
    each = VISITORS // 2
    logs = [tmp_path / f"{number}.log" for number in range(2)]
    racers = [
        processes.start(
            [
                sys.executable,
                "-m",
                "tests.features.share_links.racer",
                database_url,
                tmp_path / "keys.json",
                shared.link.public_id,
                str(number * each),
                str(each),
            ],
            log=log,
        )
        for number, log in enumerate(logs)
    ]
    assert [racer.wait(60) for racer in racers] == [0, 0], [log.read_text() for log in logs]
    assert sum(int(log.read_text()) for log in logs) == VIEWS
    assert shared.row().views == VIEWS
    opened = [details["view"] for name, details in shared.events() if name == "link:opened"]
    assert sorted(opened) == list(range(1, VIEWS + 1))
