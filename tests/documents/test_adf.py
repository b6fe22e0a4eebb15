from collections.abc import Mapping

import pytest

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.types import Heading, LeftOut, Limits
from tests.documents.given import MATERIAL, adf, document, node, words

_NODE_KINDS = (
    "text paragraph heading bulletList orderedList codeBlock panel expand layoutColumn taskItem taskList table "
    "tableRow tableCell mediaSingle mediaGroup media mediaInline inlineCard blockCard extension mention emoji "
    "date status"
)

REL = 'rel="noopener noreferrer nofollow"'
IMG = '<img src="media/att1" alt="plan.png" loading="lazy" decoding="async" class="doc-image">'


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
        (words("x", mark("annotation", id="1"), mark("unknown")), "x"),
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
        (node("date", timestamp="1767312000000"), '<time datetime="2026-01-02">2 Jan 2026</time>'),
        (node("date", timestamp="9" * 30), ""),
        (node("date", timestamp="never"), ""),
        (node("status", text="Done", color="green"), '<span class="doc-status doc-status-green">Done</span>'),
        (node("status", text="X", color="neutral"), '<span class="doc-status doc-status-grey">X</span>'),
        (
            node("inlineCard", url="https://example.com/a"),
            f'<a href="https://example.com/a" {REL}>https://example.com/a</a>',
        ),
        (
            node("inlineCard", url="https://a.atlassian.net/browse/A-1"),
            '<span class="doc-internal">an internal page</span>',
        ),
        (node("placeholder", text="type here"), ""),
        (node("mediaInline", type="file", id="file-9"), '<span class="doc-omitted">Not shown here: attachment</span>'),
        (node("mediaInline", type="image", id="file-1"), IMG),
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
            '<div class="doc-omitted">Not shown here: image from another site</div>',
        ),
        (
            node("mediaGroup", node("media", type="file", id="file-2")),
            (
                '<div class="doc-files"><span class="doc-file"><span class="doc-file-name">Offer 2026.pdf</span> '
                '<span class="doc-file-about">PDF, 1.2 MB</span></span></div>'
            ),
        ),
        (node("blockCard", url="https://example.com"), f'<a href="https://example.com" {REL}>https://example.com</a>'),
        (node("blockCard", datasource={}), '<div class="doc-omitted">Not shown here: Jira issues</div>'),
        (node("syncBlock", resourceId="x"), '<div class="doc-omitted">Not shown here: synced block</div>'),
        (
            node("bodiedExtension", p(words("hidden")), extensionKey="com.app:show-if"),
            '<div class="doc-omitted">Not shown here: show-if</div>',
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


def test_headings_and_what_is_left_out_are_reported() -> None:
    rendered = render_adf(
        document(node("heading", words("One"), level=2), node("extension", extensionKey="a/static/gliffy"), node("x")),
        MATERIAL,
    )

    assert rendered.headings == (Heading(2, "doc-one", "One"),)
    assert rendered.left_out == (LeftOut("Gliffy diagram", 1), LeftOut("x", 1))


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
