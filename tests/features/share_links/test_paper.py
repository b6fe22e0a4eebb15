"""The PDF of a link: who gets one, that it is made once and kept encrypted, and that it says who took it."""

import io
import math

import pikepdf
import pytest
from sqlalchemy import select, update

from app.core import clock, db
from app.core.jobs import worker
from app.core.jobs.models import Job
from app.features.share_links.models import Copy, CopyChunk
from app.features.share_links.paper import child as paper_child
from app.features.share_links.paper import views as paper_views
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading import copies
from tests.documents.paper.sheets import texts
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import aged, control, opened, share, share_issue
from tests.features.share_links.test_children import FEES, GATE_HOURS, HANDBOOK
from tests.features.share_links.test_media import fetch
from tests.pages import PageClient

PDF = Powers(pdf=True)
MARKED = Powers(pdf=True, watermark=True)
AS_SHIPPED = paper_views.PATIENCE


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody makes PDFs while these readers wait."""
    monkeypatch.setattr(paper_views, "PATIENCE", 0.0)


def work() -> int:
    """Do what is queued, as a worker does, and return how much that was."""
    return worker.sweep()


def copies_of(kind: str = "pdf") -> list[Copy]:
    with db.reading() as session:
        return list(session.scalars(select(Copy).where(Copy.kind == kind)))


def test_the_first_reader_orders_and_every_reader_gets_the_same_neutral_pdf(world: World, pages: PageClient) -> None:
    shared = share(world, powers=PDF)
    opened(pages, shared)
    for _ in range(2):
        asked = fetch(pages, shared, "pdf")
        assert (asked.status_code, asked.headers["Location"]) == (303, f"{shared.path}pdf/progress")
    waiting = pages.get(f"{shared.path}pdf/progress")
    assert waiting.heading == "Your PDF is being made"
    assert waiting.headers["Refresh"] == "3"
    assert work() == 1
    ready = pages.get(f"{shared.path}pdf/progress")
    assert ready.heading == "Your PDF is ready"
    assert "Refresh" not in ready.headers
    taken = fetch(pages, shared, "pdf")
    assert taken.status_code == 200
    assert taken.content_type == "application/pdf"
    assert taken.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "sandbox" in taken.headers["Content-Security-Policy"]
    assert taken.headers["Cache-Control"] == "no-store"
    sheets = texts(taken.data)
    assert "Version" in sheets[0]
    assert all(f"shared by Ines Duarte · link {shared.link.public_id[:8]}" in text for text in sheets)
    other = pages.another()
    opened(other, shared)
    assert fetch(other, shared, "pdf").status_code == 200
    assert work() == 0
    assert shared.gates() == ["link:opened", "pdf:taken", "link:opened", "pdf:taken"]


def test_whoever_comes_back_to_an_order_that_was_given_up_places_another(world: World, pages: PageClient) -> None:
    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    (copy,) = copies_of()
    with db.transaction() as session:
        copies.discard(session, copy.id)
    assert pages.get(f"{shared.path}pdf/progress").heading == "Your PDF is being made"
    assert work() >= 1
    assert pages.get(f"{shared.path}pdf/progress").heading == "Your PDF is ready"


class Held:
    """A clock that goes on by what is slept, and a worker that is done at some second of it, or never."""

    def __init__(self, done_at: float) -> None:
        self.passed = 0.0
        self.done_at = done_at

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds
        if self.passed >= self.done_at:
            work()


@pytest.mark.parametrize(
    ("done_at", "status", "waited"), [(0.5, 200, 0.5), (1.9, 200, 1.9), (2.5, 303, 2.0), (math.inf, 303, 2.0)]
)
def test_a_reader_waits_two_seconds_before_being_told_to_wait(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch, done_at: float, status: int, waited: float
) -> None:
    shared = share(world, powers=PDF)
    opened(pages, shared)
    held = Held(done_at)
    monkeypatch.setattr(paper_views, "PATIENCE", AS_SHIPPED)
    monkeypatch.setattr(paper_views, "time", held)
    answer = fetch(pages, shared, "pdf")
    assert (answer.status_code, round(held.passed, 1)) == (status, waited)
    if status == 303:
        assert answer.headers["Location"] == f"{shared.path}pdf/progress"
        assert pages.get(f"{shared.path}pdf/progress").heading == "Your PDF is being made"
        # Whoever follows it is answered at once.
        assert round(held.passed, 1) == waited


def test_a_pdf_holds_the_pictures_of_the_page(world: World, pages: PageClient) -> None:
    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    work()
    assert pictures_in(fetch(pages, shared, "pdf").data) > 0


def test_an_issue_is_set_under_its_key(world: World, pages: PageClient) -> None:
    shared = share_issue(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    work()
    taken = fetch(pages, shared, "pdf")
    assert "filename=HARB-2.pdf" in taken.headers["Content-Disposition"]
    assert "HARB-2" in texts(taken.data)[0]


def test_the_neutral_pdf_is_kept_encrypted(world: World, pages: PageClient) -> None:
    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    work()
    (copy,) = copies_of()
    assert copy.complete
    with db.reading() as session:
        chunks = [bytes(one) for one in session.scalars(select(CopyChunk.data).where(CopyChunk.copy_id == copy.id))]
    assert chunks
    assert not any(b"%PDF" in chunk for chunk in chunks)


@pytest.mark.parametrize("part", ["pdf", "pdf/progress", "watermark.svg"])
def test_without_the_power_there_is_none(world: World, pages: PageClient, part: str) -> None:
    shared = share(world)
    opened(pages, shared)
    assert fetch(pages, shared, part).status_code == 404
    assert copies_of() == []
    assert "Download PDF" not in pages.get(shared.path).text


@pytest.mark.parametrize("part", ["pdf", "pdf/progress"])
def test_a_stranger_is_led_to_the_gates_and_orders_nothing(world: World, pages: PageClient, part: str) -> None:
    shared = share(world, powers=MARKED)
    asked = fetch(pages, shared, part)
    assert (asked.status_code, asked.headers["Location"]) == (303, shared.path)
    assert fetch(pages, shared, "watermark.svg").status_code == 303
    assert copies_of() == []
    with db.reading() as session:
        assert session.scalars(select(Job).where(Job.name == "share_links.make_pdf")).all() == []


def test_whoever_lost_access_gets_no_pdf_that_is_ready(world: World, pages: PageClient) -> None:

    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    work()
    shared.change(revoked_at=clock.now())
    assert fetch(pages, shared, "pdf").status_code == 410
    assert fetch(pages.another(), shared, "pdf").status_code == 404


def test_a_watermark_says_who_reads_on_screen_and_on_paper(world: World, pages: PageClient) -> None:
    shared = share(world, powers=MARKED)
    page = opened(pages, shared)
    assert 'src="watermark.svg"' in page.source
    drawn = fetch(pages, shared, "watermark.svg")
    assert drawn.content_type.startswith("image/svg+xml")
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    assert f"link {shared.link.public_id[:8]}" in drawn.text
    assert "<script" not in drawn.text
    fetch(pages, shared, "pdf")
    work()
    sheets = texts(fetch(pages, shared, "pdf").data)
    assert all(text.count(f"link {shared.link.public_id[:8]}") > 10 for text in sheets)


def test_what_cannot_be_made_is_said_once_and_not_tried_again(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bytes:
        raise paper_child.NotMade("Too long for a PDF.")

    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    with monkeypatch.context() as patch:
        patch.setattr(paper_child, "make", refuse)
        assert work() == 1
    told = pages.get(f"{shared.path}pdf/progress", status=422)
    assert "Too long for a PDF." in told.text
    assert fetch(pages, shared, "pdf").status_code == 303
    assert work() == 0


def test_an_order_whose_worker_is_gone_is_placed_again(world: World, pages: PageClient) -> None:

    from app.features.share_links.reading.copies import WRITER_SILENCE

    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    with db.transaction() as session:
        session.execute(update(Copy).where(Copy.kind == "pdf").values(good_at=clock.now() - 2 * WRITER_SILENCE))
    fetch(pages, shared, "pdf")
    # The first job finds its order gone, the second does its own.
    assert work() == 2
    assert len(copies_of()) == 1
    assert fetch(pages, shared, "pdf").status_code == 200


def test_another_version_is_another_pdf(world: World, pages: PageClient) -> None:

    shared = share(world, powers=PDF)
    opened(pages, shared)
    fetch(pages, shared, "pdf")
    work()
    control(world, "PATCH", "pages/100101", {"body": "<p>Something new</p>"})
    aged(shared)
    assert fetch(pages, shared, "pdf").status_code == 303
    work()
    assert "Something new" in texts(fetch(pages, shared, "pdf").data)[0]


def test_the_child_process_knows_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    seen: dict[str, object] = {}
    popen = subprocess.Popen

    def note(command: list[str], **options: object) -> object:
        seen.update(options)
        return popen(command, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("PORTICO_KEYS", "canary")
    monkeypatch.setattr(subprocess, "Popen", note)
    from app.documents.paper.process import Request, Work

    paper_child.make(Request(Work.MAKE, "<!doctype html><html lang='en'><title>x</title><p>x"), beat=lambda: None)
    assert set(seen["env"]) == {"PATH", "LANG", "PYTHONPATH"}  # type: ignore[call-overload]


def test_a_page_below_the_shared_one_has_a_pdf_of_its_own(world: World, pages: PageClient) -> None:
    shared = share(world, HANDBOOK, powers=Powers(pdf=True, children=Children(1)))
    opened(pages, shared)
    assert f'href="pdf/{GATE_HOURS}"' in pages.get(f"{shared.path}page-{GATE_HOURS}").source
    assert fetch(pages, shared, f"pdf/{GATE_HOURS}").headers["Location"] == f"{shared.path}pdf/{GATE_HOURS}/progress"
    assert work() == 1
    ready = pages.get(f"{shared.path}pdf/{GATE_HOURS}/progress")
    assert f'href="{shared.path}page-{GATE_HOURS}"' in ready.source
    sheets = texts(fetch(pages, shared, f"pdf/{GATE_HOURS}").data)
    assert "Gate hours" in sheets[0]
    assert "Handbook" not in sheets[0].partition("Gate hours")[0]


def pictures_in(pdf: bytes) -> int:
    """Return how many pictures a PDF holds, wherever in it they stand."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        streams = [one for one in document.objects if isinstance(one, pikepdf.Stream)]
        return sum(one.get("/Subtype") == "/Image" for one in streams)


