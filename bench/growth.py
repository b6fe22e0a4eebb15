"""Row 11: what lists, a search, a link's page, a gate and a read cost with a hundred times as many links and openings.

Both sizes are filled by bulk inserts with the rows that the product would have written, but for the trail's seals. A
portal runs on each at the same time, and every page is asked of both in turn, so that both see the same noise.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, perf_counter
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, text

from app.cli.demo_content import ADMINISTRATOR, PASSWORD
from app.core import clock
from app.core import db as database
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry, AuditPersonal
from app.core.folding import key_of, words_of
from app.core.paging import NEVER
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.lookup_models import LinkDay, LinkWord, ObjectWord
from app.features.share_links.models import Grant, LinkRecipient, SharedObject, ShareLink
from app.features.share_links.powers import Powers, dump
from bench.browser import Browser
from bench.content import PASSWORD as LINK_PASSWORD
from bench.machine import Machine
from bench.servers import Portal, Workshop

#: Links and openings of the smaller size; the larger has a hundred times as many.
LINKS, OPENINGS = 1_000, 50_000
TIMES = 100
#: Asks in a row of which the quickest counts: on a shared machine the others measure who else was on it.
ASKS = 3
MOST = 1.5
PAGE = Path(__file__).parent / "growth.md"
#: So few that one of them has a full page of links at the smaller size, too: an empty page is quick by itself.
_OWNERS = 10
#: Links of one recipient at both sizes: a page of ten rows is not as quick as one of a single row.
_OF_RECIPIENT = 10
_BATCH = 5_000
_WARM_UP = 3
#: Days over which links were made and opened.
_DAYS = 365
_GRANT_DAYS = 30
_TOWNS = ("Rotterdam", "Antwerp", "Gdansk", "Turku", "Aarhus", "Bremen", "Genoa", "Valencia", "Piraeus", "Riga")
_THINGS = ("berth", "crane", "tariff", "roster", "customs", "pilotage", "dredging", "bunker", "reefer", "ferry")
_OLDER = re.compile(r'href="([^"]*after=[^"]*)"')
#: Instants by seconds since 1970, as each database keeps them.
_INSTANT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', {}, 'unixepoch') || '.000000'",
    "postgresql": "to_timestamp({})",
}
_DAY = {"sqlite": "date({}, 'unixepoch')", "postgresql": "CAST(to_timestamp({}) AT TIME ZONE 'UTC' AS date)"}


@dataclass(frozen=True)
class Size:
    """How much there is."""

    links: int
    openings: int


@dataclass(frozen=True)
class Place:
    """A portal, what is asked of it by name, and the browsers that ask."""

    pages: Mapping[str, tuple[Browser, str]]
    fill_seconds: float


@dataclass(frozen=True)
class Cost:
    """What one page costs at both sizes: milliseconds, one for each round."""

    name: str
    small: tuple[float, ...]
    large: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(self.large) / median(self.small)


@dataclass(frozen=True)
class Growth:
    """What was measured on one kind of database."""

    kind: str
    small: Size
    large: Size
    costs: tuple[Cost, ...]
    #: Seconds of filling the larger one.
    fill_seconds: float


def measure(workshop: Workshop, kind: str, *, share: float, rounds: int) -> Growth:
    """Fill both sizes on one kind of database, a `share` of the whole, and time every page `rounds` times."""
    small = Size(max(int(LINKS * share), 100), max(int(OPENINGS * share), 5_000))
    large = Size(small.links * TIMES, small.openings * TIMES)
    places = [_place(workshop, kind, name, size) for name, size in (("small", small), ("large", large))]
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in places[0].pages}
    for number in range(rounds + _WARM_UP):
        for name, own in times.items():
            for which, place in enumerate(places):
                took = min(_ask(*place.pages[name]) for _ in range(ASKS))
                if number >= _WARM_UP:
                    own[which].append(took)
    costs = tuple(Cost(name, tuple(own[0]), tuple(own[1])) for name, own in times.items())
    return Growth(kind, small, large, costs, places[1].fill_seconds)


def page(machine: Machine, found: list[Growth], rounds: int) -> str:
    """Return the figures as a page."""
    parts = [
        f"""# Growth

<!-- Made by `python -m bench growth --publish`; bench/README.md says how to read it. -->

{machine.day:%d %B %Y} on {machine.hardware}, {machine.system}. {machine.programs}.

