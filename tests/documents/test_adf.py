from collections.abc import Mapping
from dataclasses import replace

import pytest

from app.documents.adf import NODES, render_adf
from app.documents.adf.marks import BLOCK_MARKS, MARKS, OWN_MARKS, SILENT_MARKS, TEXT_MARKS
from app.documents.errors import DocumentError
from app.documents.types import Heading, LeftOut, Limits, MediaFile, Reason
from tests.documents.given import MATERIAL, REL, adf, document, node, words

_NODE_KINDS = (
    "text paragraph heading bulletList orderedList codeBlock panel expand layoutColumn taskItem taskList table "
    "tableRow tableCell mediaSingle mediaGroup media mediaInline inlineCard blockCard extension mention emoji "
    "date status"
)

IMG = '<img src="media/att1" alt="plan.png" loading="lazy" decoding="async" class="doc-image">'


INTERNAL = '<span class="doc-internal">an internal page</span>'


def box(name: str) -> str:
    return f'<div class="doc-omitted">Not shown here: {name}</div>'


def p(*children: object, marks: object = None) -> dict[str, object]:
    return node("paragraph", *children, marks=marks)


def mark(kind: str, **attrs: object) -> dict[str, object]:
    return {"type": kind, "attrs": attrs}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (words("a <b> & c"), "a &lt;b&gt; &amp; c"),
        (words("x", mark("strong"), mark("em"), mark("code")), "<strong><em><code>x</code></em></strong>"),
        (words("x", mark("underline"), mark("strike")), "<u><s>x</s></u>"),
        (words("2", mark("subsup", type="sub")), "<sub>2</sub>"),
        (words("2", mark("subsup", type="sup")), "<sup>2</sup>"),
        (words("r", mark("textColor", color="#ff5630")), '<span class="doc-text-red">r</span>'),
        (words("y", mark("backgroundColor", color="#fedec8")), '<span class="doc-bg-orange">y</span>'),
        (words("x", mark("textColor", color="expression(alert(1))")), "x"),
        (words("x", mark("annotation", id="1"), mark("unknown")), '<span id="doc-comment-1">x</span>'),
        (words("x", mark("fragment", localId="1"), mark("dataConsumer", sources=["1"]), mark("breakout")), "x"),
        (words("x", mark("annotation", id='" onclick="x')), '<span id="doc-comment--onclick-x">x</span>'),
        (words("x", *[mark("strong")] * 1_000), "<strong>x</strong>"),
        (words("l", mark("link", href="https://example.com")), f'<a href="https://example.com" {REL}>l</a>'),
        (words("l", mark("link", href="javascript:alert(1)")), "l"),
        (words("l", mark("link", href="#Part One")), f'<a href="#doc-part-one" {REL}>l</a>'),
        (words("l", mark("link", href="https://acme.atlassian.net/browse/A-1")), "l"),
        (
            words("https://a.atlassian.net/x", mark("link", href="https://a.atlassian.net/x")),
            '<span class="doc-internal">an internal page</span>',
        ),
        (node("hardBreak"), "<br>"),
        (node("mention", id="acc-1", text="@Countess"), '<span class="doc-mention">@Ada Lovelace</span>'),
        (node("mention", id="acc-2", text="@Grace"), '<span class="doc-mention">@someone</span>'),
        (node("mention", id="here", text="@here", userType="SPECIAL"), '<span class="doc-mention">@here</span>'),
        (node("mention", id="acc-2", text="@Grace", userType="SPECIAL"), '<span class="doc-mention">@someone</span>'),
        (node("mention", id="acc-3"), '<span class="doc-mention">@someone</span>'),
        (node("emoji", shortName=":smile:", text="😄"), "😄"),
        (node("emoji", shortName=":party:", text=":party:"), ":party:"),
        (node("emoji", shortName=":rocket:", id="1f680"), "🚀"),
        (node("date", timestamp="1767312000000"), '<time datetime="2026-01-02">2 Jan 2026</time>'),
        (node("date", timestamp="9" * 30), ""),
        (node("date", timestamp="never"), ""),
        (node("status", text="Done", color="green"), '<span class="doc-status doc-status-green">Done</span>'),
        (node("status", text="X", color="neutral"), '<span class="doc-status doc-status-grey">X</span>'),
        (
            node("inlineCard", url="https://example.com/a"),
            f'<span class="doc-card"><a href="https://example.com/a" {REL}>https://example.com/a</a></span>',
        ),
        (
            node("inlineCard", data={"url": "https://example.com/a", "name": "The <a> page"}),
            (
                f'<span class="doc-card"><a href="https://example.com/a" {REL}>The &lt;a&gt; page</a> '
                '<span class="doc-card-about">example.com</span></span>'
            ),
        ),
        (node("inlineCard", data={"url": "javascript:alert(1)", "name": "x"}), INTERNAL),
        (node("inlineCard", data={"url": "https://a.atlassian.net/wiki/x", "name": "A secret title"}), INTERNAL),
        (node("inlineCard", data="x"), INTERNAL),
        (node("inlineCard", url="https://a.atlassian.net/browse/OPS-3#x"), '<span class="doc-key">OPS-3</span>'),
        (node("inlineCard", url="https://a.atlassian.net/wiki/spaces/A"), INTERNAL),
        (node("placeholder", text="type here"), ""),
        (node("mediaInline", type="file", id="file-9"), '<span class="doc-omitted">Not shown here: attachment</span>'),
        (node("mediaInline", type="image", id="file-1"), IMG),
        (
            node("status", text="X", color="red", style="subtle"),
            '<span class="doc-status doc-status-red doc-status-subtle">X</span>',
        ),
        (
            node("inlineExtension", extensionKey="status", parameters={"macroParams": {"title": {"value": "Ok"}}}),
            '<span class="doc-status doc-status-grey">Ok</span>',
        ),
        (
            node("inlineExtension", extensionKey="jira", parameters={"macroParams": {"key": {"value": "A-1"}}}),
            '<span class="doc-key">A-1</span>',
        ),
        (node("inlineExtension", extensionKey="jira"), '<span class="doc-omitted">Not shown here: Jira issues</span>'),
    ],
)
def test_what_stands_in_a_line(text: Mapping[str, object], shown: str) -> None:
    assert adf(p(text)) == f"<p>{shown}</p>"


