"""Sizes of pictures are put into finished HTML: as its writer wanted the picture, and nothing else changes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents.sanitise import clean
from app.documents.sizes import with_sizes
from tests.documents.given import storage

SIZES = {"media/att1": (800, 400), "media/77/att1": (40, 30)}
_SIZE = re.compile(r' (?:width|height)="\d+"')


def image(attributes: str = "") -> str:
    return storage(f'<ac:image {attributes}><ri:attachment ri:filename="plan.png"/></ac:image>')


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ("", (800, 400)),
        ('ac:width="200"', (200, 100)),
        ('ac:height="200"', (400, 200)),
        ('ac:width="200" ac:height="50"', (200, 50)),
        ('ac:width="1600"', (1600, 800)),
        ('ac:thumbnail="true"', (300, 150)),
        ('ac:thumbnail="true" ac:width="90"', (90, 45)),
        ('ac:width="300" ac:original-width="600" ac:original-height="600"', (300, 300)),
        ('ac:layout="full-width" ac:border="true"', (800, 400)),
    ],
)
def test_a_picture_has_both_sizes_as_its_writer_wanted_it(attributes: str, size: tuple[int, int]) -> None:
    html = with_sizes(image(attributes), SIZES)

    assert f'<img src="media/att1" width="{size[0]}" height="{size[1]}"' in html.replace(' alt="plan.png"', "")
    assert _SIZE.sub("", html) == _SIZE.sub("", image(attributes))


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ((1, 1), (1, 1)),
        ((10_000, 5_000), (5_000, 2_500)),
        ((65_535, 1), (5_000, 1)),
        ((1, 65_535), (1, 5_000)),
    ],
)
def test_no_picture_is_drawn_larger_than_any_may_be(size: tuple[int, int], drawn: tuple[int, int]) -> None:
    html = with_sizes('<img src="media/att1" alt="">', {"media/att1": size})

    assert html == f'<img src="media/att1" width="{drawn[0]}" height="{drawn[1]}" alt="">'


def test_a_picture_whose_size_is_unknown_stays_as_it_is() -> None:
    assert with_sizes(image(), {}) == image()
    assert with_sizes(image(), {"media/att2": (8, 4)}) == image()


@pytest.mark.parametrize(
    "html",
    [
        '<p>&lt;img src="media/att1"&gt;</p>',
        '<div aria-label="<img src="><a href="media/att1">x</a></div>',
        '<img src="media/att2" alt="<img src=">',
        '<img src="media/att2" alt="<img src=\'media/att1\'>">',
    ],
)
def test_what_only_looks_like_a_picture_is_none(html: str) -> None:
    assert with_sizes(clean(html), SIZES) == clean(html)


_PIECES = st.sampled_from(
    [
        '<img src="media/att1"',
        '<img src="media/77/att1"',
        ' alt="',
        '"',
        ">",
        "<",
        "&quot;",
        ' width="9"',
        ' height="90000"',
        ' class="doc-thumbnail"',
        '<a href="media/att1">',
        "</a>",
        '<p aria-label="',
        "<p>",
        "'",
        "=",
        " ",
        "media/att1",
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_with_sizes_a_document_is_as_clean_as_before_and_says_the_same(html: str) -> None:
    cleaned = clean(html)
    sized = with_sizes(cleaned, SIZES)

    assert clean(sized) == sized
    assert _SIZE.sub("", sized) == _SIZE.sub("", cleaned)
