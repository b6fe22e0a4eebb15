import pytest

from app.documents.storage import render_storage
from app.documents.types import Heading
from tests.documents.given import MATERIAL, storage


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<p>plain</p>", "<p>plain</p>"),
        ("<p>a &lt;b&gt; &amp; c</p>", "<p>a &lt;b&gt; &amp; c</p>"),
        ("<p>x&nbsp;&rarr;&nbsp;y &eacute;</p>", "<p>x&nbsp;→&nbsp;y é</p>"),
        (
            "<p><strong>b</strong><em>i</em><u>u</u><s>s</s><del>d</del><sub>1</sub><sup>2</sup><code>c</code></p>",
            "<p><strong>b</strong><em>i</em><u>u</u><s>s</s><del>d</del><sub>1</sub><sup>2</sup><code>c</code></p>",
        ),
        ("<p><strike>s</strike> <tt>t</tt></p>", "<p><s>s</s> <code>t</code></p>"),
        ("<p>one<br/>two</p><hr/>", "<p>one<br>two</p><hr>"),
        ("<blockquote><p>q</p></blockquote>", "<blockquote><p>q</p></blockquote>"),
        ("<pre>\n  a\n b</pre>", '<pre class="doc-pre" tabindex="0"><code>\n  a\n b</code></pre>'),
        ('<p style="text-align: center;">c</p>', '<p class="doc-align-center">c</p>'),
        ('<p style="margin-left: 60.0px;">i</p>', '<p class="doc-indent-2">i</p>'),
        ('<p style="margin-left: 9000px;">i</p>', '<p class="doc-indent-6">i</p>'),
        ('<p><span style="color: rgb(255,0,0);">r</span></p>', '<p><span class="doc-text-red">r</span></p>'),
        ('<p><span style="background-color: #d3f1a7">g</span></p>', '<p><span class="doc-bg-green">g</span></p>'),
        ('<p><span style="color: rgb(23,43,77);">dark</span></p>', "<p><span>dark</span></p>"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ('<ol start="3"><li><p>c</p></li></ol>', '<ol start="3"><li><p>c</p></li></ol>'),
        ("<dl><dt>t</dt><dd>d</dd></dl>", "<dl><dt>t</dt><dd>d</dd></dl>"),
        ("<li>stray</li>", "<div>stray</div>"),
        ('<p><time datetime="2026-03-09" /></p>', '<p><time datetime="2026-03-09">9 Mar 2026</time></p>'),
        ('<p><time datetime="someday" /></p>', "<p>someday</p>"),
        ("<section><label>t</label></section>", "t"),
        ("a<address>b<br/>c</address>", "a<p>b<br>c</p>"),
        ("<center>t</center>", '<div class="doc-align-center">t</div>'),
        ('<p><font color="#ff0000">r</font></p>', '<p><span class="doc-text-red">r</span></p>'),
        (
            "<details><summary>More</summary><p>x</p></details>",
            '<details class="doc-expand"><summary>More</summary><div class="doc-expand-body"><p>x</p></div></details>',
        ),
        (
            "<p>a<o:p>b</o:p></p>",
            '<div class="doc-p">a<div class="doc-omitted"><div class="doc-omitted-name">Not shown here: o:p</div>b</div></div>',
        ),
    ],
)
def test_text_is_shown_as_written(written: str, shown: str) -> None:
    assert storage(written) == shown


def test_headings_go_one_level_down_and_have_anchors_of_their_own() -> None:
    rendered = render_storage("<h1>First <em>part</em></h1><h6>Deep</h6><h2>First part</h2>", MATERIAL)

    assert rendered.html == (
        '<h2 id="doc-first-part" class="doc-h1">First <em>part</em></h2>'
        '<h6 id="doc-deep" class="doc-h6">Deep</h6>'
        '<h3 id="doc-first-part-2" class="doc-h2">First part</h3>'
    )
    assert rendered.headings == (
        Heading(1, "doc-first-part", "First part"),
        Heading(6, "doc-deep", "Deep"),
        Heading(2, "doc-first-part-2", "First part"),
    )


def test_a_numbered_anchor_never_meets_a_heading_that_is_called_so() -> None:
    rendered = render_storage("<h1>a</h1><h1>a 2</h1><h1>a</h1><h1>a 2</h1>", MATERIAL)

    assert len({heading.id for heading in rendered.headings}) == 4


def test_a_heading_without_text_is_no_heading() -> None:
    rendered = render_storage("<h2> <br/></h2>", MATERIAL)

    assert rendered.headings == ()
    assert "<h" not in rendered.html


