"""Files under a link: who gets which, in which form, and what they cost."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.core import db
from app.core.audit import trail
from app.core.errors import Unavailable
from app.features.share_links.models import Copy, CopyChunk
from app.features.share_links.powers import Powers
from app.features.share_links.reading import copies, filetypes, media, places
from app.features.share_links.reading.places import Places
from simulator.files import Held
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import (
    CSV,
    FILES,
    MOVES,
    PDF,
    PLAN,
    Shared,
    calls,
    control,
    forget_calls,
    opened,
    share,
    share_issue,
)
from tests.pages import PageClient


def fetch(pages: PageClient, shared: Shared, part: str, method: str = "GET", **headers: str) -> TestResponse:
    """Ask for something under a link."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return pages.http.open(shared.path + part, method=method, base_url=pages.base_url, headers=sent)


def attachments(world: World, page_id: str) -> dict[str, str]:
    """Return the ids of a page's files by name."""
    found = control(world, "GET", f"pages/{page_id}")
    return {name: one["id"] for name, one in found["attachments"].items()}


def test_a_picture_of_the_body_is_shown_inline(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    found = fetch(pages, shared, f"media/{PLAN}")
    assert found.status_code == 200
    assert found.content_type == "image/png"
    assert found.data.startswith(b"\x89PNG")
    assert found.headers["Content-Disposition"].startswith("inline")
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in found.headers["Content-Security-Policy"]
    assert found.headers["Cache-Control"] == "private, no-cache"
    assert shared.gates() == ["link:opened"]


def test_a_file_is_fetched_once_and_kept_encrypted(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    forget_calls(world)
    bodies = {fetch(pages, shared, f"media/{PLAN}").data for _ in range(3)}
    assert len(bodies) == 1
    assert len(calls(world, f"attachment/{PLAN}/download")) == 1
    with db.reading() as session:
        stored = [bytes(one) for one in session.scalars(select(CopyChunk.data))]
    assert stored
    assert not any(b"PNG" in one or b"Aurora Nord" in one for one in stored)


def test_another_link_to_the_same_page_shares_the_copies(world: World, pages: PageClient) -> None:
    first, second = share(world), share(world, name="Another")
    opened(pages, first)
    fetch(pages, first, f"media/{PLAN}")
    forget_calls(world)
    other = pages.another()
    opened(other, second)
    assert fetch(other, second, f"media/{PLAN}").status_code == 200
    assert calls(world) == []


@pytest.mark.parametrize(
    ("powers", "part", "status"),
    [
        (Powers(), f"media/{PLAN}", 200),
        (Powers(), f"media/{CSV}", 404),
        (Powers(), f"files/{PLAN}", 404),
        (Powers(), f"files/{CSV}", 404),
        (Powers(attachments=True), f"media/{CSV}", 404),
        (Powers(attachments=True), f"files/{CSV}", 404),
        (Powers(download=True), f"files/{PLAN}", 200),
        (FILES, f"files/{CSV}", 200),
        (FILES, f"media/{CSV}", 200),
        (FILES, "media/att10010300", 404),
        (FILES, "files/att10010300", 404),
        (FILES, "files/att99999999", 404),
        (FILES, "media/..%2f..%2fetc", 404),
        (FILES, "media/100101", 404),
    ],
)
def test_what_a_link_lets_out(world: World, pages: PageClient, powers: Powers, part: str, status: int) -> None:
    shared = share(world, powers=powers)
    opened(pages, shared)
    forget_calls(world)
    found = fetch(pages, shared, part)
    assert found.status_code == status
    if status == 404:
        assert calls(world, "download") == []


def test_without_a_grant_no_file_leaves(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    stranger = pages.another()
    for part in (f"media/{PLAN}", f"files/{PDF}"):
        found = fetch(stranger, shared, part)
        assert (found.status_code, found.headers["Location"]) == (303, shared.path)


def test_a_download_is_recorded_before_its_first_byte(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    found = fetch(pages, shared, f"files/{PDF}", Range="bytes=10-19")
    assert found.status_code == 206
    assert shared.events()[-1] == ("file:downloaded", {"attachment": PDF, "range": "bytes=10-19"})

    def broken(*_: object, **__: object) -> None:
        raise Unavailable("audit trail")

    monkeypatch.setattr(trail, "record", broken)
    assert fetch(pages, shared, f"files/{PDF}").status_code == 503


def test_ranges_and_validators(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    whole = fetch(pages, shared, f"media/{PLAN}")
    size, tag = len(whole.data), whole.headers["ETag"]
    for asked, first, last in (("0-99", 0, 99), ("100-", 100, size - 1), ("-50", size - 50, size - 1), ("5-5", 5, 5)):
        part = fetch(pages, shared, f"media/{PLAN}", Range=f"bytes={asked}")
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.data == whole.data[first : last + 1]
    assert fetch(pages, shared, f"media/{PLAN}", Range=f"bytes={size}-").status_code == 416
    for ignored in ("bytes=0-1,4-5", "lines=0-1", "bytes=b-a"):
        assert fetch(pages, shared, f"media/{PLAN}", Range=ignored).status_code == 200
    assert fetch(pages, shared, f"media/{PLAN}", Range="bytes=0-9", If_Range=tag).status_code == 206
    assert fetch(pages, shared, f"media/{PLAN}", Range="bytes=0-9", If_Range='"other"').status_code == 200
    assert fetch(pages, shared, f"media/{PLAN}", Range="bytes=0-9", If_Range=f"W/{tag}").status_code == 200
    unchanged = fetch(pages, shared, f"media/{PLAN}", If_None_Match=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_a_validator_does_not_open_a_closed_link(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    tag = fetch(pages, shared, f"media/{PLAN}").headers["ETag"]
    assert fetch(pages.another(), shared, f"media/{PLAN}", If_None_Match=tag).status_code == 303


def test_asking_for_the_head_of_a_file_fetches_and_records_nothing(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    forget_calls(world)
    found = fetch(pages, shared, f"files/{PDF}", method="HEAD")
    assert (found.status_code, found.data, found.headers["Content-Length"]) == (200, b"", "900")
    assert calls(world, "download") == []
    assert shared.gates() == ["link:opened"]


def test_active_files_are_only_ever_downloads(world: World, pages: PageClient) -> None:
    shared = share(world, "100112", powers=FILES)
    opened(pages, shared)
    for name, identifier in attachments(world, "100112").items():
        for part in ("media", "files"):
            found = fetch(pages, shared, f"{part}/{identifier}")
            assert found.status_code == 200, name
            kind = found.content_type.partition(";")[0]
            inline = found.headers["Content-Disposition"].startswith("inline")
            assert not inline or kind in filetypes.INLINE, name
            assert not any(word in kind for word in ("html", "svg", "xml", "script")), name
            assert "\n" not in found.headers["Content-Disposition"]


def test_a_picture_that_is_none_is_not_drawn(world: World, pages: PageClient) -> None:
    hostile = {"text": "<script>alert(1)</script>", "media_type": "image/png"}
    control(world, "PUT", "attachments/100101/site-plan.png", hostile)
    shared = share(world)
    opened(pages, shared)
    assert fetch(pages, shared, f"media/{PLAN}").status_code == 404
    other = share(world, powers=FILES)
    opened(pages, other)
    found = fetch(pages, other, f"media/{PLAN}")
    assert found.content_type == filetypes.NEUTRAL
    assert found.headers["Content-Disposition"].startswith("attachment")


def test_a_large_file_is_streamed_and_not_kept(world: World, pages: PageClient) -> None:
    shared = share(world, "100111", powers=FILES)
    opened(pages, shared)
    found = fetch(pages, shared, "files/att10011111", Range="bytes=30000000-30000099")
    assert found.status_code == 206
    assert len(found.data) == 100
    assert found.headers["Content-Range"].startswith("bytes 30000000-30000099/")
    with db.reading() as session:
        assert "att10011111" not in list(session.scalars(select(Copy.name)))
    assert shared.events()[-1][0] == "file:downloaded"


def test_a_picture_of_an_issue_is_shown(world: World, pages: PageClient) -> None:
    shared = share_issue(world, "HARB-2", powers=FILES)
    page = opened(pages, shared)
    sources = page.xpath("//article//img/@src")
    assert sources
    for source in sources:
        assert fetch(pages, shared, source).status_code == 200


def small_picture(pages: PageClient, shared: Shared, filename: str) -> str:
    """Return where the small picture of a file is."""
    page = pages.get(shared.path)
    (found,) = page.xpath(f"//li[contains(@class, 'doc-attachment')][contains(., '{filename}')]//img/@src")
    return str(found)


def width_of(png: bytes) -> int:
    """Return the width of a PNG in pixels."""
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[16:20])


@pytest.mark.parametrize("deployment", ["world", "own_servers"], ids=["cloud", "data center"])
def test_files_of_an_issue_are_listed_with_jiras_small_pictures(
    deployment: str, request: pytest.FixtureRequest, pages: PageClient
) -> None:
    world: World = request.getfixturevalue(deployment)
    shared = share_issue(world, "HARB-2", powers=Powers(attachments=True))
    opened(pages, shared)
    address = small_picture(pages, shared, "brake-slip.png")
    forget_calls(world)
    first, again = fetch(pages, shared, address), fetch(pages, shared, address)
    assert first.content_type == "image/png"
    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert len(calls(world, "thumbnail")) == 1
    whole = fetch(pages, shared, address.replace("small/", ""))
    assert width_of(first.data) < width_of(whole.data)
    assert whole.headers["ETag"] != first.headers["ETag"]
    assert fetch(pages, shared, address, If_None_Match=first.headers["ETag"]).status_code == 304
    assert fetch(pages, shared, address, method="HEAD").data == b""
    assert [kind for kind in copies_by_kind() if kind != "body"] == ["media", "small"]


def copies_by_kind() -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(Copy.kind)))


def test_a_small_picture_leaves_only_where_its_file_may_be_seen(world: World, pages: PageClient) -> None:
    listed = share_issue(world, "HARB-31", powers=Powers(attachments=True))
    opened(pages, listed)
    address = small_picture(pages, listed, "second line.png")
    assert fetch(pages, listed, address).status_code == 200
    assert fetch(pages, listed, "media/small/30622").status_code == 404, "only an internal comment speaks of it"
    assert fetch(pages, listed, "media/small/30623").status_code == 404, "it is no picture"
    assert fetch(pages.another(), listed, address).status_code == 303, "this browser has passed no gate"
    alone = share_issue(world, "HARB-31")
    opened(pages, alone)
    assert fetch(pages, alone, address).status_code == 404
    page = share(world, powers=FILES)
    opened(pages, page)
    assert fetch(pages, page, f"media/small/{PLAN}").status_code == 404, "Confluence makes none"


def test_a_small_picture_that_is_none_is_not_sent(world: World, pages: PageClient) -> None:
    shared = share_issue(world, "HARB-2", powers=FILES)
    opened(pages, shared)
    address = small_picture(pages, shared, "brake-slip.png")
    file = world.running.site.attachments[address.rpartition("/")[2]]
    file.versions[-1] = replace(file.latest, content=Held(b"<svg xmlns='http://www.w3.org/2000/svg'/>"))
    assert fetch(pages, shared, address).status_code == 404


@pytest.mark.parametrize(("most", "status"), [(2_000_000, 200), (100, 404)], ids=["small enough", "too large"])
def test_a_picture_without_a_small_one_stands_for_itself(
    world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch, most: int, status: int
) -> None:
    monkeypatch.setattr(media, "SMALL_ENOUGH_BYTES", most)
    shared = share_issue(world, "HARB-2", powers=Powers(attachments=True))
    opened(pages, shared)
    address = small_picture(pages, shared, "brake-slip.png")
    control(world, "POST", "failures", {"mode": "status", "status": 404, "path": ".*thumbnail/.*"})
    found = fetch(pages, shared, address)
    assert found.status_code == status
    if status == 200:
        assert found.data == fetch(pages, shared, address.replace("small/", "")).data


def test_at_most_so_many_files_are_under_way(world: World, pages: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_outgoing", Places(1, wait_seconds=0.05))
    shared = share(world, "100111", powers=FILES)
    opened(pages, shared)
    with places.outgoing().take():
        busy = fetch(pages, shared, "files/att10011111")
        assert busy.status_code == 503
        assert busy.headers["Retry-After"] == "5"
        # A small one needs no place.
        small = next(one for name, one in attachments(world, "100111").items() if name.endswith(".txt"))
        assert fetch(pages, shared, f"files/{small}").status_code == 200
    assert "Retry-After" not in fetch(pages, shared, "files/att10011111", Range="bytes=0-9").headers


def test_a_place_is_given_back_once() -> None:
    some = Places(1, wait_seconds=0.01)
    place = some.take()
    place.give_back()
    place.give_back()
    some.take()
    with pytest.raises(Unavailable):
        some.take()


def test_two_readers_at_once_fetch_a_file_once(world: World, pages: PageClient) -> None:
    shared = share(world, powers=FILES)
    opened(pages, shared)
    browser_cookie = pages.http.get_cookie("visitor_dev", domain="localhost")
    assert browser_cookie is not None
    forget_calls(world)
    found: list[bytes] = []

    def read() -> None:
        browser = pages.another()
        browser.set_cookie("visitor", browser_cookie.value)
        found.append(fetch(browser, shared, f"media/{MOVES}").data)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(calls(world, f"attachment/{MOVES}/download")) == 1


def test_a_chunk_moved_to_another_place_is_not_decrypted(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    fetch(pages, shared, f"media/{PLAN}")
    fetch(pages, shared, f"media/{MOVES}")
    with db.transaction() as session:
        ids = {name: one for one, name in session.execute(select(Copy.id, Copy.name)).all()}
        stolen = session.scalar(select(CopyChunk.data).where(CopyChunk.copy_id == ids[MOVES]))
        session.execute(update(CopyChunk).where(CopyChunk.copy_id == ids[PLAN]).values(data=stolen))
    forget_calls(world)
    # It is thrown away and fetched again.
    assert fetch(pages, shared, f"media/{PLAN}").data.startswith(b"\x89PNG")
    assert len(calls(world, "download")) == 1


@pytest.mark.parametrize(
    ("declared", "beginning", "drawn"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("IMAGE/PNG; charset=x", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("image/jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("image/gif", b"GIF89a", "image/gif"),
        ("image/webp", b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        ("image/avif", b"\x00\x00\x00\x1cftypavif", "image/avif"),
        ("image/png", b"<html>", None),
        ("image/png", b"GIF89a", None),
        ("image/svg+xml", b"<svg ", None),
        ("text/html", b"\x89PNG\r\n\x1a\n", None),
        ("application/pdf", b"%PDF", None),
        ("", b"", None),
    ],
)
def test_what_is_drawn(declared: str, beginning: bytes, drawn: str | None) -> None:
    assert filetypes.drawn_as(declared, beginning) == drawn


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ("application/pdf", "application/pdf"),
        ("text/csv", "text/csv"),
        ("text/plain", "text/plain"),
        ("text/html", filetypes.NEUTRAL),
        ("text/css", filetypes.NEUTRAL),
        ("application/xhtml+xml", filetypes.NEUTRAL),
        ("image/svg+xml", filetypes.NEUTRAL),
        ("application/javascript", filetypes.NEUTRAL),
        ("nonsense", filetypes.NEUTRAL),
        ("a/b/c", filetypes.NEUTRAL),
    ],
)
def test_how_a_download_is_named(declared: str, sent: str) -> None:
    assert filetypes.sent_as(declared) == sent


def test_reading_part_of_a_copy_reads_its_own_chunks_only(world: World) -> None:
    shared = share(world)
    plain = bytes(range(256)) * 3_000
    key = copies.CopyKey(shared.link.shared_object_id, copies.CopyKind.MEDIA, "att1", "1")
    with db.transaction() as session:
        copies.write(session, key, "image/png", plain, b"{}")
        found = copies.find(session, key)
    assert found is not None
    assert found.size == len(plain)
    for start, stop in ((0, 1), (0, len(plain)), (262_143, 262_146), (600_000, 700_000), (len(plain) - 1, len(plain))):
        assert b"".join(copies.read(found.id, start, stop)) == plain[start:stop]


def test_bounds_of_a_span() -> None:
    assert media._bounds(media.Span(-10, None), 4) == (0, 4)
    assert media._bounds(media.Span(2, 99), 4) == (2, 4)
    with pytest.raises(media.OutOfRange):
        media._bounds(media.Span(4, None), 4)
