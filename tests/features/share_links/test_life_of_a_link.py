"""The life of a link as a state machine: whatever its owner, its visitors and time do, nothing is served that is refused.

The machine keeps its own account of what is true – who is in the group, which browser knows the password, who proved which
address – and says from that alone whether a browser may read. The service, on a real database, has to agree at every step.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import update

from app.core import clock, db
from app.core.accounts import membership, sessions
from app.core.accounts.actor import SYSTEM
from app.core.accounts.models import MembershipSource, SignInSession
from app.core.crypto import tokens as secrets
from app.features.share_links import service, visit_statement
from app.features.share_links.conditions import Changes
from app.features.share_links.gates import opening, proofs
from app.features.share_links.gates.opening import Asked, Brought, Opened
from app.features.share_links.life import halt_targets, halting, halts
from app.features.share_links.life.halts import HaltKind, HaltScope
from app.features.share_links.objects import ObjectFacts
from app.features.share_links.policy import Admit, Serve, next_step
from tests.conftest import NOW
from tests.factories import links, people

EVERY_BROWSER = [f"{number:064}" for number in range(3)]
EVERY_PLACE = ["192.0.2.7", "203.0.113.7", "2001:db8::7"]
BROWSERS, PLACES = st.sampled_from(EVERY_BROWSER), st.sampled_from([EVERY_PLACE[0]] * 3 + EVERY_PLACE[1:])
#: Most of the time people have what they are asked for: otherwise hardly anything would ever open.
MOSTLY, RARELY = st.sampled_from([True] * 4 + [False]), st.sampled_from([False] * 7 + [True])
NETWORKS = [(), ("192.0.2.0/24",), ("192.0.2.0/24", "2001:db8::/32")]
RECIPIENTS = [(), ("example.org",), ("anna@example.org",)]
ADDRESSES = ["anna@example.org", "bo@example.org", "eve@example.net"]
#: How often what came of a visit: a run in which hardly anything opens would show nothing.
SEEN: Counter[str] = Counter()
#: How a machine begins.
BEGINNINGS: Any = {
    "networks": st.sampled_from(NETWORKS),
    "recipients": st.sampled_from(RECIPIENTS),
    "terms": st.sampled_from(["", "Be kind"]),
    "asks": st.tuples(RARELY, st.booleans()),
    "each": st.sampled_from([None, 1, 2]),
    "hours": st.sampled_from([None] * 4 + [5]),
    "ready": MOSTLY,
}
HALF_AN_HOUR, HALF_A_DAY, A_DAY = timedelta(minutes=30), timedelta(hours=12), timedelta(hours=24)


def _fewer(new: int | None, old: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _visit(self: "LifeOfALink", browser: str, place: str, knows: bool, agrees: bool, says: bool) -> None:
    self.visit(browser, place, knows, agrees, says)


def _all_visit(self: "LifeOfALink", place: str) -> None:
    self.everybody_visits(place)


class LifeOfALink(RuleBasedStateMachine):
    """One link, three browsers, two people, and a clock."""

    @initialize(**BEGINNINGS)
    def begin(
        self,
        networks: tuple[str, ...],
        recipients: tuple[str, ...],
        terms: str,
        asks: tuple[bool, bool],
        each: int | None,
        hours: int | None,
        ready: bool,
    ) -> None:
        """Begin with some conditions, and perhaps with visitors who can meet them."""
        self.make()
        if ready:
            for number, browser in enumerate(EVERY_BROWSER):
                self.join_or_leave(number % 2, joins=True)
                self.sign_in(browser, number % 2)
                self.prove_address(browser, ADDRESSES[0])
        self.set_networks(networks)
        self.set_recipients(recipients)
        self.set_terms(terms)
        self.set_group(asks[0])
        self.set_reason(asks[1])
        self.set_views(each, None)
        self.set_opening(hours)

    def make(self) -> None:
        self.held = ExitStack()
        self.now = NOW
        self.tick(timedelta())
        with db.transaction() as session:
            owner = people.make_author(session, f"Owner {secrets.new_public_id()}")
            self.owner = people.actor_of(session, owner)
            self.group = people.make_group(session, f"Group {secrets.new_public_id()}")
            self.people = [people.make_guest(session, f"Guest {secrets.new_public_id()}") for _ in range(2)]
            link = links.make_link(session, owner, expires_at=NOW + timedelta(days=20), found=self.page())
        self.id, self.public_id, self.generation = link.id, link.public_id, 0
        self.password: str | None = link.password_hash
        self.opens_at: datetime | None = None
        self.expires_at = link.expires_at
        self.networks: tuple[str, ...] = ()
        self.recipients: tuple[str, ...] = ()
        self.groups = self.asks_reason = False
        self.terms: str = ""
        self.each: int | None = None
        self.most: int | None = None
        self.revoked = False
        #: What it is paused for; None = it is not.
        self.why: str | None = None
        #: scope → id of the halt in force.
        self.halts: dict[HaltScope, str] = {}
        self.views, self.own = 0, {}  # type: ignore[var-annotated]
        self.members: set[int] = set()
        self.sessions: dict[str, tuple[str, int]] = {}
        self.proofs: dict[str, tuple[str, datetime]] = {}
        #: browser → who accepted which terms there last.
        self.accepted: dict[str, tuple[int | None, int]] = {}
        #: Terms that were ever asked for are numbered anew each time that they change.
        self.terms_number, self.last_terms = 0, ""
        #: browser → who passed what there when, and how often conditions had been tightened.
        self.passed: dict[str, tuple[int | None, int, dict[str, datetime]]] = {}
        self.tightened = 0
        #: Id of the own link that visitors come by now; None = the link's own address.
        self.via: str | None = None
        #: browser and own link → (until, person) of what may be read on.
        self.grants: dict[tuple[str, str | None], tuple[datetime, int | None]] = {}

    @property
    def ended(self) -> bool:
        """Whether it is over for good."""
        return self.revoked

    def page(self) -> ObjectFacts:
        """Return the page as Atlassian has it now."""
        return links.page_facts()

    def teardown(self) -> None:
        with db.transaction() as session:
            # What is stopped stays stopped for the next link as well.
            for stop in getattr(self, "halts", {}).values():
                halting.lift(session, SYSTEM, stop)
        self.held.close()

    # --- time, people, places --------------------------------------------------------------------------------------

    @rule(step=st.sampled_from([timedelta(minutes=9), timedelta(minutes=29), timedelta(hours=7), timedelta(hours=12)]))
    def tick(self, step: timedelta) -> None:
        self.now += step
        self.held.close()
        self.held.enter_context(clock.at(self.now))

    @rule(who=st.integers(0, 1), joins=st.booleans())
    def join_or_leave(self, who: int, joins: bool) -> None:
        person_id = self.people[who].id
        with db.transaction() as session:
            group, person = session.merge(self.group), session.merge(self.people[who])
            if joins:
                people.add_to_group(session, group, person)
            elif person_id in self.members:
                membership.remove_member(session, SYSTEM, group, person, MembershipSource.MANUAL)
        (self.members.add if joins else self.members.discard)(person_id)

    @rule(browser=BROWSERS, who=st.integers(0, 1))
    def sign_in(self, browser: str, who: int) -> None:
        with db.transaction() as session:
            secret, row = sessions.begin(session, session.merge(self.people[who]), {"password": self.now})
            # Their own limits are another test's matter.
            row.idle_ends_at = row.ends_at = NOW + timedelta(days=400)
        self.sessions[browser] = (secrets.digest(secret), self.people[who].id)

    @rule(browser=BROWSERS)
    def sign_out(self, browser: str) -> None:
        digest, _ = self.sessions.pop(browser, ("", 0))
        with db.transaction() as session:
            session.execute(update(SignInSession).where(SignInSession.digest == digest).values(ended_at=self.now))

    @rule(browser=BROWSERS, address=st.sampled_from(ADDRESSES))
    def prove_address(self, browser: str, address: str) -> None:
        with db.transaction() as session:
            proofs.keep(session, self.id, browser, address)
        if self.proofs.get(browser, ("",))[0] != address:
            # What was passed was another reader's.
            self.accepted.pop(browser, None)
            self.passed.pop(browser, None)
        self.proofs[browser] = (address, self.now + A_DAY)

    # --- the owner -------------------------------------------------------------------------------------------------

    def set_to(self, name: str, wanted: Any, stricter: Callable[[Any, Any], bool], **changes: Any) -> None:
        """Change one condition; what is stricter one way is looser the other."""
        old = getattr(self, name)
        if self.changed(wanted != old, stricter(wanted, old), stricter(old, wanted), **(changes or {name: wanted})):
            setattr(self, name, wanted)

    def changed(self, differs: bool, stricter: bool, looser: bool, **changes: Any) -> bool:
        """Do as the owner does; tell whether it was done."""
        with db.transaction() as session:
            service.change(session, self.owner, self.public_id, Changes(**changes))
        if stricter:
            self.grants.clear()
            self.tightened += 1
        return True

    @precondition(lambda self: not self.ended)
    @rule(wanted=st.sampled_from(NETWORKS))
    def set_networks(self, wanted: tuple[str, ...]) -> None:
        self.set_to("networks", wanted, lambda new, old: bool(new) and (not old or not set(new) >= set(old)))

    @precondition(lambda self: not self.ended)
    @rule(wanted=st.sampled_from(RECIPIENTS))
    def set_recipients(self, wanted: tuple[str, ...]) -> None:
        wider = {("anna@example.org",): RECIPIENTS[:2], ("example.org",): RECIPIENTS[:1], (): []}
        self.set_to("recipients", wanted, lambda new, old: new != old and new not in wider[old])

    @precondition(lambda self: not self.ended)
    @rule(wanted=st.booleans())
    def set_group(self, wanted: bool) -> None:
        groups = (self.group.public_id,) if wanted else ()
        self.set_to("groups", wanted, lambda new, old: new and not old, groups=groups)

    @precondition(lambda self: not self.ended)
    @rule(text=st.sampled_from(["", "Be kind", "Be quiet"]))
    def set_terms(self, text: str) -> None:
        self.set_to("terms", text, lambda new, old: bool(new) and new != old)
        if self.terms and self.terms != self.last_terms:
            self.terms_number, self.last_terms = self.terms_number + 1, self.terms

    @precondition(lambda self: not self.ended)
    @rule(wanted=st.booleans())
    def set_reason(self, wanted: bool) -> None:
        self.set_to("asks_reason", wanted, lambda new, old: new and not old)

    @precondition(lambda self: not self.ended)
    @rule(each=st.sampled_from([None, 1, 2]), most=st.sampled_from([None, 3, 5]))
    def set_views(self, each: int | None, most: int | None) -> None:
        self.set_to("each", each, _fewer, max_views_each=each)
        self.set_to("most", most, _fewer, max_views=most)

    @precondition(lambda self: not self.ended and self.now < NOW + timedelta(days=20))
    @rule(hours=st.sampled_from([None] * 3 + [-1, 5]))
    def set_opening(self, hours: int | None) -> None:
        wanted = self.now + timedelta(hours=hours) if hours is not None else None
        if wanted is None or wanted < self.expires_at:
            self.set_to("opens_at", wanted, lambda new, old: new is not None and (old is None or new > old))

    @precondition(lambda self: not self.ended and self.why is None)
    @rule(sure=RARELY)
    def pause(self, sure: bool) -> None:
        if not sure:
            return
        with db.transaction() as session:
            service.pause(session, self.owner, self.public_id)
        self.why = "owner"
        self.grants.clear()

    @precondition(lambda self: not self.ended and self.why is not None)
    @rule()
    def resume(self) -> None:
        with db.transaction() as session:
            service.resume(session, self.owner, self.public_id)
        self.why = None

    @precondition(lambda self: not self.ended)
    @rule()
    def new_address(self) -> None:
        with db.transaction() as session:
            self.generation = service.new_address(session, self.owner, self.public_id)
        self.grants.clear()

    @precondition(lambda self: not self.ended)
    @rule(sure=RARELY)
    def revoke(self, sure: bool) -> None:
        if sure:
            with db.transaction() as session:
                service.revoke(session, self.owner, self.public_id)
            self.revoked = True
            self.grants.clear()

    # --- administrators --------------------------------------------------------------------------------------------

    @rule(scope=st.sampled_from(list(HaltScope)))
    def stop_or_go_on(self, scope: HaltScope) -> None:
        if scope in self.halts:
            with db.transaction() as session:
                halting.lift(session, SYSTEM, self.halts.pop(scope))
            return
        with db.transaction() as session:
            target = halt_targets.by_link(session, scope, self.public_id)
            kind = HaltKind.OFF if scope in halts.PLACES else HaltKind.STOP
            self.halts[scope] = halting.begin(session, SYSTEM, kind, target).public_id
        self.grants.clear()

    # --- visitors --------------------------------------------------------------------------------------------------

    @rule(browser=BROWSERS, place=PLACES, knows=MOSTLY, agrees=MOSTLY, says=MOSTLY)
    def visit(self, browser: str, place: str, knows: bool, agrees: bool, says: bool) -> None:
        """Go to the link and bring to each gate what this visitor has; read, if it opens."""
        asked, person = self.asked(browser, place), self.person(browser)
        brought = []
        if knows:
            brought.append(Brought(proven_hash=self.password))
        if agrees:
            brought.append(Brought(terms_version=self.terms_number or None))
        if says:
            brought.append(Brought(reason="Because"))
        held = self.holds(browser)
        if self.accepted.get(browser, (person, 0))[0] != person:
            # What somebody else accepted on this browser is forgotten when the next one comes.
            del self.accepted[browser]
        possible = self.may_open(browser, place, knows=knows, agrees=agrees, says=says)
        accepts = agrees and bool(self.terms) and self.comes_to_terms(browser, place, knows=knows)
        self.passes(browser, place, knows=knows, agrees=agrees, says=says)
        outcome: Any = None
        for one in [Brought(), *brought]:
            with db.transaction() as session:
                outcome = opening.open_link(session, asked, one)
        assert isinstance(outcome, Opened) == possible, (outcome, possible)
        SEEN[f"opened: {possible}"] += 1
        if accepts:
            self.accepted[browser] = (person, self.terms_number)
        if possible and not held:
            self.views += 1
            reader = self.reader(browser)
            self.own[reader] = self.own.get(reader, 0) + (1 if self.each is not None else 0)
            self.grants[browser, self.via] = (min(self.now + HALF_A_DAY, self.expires_at), person)

    @rule(place=PLACES)
    def everybody_visits(self, place: str) -> None:
        for browser in EVERY_BROWSER:
            self.visit(browser, place, True, True, True)

    # Named again, since rules are chosen evenly: what happens most is that people come.
    comes_again = rule(browser=BROWSERS, place=PLACES, knows=MOSTLY, agrees=MOSTLY, says=MOSTLY)(_visit)
    comes_once_more = rule(browser=BROWSERS, place=PLACES, knows=MOSTLY, agrees=MOSTLY, says=MOSTLY)(_visit)
    all_come_again = rule(place=PLACES)(_all_visit)

    @invariant()
    def nothing_is_served_that_is_refused(self) -> None:
        if not hasattr(self, "grants"):
            return
        for browser in EVERY_BROWSER:
            for place in EVERY_PLACE[:1]:
                assert all(self.served(browser, place)), (browser[-1], place)

    def served(self, browser: str, place: str) -> list[bool]:
        """Tell whether what is served is what may be, by each address that this browser could come by."""
        with db.reading() as session:
            visit = opening.look(session, self.asked(browser, place))
        served = visit is not None and isinstance(next_step(visit.link, visit.visitor, self.now), Serve | Admit)
        return [served == self.may_read(browser, place)]

    # --- what is true ----------------------------------------------------------------------------------------------

    def asked(self, browser: str, place: str) -> Asked:
        digest = self.sessions[browser][0] if browser in self.sessions else None
        if self.via is not None:
            return Asked(self.via, visit_statement.OWN_GENERATION, browser, digest, place)
        return Asked(self.public_id, self.generation, browser, digest, place)

    def person(self, browser: str) -> int | None:
        return self.sessions[browser][1] if browser in self.sessions else None

    def reader(self, browser: str) -> str:
        address, until = self.proofs.get(browser, ("", NOW))
        if self.person(browser) is not None:
            return f"person {self.person(browser)}"
        return address if self.now < until else browser

    def lets_in(self, browser: str, place: str) -> bool:
        """Tell whether all holds that has to hold at every instant."""
        if self.ended or self.why is not None or self.halts or self.now >= self.expires_at:
            return False
        if self.opens_at is not None and self.now < self.opens_at:
            return False
        number = ip_address(place)
        if self.networks and not any(number in ip_network(one) for one in self.networks):
            return False
        if self.groups and self.person(browser) not in self.members:
            return False
        address, until = self.proofs.get(browser, ("", NOW))
        return not self.recipients or (
            self.now < until and bool({address, address.partition("@")[2]} & set(self.recipients))
        )

    def holds(self, browser: str) -> bool:
        until, person = self.grants.get((browser, self.via), (NOW, None))
        return self.now < until and person in (None, self.person(browser)) and not (person is None and self.groups)

    def agreed(self, browser: str) -> bool:
        person = self.person(browser)
        return not self.terms or self.accepted.get(browser) == (person, self.terms_number)

    def may_read(self, browser: str, place: str) -> bool:
        return self.holds(browser) and self.agreed(browser) and self.lets_in(browser, place)

    def comes_to_terms(self, browser: str, place: str, *, knows: bool) -> bool:
        if not self.lets_in(browser, place) or self.holds(browser):
            return self.lets_in(browser, place)
        left = self.most is None or self.views < self.most
        own = self.each is None or self.own.get(self.reader(browser), 0) < self.each
        return left and own and (knows or "password" in self.waiting(browser))

    def may_open(self, browser: str, place: str, *, knows: bool, agrees: bool, says: bool) -> bool:
        if not self.comes_to_terms(browser, place, knows=knows) or not (agrees or self.agreed(browser)):
            return False
        return self.holds(browser) or not self.asks_reason or says or "reason" in self.waiting(browser)

    def waiting(self, browser: str) -> dict[str, datetime]:
        """Return what this visitor has passed of an unfinished way through the gates, and still counts."""
        person, tightened, passed = self.passed.get(browser, (None, 0, {}))
        if (person, tightened) != (self.person(browser), self.tightened):
            return {}
        return {name: at for name, at in passed.items() if self.now < at + HALF_AN_HOUR}

    def passes(self, browser: str, place: str, *, knows: bool, agrees: bool, says: bool) -> None:
        """Keep what a visit has passed by now, whether or not it came to the end."""
        passed = self.waiting(browser)
        if not self.holds(browser):
            if self.comes_to_terms(browser, place, knows=True) and knows:
                passed.setdefault("password", self.now)
            come_to_reason = self.comes_to_terms(browser, place, knows=knows) and (agrees or self.agreed(browser))
            if self.asks_reason and come_to_reason and says:
                passed.setdefault("reason", self.now)
            if self.may_open(browser, place, knows=knows, agrees=agrees, says=says):
                # The opening uses them up.
                passed = {}
        self.passed[browser] = (self.person(browser), self.tightened, passed)


def test_no_sequence_of_actions_serves_what_is_refused_at_that_instant(app: object) -> None:
    run_state_machine_as_test(
        LifeOfALink,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert min(SEEN["opened: True"], SEEN["opened: False"]) > 40, SEEN
