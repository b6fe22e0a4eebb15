import pytest

from app.documents.storage import render_storage
from app.documents.types import LeftOut, Limits, Reason
from tests.documents.given import MATERIAL, storage


def macro(name: str, body: str = "", **parameters: str) -> str:
    given = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    rich = f"<ac:rich-text-body>{body}</ac:rich-text-body>" if body else ""
    return f'<ac:structured-macro ac:name="{name}" ac:schema-version="1">{given}{rich}</ac:structured-macro>'


def code(text: str, **parameters: str) -> str:
    plain = f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body></ac:structured-macro>"
    return macro("code", **parameters).replace("</ac:structured-macro>", plain)


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("info", "info", "Info"),
        ("note", "warning", "Warning"),
        ("tip", "tip", "Tip"),
        ("warning", "error", "Error"),
        ("success", "success", "Success"),
    ],
)
def test_panels_have_a_sign_beside_their_colour(name: str, kind: str, label: str) -> None:
    assert storage(macro(name, "<p>x</p>", title="T")) == (
        f'<div class="doc-panel doc-panel-{kind}" role="note">'
        f'<span class="doc-panel-mark" role="img" aria-label="{label}"></span>'
        '<div class="doc-panel-body"><div class="doc-panel-title">T</div><p>x</p></div></div>'
    )


def test_a_custom_panel_keeps_its_colour_and_sign() -> None:
    shown = storage(macro("panel", "<p>x</p>", bgColor="#E3FCEF", panelIconText="🚀"))

    assert 'class="doc-panel doc-panel-panel doc-panel-colour-teal"' in shown or "doc-panel-colour-green" in shown
    assert ">🚀</span>" in shown


def test_code_is_coloured_by_class_and_stays_as_it_was_typed() -> None:
    shown = storage(code("def f():\n    return '<b>&nbsp;'", language="py", title="a.py"))

    assert '<div class="doc-code-title">a.py</div>' in shown
    assert '<span class="doc-code-keyword">def</span>' in shown
    assert "&lt;b&gt;&amp;nbsp;" in shown
    assert 'aria-label="a.py" tabindex="0"' in shown


@pytest.mark.parametrize("language", ["", "none", "no-such-language", "text", "x" * 500])
def test_code_in_no_known_language_is_plain(language: str) -> None:
    assert "<code>a &lt; b\n</code>" in storage(code("a < b\n", language=language))


def test_code_beyond_the_limit_is_plain() -> None:
    body = code("x = 1", language="python")

    assert "doc-code-operator" in render_storage(body, MATERIAL, Limits(max_coloured=5)).html
    assert "doc-code-operator" not in render_storage(body, MATERIAL, Limits(max_coloured=4)).html
    assert "doc-code-operator" not in render_storage(body, MATERIAL, Limits(max_coloured_block=4)).html


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            macro("status", title="On hold", colour="Yellow"),
            '<span class="doc-status doc-status-yellow">On hold</span>',
        ),
        (macro("status", title="Open"), '<span class="doc-status doc-status-grey">Open</span>'),
        (macro("status", title="Odd", colour="url(//x)"), '<span class="doc-status doc-status-grey">Odd</span>'),
        (
            macro("expand", "<p>x</p>", title="More of it"),
            '<details class="doc-expand"><summary>More of it</summary><div class="doc-expand-body"><p>x</p></div></details>',
        ),
        (
            macro("expand", "<p>x</p>"),
            '<details class="doc-expand"><summary>Show more</summary><div class="doc-expand-body"><p>x</p></div></details>',
        ),
        (macro("excerpt", "<p>x</p>"), "<p>x</p>"),
        (macro("excerpt", "<p>x</p>", hidden="true"), ""),
        (macro("details", "<p>x</p>"), '<div class="doc-details"><p>x</p></div>'),
        (macro("details", "<p>x</p>", hidden="true"), ""),
        (macro("anchor", **{"": "Here we are"}), '<span id="doc-here-we-are"></span>'),
        (macro("jira", key="OPS-1", server="S"), '<span class="doc-key">OPS-1</span>'),
        (
            macro("section", macro("column", "<p>a</p>", width="30%") + macro("column", "<p>b</p>")),
            (
                '<div class="doc-columns"><div class="doc-column doc-w-4"><p>a</p></div>'
                '<div class="doc-column"><p>b</p></div></div>'
            ),
        ),
    ],
)
def test_macros_that_have_a_renderer(written: str, shown: str) -> None:
    assert storage(written) == shown


