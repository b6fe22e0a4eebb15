"""Row 1: a gated read of a cached page through a live grant, and forged tokens, beside Flask alone and Flask with an ORM."""

from dataclasses import dataclass
from statistics import median

from bench import wrk
from bench.browser import Browser
from bench.content import PASSWORD
from bench.servers import Portal, Workshop
from bench.wrk import Shot

EMPTY = "Flask, empty view"
ORM = {
    "SQLite": "Flask + one SELECT through the ORM, SQLite",
    "PostgreSQL": "Flask + one SELECT through the ORM, PostgreSQL",
}
LOGIN = "Flask-Login + session, SQLite"
PAGE = "Flask, Jinja page of 30 KB"
READ = {kind: f"Portico, gated read of a cached page, {kind}" for kind in ORM}
FORGED = {kind: f"Portico, forged token, {kind}" for kind in ORM}


@dataclass(frozen=True)
class Subject:
    """One address to ask for, and what has to come back."""

    name: str
    url: str
    status: int = 200
    cookie: str = ""


@dataclass(frozen=True)
class Reading:
    """What was measured of one subject, by round."""

    name: str
    shots: tuple[Shot, ...]

    @property
    def rate(self) -> float:
        return median(shot.rate for shot in self.shots)

    @property
    def slowest(self) -> float:
        return min(shot.rate for shot in self.shots)

    @property
    def fastest(self) -> float:
        return max(shot.rate for shot in self.shots)


def ratio(readings: dict[str, Reading], name: str, to: str) -> float:
    """Return the median over rounds of one rate divided by another of the same round: neighbours in time."""
    pairs = zip(readings[name].shots, readings[to].shots, strict=True)
    return median(own.rate / other.rate for own, other in pairs)


def peers(workshop: Workshop) -> list[Subject]:
    """Start the peers."""
    sqlite = f"sqlite:///{workshop.folder / 'peers.db'}"
    login = workshop.peer("login", sqlite)
    browser = Browser(login.port)
    browser.get("/in")
    return [
        Subject(EMPTY, f"{workshop.peer('empty').url}/"),
        Subject(ORM["SQLite"], f"{workshop.peer('orm_select', sqlite).url}/people/p00500"),
        Subject(ORM["PostgreSQL"], f"{workshop.peer('orm_select', workshop.postgresql.empty()).url}/people/p00500"),
        Subject(LOGIN, f"{login.url}/", cookie=browser.cookie_header),
        Subject(PAGE, f"{workshop.peer('page').url}/"),
    ]


def of_portal(portal: Portal, kind: str) -> list[Subject]:
    """Open the link in a browser and return what is measured of a portal."""
    browser = Browser(portal.port)
    browser.open_link(portal.tokens.read, PASSWORD)
    token = portal.tokens.read
    forged = token[:-2] + ("AA" if not token.endswith("AA") else "BB")
    return [
        Subject(READ[kind], f"{portal.url}/s/{token}/", cookie=browser.cookie_header),
        Subject(FORGED[kind], f"{portal.url}/s/{forged}/", status=404),
    ]


def measure(subjects: list[Subject], *, rounds: int, seconds: int) -> dict[str, Reading]:
    """Measure all subjects in each round, after one short round that does not count."""
    shots: dict[str, list[Shot]] = {subject.name: [] for subject in subjects}
    for number in range(rounds + 1):
        for subject in subjects:
            shot = wrk.shoot(subject.url, seconds if number else 1, cookie=subject.cookie)
            _check(subject, shot)
            if number:
                shots[subject.name].append(shot)
    return {name: Reading(name, tuple(found)) for name, found in shots.items()}


def _check(subject: Subject, shot: Shot) -> None:
    # A server that answers something else is quick, too.
    wanted = shot.answers if subject.status >= 400 else 0
    if shot.errors != wanted:
        raise RuntimeError(
            f"{subject.name}: {shot.errors} of {shot.answers} answers are errors, {wanted} were expected"
        )
