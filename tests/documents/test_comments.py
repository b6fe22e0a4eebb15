"""Comments of pages and issues: who, when, threads, what an inline comment is about, and comments that cannot be read."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.documents.bodies import Body, Format
from app.documents.comments import MAX_LEVELS, CommentView, render_comments
from app.documents.errors import DocumentError
from app.documents.types import LeftOut, Limits, Reason
from tests.documents.given import MATERIAL, document, node, words
from tests.documents.test_issue import tint_of

AT = datetime(2026, 1, 2, 14, 5, tzinfo=UTC)
HEAD = (
    '<div class="doc-comment-head"><span class="doc-person"><span class="doc-avatar doc-avatar-{tint}" aria-hidden="true">'
    "{initials}</span> <span>{name}</span></span>{more}</div>"
)
SOMEONE = HEAD.format(tint=0, initials="", name="someone", more="")


def said(text: str, *replies: CommentView, author: str = "acc-9") -> CommentView:
    return CommentView(author, None, Body(Format.PLAIN, text), replies=replies)


def item(body: str, below: str = "", head: str = SOMEONE, names: str = "") -> str:
    return f'<li class="doc-comment{names}">{head}<div class="doc-comment-body">{body}</div>{below}</li>'


def comments(*items: str) -> str:
    return f'<ul class="doc-comments">{"".join(items)}</ul>'


def test_a_comment_says_who_and_when_and_what_it_is_about() -> None:
    comment = CommentView(
        "acc-1", AT, Body(Format.STORAGE, "<p>Too <b>late</b></p>"), edited=True, resolved=True, anchor=" by  noon "
    )

    more = (
        ' <span class="doc-comment-at"><time datetime="2026-01-02T14:05:00Z">2 Jan 2026, 14:05 UTC</time></span>'
        ' <span class="doc-comment-note">edited</span> <span class="doc-comment-note">Resolved</span>'
    )
    head = HEAD.format(tint=tint_of("Ada Lovelace"), initials="AL", name="Ada Lovelace", more=more)
    anchor = '<blockquote class="doc-comment-anchor">by noon</blockquote>'
    assert render_comments([comment], MATERIAL).html == comments(
        item("<p>Too <b>late</b></p>", head=head + anchor, names=" doc-comment-resolved")
    )


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ada Lovelace", "AL"), ("ada", "A"), ("Ada M. K. Lovelace", "AL"), ("(x) Ada", "A"), ("<b>", ""), (" ", "")],
)
def test_initials_come_from_the_name_that_is_shown(name: str, initials: str) -> None:
    html = render_comments([said("x", author="a")], replace(MATERIAL, people={"a": name})).html

    assert f'aria-hidden="true">{initials}</span>' in html


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (Body(Format.ADF, document(node("paragraph", words("a")))), "<p>a</p>"),
        (Body(Format.WIKI, "*a*"), "<p><strong>a</strong></p>"),
        (Body(Format.STORAGE, "<p>a</p>"), "<p>a</p>"),
        (Body(Format.PLAIN, "*a*"), "<p>*a*</p>"),
    ],
)
def test_a_comment_may_be_written_in_any_format(body: Body, shown: str) -> None:
    assert render_comments([CommentView("x", None, body)], MATERIAL).html == comments(item(shown))


def test_answers_stand_below_what_they_answer_in_their_order() -> None:
    thread = said("1", said("2", said("3")), said("4"))

    assert render_comments([thread, said("5")], MATERIAL).html == comments(
        item("<p>1</p>", comments(item("<p>2</p>", comments(item("<p>3</p>"))), item("<p>4</p>"))), item("<p>5</p>")
    )


def test_deep_threads_go_on_side_by_side_and_nothing_is_lost() -> None:
    thread = said("499")
    for number in reversed(range(499)):
        thread = said(str(number), thread)

    html = render_comments([thread], MATERIAL).html

    assert html.count("<ul") == MAX_LEVELS
    assert [f"<p>{number}</p>" in html for number in range(500)] == [True] * 500


def test_headings_of_comments_have_no_anchors_and_no_table_of_contents() -> None:
    body = Body(
        Format.STORAGE, "<h1>A</h1><ac:structured-macro ac:name='toc'/><ac:structured-macro ac:name='children'/>"
    )
    rendered = render_comments([CommentView("x", None, body)] * 2, MATERIAL)

    assert rendered.headings == ()
    assert '<h2 class="doc-h1">A</h2>' in rendered.html
    assert "id=" not in rendered.html
    assert rendered.left_out == (LeftOut("child pages", 2, Reason.NOT_COVERED),)


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        (Body(Format.ADF, {"type": "nothing"}), Limits()),
        (Body(Format.ADF, "text"), Limits()),
        (Body(Format.STORAGE, "<p>" * 300 + "secret"), Limits()),
        (Body(Format.WIKI, "secret " * 100), Limits(max_characters=100)),
        (
            Body(Format.ADF, document(node("panel", node("heading", words("secret" * 20), level=1)))),
            Limits(max_characters=100),
        ),
    ],
)
def test_a_comment_that_cannot_be_shown_says_so_and_leaves_the_others_alone(body: Body, limits: Limits) -> None:
    given = [said("before"), CommentView("x", None, body), said("after")]

    assert render_comments(given, MATERIAL, limits).html == comments(
        item("<p>before</p>"), item('<p class="doc-refused">This comment cannot be shown.</p>'), item("<p>after</p>")
    )


def test_more_comments_than_parts_may_be_are_refused() -> None:
    with pytest.raises(DocumentError, match="more than 2 parts"):
        render_comments([said("x")] * 3, MATERIAL, Limits(max_nodes=2))
