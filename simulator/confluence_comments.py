"""Comments of Confluence Cloud's second interface: under a page, on its text, and the replies to both."""

from typing import Any

from flask import Blueprint, Response, request

from simulator.answers import v2_not_found
from simulator.confluence import (
    PREFIX,
    body_json,
    listed,
    page_for_caller,
    page_links,
    signed_in,
    the_site,
    version_json,
)
from simulator.state import Page, PageComment, Version

blueprint = Blueprint("confluence_comments", __name__)


@blueprint.get(f"{PREFIX}/pages/<page_id>/footer-comments")
def footer_comments(page_id: str) -> Response:
    found = page_for_caller(page_id)
    return listed([_shaped(found, one) for one in _below(found, None) if not one.inline], 25)


@blueprint.get(f"{PREFIX}/pages/<page_id>/inline-comments")
def inline_comments(page_id: str) -> Response:
    found = page_for_caller(page_id)
    states = [one for text in request.args.getlist("resolution-status") for one in text.split(",") if one]
    rows = [
        _shaped(found, one) for one in _below(found, None) if one.inline and (not states or one.resolution in states)
    ]
    return listed(rows, 25)


@blueprint.get(f"{PREFIX}/footer-comments/<comment_id>/children")
def footer_replies(comment_id: str) -> Response:
    return _replies(comment_id, inline=False)


@blueprint.get(f"{PREFIX}/inline-comments/<comment_id>/children")
def inline_replies(comment_id: str) -> Response:
    return _replies(comment_id, inline=True)


def _replies(comment_id: str, *, inline: bool) -> Response:
    signed_in()
    for page in the_site().pages.values():
        if any(one.comment_id == comment_id and one.inline == inline for one in page.comments):
            found = page_for_caller(page.page_id)
            return listed([_shaped(found, one) for one in _below(found, comment_id)], 25)
    raise v2_not_found()


def _below(page: Page, parent_id: str | None) -> list[PageComment]:
    return sorted((one for one in page.comments if one.parent_id == parent_id), key=lambda one: one.created)


def _shaped(page: Page, comment: PageComment) -> dict[str, Any]:
    latest = comment.edited or comment.created
    version = Version(2 if comment.edited else 1, latest, comment.author_id, "", comment.body)
    shaped: dict[str, Any] = {
        "id": comment.comment_id,
        "status": "current",
        "title": f"Re: {page.latest.title}",
        "version": version_json(version),
        "body": body_json(version, request.args.get("body-format")),
        "_links": {"webui": f"{page_links(page)['webui']}?focusedCommentId={comment.comment_id}"},
    }
    shaped |= {"parentCommentId": comment.parent_id} if comment.parent_id else {"pageId": page.page_id}
    if comment.inline:
        shaped["resolutionStatus"] = comment.resolution
        marked = {"inlineMarkerRef": f"marker-{comment.comment_id}", "inlineOriginalSelection": comment.anchor}
        shaped["properties"] = marked
    return shaped
