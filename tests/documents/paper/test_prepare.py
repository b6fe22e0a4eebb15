"""What becomes of the reader's HTML before it is set on sheets."""

import pytest

from app.documents.errors import DocumentError
from app.documents.paper import compose, files_of
from app.documents.paper.prepare import MAXIMUM_CHARACTERS, MAXIMUM_FILES
from tests.documents.paper.sheets import manuscript


def body(html: str, pictures: frozenset[str] = frozenset()) -> str:
    return (
        compose(manuscript(html), (), pictures)
        .partition('<div class="doc-body">')[2]
        .removesuffix("</div></body></html>")
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            "<details><summary>More</summary><div>In</div></details>",
            '<div><p class="paper-unfolded">More</p><div>In</div></div>',
        ),
        ('<a href="#doc-x">x</a>', '<a href="#doc-x">x</a>'),
        ('<a href="https://a.example/">x</a>', '<a href="https://a.example/">x</a>'),
        ('<a href="files/7">x</a>', "<span>x</span>"),
        ('<a href="page-7">x</a> y', "<span>x</span> y"),
        ('<img src="media/1" alt="A crane"> y', '<span class="doc-omitted">Picture not available: A crane</span> y'),
        (
            '<video aria-label="The tour" src="media/2"></video>',
            '<span class="doc-omitted">Plays on screen only: The tour</span>',
        ),
        ("<h2>a</h2><h5>b</h5><h3>c</h3>", "<h2>a</h2><h3>b</h3><h3>c</h3>"),
    ],
)
def test_paper_has_nothing_folded_playing_or_leading_nowhere(html: str, expected: str) -> None:
    assert body(html) == expected


def test_a_picture_that_was_had_stays_and_always_has_words() -> None:
    html = '<img src="media/1" alt="" loading="lazy" decoding="async"><img src="media/2" alt="A crane">'
    assert (
        body(html, frozenset({"media/1", "media/2"}))
        == '<img src="media/1" alt="Picture"><img src="media/2" alt="A crane">'
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("<tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr>", ["col", "col"]),
        ("<tr><th>a</th><td>1</td></tr>", ["row"]),
        ("<tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr>", ["col", "col"]),
        ('<tr><th scope="row">a</th><td>1</td></tr>', ["row"]),
    ],
)
def test_every_table_has_headers_that_say_what_they_are_of(rows: str, expected: list[str]) -> None:
    from lxml import html as lxml_html

    tree = lxml_html.fromstring(f"<div>{body(f'<table>{rows}</table>')}</div>")
    assert [cell.get("scope") for cell in tree.iter("th")] == expected


@pytest.mark.parametrize(("columns", "name"), [(7, None), (8, "paper-sideways"), (13, "paper-sideways paper-dense")])
def test_a_wide_table_turns_its_sheet(columns: int, name: str | None) -> None:
    made = body(f'<div class="doc-table-scroll"><table><tr>{"<td>1</td>" * columns}</tr></table></div>')
    expected = f"doc-table-scroll {name}" if name else "doc-table-scroll"
    assert made.startswith(f'<div class="{expected}">')


def test_names_of_pictures_are_found_once_and_in_order() -> None:
    assert files_of('<img src="media/2" alt=""><p><img src="media/1" alt=""></p><img src="media/2" alt="">') == (
        "media/2",
        "media/1",
    )


def test_words_round_the_content_are_text_and_no_markup() -> None:
    document = compose(manuscript("<p>x</p>", title="<script>1</script>"), ('a"b.css',), ())
    assert "<script>" not in document
    assert 'href="a&quot;b.css"' in document


@pytest.mark.parametrize(
    "html",
    [
        "".join(f'<img src="media/{number}" alt="">' for number in range(MAXIMUM_FILES + 1)),
        "x" * (MAXIMUM_CHARACTERS + 1),
    ],
)
def test_more_than_a_pdf_holds_is_refused_with_a_sentence(html: str) -> None:
    with pytest.raises(DocumentError, match=r"more than|larger than"):
        files_of(html)
