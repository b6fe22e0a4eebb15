"""A second process for races with one SAML response: brings it as often at once as it is told.

Called as `python -m tests.features.sso.racer DATABASE_URL KEY_FILE ANSWER_FILE COUNT`, it prints how often it was taken.
"""

import sys
from pathlib import Path

from sqlalchemy import create_engine

from app.core import db, models
from app.core.crypto import keyring, ring
from app.features.sso import arrival, begin
from app.features.sso.arrival import Deposited
from tests.features.share_links.racer import race
from tests.features.sso import acme


def main(url: str, keys: str, answer: str, count: str) -> None:
    """Join the database and race."""
    assert models.__all__
    ring.install(keyring.read(Path(keys)))
    engine = create_engine(url, pool_size=int(count))
    db.prepare(engine)
    db.bind(engine)
    with db.reading() as session:
        connection = begin.connection(session, "acme")
    assert connection is not None
    encoded = Path(answer).read_text()

    def bring(_number: int) -> bool:
        outcome = arrival.read(connection, acme.BASE, encoded)
        with db.transaction() as session:
            return isinstance(arrival.accept(session, connection, outcome), Deposited)

    print(race(range(int(count)), bring))


if __name__ == "__main__":
    main(*sys.argv[1:])