def cell(kind: str, text: str, **attrs: object) -> dict[str, object]:
    return node(kind, p(words(text)), **attrs)


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


@pytest.mark.parametrize("given", [{}, {"type": "paragraph"}, {"type": ["doc"]}, [], "doc", None])
def test_what_is_no_document_is_refused(given: object) -> None:
    with pytest.raises(DocumentError, match="not an Atlassian document"):
        render_adf(given, MATERIAL)  # type: ignore[arg-type]


def nested(levels: int, kind: str = "blockquote") -> dict[str, object]:
    inner: dict[str, object] = words("x")
    for _ in range(levels):
        inner = node(kind, inner)
    return inner


@pytest.mark.parametrize("kind", ["blockquote", "bulletList", "panel", "taskList", "novelty", "paragraph", "expand"])
@pytest.mark.parametrize("levels", [201, 5_000])
def test_content_nested_too_deep_is_refused(kind: str, levels: int) -> None:
    with pytest.raises(DocumentError, match="200 levels"):
        render_adf(document(nested(levels, kind)), MATERIAL)


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (p(words("12345")), Limits(max_characters=4), "too_large"),
        (node("codeBlock", words("12345")), Limits(max_characters=4), "too_large"),
        (p(words("1"), words("2")), Limits(max_nodes=2), "too_many_nodes"),
        (
            node("table", node("tableRow", cell("tableCell", "1"), cell("tableCell", "2"))),
            Limits(max_cells=1),
            "too_many_cells",
        ),
    ],
)
def test_large_documents_are_refused(content: Mapping[str, object], limits: Limits, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        render_adf(document(content), MATERIAL, limits)
    assert caught.value.code == code


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "x", [], ["x"], {}, {"type": 5}, float("nan"), 10**400])
def test_no_field_of_an_unexpected_type_breaks_a_rendering(value: object) -> None:
    kinds = _NODE_KINDS.split()
    names = (
        "level order language panelType title width state colspan id url text timestamp color type extensionKey layout"
    )
    for kind in kinds:
        whole = {"type": kind, "attrs": value, "content": value, "marks": value, "text": value}
        fields = {"type": kind, "attrs": dict.fromkeys(names.split(), value), "content": [value, p(words("x"))]}
        render_adf(document(whole, fields, value), MATERIAL)
