"""Macros of storage format but for panels, code and contents, which have files of their own; and what is a box."""

import re
from dataclasses import replace

import pytest

from app.documents.storage import render_storage
from app.documents.types import LeftOut, Reason
from tests.documents.given import MATERIAL, REL, macro, storage


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
                '<div class="doc-column doc-w-8"><p>b</p></div></div>'
            ),
        ),
    ],
)
def test_macros_that_have_a_renderer(written: str, shown: str) -> None:
    assert storage(written) == shown


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


@pytest.mark.parametrize(
    ("width", "name"),
    [("50%", "doc-w-6"), ("480px", "doc-w-6"), ("240", "doc-w-3"), ("wide", None), ("9999999", None)],
)
def test_a_column_keeps_its_share_of_the_width(width: str, name: str | None) -> None:
    opening = f'<div class="doc-column {name}">' if name else '<div class="doc-column">'

    assert storage(macro("column", "<p>a</p>", width=width)) == f"{opening}<p>a</p></div>"


def test_columns_that_name_no_width_share_what_the_others_leave() -> None:
    columns = macro("column", "a", width="50%") + macro("column", "b") + macro("column", "c")

    assert re.findall("doc-column (doc-w-[0-9]+)", storage(macro("section", columns))) == [
        "doc-w-6",
        "doc-w-3",
        "doc-w-3",
    ]


def test_a_section_with_a_border_has_one() -> None:
    assert storage(macro("section", macro("column", "a"), border="true")).startswith(
        '<div class="doc-columns doc-bordered">'
    )


def test_cards_and_tabs_stand_one_below_the_other() -> None:
    assert storage(macro("deck", macro("card", "<p>a</p>", label="One") + macro("card", "<p>b</p>"))) == (
        '<div class="doc-included"><div class="doc-title">One</div><p>a</p></div>'
        '<div class="doc-included"><p>b</p></div>'
    )


@pytest.mark.parametrize(("place", "name"), [("right", "end"), ("center", "center"), ("justify", "justify")])
def test_aligned_content_is_aligned(place: str, name: str) -> None:
    assert storage(macro("align", "<p>a</p>", align=place)) == f'<div class="doc-align-{name}"><p>a</p></div>'


@pytest.mark.parametrize("name", ["livesearch", "create-from-template", "pagetreesearch", "viewport-redirect"])
def test_fields_and_buttons_leave_no_box_but_are_counted(name: str) -> None:
    rendered = render_storage(f"<p>a</p>{macro(name)}", MATERIAL)

    assert rendered.html == "<p>a</p>"
    assert [(one.count, one.reason) for one in rendered.left_out] == [(1, Reason.ACTIVE)]


_DENIED = (
    "attachments blog-posts contentbylabel contributors detailssummary profile profile-picture recently-updated show-if"
    " space-details spaces tasks-report-macro userlister jiraissues excerpt-include include children pagetree"
)


@pytest.mark.parametrize("name", _DENIED.split())
def test_what_tells_of_things_that_are_not_covered_is_denied_for_that_reason(name: str) -> None:
    rendered = render_storage(macro(name, "<p>canary</p>"), MATERIAL)

    assert "canary" not in rendered.html
    assert [(one.count, one.reason) for one in rendered.left_out] == [(1, Reason.NOT_COVERED)]


def test_a_box_that_was_a_link_is_one() -> None:
    link = '<ac:parameter ac:name="link"><a href="https://a.example">https://a.example</a></ac:parameter>'
    body = "<ac:rich-text-body><p>go</p></ac:rich-text-body>"

    assert storage(f'<ac:structured-macro ac:name="clickable">{link}{body}</ac:structured-macro>') == (
        f'<a href="https://a.example" {REL}><p>go</p></a>'
    )


def adf(kind: str, content: str = "", fallback: str = "", **attributes: str) -> str:
    given = "".join(
        f'<ac:adf-attribute key="{key.replace("_", "-")}">{value}</ac:adf-attribute>'
        for key, value in attributes.items()
    )
    inner = f"<ac:adf-content>{content}</ac:adf-content>" if content else ""
    other = f"<ac:adf-fallback>{fallback}</ac:adf-fallback>" if fallback else ""
    return f'<ac:adf-extension><ac:adf-node type="{kind}">{given}{inner}</ac:adf-node>{other}</ac:adf-extension>'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (adf("panel", "<p>x</p>", panel_type="custom", panel_icon_id="1f680", panel_color="#E3FCEF"), ">🚀</span>"),
        (adf("nested-expand", "<p>x</p>", title="T"), "<summary>T</summary>"),
        (
            adf("decision-item", "<p>x</p>"),
            (
                '<ul class="doc-decisions"><li class="doc-decision"><span class="doc-decision-mark" role="img" '
                'aria-label="Decision"></span><div class="doc-task-body"><p>x</p></div></li></ul>'
            ),
        ),
        (adf("novelty", fallback="<p>as before</p>"), "<p>as before</p>"),
        ("<ac:adf-extension><ac:adf-fallback><p>alone</p></ac:adf-fallback></ac:adf-extension>", "<p>alone</p>"),
        (adf("novelty"), '<div class="doc-omitted">Not shown here: novelty</div>'),
        (adf("extension", fallback="<p>canary</p>", extension_key="a/our-app"), "Not shown here: our-app"),
        (
            adf("bodied-extension", "<p>canary</p>", extension_key="a/show-if"),
            "Not shown here: content for some readers",
        ),
    ],
)
def test_a_node_of_adf_is_shown_once_and_an_app_not_at_all(written: str, expected: str) -> None:
    shown = storage(written)

    assert expected in shown
    assert "canary" not in shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('<ac:emoticon ac:emoji-id="1f600" ac:emoji-fallback=":grinning:"/>', "😀"),
        ('<ac:emoticon ac:emoji-id="atlassian-blue_star" ac:emoji-fallback=":blue_star:"/>', ":blue_star:"),
        ('<ac:link><ri:shortcut ri:key="jira" ri:parameter="ABC-1"/></ac:link>', "ABC-1"),
        ('<ac:link><ri:space ri:space-key="OPS"/></ac:link>', "OPS"),
        ('<ac:link><ri:user ri:username="ada"/></ac:link>', '<span class="doc-mention">@someone</span>'),
        ('<ac:link><ri:blog-post ri:content-title="News" ri:posting-day="2026/01/02"/></ac:link>', "News"),
        (
            '<at:declarations><at:string at:name="x"/></at:declarations><p><at:var at:name="x"/></p>',
            '<p><span class="doc-variable">x</span></p>',
        ),
        ("<P>upper</P>", "<p>upper</p>"),
    ],
)
def test_further_small_elements(written: str, shown: str) -> None:
    assert storage(written) == shown


TASK = (
    "<ac:task-list><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>"
    '<ac:link><ri:user ri:account-id="acc-1"/></ac:link> greases <time datetime="2026-03-09"/></ac:task-body></ac:task>'
    '</ac:task-list><p><ac:link><ri:user ri:account-id="acc-1"/></ac:link></p>'
)


def test_a_task_says_whose_it_is_only_if_the_link_does() -> None:
    named = '<span class="doc-mention">@Ada Lovelace</span>'

    assert storage(TASK).count(named) == 2
    hidden = storage(TASK, replace(MATERIAL, show_assignees=False))
    assert hidden.count(named) == 1
    assert hidden.endswith(f"<p>{named}</p>")
    assert "greases" in hidden
