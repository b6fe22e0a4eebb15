"""Filters of the lists of links against a slow oracle in Python, pages under inserts, and the plans of both databases."""

import random
import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.actor import Actor
from app.core.accounts.models import Person
from app.core.db import reading, transaction
from app.core.folding import key_of, words_of
from app.core.paging import NEVER
from app.features.share_links import service
from app.features.share_links.conditions import Changes
from app.features.share_links.gates import recipients
from app.features.share_links.guests.models import Invitation
from app.features.share_links.lists import filtering, listing, tallies
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.lists.wanted import LONG, NEW, UNOPENED, Condition, Risk, Wanted
from app.features.share_links.lookup_models import LinkWord, ObjectWord
from app.features.share_links.models import LinkRecipient, SharedObject, ShareLink
from app.features.share_links.policy import LinkState
from tests.factories import connections, links, people
from tests.features.share_links.conftest import PlanOf

WORDS = ("Berth", "crane", "plan", "Größe", "STRASSE", "straße", "weekly", "日程", "x-ray", "42")
DOMAINS = ("northwind.example", "contoso.example")
ADDRESSES = ("anna@northwind.example", "bo@contoso.example", "northwind.example")
#: Has own links under some links, and is a recipient of none.
INVITED = "ida@fabrikam.example"
DAYS = (0, 1, 10, 20, 60, 120)
SORTS = ("", "created", "-created", "name", "-name", "ends", "-ends", "views", "-views", "opened", "-opened")


def make_links(now: datetime, count: int = 70) -> None:
    """Make links of every mixture that chance finds; the same ones every time."""
    chance = random.Random(11)
    with transaction() as db:
        people.make_administrator(db)
        owners = [people.make_author(db, name) for name in ("Ines Duarte", "Bo Lind", "Ina Özil")]
        people.make_group(db, "Hauliers")
        connections.make_connection(db)
        for number in range(count):
            shown = links.page_facts(
                str(100 + number % 9),
                title=" ".join(chance.sample(WORDS, 3)),
                object_key=f"HARB-{number % 9}" if number % 9 < 4 else None,
            )
            with clock.at(now - timedelta(days=chance.choice(DAYS))):
                link = links.make_link(
                    db,
                    chance.choice(owners),
                    found=shown,
                    name=" ".join(chance.sample(WORDS, 2)),
                    groups=("Hauliers",) if chance.random() < 0.3 else (),
                )
            _mix(link, now, chance)
            for value in chance.sample(ADDRESSES, chance.choice((0, 0, 1, 2))):
                db.add(LinkRecipient(link_id=link.id, value=value, domain=recipients.domain_of(value)))
            if link.id % 7 < 2:
                _invite(db, link, taken_back=link.id % 7 == 1)
        owners[2].deactivated_at = now


def _invite(db: Session, link: ShareLink, *, taken_back: bool) -> None:
    db.add(
        Invitation(
            public_id=f"invited-{link.id}",
            link_id=link.id,
            address=INVITED,
            domain=recipients.domain_of(INVITED),
            invited_by_id=link.created_by_id,
            created_at=clock.now(),
            mailed_at=clock.now(),
            revoked_at=clock.now() if taken_back else None,
        )
    )


def _mix(link: ShareLink, now: datetime, chance: random.Random) -> None:
    link.password_hash = link.password_hash if chance.random() < 0.5 else None
    link.revoked_at = now if chance.random() < 0.1 else None
    link.closed_at = now if chance.random() < 0.1 else None
    link.paused_at = now if chance.random() < 0.1 else None
    link.opens_at = now + timedelta(hours=1) if chance.random() < 0.1 else None
    link.expires_at = now + timedelta(days=chance.choice((-5, 5, 80, 100)))
    link.views, link.max_views = chance.choice(((0, None), (2, 2), (5, None), (1, 3)))
    link.asks_sign_in = chance.random() < 0.2
    link.asks_second_factor = chance.random() < 0.1
    link.sign_in_through = "local" if chance.random() < 0.1 else None
    link.terms_version = 1 if chance.random() < 0.1 else None
    link.asks_reason = chance.random() < 0.1
    link.networks = {"schema": 1, "networks": ["192.0.2.0/24"]} if chance.random() < 0.1 else None
    link.last_opened_at = chance.choice((NEVER, now - timedelta(days=2), now - timedelta(days=30)))
    link.new_network_at = chance.choice((None, now - timedelta(days=2), now - timedelta(days=30)))
    link.page_changed = chance.random() < 0.2


