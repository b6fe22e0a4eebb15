"""What readers do about their own access: see where it was opened before, be done with it, report the link.

The page of the content is the same for everybody and has no form; these pages are apart from it.
"""

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.core import db
from app.features.share_links.gates.opening import Asked
from app.features.share_links.guests import leaving, openings, reports
from app.features.share_links.guests.forms import ReportForm
from app.features.share_links.guests.public_views import is_offered
from app.features.share_links.public_views import (
    asked_by,
    back,
    blueprint,
    closed,
    closed_page,
    is_closed,
    open_to_strangers,
    without_part,
)
from app.features.share_links.reading import sheets
from app.features.share_links.reading.sheets import Approach


@blueprint.get("/<token>/access")
@open_to_strangers
def show_access(token: str) -> BaseResponse:
    """Show a reader where their own access was used, and how to end it."""
    found = _found(token)
    if isinstance(found, BaseResponse):
        return found
    asked, approach = found
    if approach.served is None:
        return without_part(token, asked, approach)
    with db.reading() as session:
        seen = openings.of_reader(session, approach.served, asked.browser_digest)
    elsewhere = [one for one in seen if not one.here]
    return _page("access", token, approach, seen=seen, elsewhere=elsewhere, asks=approach.served.elsewhere)


@blueprint.post("/<token>/access")
@open_to_strangers
def acknowledge_openings(token: str) -> BaseResponse:
    """Take it from a reader that the openings in other browsers were theirs."""
    found = _found(token)
    if isinstance(found, BaseResponse):
        return found
    asked, approach = found
    if approach.served is not None and asked.browser_digest is not None:
        with db.transaction() as session:
            openings.acknowledge(session, approach.served, asked.browser_digest)
    return back(token)


@blueprint.post("/<token>/done")
@open_to_strangers
def leave_link(token: str) -> BaseResponse:
    """End what this reader holds of the link."""
    found = _found(token)
    if isinstance(found, BaseResponse):
        return found
    asked, approach = found
    if approach.served is None or asked.browser_digest is None:
        return back(token)
    with db.transaction() as session:
        leaving.leave(session, approach.served, asked.browser_digest)
    values = {"shown": approach.served.shown, "list_url": _list_url()}
    return make_response(render_template("share_links/public/left.html", **values))


@blueprint.get("/<token>/report")
@open_to_strangers
def ask_report(token: str) -> BaseResponse:
    """Ask what is wrong with a link; also before its gates."""
    found = _found(token)
    return (
        found if isinstance(found, BaseResponse) else _page("report", token, found[1], form=ReportForm(formdata=None))
    )


@blueprint.post("/<token>/report")
@open_to_strangers
def report_link(token: str) -> BaseResponse:
    """Report a link to its owner and to administrators."""
    found = _found(token)
    if isinstance(found, BaseResponse):
        return found
    asked, approach = found
    form = ReportForm()
    if approach.visit is None or not form.validate():
        return _page("report", token, approach, 422, form=form)
    with db.transaction() as session:
        taken = reports.report(session, approach.visit, asked.browser_digest, form.chosen(), form.words.data or "")
    if not taken.allowed:
        form.reason.errors = [_("There were many reports. Wait a while, or write to the contact below.")]
        return _page("report", token, approach, 429, form=form)
    return _page("reported", token, approach)


def _found(token: str) -> tuple[Asked, Approach] | BaseResponse:
    """Return who asks for which link, or the answer of one that is closed."""
    asked = asked_by(token)
    if asked is None:
        return closed_page(known=False)
    approach = sheets.approach(asked)
    return closed(asked, approach) if is_closed(approach) else (asked, approach)


def _page(name: str, token: str, approach: Approach, status: int = 200, **values: object) -> Response:
    assert approach.visit is not None
    names: dict[str, object] = {
        "token": token,
        "shown": approach.visit.shown,
        "invited": approach.visit.invited,
        "address": url_for("share_links_public.read_link", token=token),
        "list_url": _list_url(),
    }
    return make_response(render_template(f"share_links/public/{name}.html", **names, **values), status)


def _list_url() -> str | None:
    return url_for("shared_with_me.list_shared") if is_offered() else None