def test_the_table_of_contents_is_built_from_the_headings_once() -> None:
    body = f"<p>{macro('toc', maxLevel='2')}</p><h1>A &amp; B</h1><h3>C</h3>{macro('toc')}"

    shown = storage(body)

    assert shown.count("doc-toc-1") == 1
    assert (
        '<ul class="doc-toc"><li class="doc-toc-1"><a href="#doc-a-b" rel="noopener noreferrer nofollow">A &amp; B</a></li></ul>'
        in shown
    )


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("children", "child pages"),
        ("include", "included page"),
        ("excerpt-include", "excerpt of another page"),
        ("attachments", "list of attachments"),
        ("jira", "Jira issues"),
        ("gliffy", "Gliffy diagram"),
        ("html", "HTML"),
        ("widget", "embedded page"),
        ("our-own-app", "our-own-app"),
        ("", "content"),
        ("&lt;b onload=&quot;x&quot;&gt;", "b onload x"),
    ],
)
def test_every_other_macro_is_a_box_that_names_it_and_shows_nothing_of_its_body(name: str, called: str) -> None:
    rendered = render_storage(macro(name, "<p>body</p>", source="parameter"), MATERIAL)

    assert rendered.html == f'<div class="doc-omitted">Not shown here: {called}</div>'
    assert [(one.name, one.count) for one in rendered.left_out] == [(called, 1)]


def test_what_is_left_out_is_counted_by_name() -> None:
    rendered = render_storage(f"{macro('children')}<p>in {macro('children')} line</p>{macro('include')}", MATERIAL)

    assert rendered.left_out == (
        LeftOut("child pages", 2, Reason.NOT_COVERED),
        LeftOut("included page", 1, Reason.NOT_COVERED),
    )
    assert '<p>in <span class="doc-omitted">Not shown here: child pages</span> line</p>' in rendered.html


@pytest.mark.parametrize("container", ["<h1>{}</h1>", "<pre>{}</pre>", "<p><time>{}</time></p>", "<p>{}</p>"])
def test_the_body_of_an_unknown_macro_stays_hidden_wherever_it_stands(container: str) -> None:
    rendered = render_storage(container.format(macro("show-if", "<p>canary</p>")), MATERIAL)

    assert "canary" not in rendered.html
    assert all("canary" not in heading.text for heading in rendered.headings)


def test_layouts_become_columns_with_their_shares() -> None:
    cells = "<ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell><p>b</p></ac:layout-cell>"
    body = f'<ac:layout><ac:layout-section ac:type="two_left_sidebar">{cells}</ac:layout-section></ac:layout>'

    assert storage(body) == (
        '<div class="doc-columns"><div class="doc-column doc-w-4"><p>a</p></div>'
        '<div class="doc-column doc-w-8"><p>b</p></div></div>'
    )


def test_tasks_show_their_state_as_a_picture_and_no_input() -> None:
    body = (
        "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status>"
        "<ac:task-body>done</ac:task-body></ac:task><ac:task><ac:task-status>incomplete</ac:task-status>"
        "<ac:task-body>open</ac:task-body></ac:task></ac:task-list>"
    )

    assert storage(body) == (
        '<ul class="doc-tasks"><li class="doc-task doc-task-done"><span class="doc-task-mark" role="img" aria-label="Done">'
        '</span><div class="doc-task-body">done</div></li><li class="doc-task doc-task-open"><span class="doc-task-mark" '
        'role="img" aria-label="To do"></span><div class="doc-task-body">open</div></li></ul>'
    )


def test_adf_kept_in_storage_is_shown_and_its_fallback_is_not() -> None:
    body = (
        '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>'
        "<ac:adf-content><p>once</p></ac:adf-content></ac:adf-node>"
        "<ac:adf-fallback><p>twice</p></ac:adf-fallback></ac:adf-extension>"
    )

    shown = storage(body)

    assert "doc-panel-note" in shown
    assert "once" in shown
    assert "twice" not in shown


def test_an_app_kept_in_storage_is_named_by_the_end_of_its_key() -> None:
    body = (
        '<ac:adf-extension><ac:adf-node type="extension"><ac:adf-attribute key="extension-key">ari:app/1/static/drawio'
        "</ac:adf-attribute></ac:adf-node></ac:adf-extension>"
    )

    assert storage(body) == '<div class="doc-omitted">Not shown here: draw.io diagram</div>'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('<ac:emoticon ac:name="smile"/>', "🙂"),
        ('<ac:emoticon ac:name="blue-star" ac:emoji-shortname=":mail:" ac:emoji-fallback="📧"/>', "📧"),
        ('<ac:emoticon ac:name="party" ac:emoji-shortname=":party:" ac:emoji-fallback=":party:"/>', ":party:"),
        (
            '<ac:inline-comment-marker ac:ref="a1">ke</ac:inline-comment-marker>pt',
            '<span id="doc-comment-a1">ke</span>pt',
        ),
        ("<ac:inline-comment-marker>kept</ac:inline-comment-marker>", "kept"),
        ("<ac:placeholder>Type here</ac:placeholder>", ""),
        (
            "<ac:something-new><p>kept</p></ac:something-new>",
            '<div class="doc-omitted"><div class="doc-omitted-name">Not shown here: something-new</div><p>kept</p></div>',
        ),
    ],
)
def test_small_elements(written: str, shown: str) -> None:
    assert storage(written) == shown