@pytest.mark.parametrize("children", [Children(1), None], ids=["covered", "not covered"])
def test_a_picture_of_a_page_below_stands_on_paper_if_the_link_covers_that(
    world: World, pages: PageClient, children: Children | None
) -> None:
    picture = world.running.site.attachments["att10012100"].filename
    of_page = f'<ri:attachment ri:filename="{picture}"><ri:page ri:content-title="Gate hours" /></ri:attachment>'
    control(world, "PATCH", f"pages/{HANDBOOK}", {"body": f"<p>See.</p><ac:image>{of_page}</ac:image>"})
    shared = share(world, HANDBOOK, powers=Powers(pdf=True, children=children))
    page = opened(pages, shared)
    assert len(page.xpath("//div[@class='doc-body']//img")) == (1 if children else 0)
    fetch(pages, shared, "pdf")
    work()
    taken = fetch(pages, shared, "pdf").data
    assert (pictures_in(taken) > 0) == (children is not None)
    assert "Picture not available" not in "".join(texts(taken))


def test_a_page_that_the_link_does_not_cover_has_none(world: World, pages: PageClient) -> None:
    shared = share(world, HANDBOOK, powers=Powers(pdf=True, children=Children(1)))
    opened(pages, shared)
    assert fetch(pages, shared, f"pdf/{FEES}").status_code == 404
    assert fetch(pages, shared, f"pdf/{FEES}/progress").status_code == 404


@pytest.mark.parametrize("comments", [True, False])
def test_comments_stand_on_paper_where_readers_see_them(world: World, pages: PageClient, comments: bool) -> None:
    shared = share(world, HANDBOOK, powers=Powers(pdf=True, comments=comments))
    page = opened(pages, shared)
    fetch(pages, shared, "pdf")
    work()
    sheets = "".join(texts(fetch(pages, shared, "pdf").data))
    said = "the hauliers will like that"
    assert (said in page.text, said in sheets, "Comments" in sheets) == (comments, comments, comments)