def test_a_block_within_a_paragraph_or_heading_leaves_the_html_well_nested() -> None:
    assert storage("<p>a<ul><li>b</li></ul></p>") == '<div class="doc-p">a<ul><li>b</li></ul></div>'
    assert storage("<h1>a<p>b</p></h1>") == '<h2 id="doc-ab" class="doc-h1">a<span class="doc-p">b</span></h2>'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            "<table><tbody><tr><th>A</th><th>B</th></tr><tr><th>C</th><td>D</td></tr></tbody></table>",
            (
                '<table class="doc-table"><thead><tr><th scope="col">A</th><th scope="col">B</th></tr></thead>'
                '<tbody><tr><th scope="row">C</th><td>D</td></tr></tbody></table>'
            ),
        ),
        (
            "<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>B</td></tr></tbody></table>",
            (
                '<table class="doc-table"><thead><tr><th scope="col">A</th></tr></thead>'
                "<tbody><tr><td>B</td></tr></tbody></table>"
            ),
        ),
        (
            (
                '<table><colgroup><col style="width: 30%"/><col style="width: 70%"/></colgroup><tbody>'
                '<tr><td colspan="2" rowspan="3">x</td></tr></tbody></table>'
            ),
            (
                '<table class="doc-table"><colgroup><col class="doc-col-6"><col class="doc-col-14"></colgroup><tbody>'
                '<tr><td colspan="2" rowspan="3">x</td></tr></tbody></table>'
            ),
        ),
        (
            (
                '<table><tbody><tr><td class="highlight-#fff0b3">y</td><td data-highlight-colour="#ffebe6">r</td>'
                '<td style="text-align: right; vertical-align: middle">m</td>'
                '<td class="numberingColumn">1</td></tr></tbody></table>'
            ),
            (
                '<table class="doc-table"><tbody><tr><td class="doc-bg-yellow">y</td><td class="doc-bg-red">r</td>'
                '<td class="doc-align-end doc-valign-middle">m</td><td class="doc-number">1</td></tr></tbody></table>'
            ),
        ),
        (
            "<table><caption>Sums</caption><tbody><tr><td>1</td></tr></tbody></table>",
            '<table class="doc-table"><caption>Sums</caption><tbody><tr><td>1</td></tr></tbody></table>',
        ),
    ],
)
def test_tables_keep_their_heads_merged_cells_and_colours(written: str, shown: str) -> None:
    scroll = '<div class="doc-table-scroll" role="group" aria-label="Table" tabindex="0">'
    assert storage(written) == f"{scroll}{shown}</div>"


@pytest.mark.parametrize("columns", ["0", "-1", "99999999999", "two", "\u0663"])
def test_a_merged_cell_of_no_size_is_one_cell(columns: str) -> None:
    assert "<td>x</td>" in storage(f'<table><tr><td colspan="{columns}">x</td></tr></table>')


@pytest.mark.parametrize(
    ("attributes", "columns", "opening"),
    [
        ("", "", '<table class="doc-table"><tbody>'),
        ('style="width: 50.0%;"', "", '<table class="doc-table doc-table-half"><tbody>'),
        ('style="width: 100.0%;"', "", '<table class="doc-table"><tbody>'),
        ('data-table-width="200"', "", '<table class="doc-table doc-table-quarter"><tbody>'),
        ('data-table-width="1800"', "", '<table class="doc-table doc-table-widest"><tbody>'),
        ('data-table-width="9999999"', "", '<table class="doc-table"><tbody>'),
        (
            "",
            '<col style="width: 300.0px;"/><col style="width: 460.0px;"/>',
            '<table class="doc-table"><colgroup><col class="doc-col-8"><col class="doc-col-12"></colgroup><tbody>',
        ),
        (
            "",
            '<col span="2" style="width: 450px"/>',
            (
                '<table class="doc-table doc-table-wide"><colgroup><col class="doc-col-10"><col class="doc-col-10">'
                "</colgroup><tbody>"
            ),
        ),
        ("", '<col/><col style="width: 30%"/>', '<table class="doc-table"><tbody>'),
        ("", '<col style="width: expression(alert(1))"/>', '<table class="doc-table"><tbody>'),
        ("", '<col style="width: 1px"/>' * 101, '<table class="doc-table"><tbody>'),
        ("", '<col span="999999999" style="width: 1px"/>' * 90, "<col"),
    ],
)
def test_tables_and_columns_keep_their_widths_in_steps(attributes: str, columns: str, opening: str) -> None:
    group = f"<colgroup>{columns}</colgroup>" if columns else ""
    shown = storage(f"<table {attributes}>{group}<tbody><tr><td>a</td><td>b</td></tr></tbody></table>")

    assert opening in shown
    assert shown.count("<col ") <= 100


def test_a_head_row_that_reaches_into_the_next_stays_in_the_body() -> None:
    shown = storage('<table><tbody><tr><th rowspan="2">A</th><th>B</th></tr><tr><th>C</th></tr></tbody></table>')

    assert "<thead>" not in shown