def within(at: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    if start is None and end is None:
        return True
    return at is not None and (start is None or at >= start) and (end is None or at < end)


def proves_nobody(row: LinkRow) -> bool:
    asks = row.asks_sign_in or row.sign_in_through or row.asks_second_factor or row.groups or row.recipients
    return not asks


def at_risk(row: LinkRow, link: ShareLink, risk: Risk, now: datetime) -> bool:
    found = False
    match risk:
        case Risk.NO_SIGN_IN:
            found = proves_nobody(row)
        case Risk.PASSWORD_ONLY:
            found = proves_nobody(row) and row.has_password and not row.networks
        case Risk.LONG_LIVED:
            found = row.expires_at >= now + LONG
        case Risk.NEVER_OPENED:
            found = row.last_opened_at is None and row.created_at < now - UNOPENED
        case Risk.PAGE_CHANGED:
            found = link.page_changed
        case Risk.NEW_NETWORK:
            found = link.new_network_at is not None and link.new_network_at >= now - NEW
    return found and row.state in (LinkState.ACTIVE, LinkState.EXPIRING)


def asks_for(row: LinkRow, condition: Condition) -> bool:
    return bool(
        {
            Condition.PASSWORD: row.has_password,
            Condition.SIGN_IN: row.asks_sign_in or row.sign_in_through,
            Condition.GROUPS: row.groups,
            Condition.RECIPIENTS: row.recipients,
            Condition.NETWORKS: row.networks,
            Condition.SECOND_FACTOR: row.asks_second_factor,
            Condition.TERMS: row.terms_version,
            Condition.REASON: row.asks_reason,
        }[condition]
    )


def found_by(row: LinkRow, search: str) -> bool:
    """Whether each word of a search begins a word of the link; read letter by letter, without the product's expression."""

    def split(words: str) -> list[str]:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", words).casefold())
        return "".join(
            f" {one} " if "\u4e00" <= one <= "\u9fff" else one if one.isalnum() else " " for one in folded
        ).split()

    own = [word for one in (row.name, row.title, row.object_key or "", row.container or "") for word in split(one)]
    asked = split(search)
    if search.strip() and not asked:
        return False
    return all(any(word.startswith(one) for word in own) for one in asked)


def fits(row: LinkRow, link: ShareLink, owner: Person, wanted: Wanted, now: datetime) -> bool:
    """Whether a link belongs into the list, decided from what its row says."""
    checks = [
        found_by(row, wanted.search),
        wanted.state is None or row.state is wanted.state,
        not wanted.page or wanted.page in (row.object_id, row.object_key),
        not wanted.creator
        or wanted.creator in (owner.public_id, owner.email)
        or owner.display_name.lower().startswith(wanted.creator.lower()),
        not wanted.recipient
        or bool({wanted.recipient, wanted.recipient.split("@")[-1]} & set(row.recipients))
        or (wanted.recipient == INVITED and row.id % 7 == 0),
        not wanted.domain
        or any(one.split("@")[-1] == wanted.domain for one in row.recipients)
        or (INVITED.endswith(f"@{wanted.domain}") and row.id % 7 == 0),
        wanted.condition is None or asks_for(row, wanted.condition),
        wanted.risk is None or at_risk(row, link, wanted.risk, now),
        not wanted.never_opened or row.last_opened_at is None,
        within(row.created_at, wanted.created_from, wanted.created_to),
        within(row.expires_at, wanted.ends_from, wanted.ends_to),
        within(row.last_opened_at, wanted.opened_from, wanted.opened_to),
    ]
    return all(checks)


def in_order(rows: list[LinkRow], sort: str) -> list[LinkRow]:
    keys: dict[str, Any] = {
        "created": lambda row: row.created_at,
        "name": lambda row: key_of(row.name),
        "ends": lambda row: row.expires_at,
        "views": lambda row: row.views,
        "opened": lambda row: row.last_opened_at or NEVER,
    }
    own = keys[sort.removeprefix("-") or "created"]
    return sorted(rows, key=lambda row: (own(row), row.id), reverse=not sort or sort.startswith("-"))


def whole(actor: Actor, wanted: Wanted, size: int) -> list[LinkRow]:
    found: list[LinkRow] = []
    after: str | None = None
    for _ in range(300):
        with reading() as db:
            page = listing.page(db, actor, wanted, after, size)
        found += page.rows
        after = page.next
        if after is None:
            return found
    raise AssertionError("the list does not end")


def instants(now: datetime) -> some.SearchStrategy[datetime | None]:
    return some.one_of(
        some.none(), some.sampled_from([now + timedelta(days=days) for days in (-70, -11, -1, 0, 6, 90)])
    )


def asked(now: datetime) -> some.SearchStrategy[Wanted]:
    """Return what can be asked of a list; most of it is usually not."""
    rarely = {
        "search": some.lists(some.sampled_from((*WORDS, "cr", "HARB-1", "ops", "%", "_")), max_size=2).map(" ".join),
        "state": some.sampled_from(LinkState),
        "page": some.sampled_from(("101", "HARB-2", "nothing")),
        "creator": some.sampled_from(("ines.duarte@example.com", "in", "Bo L", "nobody")),
        "recipient": some.sampled_from(
            (INVITED, "anna@northwind.example", "eve@northwind.example", "bo@contoso.example")
        ),
        "domain": some.sampled_from((*DOMAINS, "fabrikam.example")),
        "condition": some.sampled_from(Condition),
        "risk": some.sampled_from(Risk),
        "never_opened": some.just(True),
        **{f"{what}_{end}": instants(now) for what in ("created", "ends", "opened") for end in ("from", "to")},
    }
    chosen = some.lists(some.sampled_from(sorted(rarely)), max_size=3, unique=True)
    narrowed = chosen.flatmap(lambda names: some.fixed_dictionaries({name: rarely[name] for name in names}))
    return some.builds(
        lambda found, sort: Wanted(everybodys=True, sort=sort, **found), narrowed, some.sampled_from(SORTS)
    )


def test_a_list_holds_what_the_slow_way_finds_in_its_order(app: object, held_clock: datetime) -> None:
    make_links(held_clock)
    with reading() as db:
        administrator = db.scalars(select(Person).where(Person.display_name == "Ada Admin")).one()
        actor = people.actor_of(db, administrator)
        by_id = {link.id: link for link in db.scalars(select(ShareLink))}
        owners = {person.id: person for person in db.scalars(select(Person))}
    every = whole(actor, Wanted(everybodys=True), 500)
    assert len(every) == len(by_id)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(asked(held_clock), some.sampled_from((1, 7, 500)), some.sampled_from((3, 1_000)))
    def agrees(wanted: Wanted, size: int, few: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            # Both ways: a few links looked at one by one, and many met on the way.
            patch.setattr(filtering, "FEW", few)
            found = whole(actor, wanted, size)
        expected = [row for row in every if fits(row, by_id[row.id], owners[row.owner_id], wanted, held_clock)]
        assert [row.id for row in found] == [row.id for row in in_order(expected, wanted.sort)]

    agrees()


@pytest.mark.parametrize("risk", Risk)
def test_each_risk_finds_some_links_and_not_all(app: object, held_clock: datetime, risk: Risk) -> None:
    make_links(held_clock)
    with reading() as db:
        actor = people.actor_of(db, db.scalars(select(Person).where(Person.display_name == "Ada Admin")).one())
    assert 0 < len(whole(actor, Wanted(everybodys=True, risk=risk), 500)) < 70


@pytest.mark.parametrize("sort", SORTS)
def test_links_made_meanwhile_hide_none_and_show_none_twice(app: object, held_clock: datetime, sort: str) -> None:
    with transaction() as db:
        author = people.make_author(db)
        for number in range(9):
            links.make_link(db, author, name=f"name {number % 3}")
    with reading() as db:
        actor = people.actor_of(db, author)
        before = {row.id for row in listing.page(db, actor, Wanted()).rows}
    seen: list[int] = []
    after: str | None = None
    for number in range(40):
        with reading() as db:
            page = listing.page(db, actor, Wanted(sort=sort), after, 2)
        seen += [row.id for row in page.rows]
        after = page.next
        if after is None:
            break
        if number < 3:
            with transaction() as db:
                links.make_link(db, author, name=f"name {number}")
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_words_follow_names_and_titles(app: object) -> None:
    with transaction() as db:
        author = people.make_author(db)
        link = links.make_link(db, author, name="Spring tide")
        actor = people.actor_of(db, author)
    with transaction() as db:
        service.change(db, actor, link.public_id, Changes(name="Neap tide"))
        links.make_link(db, author, found=links.page_facts(title="Renamed lock"), name="Other")
    for search, names in (
        ("spring", []),
        ("neap TI", ["Neap tide"]),
        ("renamed", ["Neap tide", "Other"]),
        ("berth", []),
    ):
        assert sorted(row.name for row in whole(actor, Wanted(search=search), 50)) == names, search


def test_no_text_can_hold_more_words_or_longer_ones_than_are_kept() -> None:
    assert len(words_of(" ".join(str(number) for number in range(5_000)))) == 80
    assert {len(word) for word in words_of("x" * 5_000)} == {40}
    assert len(key_of("ﷺ" * 120)) == 120


@pytest.mark.parametrize(
    ("addresses", "is_new"),
    [
        (["192.0.2.1"], False),
        (["192.0.2.1", "192.0.2.250"], False),
        (["192.0.2.1", "198.51.100.1"], True),
        (["2001:db8:1::1", "2001:db8:1:ffff::1"], False),
        (["2001:db8:1::1", "2001:db8:2::1"], True),
        (["192.0.2.1", None, "not an address"], False),
    ],
)
def test_a_network_is_new_where_others_were_seen_before(
    app: object, held_clock: datetime, addresses: list[str | None], is_new: bool
) -> None:
    with transaction() as db:
        link = links.make_link(db, people.make_author(db))
        for one in addresses:
            tallies.opened(db, link.id, one)
        db.expire(link)
        assert (link.new_network_at is not None) == is_new
        assert link.last_opened_at == held_clock


#: Lists that are walked in their order, since what they hold is frequent.
WALKED = {
    "newest": Wanted(everybodys=True),
    "by name": Wanted(everybodys=True, sort="name"),
    "by end": Wanted(everybodys=True, sort="ends"),
    "by views": Wanted(everybodys=True, sort="-views"),
    "by last opening": Wanted(everybodys=True, sort="-opened"),
    "active": Wanted(everybodys=True, state=LinkState.ACTIVE),
    "active by name": Wanted(everybodys=True, state=LinkState.ACTIVE, sort="name"),
    "search": Wanted(everybodys=True, search="berth"),
    "password by name": Wanted(everybodys=True, condition=Condition.PASSWORD, sort="name"),
    "without sign-in": Wanted(everybodys=True, risk=Risk.NO_SIGN_IN),
    "never opened by last opening": Wanted(everybodys=True, never_opened=True, sort="opened"),
    "changed since": Wanted(everybodys=True, risk=Risk.PAGE_CHANGED, sort="ends"),
}


@pytest.mark.parametrize("wanted", WALKED.values(), ids=WALKED)
def test_a_walked_list_is_read_by_the_index_of_its_order(
    app: object, plan_of: PlanOf, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtering, "FEW", -1)
    with transaction() as db:
        actor = people.actor_of(db, people.make_administrator(db))
        links.make_link(db, people.make_author(db))
        query = listing.wanted_links(db, actor, wanted)
    plan = plan_of(listing.ORDERS.chosen(wanted.sort).applied(query, None).limit(51))
    column = {"name": "name_key", "ends": "expires_at", "views": "views", "opened": "last_opened_at"}
    index = f"ix_share_links_{column.get(wanted.sort.removeprefix('-'), 'created_at')}"
    assert index in plan, plan
    assert not re.search(
        r"TEMP B-TREE FOR (LAST .*)?ORDER|Sort|Seq Scan|SCAN (people|connections|shared_objects)\b", plan
    ), plan


def multiply(db: Session, link: ShareLink, times: int) -> None:
    """Make a link many times, with its words and those of its page: oldest first, every fourth was never opened."""
    db.flush()
    base = dict(db.execute(select(ShareLink.__table__).where(ShareLink.id == link.id)).mappings().one())
    shown = dict(
        db.execute(select(SharedObject.__table__).where(SharedObject.id == link.shared_object_id)).mappings().one()
    )
    copies, pages, names, titles = [], [], [], []
    for number in range(1, times):
        made, page_id = link.created_at - timedelta(minutes=10 * (times - number)), shown["id"] + number
        opened = {"last_opened_at": made if number % 4 else NEVER}
        pages.append(shown | {"id": page_id, "object_id": f"9{number}"})
        own = {"id": link.id + number, "public_id": f"copy{number}", "shared_object_id": page_id}
        copies.append(base | own | opened | {"created_at": made, "expires_at": made + timedelta(days=90)})
        names += [{"link_id": link.id + number, "word": word} for word in words_of(link.name)]
        titles += [{"object_id": page_id, "word": word} for word in words_of(shown["title"])]
    for table, rows in ((SharedObject, pages), (ShareLink, copies), (LinkWord, names), (ObjectWord, titles)):
        db.execute(insert(table), rows)


#: Frequent among many links, without ranges: nothing that a planner has to know.
FREQUENT = [
    *(Wanted(everybodys=True, search=search) for search in ("berth", "cra pla")),
    Wanted(everybodys=True, creator="Ines"),
    Wanted(everybodys=True, condition=Condition.PASSWORD),
]
#: The same with ranges: PostgreSQL goes by how many links it has counted in them, which it does by itself in a while.
RANGED = [
    *(Wanted(everybodys=True, risk=risk) for risk in (Risk.NEVER_OPENED, Risk.PASSWORD_ONLY)),
    Wanted(everybodys=True, never_opened=True),
    Wanted(everybodys=True, state=LinkState.ACTIVE),
]


def test_many_links_are_walked_as_the_planner_sees_them(app: object, engine: Engine, plan_of: PlanOf) -> None:
    with transaction() as db:
        actor = people.actor_of(db, people.make_administrator(db))
        found = links.page_facts(title="Berth plan")
        multiply(db, links.make_link(db, people.make_author(db), name="Crane roster", found=found), 12_000)

    def walks(wanted: Wanted) -> None:
        with reading() as db:
            query = listing.ORDERS.chosen("").applied(listing.wanted_links(db, actor, wanted), None).limit(51)
            assert len(db.execute(query).all()) == 51
        plan = plan_of(query, freely=True)
        assert "ix_share_links_created_at" in plan, plan
        assert not re.search(r"TEMP B-TREE FOR (LAST .*)?ORDER|Sort", plan), plan
        assert not (wanted.search and "hashed" in plan), plan

    for wanted in FREQUENT:
        walks(wanted)
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
    for wanted in (*FREQUENT, *RANGED):
        walks(wanted)


def by_index(wanted: Wanted) -> list[filtering.Filter]:
    found = [one for one in filtering.of(wanted) if one.found is not None]
    assert found, "only a walk finds it, however few there are"
    return found


@pytest.mark.parametrize(
    "one",
    [
        *filtering.of(
            Wanted(search="berth", page="HARB-1", recipient="a@b.example", domain="b.example", creator="Ines")
        ),
        *filtering.of(Wanted(never_opened=True, ends_from=NEVER, opened_from=NEVER, created_from=NEVER)),
        # A halt may cover everything, so that paused links can be all there are.
        *(one for state in LinkState if state is not LinkState.PAUSED for one in by_index(Wanted(state=state))),
        *(one for condition in Condition for one in by_index(Wanted(condition=condition))),
        *(one for risk in Risk for one in by_index(Wanted(risk=risk))),
        filtering.made_by(1),
    ],
    ids=lambda one: str(one.condition)[:60],
)
def test_what_a_filter_finds_is_found_by_an_index(app: object, plan_of: PlanOf, one: filtering.Filter) -> None:
    assert one.found is not None
    for found in (one.found, *([one.shown] if one.shown is not None else [])):
        plan = plan_of(found.limit(filtering.FEW + 1))
        assert not re.search(r"SCAN (share_links|shared_object_words)(?! USING)|Seq Scan on share|hashed", plan), plan
