"""PDFs as they come out: tagged, complete, within their sheets, made from nothing but what was handed in."""

import io
from pathlib import Path

import pdfua
import pikepdf
import pypdfium2
import pytest

from app.documents.paper import PaperFile
from app.documents.paper.making import make_pdf
from app.documents.paper.personal import Marks, stamp
from tests.documents.paper.sheets import made, over_the_edge, sizes, texts

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf500f0003860180"
    "5a347d6b0000000049454e44ae426082"
)
LONG = "<p>Ships wait for the tide.</p>" * 120
CONTENT = (
    '<h2 id="doc-a">Cranes</h2><p><a href="#doc-b">Below</a> and <a href="https://a.example/">beyond</a></p>'
    '<figure class="doc-figure"><img src="media/1" alt="A crane"><figcaption>Crane 4</figcaption></figure>'
    '<div class="doc-table-scroll"><table class="doc-table"><tr><th>Berth</th><th>Depth</th></tr>'
    f"<tr><td>1</td><td>12 m</td></tr></table></div><h4>Far below</h4>{LONG}"
    '<h2 id="doc-b">Berths</h2><ul><li>one</li><li>two</li></ul><div class="doc-pre">code</div>'
)
MARKS = Marks("For Ada Ågren (ada@vendor.example) · link 7fK2", "ada@vendor.example")


@pytest.fixture(scope="module")
def neutral() -> bytes:
    return made(CONTENT, [PaperFile("media/1", "image/png", PNG)])


@pytest.fixture(scope="module")
def stamped(neutral: bytes) -> bytes:
    return stamp(neutral, MARKS)


def findings(pdf: bytes, folder: Path) -> list[str]:
    path = folder / "made.pdf"
    path.write_bytes(pdf)
    return [f"{one.rule_id}: {one.message}" for one in pdfua.validate(str(path)).findings]


def test_a_pdf_breaks_no_rule_that_a_machine_checks(neutral: bytes, stamped: bytes, tmp_path: Path) -> None:
    assert findings(neutral, tmp_path) == []
    assert findings(stamped, tmp_path) == []


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    from weasyprint import HTML

    assert findings(HTML(string="<p>no language, no tags</p>").write_pdf(), tmp_path) != []


def test_a_pdf_says_its_variant_title_and_language_and_has_bookmarks(neutral: bytes) -> None:
    with pikepdf.open(io.BytesIO(neutral)) as document:
        assert str(document.open_metadata()["pdfuaid:part"]) == "1"
        assert str(document.docinfo["/Title"]) == "Berth plan"
        assert str(document.Root.Lang) == "en"
        with document.open_outline() as outline:
            top = outline.root[0]
            assert top.title == "Berth plan"
            assert [below.title for below in top.children] == ["Cranes", "Berths"]
            assert [below.title for below in top.children[0].children] == ["Far below"]


def test_a_link_within_the_page_leads_to_its_sheet(neutral: bytes) -> None:
    with pikepdf.open(io.BytesIO(neutral)) as document:
        links = [note for note in document.pages[0].obj.Annots if note.Subtype == "/Link"]
        inside = [note for note in links if "/Dest" in note or ("/A" in note and note.A.S == "/GoTo")]
        outside = [str(note.A.URI) for note in links if "/A" in note and note.A.S == "/URI"]
    assert len(inside) == 1
    assert outside == ["https://a.example/"]


def test_every_sheet_has_its_number_and_all_but_the_first_the_title(neutral: bytes) -> None:
    sheets = texts(neutral)
    assert len(sheets) > 2
    for number, text in enumerate(sheets, 1):
        assert f"{number} / {len(sheets)}" in text
    assert all(text.count("Berth plan") == 1 for text in sheets)
    assert "OPS-7" in sheets[0]
    assert "Version 3" in sheets[0]


def test_each_sheet_carries_the_readers_line_and_the_watermark(neutral: bytes, stamped: bytes) -> None:
    before, after = texts(neutral), texts(stamped)
    assert len(before) == len(after)
    assert all(MARKS.line in text for text in after)
    assert all(text.count("ada@vendor.example") > 10 for text in after)
    assert not any("ada@" in text for text in before)


def test_marks_are_part_of_the_sheet_and_read_out_to_nobody(stamped: bytes) -> None:
    with pikepdf.open(io.BytesIO(stamped)) as document:
        for page in document.pages:
            content = page.obj.Contents.read_bytes()
            marked = content.partition(b"/Artifact <</Type /Pagination /Subtype /Watermark>> BDC")
            assert marked[1]
            assert marked[2].rstrip().endswith(b"EMC")
            # Neither a layer nor a form that a viewer could leave out.
            assert b" Do" not in marked[2]
            assert "/OCProperties" not in document.Root


