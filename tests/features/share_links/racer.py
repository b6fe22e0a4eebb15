"""A second process for races: opens one link as many visitors at once, and prints how many were let in.

Called as `python -m tests.features.share_links.racer DATABASE_URL KEY_FILE PUBLIC_ID FIRST COUNT`.
"""

import sys
import threading
from pathlib import Path

from sqlalchemy import create_engine, select

from app.core import db, models
from app.core.crypto import keyring, ring
from app.features.share_links import opening
from app.features.share_links.models import ShareLink
from app.features.share_links.opening import Asked, Brought, Opened


def race(public_id: str, first: int, count: int) -> int:
    """Open a link as `count` visitors and return how many spent a view."""
    with db.reading() as session:
        proven = session.scalar(select(ShareLink.password_hash).where(ShareLink.public_id == public_id))
    begin, inside = threading.Barrier(count), []

    def visit(number: int) -> None:
        begin.wait()
        with db.transaction() as session:
            outcome = opening.open_link(
                session, Asked(public_id, 0, f"{number:064}", None), Brought(proven_hash=proven)
            )
        if outcome == Opened(spent=True):
            inside.append(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(first, first + count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(inside)


def main(url: str, keys: str, public_id: str, first: str, count: str) -> None:
    """Join the database and race."""
    assert models.__all__
    ring.install(keyring.read(Path(keys)))
    engine = create_engine(url, pool_size=int(count))
    db.prepare(engine)
    db.bind(engine)
    print(race(public_id, int(first), int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
