"""How large pictures are: read from how they begin, kept with their copy, and in the page from the next read on."""

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading.picture_headers import size_of
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import (
    PLAN,
    Shared,
    calls,
    control,
    forget_calls,
    forget_kept,
    opened,
    share,
)
from tests.pages import PageClient

_ORIENTATION = 0x0112
HANDBOOK, GATE_HOURS = "100120", "100121"


def made(kind: str, size: tuple[int, int] = (37, 21), *, mode: str = "RGB", **options: object) -> bytes:
    """Return a picture as somebody else writes it."""
    target = io.BytesIO()
    Image.new(mode, size, "#336699" if mode == "RGB" else None).save(target, kind, **options)
    return target.getvalue()


def photograph(orientation: int, *, order: bytes = b"MM") -> bytes:
    """Return a JPEG whose camera was held in some way, after a segment of comments."""
    exif = Image.Exif()
    exif.endian = ">" if order == b"MM" else "<"
    exif[0x010F] = "A maker"
    exif[_ORIENTATION] = orientation
    return made("JPEG", exif=exif.tobytes(), comment=b"c" * 3_000)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (made("PNG"), (37, 21)),
        (made("PNG", mode="1"), (37, 21)),
        (made("GIF"), (37, 21)),
        (made("JPEG"), (37, 21)),
        (made("JPEG", progressive=True, quality=20), (37, 21)),
        (made("JPEG", (4_000, 3)), (4_000, 3)),
        (made("JPEG").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1), (37, 21)),
        (made("WEBP"), (37, 21)),
        (made("WEBP", lossless=True), (37, 21)),
        (made("WEBP", (1, 16_000), lossless=True), (1, 16_000)),
        (made("WEBP", exif=Image.Exif().tobytes(), mode="RGBA"), (37, 21)),
        (made("BMP"), (37, 21)),
        *[(photograph(n), (37, 21)) for n in (1, 2, 3, 4, 9)],
        *[(photograph(n), (21, 37)) for n in (5, 6, 7, 8)],
        (photograph(6, order=b"II"), (21, 37)),
    ],
)
def test_a_picture_is_as_large_as_its_header_says(written: bytes, size: tuple[int, int]) -> None:
    assert size_of(written) == size
    # One that goes on for long says so in its first chunk as well.
    assert size_of(written[:4_000] + b"\0" * 256_000) == size


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\2\0\0\0"


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        png(0, 0),
        png(0, 7),
        png(7, 0),
        png(2**31, 2**31),
        png(7, 65_536),
        png(7, 7)[:23],
        png(7, 7).replace(b"IHDR", b"tEXt"),
        b"GIF89a" + bytes(4),
        b"GIF89a\x07",
        b"GIF89a\x07\0\x07",
        b"BM" + bytes(30),
        made("BMP")[:25],
        made("BMP")[:18] + b"\xff\xff\xff\x7f" * 2 + bytes(30),
        b"RIFF\0\0\0\0WEBP",
        *[made("WEBP", lossless=lossless)[:24] for lossless in (False, True)],
        made("WEBP", exif=Image.Exif().tobytes(), mode="RGBA")[:29],
        b"RIFF\0\0\0\0WEBPVP8 " + bytes(30),
        b"\xff\xd8\xff",
        b"\xff\xd8" + b"\xff" * 200_000,
        b"\xff\xd8" + b"\xff\xd0" * 100_000,
        b"\xff\xd8" + b"\xff\xe0\0\2" * 60_000,
        b"\xff\xd8\xff\xe0\0\0" + bytes(300),
        b"\xff\xd8\xff\xe0\xff\xff" + bytes(300),
        b"\xff\xd8\xff\xda\0\x08" + b"\xff\xc0\0\x0b\x08\0\x07\0\x07",
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\x07",
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\x07\0",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'/>",
        b"\0\0\0\x20ftypavif",
    ],
)
def test_a_header_that_cannot_be_says_nothing(hostile: bytes) -> None:
    assert size_of(hostile) is None


_BEGINNINGS = st.sampled_from(
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
        b"GIF89a",
        b"BM",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"RIFF\0\0\0\0WEBPVP8L",
        b"\xff\xd8\xff",
        b"RIFF\0\0\0\0WEBPVP8X",
        b"\xff\xd8\xff\xe1\0\x40Exif\0\0II*\0\x08\0\0\0",
    ]
)


@given(st.tuples(_BEGINNINGS, st.binary(max_size=400)).map(b"".join))
def test_whatever_a_header_says_is_bounded_or_nothing(beginning: bytes) -> None:
    size = size_of(beginning)
    assert size is None or all(1 <= side <= 65_535 for side in size)


def image(source: str, address: str) -> str:
    """Return the tag of a picture."""
    found = re.search(rf'<img src="{address}"[^>]*>', source)
    assert found is not None
    return found[0]


def fetched(pages: PageClient, shared: Shared, address: str) -> tuple[int, int]:
    """Fetch a picture as a browser does, and return its size."""
    answer = pages.http.get(shared.path + address, base_url=pages.base_url)
    return Image.open(io.BytesIO(answer.data)).size


@pytest.mark.parametrize("process", [lambda: None, forget_kept])
def test_a_page_says_the_size_of_a_picture_from_the_read_after_it_was_fetched(
    world: World, pages: PageClient, process: Callable[[], None]
) -> None:
    shared, map_of_terminal = share(world, HANDBOOK), "media/att10012000"
    first = opened(pages, shared).source
    assert ' width="640" loading' in image(first, map_of_terminal)
    wide, high = fetched(pages, shared, map_of_terminal)
    forget_calls(world)
    process()
    second = pages.get(shared.path).source
    assert f'" width="640" height="{round(640 * high / wide)}" ' in image(second, map_of_terminal)
    assert second.replace(image(second, map_of_terminal), image(first, map_of_terminal)) == first
    # Nothing is asked for it, and no body is made anew.
    assert calls(world) == []


def test_the_size_of_a_picture_of_another_covered_page_is_known_wherever_it_is_shown(
    world: World, pages: PageClient
) -> None:
    shown = '<ri:attachment ri:filename="gate queue.png"><ri:page ri:content-title="Gate hours"/></ri:attachment>'
    control(world, "PATCH", f"pages/{HANDBOOK}", {"body": f"<ac:image>{shown}</ac:image>"})
    shared = share(world, HANDBOOK, powers=Powers(children=Children(2)))
    address = f"media/{GATE_HOURS}/att{GATE_HOURS}00"
    assert " width=" not in image(opened(pages, shared).source, address)
    below = f"{shared.path}page-{GATE_HOURS}"
    assert ' width="520" loading' in image(pages.get(below).source, address)
    wide, high = fetched(pages, shared, address)
    assert f' width="{wide}" height="{high}" ' in image(pages.get(shared.path).source, address)
    assert f' width="520" height="{round(520 * high / wide)}" ' in image(pages.get(below).source, address)


def test_a_size_becomes_known_once(world: World, pages: PageClient) -> None:
    shared = share(world)
    opened(pages, shared)
    for _ in range(3):
        fetched(pages, shared, f"media/{PLAN}")
    assert shared.target().sizes_known == 1