Milliseconds of a whole request over loopback, median of {rounds} (a tenth below – a tenth above), each the quickest of
{ASKS} in a row, both sizes in turn in the same rounds. The machine is shared and noisy: only ratios mean anything. Wanted: at most {MOST} ×."""
    ]
    return "\n\n".join([*parts, *(section(one) for one in found)]) + "\n"


def section(one: Growth) -> str:
    """Return the figures of one kind of database."""
    rows = [
        f"| {cost.name} | {_spread(cost.small)} | {_spread(cost.large)} | "
        f"{cost.ratio:.2f}{'' if cost.ratio <= MOST else ' **over**'} |"
        for cost in one.costs
    ]
    return (
        f"## {one.kind}\n\n| | {one.small.links:,} links, {one.small.openings:,} openings "
        f"| {one.large.links:,} links, {one.large.openings:,} openings | × |\n| --- | ---: | ---: | ---: |\n"
        + "\n".join(rows)
        + f"\n\nThe larger one was filled in {one.fill_seconds:.0f} s."
    )


def _spread(times: tuple[float, ...]) -> str:
    tenths = quantiles(times, n=10) if len(times) > 1 else [times[0]] * 9
    return f"{median(times):.1f} ({tenths[0]:.1f}–{tenths[-1]:.1f})"


def _ask(browser: Browser, path: str) -> float:
    began = perf_counter()
    answer = browser.get(path)
    took = (perf_counter() - began) * 1_000
    # A page that fails is quick, too.
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {answer.body[:300]!r}")
    return took


def _place(workshop: Workshop, kind: str, size_name: str, size: Size) -> Place:
    name = f"growth-{kind.lower()}-{size_name}"
    url = workshop.postgresql.fresh() if kind == "PostgreSQL" else None
    portal = workshop.portal(name, url)
    began = monotonic()
    engine = create_engine(url or f"sqlite:///{workshop.folder / name / 'portico.db'}")
    database.prepare(engine)
    try:
        opened_most = _fill(engine, size)
    finally:
        engine.dispose()
    return Place(_pages(portal, size, opened_most), monotonic() - began)


def _pages(portal: Portal, size: Size, opened: str) -> dict[str, tuple[Browser, str]]:
    administrator, reader, stranger = (Browser(portal.port) for _ in range(3))
    token = administrator.form_token("/sign-in")
    answer = administrator.post("/sign-in", {"csrf_token": token, "email": ADMINISTRATOR.email, "password": PASSWORD})
    if answer.status != 303:
        raise RuntimeError(f"nobody signed in: {answer.status} {answer.body[:300]!r}")
    reader.open_link(portal.tokens.read, LINK_PASSWORD)
    everything = "/links/all/"
    shown = administrator.get(f"/links/{opened}/")
    older = _OLDER.search(shown.body.decode())
    if older is None:
        raise RuntimeError(f"the link's page has no older openings: {shown.status} {shown.body[-3000:]!r}")
    asked = {
        "All links, newest": everything,
        "… by name": f"{everything}?sort=name",
        "… active, by end": f"{everything}?state=active&sort=ends",
        "… made half a year ago": f"{everything}?created_to={(clock.now() - timedelta(days=180)).date()}",
        "… of one owner": f"{everything}?creator=Grower+07",
        "Search: a word of every tenth link": f"{everything}?q=rotterdam",
        "Search: the beginning of two words": f"{everything}?q=rott+plan",
        "Search: one link": f"{everything}?q=nr{size.links // 2}",
        "Search: nothing": f"{everything}?q=zeppelin",
        "… for one recipient": f"{everything}?recipient=anna0@d0.example",
        "… that nobody opened": f"{everything}?risk=never_opened",
        "Risk board": "/links/risks/",
        "A link’s page": f"/links/{opened}/",
        "… its older openings": older.group(1).replace("&amp;", "&"),
    }
    return {name: (administrator, path) for name, path in asked.items()} | {
        "A gate": (stranger, f"/s/{portal.tokens.flooded[0]}/"),
        "A read through a grant": (reader, f"/s/{portal.tokens.read}/"),
    }


def _fill(engine: Engine, size: Size) -> str:
    """Insert links and openings; return the public id of one link."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry)
    now = clock.now().replace(microsecond=0)
    with engine.begin() as connection:
        first = _people(connection, now)
        link_id = _links(connection, size.links, first, now)
        _openings(connection, size, link_id, now)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What autovacuum does by itself in a while; SQLite's planner is left as it is in production.
        connection.exec_driver_sql(
            "VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)"
        )
    return _public_id(size.links // 2)


def _hurry(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")


def _people(connection: Connection, now: datetime) -> int:
    first = _next(connection, Person)
    rows = [
        {
            "id": first + number,
            "public_id": f"grower{number:06}",
            "kind": "staff",
            "display_name": f"Grower {number:02}",
            "name_key": key_of(f"Grower {number:02}"),
            "email": f"grower{number}@acme.example",
            "email_key": f"grower{number}@acme.example",
            "created_at": now,
        }
        for number in range(_OWNERS)
    ]
    connection.execute(insert(Person), rows)
    return first


def _links(connection: Connection, count: int, owner_id: int, now: datetime) -> int:
    """Insert links, a page for each, their words and recipients; return the row id of the first."""
    base = connection.execute(text("SELECT * FROM share_links ORDER BY id LIMIT 1")).mappings().one()
    site = connection.scalar(text("SELECT MIN(id) FROM connections"))
    link_id, object_id = _next(connection, ShareLink), _next(connection, SharedObject)
    for start in range(0, count, _BATCH):
        numbers = range(start, min(start + _BATCH, count))
        objects, links, recipients, words, titles = [], [], [], [], []
        for number in numbers:
            town, thing = _TOWNS[number % 10], _THINGS[number // 10 % 10]
            name, title = f"{town} {thing} nr{number}", f"{thing.title()} plan of {town}, week {number % 52}"
            # Oldest first, as rows are made in life.
            made = now - timedelta(days=_DAYS) * (count - number) / count
            objects.append(
                {
                    "id": object_id + number,
                    "connection_id": site,
                    "kind": "page",
                    "object_id": str(900_000_000 + number),
                    "title": title,
                    "container": "OPS",
                    "web_url": f"http://localhost/wiki/spaces/OPS/pages/{900_000_000 + number}",
                    "version": "1-0123456789abcdef",
                    "checked_at": now,
                }
            )
            links.append(
                {
                    "id": link_id + number,
                    "public_id": _public_id(number),
                    "name": name,
                    "name_key": key_of(name),
                    "shared_object_id": object_id + number,
                    "created_by_id": owner_id + number % _OWNERS,
                    "created_at": made,
                    "expires_at": made + timedelta(days=90 + number % 60),
                    "password_hash": base["password_hash"] if number % 3 else None,
                    "asks_sign_in": number % 3 == 0,
                    "powers": dump(Powers()),
                    "revoked_at": now if number % 20 == 0 else None,
                    "last_opened_at": NEVER if number % 4 == 0 else now - timedelta(hours=number % 500),
                    "views": number % 70,
                }
            )
            words += [{"link_id": link_id + number, "word": word} for word in words_of(name)]
            titles += [{"object_id": object_id + number, "word": word} for word in words_of(title, "OPS")]
            if number % 10 == 7:
                # Every tenth link has one.
                whom = number // 10 % max(count // 10 // _OF_RECIPIENT, 1)
                domain = f"d{whom}.example"
                recipients.append({"link_id": link_id + number, "value": f"anna{whom}@{domain}", "domain": domain})
        for table, rows in (
            (SharedObject, objects),
            (ShareLink, links),
            (LinkWord, words),
            (ObjectWord, titles),
            (LinkRecipient, recipients),
        ):
            connection.execute(insert(table), rows)
    return link_id


def _openings(connection: Connection, size: Size, link_id: int, now: datetime) -> None:
    """Insert openings in the order of time, each link opened about once a week: entries, who it was, days, recent grants."""
    kind = connection.dialect.name
    second = int((now - timedelta(days=_DAYS)).timestamp())
    when = f"({second} + CAST(i AS bigint) * {_DAYS * 86_400} / {size.openings})"
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {size.openings - 1}) "
    entry = _next(connection, AuditEntry)
    link = f"i % {size.links}"
    of_link = f"'gr' || CAST(1000000000 + {link} AS varchar(10))"
    details = '\'{"view":1,"gates":["password"],"grant":1}\''
    values = '\'{"address":"192.0.2.7","agent":"Mozilla/5.0"}\''
    day = _DAY[kind].format(when)
    entries = (
        f"INSERT INTO {AuditEntry.__tablename__} (id, at, event, actor_kind, actor_id, subject_kind, subject_id, source, "
        f"request_id, details, personal_digest) {numbers} SELECT {entry} + i, {_INSTANT[kind].format(when)}, "
        f"'{ShareLinkEvent.OPENED.value}', 'visitor', 'b1946ac92492d234', 'link', {of_link}, 'web', '6746d60b37d7adcc', "
        f"{details}, NULL FROM n"
    )
    personal = (
        f'INSERT INTO {AuditPersonal.__tablename__} (entry_id, salt, "values") {numbers} '
        f"SELECT {entry} + i, '0123456789abcdef0123456789abcdef', {values} FROM n"
    )
    days = (
        f"INSERT INTO {LinkDay.__tablename__} (link_id, day, openings, failures, downloads) {numbers} "
        f"SELECT {link_id} + {link}, {day}, COUNT(*), 0, 0 FROM n GROUP BY {link}, {day}"
    )
    # Grants are kept for a month after their end.
    recent = size.openings - size.openings * _GRANT_DAYS // _DAYS
    grants = (
        f"INSERT INTO {Grant.__tablename__} (link_id, browser_digest, conditions_version, created_at, ends_at) {numbers} "
        f"SELECT {link_id} + {link}, '{'0' * 54}' || CAST(1000000000 + i AS varchar(10)), 1, {_INSTANT[kind].format(when)}, "
        f"{_INSTANT[kind].format(f'({when} + 43200)')} FROM n WHERE i >= {recent}"
    )
    for statement in (entries, personal, days, grants):
        if kind == "postgresql":
            # Keys are checked by plans made for the rows that are known: for a few, each check reads the whole table.
            connection.exec_driver_sql("ANALYZE")
        connection.exec_driver_sql(statement.replace("%", "%%") if kind == "postgresql" else statement)
    if kind == "postgresql":
        for table in (Person, SharedObject, ShareLink, AuditEntry, Grant):
            name = table.__tablename__
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT MAX(id) FROM {name}))"
            )


def _public_id(number: int) -> str:
    return f"gr{1_000_000_000 + number}"


def _next(connection: Connection, table: Any) -> int:
    found = connection.scalar(text(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table.__tablename__}"))
    assert isinstance(found, int)
    return found
