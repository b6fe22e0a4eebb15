"""Pages about whose a provider's account is, and the conflicts that wait for a decision."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.db import reading, transaction
from app.features.sso import account_rows, accounts
from app.features.sso.account_rows import Wanted
from app.features.sso.forms.accounts import AccountFilter, AssignForm
from app.features.sso.views import MANAGE, READ, Answer, blueprint, found
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor


@blueprint.get("/conflicts")
@signed_in(READ)
def conflicts() -> str:
    """List the sign-ins that wait for somebody to say whose they are."""
    with reading() as db:
        rows = account_rows.conflicts(db, Wanted())
    return render_template("sso/conflicts.html", rows=rows, most=account_rows.SHOWN)


@blueprint.get("/<public_id>/accounts")
@signed_in(READ)
def assigned(public_id: str) -> str:
    """List the accounts of one provider and whose they are."""
    filters = AccountFilter(request.args)
    with reading() as db:
        rows = account_rows.accounts(db, Wanted(connection=public_id, search=filters.q.data or ""))
    return render_template(
        "sso/accounts.html", detail=found(public_id), rows=rows, filters=filters, most=account_rows.SHOWN
    )


@blueprint.route("/<public_id>/accounts/assign", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def assign_account(public_id: str) -> Answer:
    """Say that an account is somebody's."""
    detail = found(public_id)
    form = AssignForm(subject=request.args.get("subject"), email=request.args.get("email"))
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            person = accounts.assign(db, actor(), public_id, subject=form.subject.data, email=form.email.data)
            flash(_("The account is that of %(name)s now.", name=person.display_name), "success")
            return redirect(url_for("sso.assigned", public_id=public_id), 303)
    return form_page("sso/assign_account.html", form, detail=detail)


@blueprint.post("/<public_id>/accounts/unassign")
@signed_in(MANAGE, recent=True)
def unassign_account(public_id: str) -> Response:
    """Take an account from whom it is assigned to."""
    with transaction() as db:
        person = accounts.unassign(db, actor(), public_id, subject=request.form.get("subject", ""))
    flash(_("The account is not that of %(name)s any more; its sessions ended.", name=person.display_name), "success")
    return redirect(url_for("sso.assigned", public_id=public_id), 303)


@blueprint.post("/<public_id>/conflicts/dismiss")
@signed_in(MANAGE, recent=True)
def dismiss_conflict(public_id: str) -> Response:
    """Forget a conflict until it is tried again."""
    with transaction() as db:
        accounts.dismiss(db, actor(), public_id, subject=request.form.get("subject", ""))
    flash(_("The conflict was dismissed. It comes back when it is tried again."), "success")
    return redirect(url_for("sso.conflicts"), 303)
