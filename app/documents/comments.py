"""Comments of pages and issues to safe HTML, threaded; who may be shown which is decided before.

A comment that cannot be read is said to be one, and takes nothing else with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.documents.bodies import Body, draw_body
from app.documents.canvas import Canvas
from app.documents.classes import classes
from app.documents.errors import DocumentError
from app.documents.pieces import instant, person
from app.documents.types import Limits, Material, Rendered

#: Answers below this level stand side by side: on a phone there is no room for more.
MAX_LEVELS = 4
_MAX_ANCHOR = 300


@dataclass(frozen=True, slots=True)
class CommentView:
    """One comment: who wrote what and when, with the answers to it in their order."""

    #: Account id or user key; the material says what to call them.
    author: str
    at: datetime | None
    body: Body
    edited: bool = False
    replies: "tuple[CommentView, ...]" = ()
    resolved: bool = False
    #: The text of the page that an inline comment is about.
    anchor: str = ""


def render_comments(comments: Sequence[CommentView], material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of comments in their order; raise DocumentError only if there are more than can be shown."""
    canvas = Canvas(material, limits or Limits())
    draw_comments(comments, canvas)
    return canvas.finish()


def draw_comments(comments: Sequence[CommentView], canvas: Canvas) -> None:
    """Write comments on a canvas that may hold other things as well."""
    _list(comments, canvas, 1)


def _list(comments: Sequence[CommentView], canvas: Canvas, level: int) -> None:
    if not comments:
        return
    canvas.start("ul", classes("doc-comments"))
    for comment in comments:
        canvas.count_node()
        canvas.start("li", classes("doc-comment", "doc-comment-resolved" if comment.resolved else None))
        _comment(comment, canvas)
        if level < MAX_LEVELS:
            _list(comment.replies, canvas, level + 1)
            canvas.end("li")
        else:
            canvas.end("li")
            for reply in _all_below(comment):
                canvas.count_node()
                canvas.start("li", classes("doc-comment"))
                _comment(reply, canvas)
                canvas.end("li")
    canvas.end("ul")


def _all_below(comment: CommentView) -> Iterator[CommentView]:
    waiting = list(reversed(comment.replies))
    while waiting:
        reply = waiting.pop()
        yield reply
        waiting += reversed(reply.replies)


def _comment(comment: CommentView, canvas: Canvas) -> None:
    words = canvas.words.issue
    canvas.start("div", classes("doc-comment-head"))
    person(canvas, comment.author)
    if comment.at is not None:
        canvas.parts.append(" ")
        canvas.start("span", classes("doc-comment-at"))
        instant(canvas, comment.at)
        canvas.end("span")
    for said, word in ((comment.edited, words.edited), (comment.resolved, words.resolved)):
        if said:
            canvas.parts.append(" ")
            canvas.element("span", classes("doc-comment-note"), word)
    canvas.end("div")
    if comment.anchor.strip():
        canvas.start("blockquote", classes("doc-comment-anchor"))
        canvas.text(" ".join(comment.anchor[:_MAX_ANCHOR].split()))
        canvas.end("blockquote")
    canvas.start("div", classes("doc-comment-body"))
    try:
        with canvas.part(aside=True):
            draw_body(comment.body, canvas)
    except DocumentError:
        canvas.element("p", classes("doc-refused"), words.comment_refused)
    canvas.end("div")
