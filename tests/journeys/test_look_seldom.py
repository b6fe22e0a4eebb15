"""What is seldom seen, by day, by night and on a phone: figures with something in them, work under way, long titles and long words."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.features.share_links.life_models import BulkItem, BulkRun
from app.features.share_links.lists import figures
from app.features.share_links.lookup_models import LinkDay
from app.features.share_links.models import ShareLink
from tests.journeys.portal import Cast, Portal, Shared
from tests.journeys.test_look import PASSWORD, walk
from tests.journeys.visitor import EVERY_LOOK, Visit

pytestmark = pytest.mark.looks
#: Pages with a title that fills more than a line of a telephone, and with words that do.
LONG_TITLE, LONG_WORDS = "110005", "110036"
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


def test_figures_with_something_in_them(portal: Portal, visit: Visit) -> None:
    links = [portal.share(portal.author(), name=f"Crane {number}", password=PASSWORD) for number in range(3)]
    today = clock.now().date()
    with transaction() as session:
        for row in session.scalars(select(ShareLink).where(ShareLink.public_id.in_([link.id for link in links]))):
            for days in range(30):
                openings = (row.id * 7 + days * days) % 23
                session.add(LinkDay(link_id=row.id, day=today - timedelta(days=days), openings=openings))
        session.flush()
        figures.keep(session, figures.count(session))
    ada = visit(EVERY_LOOK).sign_in(portal.administrator())
    walk(ada, ("risks-counted", "/links/risks/", 200), ("link-opened", f"/links/{links[0].id}/", 200))


def test_work_under_way(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    links = [portal.share(ines, name=f"Crane {number}", password=PASSWORD) for number in range(5)]
    run = "under-way"
    _under_way(ines, links, run)
    walk(visit(EVERY_LOOK).sign_in(ines), ("bulk-running", f"/links/bulk/{run}/", 200))


def _under_way(ines: Cast, links: list[Shared], public_id: str) -> None:
    """Begin to pause links, and be done with two."""
    with transaction() as session:
        run = BulkRun(
            public_id=public_id,
            person_id=ines.id,
            action="pause",
            total=len(links),
            made_at=clock.now(),
            confirmed_at=clock.now(),
        )
        session.add(run)
        session.flush()
        for row in session.scalars(select(ShareLink).where(ShareLink.public_id.in_([link.id for link in links]))):
            session.add(BulkItem(run_id=run.id, link_id=row.id, outcome="done" if row.name < "Crane 2" else None))


def test_long_titles_and_long_words(portal: Portal, visit: Visit) -> None:
    ines = portal.author()
    powers = {"pdf": True, "attachments": True, "download": True}
    titled = portal.share(ines, portal.page_url(LONG_TITLE), name=WORD, password=PASSWORD, powers=powers)
    worded = portal.share(ines, portal.page_url(LONG_WORDS), name=f"Berth plan {WORD}", password=PASSWORD)
    for name, link in (("reader-long-title", titled), ("reader-long-words", worded)):
        reader = visit(EVERY_LOOK).open(link.address).enter({"Password": PASSWORD}).press("Open")
        reader.picture(name)
    author = visit(EVERY_LOOK).sign_in(ines)
    walk(author, ("links-long-words", "/links/", 200), ("link-long-words", f"/links/{worded.id}/", 200))
