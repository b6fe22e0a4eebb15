"""Blocks of an Atlassian document, each node and mark of the published schema, and what is reported of it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.documents.adf import NODES, render_adf
from app.documents.adf.marks import BLOCK_MARKS, MARKS, OWN_MARKS, SILENT_MARKS, TEXT_MARKS
from app.documents.types import Heading, LeftOut, MediaFile, Reason
from tests.documents.given import IMG, MATERIAL, REL, adf, box, cell, document, mark, node, p, words


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (p(words("c"), marks=[mark("alignment", align="center")]), '<p class="doc-align-center">c</p>'),
        (p(words("i"), marks=[mark("indentation", level=2)]), '<p class="doc-indent-2">i</p>'),
        (p(words("s"), marks=[mark("fontSize", fontSize="small")]), '<p class="doc-small">s</p>'),
        (node("blockquote", p(words("q"))), "<blockquote><p>q</p></blockquote>"),
        (node("rule"), "<hr>"),
        (
            node(
                "bulletList",
                node("listItem", p(words("a")), node("orderedList", node("listItem", p(words("b"))), order=4)),
            ),
            '<ul><li><p>a</p><ol start="4"><li><p>b</p></li></ol></li></ul>',
        ),
        (
            node("codeBlock", words("a < b"), language="no-such"),
            (
                '<div class="doc-code"><pre class="doc-pre" role="group" aria-label="Code" tabindex="0"><code>a &lt; b</code>'
                "</pre></div>"
            ),
        ),
        (
            node("panel", p(words("x")), panelType="warning"),
            (
                '<div class="doc-panel doc-panel-warning" role="note"><span class="doc-panel-mark" role="img" '
                'aria-label="Warning"></span><div class="doc-panel-body"><p>x</p></div></div>'
            ),
        ),
        (
            node("panel", p(words("x")), panelType="custom", panelColor="#deebff", panelIconText="🚀"),
            (
                '<div class="doc-panel doc-panel-panel doc-panel-colour-blue" role="note"><span class="doc-panel-mark" '
                'role="img" aria-label="Panel">🚀</span><div class="doc-panel-body"><p>x</p></div></div>'
            ),
        ),
        (
            node("expand", p(words("x")), title="T"),
            '<details class="doc-expand"><summary>T</summary><div class="doc-expand-body"><p>x</p></div></details>',
        ),
        (
            node(
                "layoutSection", node("layoutColumn", p(words("a")), width=66.66), node("layoutColumn", p(words("b")))
            ),
            (
                '<div class="doc-columns"><div class="doc-column doc-w-8"><p>a</p></div>'
                '<div class="doc-column"><p>b</p></div></div>'
            ),
        ),
        (
            node("taskList", node("taskItem", words("t"), state="DONE"), localId="1"),
            (
                '<ul class="doc-tasks"><li class="doc-task doc-task-done"><span class="doc-task-mark" role="img" '
                'aria-label="Done"></span><div class="doc-task-body">t</div></li></ul>'
            ),
        ),
        (
            node("decisionList", node("decisionItem", words("d"), state="DECIDED")),
            (
                '<ul class="doc-decisions"><li class="doc-decision"><span class="doc-decision-mark" role="img" '
                'aria-label="Decision"></span><div class="doc-task-body">d</div></li></ul>'
            ),
        ),
        (
            node(
                "table",
                node("tableRow", cell("tableHeader", "A"), cell("tableHeader", "B")),
                node("tableRow", cell("tableHeader", "C"), cell("tableCell", "D", colspan=2, background="#e6fcff")),
                isNumberColumnEnabled=True,
            ),
            (
                '<div class="doc-table-scroll" role="group" aria-label="Table" tabindex="0"><table class="doc-table"><tbody>'
                '<tr><td class="doc-number"></td><th scope="col"><p>A</p></th><th scope="col"><p>B</p></th></tr>'
                '<tr><td class="doc-number">1</td><th scope="row"><p>C</p></th>'
                '<td colspan="2" class="doc-bg-teal"><p>D</p></td></tr></tbody></table></div>'
            ),
        ),
        (
            node(
                "mediaSingle", node("media", type="file", id="file-1"), node("caption", words("c")), layout="align-end"
            ),
            f'<figure class="doc-figure doc-align-end">{IMG}<figcaption>c</figcaption></figure>',
        ),
        (
            node(
                "mediaSingle",
                node("media", type="file", id="file-1", width=800, height=400),
                layout="center",
                width=200,
                widthType="pixel",
            ),
            (
                '<figure class="doc-figure doc-align-center"><img src="media/att1" alt="plan.png" width="200" height="100" '
                'loading="lazy" decoding="async" class="doc-image"></figure>'
            ),
        ),
        (
            node("mediaSingle", node("media", type="file", id="uuid", alt="plan.png"), layout="wrap-left"),
            f'<figure class="doc-figure doc-wrap-start">{IMG}</figure>',
        ),
        (
            node("mediaSingle", node("media", type="external", url="https://example.com/x.png")),
            (
                '<figure class="doc-figure"><div class="doc-omitted">Not shown here: image from another site</div>'
                "</figure>"
            ),
        ),
        (
            node("mediaGroup", node("media", type="file", id="file-2")),
            (
                '<div class="doc-files"><span class="doc-file"><span class="doc-file-name">Offer 2026.pdf</span> '
                '<span class="doc-file-about">PDF, 1.2 MB</span></span></div>'
            ),
        ),
        (
            node("blockCard", url="https://example.com"),
            (
                f'<div class="doc-files"><span class="doc-card"><a href="https://example.com" {REL}>https://example.com</a></span>'
                "</div>"
            ),
        ),
        (
            node("embedCard", url="https://example.com", layout="wide"),
            (
                f'<div class="doc-files"><span class="doc-card"><a href="https://example.com" {REL}>https://example.com</a></span>'
                "</div>"
            ),
        ),
        (
            node("blockCard", datasource={}),
            '<div class="doc-omitted">Not shown here: Jira issues</div>',
        ),
        (
            node("codeBlock", words("a\nb"), wrap=True, hideLineNumbers=True),
            (
                '<div class="doc-code"><pre class="doc-pre doc-pre-wrapped" role="group" aria-label="Code" tabindex="0">'
                "<code>a\nb</code></pre></div>"
            ),
        ),
        (
            node("panel", p(words("x")), panelType="custom", panelIcon=":own:", panelIconId="own-1"),
            ('<div class="doc-panel doc-panel-panel" role="note"><div class="doc-panel-body"><p>x</p></div></div>'),
        ),
        (
            node("panel", p(words("x")), panelType="custom", panelIcon=":rocket:", panelIconId="1f680"),
            (
                '<div class="doc-panel doc-panel-panel" role="note"><span class="doc-panel-mark" role="img" '
                'aria-label="Panel">🚀</span><div class="doc-panel-body"><p>x</p></div></div>'
            ),
        ),
        (
            node("layoutSection", node("layoutColumn", p(words("a")), width=50, valign="middle")),
            '<div class="doc-columns"><div class="doc-column doc-w-6 doc-valign-middle"><p>a</p></div></div>',
        ),
        (
            node(
                "taskList",
                node("blockTaskItem", node("paragraph", words("t")), state="TODO"),
                node("taskList", node("taskItem", words("u"), state="DONE")),
            ),
            (
                '<ul class="doc-tasks"><li class="doc-task doc-task-open"><span class="doc-task-mark" role="img" '
                'aria-label="To do"></span><div class="doc-task-body"><p>t</p></div></li><li class="doc-task">'
                '<ul class="doc-tasks"><li class="doc-task doc-task-done"><span class="doc-task-mark" role="img" '
                'aria-label="Done"></span><div class="doc-task-body">u</div></li></ul></li></ul>'
            ),
        ),
        (
            node(
                "table",
                node(
                    "tableRow",
                    cell("tableCell", "1", colwidth=[100]),
                    cell("tableCell", "2", colwidth=[100, 200], colspan=2, valign="middle"),
                ),
                width=300,
            ),
            (
                '<div class="doc-table-scroll" role="group" aria-label="Table" tabindex="0">'
                '<table class="doc-table doc-table-half"><colgroup><col class="doc-col-5"><col class="doc-col-5">'
                '<col class="doc-col-10"></colgroup><tbody><tr><td><p>1</p></td>'
                '<td colspan="2" class="doc-valign-middle"><p>2</p></td></tr></tbody></table></div>'
            ),
        ),
        (
            node(
                "mediaSingle",
                node("media", type="file", id="file-1", marks=[mark("border", size=2, color="#ff5630")]),
                width=50,
            ),
            (
                '<figure class="doc-figure"><img src="media/att1" alt="plan.png" width="380" loading="lazy" '
                'decoding="async" class="doc-image doc-bordered doc-bordered-2 doc-edge-red"></figure>'
            ),
        ),
        (
            node(
                "mediaSingle",
                node("media", type="file", id="file-1", marks=[mark("link", href="https://example.com")]),
                layout="full-width",
            ),
            (
                f'<figure class="doc-figure"><a href="https://example.com" {REL}>'
                f"{IMG.replace('doc-image', 'doc-image doc-full')}</a></figure>"
            ),
        ),
        (
            node("mediaSingle", node("media", type="file", id="gone"), node("caption", words("c"))),
            (
                '<figure class="doc-figure"><div class="doc-omitted">Not shown here: attachment</div>'
                "<figcaption>c</figcaption></figure>"
            ),
        ),
        (
            node("mediaGroup", node("media", type="file", id="file-1")),
            f'<div class="doc-files">{IMG.replace("doc-image", "doc-image doc-thumbnail")}</div>',
        ),
        (
            node(
                "bodiedExtension",
                p(words("x")),
                extensionKey="note",
                parameters={"macroParams": {"title": {"value": "T"}}},
            ),
            (
                '<div class="doc-panel doc-panel-warning" role="note"><span class="doc-panel-mark" role="img" '
                'aria-label="Warning"></span><div class="doc-panel-body"><div class="doc-panel-title">T</div><p>x</p></div>'
                "</div>"
            ),
        ),
        (
            node("bodiedExtension", p(words("a")), p(words("b")), extensionKey="code", parameters={"title": "T"}),
            (
                '<div class="doc-code"><div class="doc-code-title">T</div><pre class="doc-pre" role="group" '
                'aria-label="T" tabindex="0"><code>a\nb</code></pre></div>'
            ),
        ),
        (node("bodiedSyncBlock", p(words("own")), resourceId="x"), "<p>own</p>"),
        (node("multiBodiedExtension", node("extensionFrame", p(words("x"))), extensionKey="tabs"), box("tabs")),
        (node("extension", extensionKey="children"), box("child pages")),
        (node("extension", extensionKey="x", parameters={"macroParams": {"a": {"value": "secret"}}}), box("x")),
        (node("bodiedExtension", p(words("hidden")), extensionKey="include"), box("included page")),
        (
            node(
                "bodiedExtension",
                p(words("a")),
                extensionKey="details",
                parameters={"macroParams": {"hidden": {"value": "true"}}},
            ),
            "",
        ),
        (
            node(
                "bodiedExtension",
                p(words("a")),
                extensionKey="expand",
                parameters={"macroParams": {"title": {"value": "T"}}},
            ),
            ('<details class="doc-expand"><summary>T</summary><div class="doc-expand-body"><p>a</p></div></details>'),
        ),
        (node("syncBlock", resourceId="x"), '<div class="doc-omitted">Not shown here: synced block</div>'),
        (
            node("bodiedExtension", p(words("hidden")), extensionKey="com.app:show-if"),
            '<div class="doc-omitted">Not shown here: content for some readers</div>',
        ),
        (node("bodiedExtension", p(words("kept")), extensionKey="excerpt"), "<p>kept</p>"),
        (
            node("novelty", p(words("kept"))),
            '<div class="doc-omitted"><div class="doc-omitted-name">Not shown here: novelty</div><p>kept</p></div>',
        ),
    ],
)
def test_blocks(block: Mapping[str, object], shown: str) -> None:
    assert adf(block) == shown


#: The nodes and marks of the published schema; `make contract` compares them with it.
SCHEMA_NODES = (
    "blockCard blockTaskItem blockquote bodiedExtension bodiedSyncBlock bulletList caption codeBlock date decisionItem "
    "decisionList doc embedCard emoji expand extension hardBreak heading inlineCard inlineExtension layoutColumn "
    "layoutSection listItem media mediaGroup mediaInline mediaSingle mention nestedExpand orderedList panel paragraph "
    "placeholder rule status syncBlock table tableCell tableHeader tableRow taskItem taskList text"
)
SCHEMA_MARKS = (
    "alignment annotation backgroundColor border breakout code dataConsumer em fontSize fragment indentation link strike "
    "strong subsup textColor underline"
)


@pytest.mark.parametrize("kind", SCHEMA_NODES.split())
def test_each_node_has_a_renderer_and_none_is_boxed_as_unknown(kind: str) -> None:
    assert kind in NODES
    assert kind not in {one.name for one in render_adf(document(node(kind, words("x"))), MATERIAL).left_out}


def test_each_mark_has_one_treatment() -> None:
    assert set(SCHEMA_MARKS.split()) == MARKS
    assert len(MARKS) == sum(map(len, (TEXT_MARKS, BLOCK_MARKS, OWN_MARKS, SILENT_MARKS)))


def test_a_numbered_table_counts_its_rows_and_gives_the_numbers_a_narrow_column() -> None:
    row = node("tableRow", cell("tableCell", "a", colwidth=[359]), cell("tableCell", "b", colwidth=[359]))

    html = adf(node("table", row, row, isNumberColumnEnabled=True, width=760))

    assert '<colgroup><col class="doc-col-1"><col class="doc-col-9"><col class="doc-col-9"></colgroup>' in html
    assert '<td class="doc-number">2</td>' in html


def test_lines_of_code_are_numbered_as_the_editor_does() -> None:
    assert '<span class="doc-line">' in adf(node("codeBlock", words("a\nb")))
    assert '<span class="doc-line">' not in adf(node("codeBlock", words("a")))


def test_links_to_places_of_the_document_find_headings_as_the_editor_names_them() -> None:
    html = adf(p(words("go", mark("link", href="#Part-One"))), node("heading", words("Part One"), level=1))

    assert '<a href="#doc-part-one"' in html


def test_a_film_is_played_by_the_browser() -> None:
    film = MediaFile("att9", "walk.mp4", "video/mp4", 9)
    html = adf(node("mediaSingle", node("media", id="m")), material=replace(MATERIAL, by_file_id={"m": film}))

    assert '<video src="media/att9"' in html


def test_an_embedded_page_is_framed_where_its_host_is_listed() -> None:
    listed = replace(MATERIAL, frame_hosts=frozenset({"example.com"}))

    assert '<iframe src="https://example.com/x"' in adf(node("embedCard", url="https://example.com/x"), material=listed)
    assert "<iframe" not in adf(node("embedCard", url="https://example.org/x"), material=listed)


def test_a_smart_link_to_what_is_covered_has_its_title() -> None:
    covered = replace(MATERIAL, links={"issue:OPS-3": "../third/"}, internal_hosts=frozenset({"acme.atlassian.net"}))
    data = {"url": "https://acme.atlassian.net/browse/OPS-3", "name": "OPS-3: A title"}

    assert f'<a href="../third/" {REL}>OPS-3: A title</a>' in adf(p(node("inlineCard", data=data)), material=covered)


def test_headings_and_what_is_left_out_are_reported() -> None:
    rendered = render_adf(
        document(node("heading", words("One"), level=2), node("extension", extensionKey="a/static/gliffy"), node("x")),
        MATERIAL,
    )

    assert rendered.headings == (Heading(2, "doc-one", "One"),)
    assert rendered.left_out == (LeftOut("Gliffy diagram", 1, Reason.MISSING), LeftOut("x", 1))
