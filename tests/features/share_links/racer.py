"""A second process for races at one link: opens it as many visitors at once, or tries one code many times at once.

Called as `python -m tests.features.share_links.racer DATABASE_URL KEY_FILE PUBLIC_ID FIRST COUNT [session=… | code=…]`, it
prints how many got what there is to get. With a session all visitors are one person at many browsers; with a code all are
one browser.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, select

from app.core import clock, db, models
from app.core.crypto import keyring, ring
from app.features.share_links import queries
from app.features.share_links.gates import codes, opening
from app.features.share_links.gates.opening import Asked, Brought, Opened
from app.features.share_links.models import ShareLink

BROWSER = "b" * 64


def race(numbers: range, attempt: Callable[[int], bool]) -> int:
    """Do the same at once as many, and return how many it went well for."""
    begin, inside = threading.Barrier(len(numbers)), []

    def one(number: int) -> None:
        begin.wait()
        if attempt(number):
            inside.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(inside)


def opens(public_id: str, session_digest: str | None) -> Callable[[int], bool]:
    """Return opening a link as visitor so-and-so."""
    with db.reading() as session:
        proven = session.scalar(select(ShareLink.password_hash).where(ShareLink.public_id == public_id))

    def attempt(number: int) -> bool:
        asked = Asked(public_id, 0, f"{number:064}", session_digest)
        with db.transaction() as session:
            outcome = opening.open_link(session, asked, Brought(proven_hash=proven))
        return isinstance(outcome, Opened) and outcome.spent

    return attempt


def proves(public_id: str, code: str) -> Callable[[int], bool]:
    """Return trying a code at a link."""

    def attempt(_number: int) -> bool:
        with db.reading() as session:
            visit = queries.visit(
                session, public_id, None, browser_digest=BROWSER, session_digest=None, now=clock.now()
            )
        assert visit is not None
        return codes.prove(visit, code, BROWSER).refusal is None

    return attempt


def main(url: str, keys: str, public_id: str, first: str, count: str, more: str = "") -> None:
    """Join the database and race."""
    assert models.__all__
    ring.install(keyring.read(Path(keys)))
    engine = create_engine(url, pool_size=int(count))
    db.prepare(engine)
    db.bind(engine)
    kind, _, value = more.partition("=")
    attempt = proves(public_id, value) if kind == "code" else opens(public_id, value or None)
    print(race(range(int(first), int(first) + int(count)), attempt))


if __name__ == "__main__":
    main(*sys.argv[1:])
