"""The PDF of a link: ordered by the first reader who wants it, awaited briefly, then stamped for each who takes it."""

import time

from flask import Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, db
from app.core.errors import NotFound
from app.features.share_links import file_answers, opening, paper, reading, watermark
from app.features.share_links.content import Content
from app.features.share_links.opening import Asked
from app.features.share_links.paper import Paper
from app.features.share_links.paper_child import NotMade
from app.features.share_links.public_views import asked_by, blueprint, open_to_strangers, part_of
from app.features.share_links.queries import Visit
from app.web.headers import FILE_POLICY

#: Seconds that a reader waits before a page says that it takes longer.
PATIENCE = 2.0
_POLL_SECONDS = 0.1
#: Seconds after which that page looks again.
_AGAIN = 3


@blueprint.get("/<token>/pdf")
@open_to_strangers
def download_pdf(token: str) -> BaseResponse:
    """Send the PDF, or lead to the page that says how far it is."""
    found = part_of(token)
    if isinstance(found, BaseResponse):
        return found
    asked, visit, sheet = found
    done = _ordered(visit, sheet.content)
    if done is None or done.refused is not None:
        return redirect(url_for("share_links_public.follow_pdf", token=token), 303)
    return _sent(token, asked, visit, done)


@blueprint.get("/<token>/pdf/progress")
@open_to_strangers
def follow_pdf(token: str) -> BaseResponse:
    """Say whether the PDF is being made, ready, or not to be had; the page can be left and come back to."""
    found = part_of(token)
    if isinstance(found, BaseResponse):
        return found
    _, visit, sheet = found
    return _progress(token, _look(visit, sheet.content))


@blueprint.get("/<token>/watermark.svg")
@open_to_strangers
def show_watermark(token: str) -> BaseResponse:
    """Send the words that lie over the page on screen; a picture, since the page itself is the same for every reader."""
    asked = asked_by(token)
    visit = reading.approach(asked).served if asked is not None else None
    if visit is None or not visit.shown.powers.watermark:
        raise NotFound
    with db.reading() as session:
        across = watermark.marks(session, visit, clock.now()).watermark
    response = Response(watermark.picture(across or ""), content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _look(visit: Visit, content: Content) -> Paper | None:
    if not visit.shown.powers.pdf:
        raise NotFound
    return paper.look(paper.key_of(visit.shown, content))


def _ordered(visit: Visit, content: Content) -> Paper | None:
    done = _look(visit, content)
    if done is not None:
        return done
    paper.order(paper.key_of(visit.shown, content), visit.shown.public_id)
    end = time.monotonic() + PATIENCE
    while done is None and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        done = _look(visit, content)
    return done


def _progress(token: str, done: Paper | None, refused: str | None = None) -> Response:
    refused = refused or (done.refused if done else None)
    page = render_template("share_links/public/pdf.html", ready=done is not None, refused=refused, token=token)
    response = make_response(page, 200 if refused is None else 422)
    if done is None:
        response.headers["Refresh"] = str(_AGAIN)
    return response


def _sent(token: str, asked: Asked, visit: Visit, done: Paper) -> Response:
    with db.reading() as session:
        marks = watermark.marks(session, visit, clock.now())
    try:
        pdf = paper.stamped(done.found, marks)
    except NotMade as error:
        return _progress(token, done, str(error))
    with db.transaction() as session:
        opening.record_pdf(session, visit, asked.browser_digest)
    response = Response(pdf, content_type="application/pdf")
    name = visit.shown.object.object_key or visit.shown.object.title
    response.headers.set("Content-Disposition", "attachment", **file_answers.named(f"{name[:100]}.pdf"))
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response
