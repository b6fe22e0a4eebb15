"""What programs ask the interface about: a link that is open, one that waits, and what belongs to them."""

from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from app.core.accounts.api_tokens import Scope
from app.core.accounts.models import Person
from app.core.config import Config
from app.core.db import transaction
from app.core.mail import delivery
from app.features.share_links.guests import invitations
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life import bulk, halt_targets, halting
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.life.halts import HaltKind, HaltScope
from app.features.share_links.lists import saved_filters
from app.features.share_links.models import LinkApproval, ShareLink
from app.features.share_links.rules import approving
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from tests.factories import links, people
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import share
from tests.features.share_links.test_api import Program, program


@dataclass
class Situation:
    """What there is to ask about, and who asks."""

    app: Flask
    world: World
    author: Person
    administrator: Person
    colleague: Person
    #: Waits for nothing.
    link: ShareLink
    invitation: str
    #: Of another link, which waits for approval.
    request: int
    waiting: ShareLink
    run: str
    stop: str
    saved: str

    def program(self, who: str, *scopes: str) -> Program:
        """Return a client of one of the people; without scopes it has all of them."""
        return program(self.app, getattr(self, who), *(scopes or tuple(Scope)))


def made(app: Flask, world: World, config: Config) -> Situation:
    """Make the situation in a world that is there."""
    delivery.configure(config)
    with transaction() as db:
        administrator = people.make_administrator(db, "Ada Admin")
        colleague = people.make_author(db, "Bo Berg")
    world.connect(colleague, "ines")
    shared = share(world, name="For Northwind")
    with transaction() as db:
        ada = people.actor_of(db, administrator)
        rule_changes.change(db, ada, Place(world.confluence.id, "DOCS"), {"approval": True})
        waiting = links.make_link(db, world.author, world.confluence, found=links.page_facts("9", container="DOCS"))
        ines = people.actor_of(db, world.author)
        invitations.invite(db, ines, shared.link.public_id, ["anna@example.org"])
        saved = saved_filters.save(db, ines, name="Mine", everybodys=False, query={"q": "north"})
        run = bulk.plan(db, ines, Order(BulkAction.PAUSE), [shared.link.public_id])
        target = halt_targets.by_link(db, HaltScope.CONNECTION, shared.link.public_id)
        halt = halting.begin(db, ada, HaltKind.OFF, target)
        db.flush()
        halting.lift(db, ada, halt.public_id)
        row = halting.begin(db, ada, HaltKind.STOP, halt_targets.by_link(db, HaltScope.OBJECT, waiting.public_id))
        return Situation(
            app=app,
            world=world,
            author=world.author,
            administrator=administrator,
            colleague=colleague,
            link=shared.link,
            invitation=db.scalars(select(Invitation.public_id)).one(),
            request=db.scalars(select(LinkApproval.id)).one(),
            waiting=waiting,
            run=run,
            stop=row.public_id,
            saved=saved.public_id,
        )


def decline(now: Situation) -> None:
    """Let the administrator decline what waits."""
    with transaction() as db:
        approving.decline(db, people.actor_of(db, now.administrator), now.request, "Too much in it")
