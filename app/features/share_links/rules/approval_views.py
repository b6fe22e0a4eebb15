"""Pages for whoever approves links: what waits, one request, the decision; and asking again for its owner."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField

from app.core.db import reading, transaction
from app.features.share_links.lists import listing
from app.features.share_links.rules import approving
from app.features.share_links.rules.approving import MAXIMUM_NOTE
from app.web.access import signed_in
from app.web.forms import Form, Required, at_most, choices, errors_onto, form_page
from app.web.identity import actor

blueprint = Blueprint("share_links_approvals", __name__, url_prefix="/links")
Answer = Response | str | tuple[str, int]


class DecisionForm(Form):
    """What somebody decides about a link."""

    decision = RadioField(
        lazy_gettext("Decision"),
        [Required()],
        choices=choices(
            [
                ("approve", lazy_gettext("Approve: the link opens for its readers")),
                ("decline", lazy_gettext("Decline: the link stays shut")),
            ]
        ),
    )
    note = TextAreaField(
        lazy_gettext("Reason"),
        [at_most(MAXIMUM_NOTE)],
        description=lazy_gettext("Its owner reads it. Needed where you decline."),
        render_kw={"rows": 3},
    )


@blueprint.get("/approvals/")
@signed_in()
def approvals() -> Answer:
    """List the links that wait for a decision of the person."""
    with reading() as db:
        found = approving.waiting(db, actor())
    return render_template("share_links/approvals.html", requests=found)


@blueprint.get("/approvals/<row:request_id>")
@signed_in()
def approval(request_id: int) -> Answer:
    """Show a link that waits, and ask for a decision."""
    return _page(request_id, DecisionForm(formdata=None))


@blueprint.post("/approvals/<row:request_id>")
@signed_in(recent=True)
def decide(request_id: int) -> Answer:
    """Approve or decline."""
    form = DecisionForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            do = approving.approve if form.decision.data == "approve" else approving.decline
            do(db, actor(), request_id, form.note.data or "")
            flash(_("Your decision is made, and the owner is told."), "success")
            return redirect(url_for("share_links_approvals.approvals"), 303)
    return _page(request_id, form)


@blueprint.post("/<public_id>/ask-approval/")
@signed_in()
def ask_again(public_id: str) -> Answer:
    """Ask again for a link that was declined, or whose request is over."""
    with transaction() as db:
        approving.ask_again(db, actor(), public_id)
    flash(_("Approval is asked for again."), "success")
    return redirect(url_for("share_links.show_link", public_id=public_id), 303)


def _page(request_id: int, form: DecisionForm) -> Answer:
    with reading() as db:
        found = approving.one(db, actor(), request_id)
        link = listing.by_ids(db, [found.link.id])[0]
        terms = listing.terms(db, link.id, link.terms_version)
    return form_page("share_links/approval.html", form, request_=found, link=link, terms=terms)
