"""Which files a browser may show by itself: by what they say they are and by how they begin, both."""

import pytest

from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading.filetypes import NEUTRAL, drawn_as, sent_as
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import opened, share
from tests.pages import PageClient

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBP",
    "image/avif": b"\x00\x00\x00\x20ftypavif",
    "image/bmp": b"BM\x00\x00",
    "video/mp4": b"\x00\x00\x00\x20ftypisom",
    "audio/mp4": b"\x00\x00\x00\x20ftypM4A ",
    "video/quicktime": b"\x00\x00\x00\x14ftypqt  ",
    "video/webm": b"\x1a\x45\xdf\xa3\x01",
    "audio/ogg": b"OggS\x00",
    "audio/wav": b"RIFF\x00\x00\x00\x00WAVE",
    "audio/mpeg": b"ID3\x04",
    "audio/flac": b"fLaC\x00",
}
ACTIVE = [b"<!doctype html><script>", b"<svg xmlns=", b"<?xml version='1.0'?>", b"\xef\xbb\xbf<html>", b"%PDF-1.7", b""]


@pytest.mark.parametrize("media_type", BEGINNINGS)
def test_what_is_what_it_says_is_shown(media_type: str) -> None:
    assert drawn_as(media_type, BEGINNINGS[media_type]) == media_type
    assert drawn_as(f"{media_type.upper()}; codecs=x", BEGINNINGS[media_type]) == media_type


@pytest.mark.parametrize("media_type", BEGINNINGS)
@pytest.mark.parametrize("beginning", ACTIVE)
def test_what_is_something_else_is_not(media_type: str, beginning: bytes) -> None:
    assert drawn_as(media_type, beginning) is None


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "text/html", "application/xml", "application/xhtml+xml", "text/xml"]
)
@pytest.mark.parametrize("beginning", [*ACTIVE, *BEGINNINGS.values()])
def test_active_types_are_never_shown_nor_sent_as_such(media_type: str, beginning: bytes) -> None:
    assert drawn_as(media_type, beginning) is None
    assert sent_as(media_type) == NEUTRAL


def test_a_film_plays_in_the_page_and_in_parts(world: World, pages: PageClient) -> None:
    shared = share(world, "100120", powers=Powers(children=Children(1)))
    opened(pages, shared)
    page = pages.get(f"{shared.path}page-100127")
    source = page.xpath("//div[@class='doc-body']//video/@src")[0]
    assert source == "media/100127/att10012700"
    headers = {"Range": "bytes=4-11"}
    part = pages.http.get(shared.path + source, base_url=pages.base_url, headers=headers)
    assert (part.status_code, part.content_type) == (206, "video/mp4")
    assert part.data[:4] == b"ftyp"
    assert part.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in part.headers["Content-Security-Policy"]
    whole = pages.http.get(shared.path + source, base_url=pages.base_url)
    assert whole.data[4:12] == part.data
    # A document is a card, and stays where it is without the power to download.
    assert pages.http.get(f"{shared.path}media/100127/att10012701", base_url=pages.base_url).status_code == 404
