"""The same life with everybody who has a say in it: Atlassian, rules, a second person, colleagues and the invited.

What Atlassian says changes behind Portico's back and is noticed by the check that a visit makes, at most a minute late: so
the machine keeps both what is so and what was seen. The checks are the product's own; only Atlassian's answers are made up.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from app.core import db
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.connections.clients import Site
from app.core.connections.models import Connection
from app.core.crypto import tokens as secrets
from app.core.errors import Conflict, Invalid
from app.features.share_links import objects, proof, queries, service
from app.features.share_links.conditions import Changes
from app.features.share_links.gather import ShareFacts
from app.features.share_links.guests import invitations
from app.features.share_links.guests.models import Invitation
from app.features.share_links.life import transferring
from app.features.share_links.models import LinkApproval, SharedObject
from app.features.share_links.objects import ObjectFacts
from app.features.share_links.proof import Proof, Proven, RefusedToShare
from app.features.share_links.reading import freshness
from app.features.share_links.rules import approving
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules.ruling import Place
from app.integrations.atlassian.addresses import Address
from tests.conftest import NOW
from tests.factories import links, people
from tests.features.share_links.test_life_of_a_link import (
    BEGINNINGS,
    BROWSERS,
    EVERY_BROWSER,
    EVERY_PLACE,
    MOSTLY,
    PLACES,
    RARELY,
    LifeOfALink,
)

ANNA = "anna@example.org"
BLOCKED = "example.org"
A_MINUTE = timedelta(seconds=60)
#: How often what was done: a run that hardly does some of it would show nothing.
DONE: Counter[str] = Counter()


class LifeAmongOthers(LifeOfALink):
    """One link, two who may own it, somebody who approves, rules of its space, and somebody who was invited."""

    administrator: ClassVar[Person]

    def make(self) -> None:
        self.patched = ExitStack()
        self.patched.enter_context(mock.patch.object(objects, "look", self._look))
        self.patched.enter_context(mock.patch.object(proof, "prove_again", self._prove_again))
        self.page_id, self.space = secrets.new_public_id(), secrets.new_public_id().replace("-", "x").replace("_", "x")
        self.labelled, self.digest, self.status = False, "", "current"
        super().make()
        with db.transaction() as session:
            other = people.make_author(session, f"Colleague {secrets.new_public_id()}")
            self.colleague = people.actor_of(session, other)
            self.connection: Connection = session.scalars(
                select(Connection)
                .join(SharedObject, SharedObject.connection_id == Connection.id)
                .where(SharedObject.object_id == self.page_id)
            ).one()
        self.sees = {self.owner.person_id, self.colleague.person_id}
        #: Who was asked about when.
        self.asked_at: dict[int | None, datetime] = {self.owner.person_id: self.now}
        self.seen_at, self.seen_digest, self.link_digest = self.now, "", ""
        self.closed = self.approval = self.blocked = self.requested = False
        #: What it was paused for when approval was asked for.
        self.before: str | None = None
        self.own_link: str | None = None

    def teardown(self) -> None:
        if hasattr(self, "patched"):
            self.patched.close()
        super().teardown()

    @property
    def ended(self) -> bool:
        return self.revoked or self.closed

    def page(self) -> ObjectFacts:
        labels = ("no-share",) if self.labelled else ()
        return links.page_facts(
            self.page_id,
            container=self.space,
            labels=labels,
            restriction_digest=self.digest,
            status=self.status,
        )

    def _look(self, *_: object) -> ObjectFacts:
        return self.page()

    def _prove_again(self, actor: Actor, _site: Site, _address: Address) -> Proven | RefusedToShare:
        return Proven(Proof.OWN_TOKEN) if actor.person_id in self.sees else RefusedToShare.NOT_VISIBLE

    def proven(self, who: Actor) -> ShareFacts:
        """Return what gathering would find out for somebody now."""
        with db.reading() as session:
            person = session.get_one(Person, who.person_id)
            facts = links.share_facts(session, person, session.merge(self.connection), self.page())
        if who.person_id in self.sees and self.status == "current":
            return facts
        return replace(facts, object=None, proof=None, refusal=RefusedToShare.NOT_VISIBLE)

    @initialize(approval=st.booleans(), invited=MOSTLY, **BEGINNINGS)
    def begin(self, approval: bool, invited: bool, **first: Any) -> None:
        super().begin(**first)
        if invited:
            self.invite()
        self.want_approval(approval)

    # --- Atlassian: what changes there is seen by a visit a minute later, or by a later one --------------------------

    @rule(labelled=st.booleans(), seen=MOSTLY)
    def label(self, labelled: bool, seen: bool) -> None:
        self.labelled = labelled
        self.a_minute_passes(seen)

    @rule(digest=st.sampled_from(["", "", "a" * 64]), seen=MOSTLY)
    def restrict(self, digest: str, seen: bool) -> None:
        self.digest = digest
        self.a_minute_passes(seen)

    @rule(who=st.sampled_from(["owner", "owner", "colleague"]), sees=st.booleans(), seen=MOSTLY)
    def give_or_take_access(self, who: str, sees: bool, seen: bool) -> None:
        person_id = getattr(self, who).person_id
        (self.sees.add if sees else self.sees.discard)(person_id)
        self.a_minute_passes(seen)

    @rule(sure=RARELY, seen=MOSTLY)
    def trash(self, sure: bool, seen: bool) -> None:
        if sure:
            self.status = "trashed"
            self.a_minute_passes(seen)

    @rule(seen=st.booleans())
    def a_minute_passes(self, seen: bool) -> None:
        if seen:
            self.tick(timedelta(seconds=61))
            self.everybody_visits(EVERY_PLACE[0])

    def check(self) -> None:
        """Do what a visit does before anything is shown, and keep what it has to come to."""
        with db.reading() as session:
            row = session.scalars(select(SharedObject.id).where(SharedObject.object_id == self.page_id)).one()
            target = queries.object_row(session, row)
        freshness.ensure(target)
        if self.now - self.seen_at <= A_MINUTE:
            return
        if self.status != "current":
            if not self.ended:
                DONE["closed"] += 1
                self.grants.clear()
                self.closed = True
            return
        mine = self.owner.person_id
        due = self.why is None and not self.ended and self.now < self.expires_at
        due = due and self.asked_at[mine] < self.now - A_MINUTE
        if due and mine in self.sees:
            self.asked_at[mine] = self.now
        self.seen_at, self.seen_digest = self.now, self.digest
        if self.digest != self.link_digest:
            self.paused_for("restriction_changed")
        if self.labelled:
            self.paused_for("no_share_label")
        if due and mine not in self.sees:
            self.paused_for("right_lost")

    def paused_for(self, why: str) -> None:
        if self.why is None and not self.ended:
            DONE[f"paused: {why}"] += 1
            self.why = why
            self.grants.clear()

    # --- rules and approval ----------------------------------------------------------------------------------------

    @rule(approval=st.booleans())
    def want_approval(self, approval: bool) -> None:
        self.ruled(approval=approval or None)
        self.approval = approval

    @rule(blocked=RARELY)
    def block_a_domain(self, blocked: bool) -> None:
        self.ruled(blocked_domains=BLOCKED if blocked else None)
        self.blocked = blocked

    def ruled(self, **values: Any) -> None:
        with db.transaction() as session:
            actor = people.actor_of(session, self.administrator)
            rule_changes.change(session, actor, Place(self.connection.id, self.space), values)

    def changed(self, differs: bool, stricter: bool, looser: bool, **changes: Any) -> bool:
        after = changes.get("recipients", self.recipients)
        if self.blocked and any(one.endswith(BLOCKED) for one in after):
            DONE["refused by a rule"] += 1
            with pytest.raises(Invalid), db.transaction() as session:
                service.change(session, self.owner, self.public_id, Changes(**changes))
            return False
        super().changed(differs, stricter, looser, **changes)
        if differs and (self.why == "approval" or (looser and self.approval)):
            DONE["approval asked for"] += 1
            if self.why != "approval":
                self.before = self.why
            self.why, self.requested = "approval", True
            self.grants.clear()
        return True

    @precondition(lambda self: not self.ended and self.why == "approval")
    @rule(approves=MOSTLY)
    def decide(self, approves: bool) -> None:
        query = select(LinkApproval.id).where(LinkApproval.link_id == self.id).order_by(LinkApproval.id.desc())
        decide = approving.approve if approves else approving.decline
        with db.transaction() as session:
            actor, newest = people.actor_of(session, self.administrator), session.scalars(query).first() or 0
            if not self.requested:
                with pytest.raises(Conflict):
                    decide(session, actor, newest, "Because")
                return
            decide(session, actor, newest, "Because")
        self.requested = False
        if not approves:
            return
        DONE["approved"] += 1
        self.check_soon()
        self.why = "restriction_changed" if self.seen_digest != self.link_digest else self.before

    @precondition(lambda self: not self.ended and self.why == "approval" and not self.requested)
    @rule()
    def ask_again(self) -> None:
        with db.transaction() as session:
            approving.ask_again(session, self.owner, self.public_id)
        self.requested = True

    def check_soon(self) -> None:
        self.seen_at = min(self.seen_at, self.now - timedelta(seconds=61))

    # --- owners ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.ended and self.why is not None)
    @rule()
    def resume(self) -> None:
        if self.why == "approval":
            with pytest.raises(Conflict), db.transaction() as session:
                service.resume(session, self.owner, self.public_id, self.proven(self.owner))
            return
        needed = self.why != "owner" or self.seen_digest != self.link_digest
        facts = self.proven(self.owner)
        with db.transaction() as session:
            refused = service.resume(session, self.owner, self.public_id, facts)
        cannot = needed and (facts.object is None or self.labelled)
        assert (refused is not None) == cannot, (refused, self.why)
        if cannot:
            return
        DONE[f"resumed after {self.why}"] += 1
        if needed:
            self.link_digest, self.asked_at[self.owner.person_id] = self.digest, self.now
        self.check_soon()
        self.why = None

    @precondition(lambda self: not self.ended and not self.halts)
    @rule()
    def hand_on(self) -> None:
        facts = self.proven(self.colleague)
        with db.transaction() as session:
            refused = transferring.transfer(session, self.owner, self.public_id, facts)
        assert (refused is not None) == (facts.object is None or self.labelled)
        if refused is None:
            DONE["handed on"] += 1
            self.owner, self.colleague = self.colleague, self.owner
            self.link_digest, self.asked_at[self.owner.person_id] = self.digest, self.now
            self.asked_at.setdefault(self.colleague.person_id, NOW)

    # --- somebody who was invited ----------------------------------------------------------------------------------

    @precondition(
        lambda self: not self.ended and self.own_link is None and not self.blocked and self.now < self.expires_at
    )
    @rule()
    def invite(self) -> None:
        with db.transaction() as session:
            invitations.invite(session, self.owner, self.public_id, [ANNA])
            query = select(Invitation.public_id).where(Invitation.link_id == self.id).order_by(Invitation.id.desc())
            self.own_link = session.scalars(query).first()

    @precondition(lambda self: self.own_link is not None)
    @rule(sure=RARELY)
    def withdraw(self, sure: bool) -> None:
        if not sure:
            return
        assert self.own_link is not None
        with db.transaction() as session:
            invitations.revoke(session, self.owner, self.public_id, self.own_link)
        for key in [one for one in self.grants if one[1] == self.own_link]:
            del self.grants[key]
        self.own_link = None

    @precondition(lambda self: self.own_link is not None)
    @rule(browser=BROWSERS, place=PLACES, knows=MOSTLY, agrees=MOSTLY, says=MOSTLY)
    def visit_by_own_link(self, browser: str, place: str, knows: bool, agrees: bool, says: bool) -> None:
        self.via = self.own_link
        opened = self.views
        self.visit(browser, place, knows, agrees, says)
        DONE["opened by an own link"] += self.views - opened
        self.via = None

    @precondition(lambda self: self.own_link is not None)
    @rule()
    def anna_comes(self) -> None:
        """Let whom the own link is for come with all that is asked for."""
        browser = EVERY_BROWSER[0]
        self.prove_address(browser, ANNA)
        self.visit_by_own_link(browser, EVERY_PLACE[0], True, True, True)

    @precondition(lambda self: not self.ended)
    @rule()
    def loosen(self) -> None:
        """Let more in: what a second person has to agree to, where there is one."""
        self.set_networks(())
        self.set_views(None, None)
        self.set_terms("")

    @rule(browser=BROWSERS, place=PLACES, knows=MOSTLY, agrees=MOSTLY, says=MOSTLY)
    def visit(self, browser: str, place: str, knows: bool, agrees: bool, says: bool) -> None:
        self.check()
        super().visit(browser, place, knows, agrees, says)

    def lets_in(self, browser: str, place: str) -> bool:
        if not super().lets_in(browser, place):
            return False
        # Somebody's own link is for their address alone, where one is asked for.
        return self.via is None or not self.recipients or self.proofs[browser][0] == ANNA

    def reader(self, browser: str) -> str:
        found = super().reader(browser)
        return f"own link {self.via}" if self.via is not None and found == browser else found

    def served(self, browser: str, place: str) -> list[bool]:
        found = super().served(browser, place)
        self.via = self.own_link
        found += super().served(browser, place) if self.via is not None else []
        self.via = None
        return found


def test_no_sequence_of_what_others_do_serves_what_is_refused_at_that_instant(app: object) -> None:
    with db.transaction() as session:
        LifeAmongOthers.administrator = people.make_administrator(session)
    run_state_machine_as_test(
        LifeAmongOthers,
        settings=settings(
            max_examples=80,
            stateful_step_count=30,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    paused = sum(count for what, count in DONE.items() if what.startswith("paused"))
    assert min(paused, DONE["handed on"], DONE["approval asked for"]) > 0, DONE


def test_one_life_in_which_everything_happens(app: object) -> None:
    with db.transaction() as session:
        LifeAmongOthers.administrator = people.make_administrator(session)
    one, here = LifeAmongOthers(), EVERY_PLACE[0]
    first = {"networks": (), "recipients": (), "terms": "", "asks": (False, False), "each": None, "hours": None}
    one.begin(approval=False, invited=True, ready=True, **first)

    def read(*, opens: bool = True) -> None:
        before = one.views
        one.everybody_visits(here)
        assert (one.views > before) is opens
        one.nothing_is_served_that_is_refused()

    read()
    one.anna_comes()
    assert (EVERY_BROWSER[0], one.own_link) in one.grants

    def waits_for() -> str | None:
        return one.why

    def see(sees: bool) -> None:
        one.give_or_take_access("owner", sees, True)

    changes: list[tuple[Callable[[], None], Callable[[], None], str]] = [
        (partial(one.label, True, True), partial(one.label, False, True), "no_share_label"),
        (partial(one.restrict, "a" * 64, True), partial(one.a_minute_passes, True), "restriction_changed"),
        (partial(see, False), partial(see, True), "right_lost"),
    ]
    for change, undo, why in changes:
        change()
        assert waits_for() == why
        read(opens=False)
        undo()
        one.resume()
        assert waits_for() is None
        read()
    one.want_approval(True)
    one.set_networks(("192.0.2.0/24",))
    one.set_networks(())
    assert waits_for() == "approval"
    one.resume()
    one.decide(False)
    one.ask_again()
    read(opens=False)
    one.decide(True)
    read()
    one.hand_on()
    one.block_a_domain(True)
    one.set_recipients((ANNA,))
    assert one.recipients == ()
    one.withdraw(True)
    assert not [key for key in one.grants if key[1] is not None]
    one.trash(True, True)
    assert one.closed
    read(opens=False)
    one.teardown()