@pytest.mark.parametrize(
    "html",
    [
        f'<div class="doc-table-scroll"><table class="doc-table"><tr>{"<td>wordwordwordword</td>" * 20}</tr></table></div>',
        f'<div class="doc-table-scroll"><table class="doc-table"><tr><th>a</th><td>{"x" * 400}</td></tr></table></div>',
        f'<div class="doc-table-scroll"><table class="doc-table"><tr><td><code>{"v" * 400}</code></td></tr></table></div>',
        f'<pre class="doc-pre"><code>{"y" * 1000}</code></pre>',
        f"<p>{'z' * 500}</p>",
        f"<h2>{'w' * 300}</h2>",
    ],
)
def test_nothing_runs_over_the_edge(html: str) -> None:
    assert over_the_edge(made(html)) == []


def test_a_wide_table_lies_on_a_sheet_turned_sideways() -> None:
    table = f'<div class="doc-table-scroll"><table class="doc-table"><tr>{"<td>1</td>" * 10}</tr></table></div>'
    assert sizes(made(f"<p>before</p>{table}<p>after</p>")) == [(595, 842), (842, 595), (595, 842)]
    turned = stamp(made(f"<p>before</p>{table}<p>after</p>"), MARKS)
    assert all(MARKS.line in text for text in texts(turned))


def column(parts: int, words: str, count: int) -> str:
    lines = "".join(f"<p>{words} {number} stands in a column that is not wide</p>" for number in range(count))
    return f'<div class="doc-column doc-w-{parts}">{lines}</div>'


def test_columns_stand_side_by_side_in_their_shares_and_go_on_across_sheets(tmp_path: Path) -> None:
    pdf = made(f'<div class="doc-columns">{column(8, "Pilot", 70)}{column(4, "Crane", 40)}</div><p>The end</p>')
    found = [" ".join(text.split()) for text in texts(pdf)]
    assert [number for number in range(70) if f"Pilot {number} stands" not in " ".join(found)] == []
    assert [number for number in range(40) if f"Crane {number} stands" not in " ".join(found)] == []
    assert "The end" in found[-1]
    assert over_the_edge(pdf) == []
    assert findings(pdf, tmp_path) == []
    (top, left), (beside, right) = place_of(pdf, "Pilot"), place_of(pdf, "Crane")
    assert abs(top - beside) <= 1
    width = sizes(pdf)[0][0]
    assert left < width / 4 < width / 2 < right < width * 3 / 4


def place_of(pdf: bytes, word: str) -> tuple[int, float]:
    """Return how high, and how far to the right, a word stands on the first sheet, in points."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = document[0].get_textpage()
        at = text.search(word, match_case=True).get_next()
        assert at is not None
        left, bottom, _, _ = text.get_charbox(at[0])
        return round(bottom), left
    finally:
        document.close()


def test_columns_with_a_table_that_turns_its_sheet_stand_one_below_the_other(tmp_path: Path) -> None:
    table = f'<div class="doc-table-scroll"><table class="doc-table"><tr>{"<td>1</td>" * 10}</tr></table></div>'
    beside = f'<div class="doc-column doc-w-6">{table}</div>'
    pdf = made(f'<div class="doc-columns">{column(6, "Berth", 3)}{beside}</div><p>The end</p>')
    assert sizes(pdf) == [(595, 842), (842, 595), (595, 842)]
    assert over_the_edge(pdf) == []
    assert findings(pdf, tmp_path) == []


@pytest.mark.parametrize("lines", range(30, 46))
def test_a_panel_that_finds_no_room_begins_the_next_sheet_whole(lines: int) -> None:
    mark = '<span class="doc-panel-mark" role="img" aria-label="Tip">Sign</span>'
    panel = f'<div class="doc-panel doc-panel-tip">{mark}<div class="doc-panel-body"><p>One<br>two</p></div></div>'
    found = texts(made(f"<p>{'line<br>' * lines}</p>{panel}"))

    assert [sheet for sheet in found if ("Sign" in sheet) != ("two" in sheet)] == []


def test_what_is_bold_is_bold_on_paper() -> None:
    _, plain = place_of(made("<p>Heavy|</p>"), "|")
    _, bold = place_of(made("<p><strong>Heavy</strong>|</p>"), "|")

    assert bold > plain + 1


def test_digits_are_of_the_text_font_though_emoji_have_them_too() -> None:
    assert "HARB-2 on 25 Nov 2026" in texts(made("<p>HARB-2 on 25 Nov 2026 😀</p>"))[0]


@pytest.mark.parametrize(
    "source", ["file:///etc/hostname", "http://127.0.0.1:9/", "https://a.example/x.png", "/etc/hostname", "../secret"]
)
def test_nothing_is_fetched_that_was_not_handed_in(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import urllib.request

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file or a host was asked")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)
    html = f'<html lang="en"><title>x</title><link rel="stylesheet" href="{source}"><img src="{source}" alt="x"><p>here</p>'
    assert "here" in texts(make_pdf(html, ()))[0]
