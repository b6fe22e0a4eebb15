"""What the portal is measured with: the demonstration's people and connections, and links in every state.

Run as a program of its own beside the portal (`python -m bench.content SITE_URL`), it prints the tokens as JSON.
"""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta

from app.cli.demo_content import AUTHOR, LINK_PASSWORD, fill
from app.core import clock, db
from app.core.accounts import queries
from app.core.accounts.actor import Actor
from app.core.config import load
from app.core.crypto import tokens as secrets
from app.features.share_links import gather, service, tokens
from app.features.share_links.conditions import Conditions
from app.features.share_links.models import ShareLink
from app.features.share_links.powers import Powers

PASSWORD = LINK_PASSWORD
#: How many links there are to try wrong passwords on: each round of the flood takes a new one.
FLOODED = 24
#: The longest page of the simulated site.
PAGE = "100101/Berth-plan"


@dataclass(frozen=True)
class Tokens:
    """Tokens of links by what they are for."""

    #: Read through a live grant.
    read: str
    #: Flooded with wrong passwords.
    flooded: list[str]
    #: Closed to strangers, by state.
    closed: dict[str, str]


def main(site_url: str) -> None:
    config = load()
    # Nobody signs in through a provider here.
    fill(config, site_url, "http://127.0.0.1:1")
    with db.reading() as session:
        person = queries.person_by_email(session, AUTHOR.email)
        assert person is not None
        author = queries.actor_for(session, person)
    maker = _Maker(author, f"{site_url}/wiki/spaces/OPS/pages/{PAGE}")
    made = Tokens(
        read=_token(maker.link()), flooded=[_token(maker.link()) for _ in range(FLOODED)], closed=_closed(maker)
    )
    print(json.dumps(asdict(made)))


class _Maker:
    """Makes links to one page for one author; the password is hashed once."""

    def __init__(self, author: Actor, url: str) -> None:
        self.author = author
        self._url = url
        self._password = gather.new_password(PASSWORD, generate=False)

    def link(self, *, max_views: int | None = None) -> service.Created:
        facts = gather.share(self.author, self._url)
        powers = Powers(attachments=True, download=True)
        conditions = Conditions(password=self._password, max_views=max_views, powers=powers)
        with db.transaction() as session:
            made = service.create(session, self.author, facts, conditions)
        if isinstance(made, service.NotShared):
            raise RuntimeError(f"{self._url} could not be shared: {made.reason}")
        return made


def _closed(maker: _Maker) -> dict[str, str]:
    """Return one token for each reason that strangers are never told."""
    revoked, paused, used_up = maker.link(), maker.link(), maker.link(max_views=1)
    with clock.at(clock.now() - timedelta(days=15)):
        expired = maker.link()
    with db.transaction() as session:
        service.revoke(session, maker.author, revoked.public_id)
        service.pause(session, maker.author, paused.public_id)
        session.query(ShareLink).filter_by(public_id=used_up.public_id).update({"views": 1})
    return {
        "unknown": tokens.make(secrets.new_public_id(), 0),
        "expired": _token(expired),
        "revoked": _token(revoked),
        "paused": _token(paused),
        "used up": _token(used_up),
    }


def _token(made: service.Created) -> str:
    return tokens.make(made.public_id, made.generation)


if __name__ == "__main__":
    main(sys.argv[1])
