"""Pages of people."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.core import paging
from app.core.accounts.actor import PersonKind
from app.core.connections.queries import AccountRow
from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission, Role
from app.features.admin import gather, service
from app.features.admin.forms import AccountForm, AccountNameForm, NewPersonForm, PeopleFilter, PersonForm
from app.features.admin.queries import people as queries
from app.features.admin.queries.people import PersonDetail, PersonRow
from app.features.admin.views import Answer, blueprint
from app.web import panels
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor
from app.web.surfaces import Surface, absolute
from app.web.tables import csv_file, place

READ = Permission.ADMIN_PEOPLE_READ
MANAGE = Permission.ADMIN_PEOPLE_MANAGE


@blueprint.get("/people")
@signed_in(READ)
def people() -> str:
    """List people."""
    filters = PeopleFilter(request.args)
    sort, after = place()
    with reading() as db:
        page = queries.people(db, filters.wanted(sort), after)
        total = queries.count(db, filters.wanted(sort))
    return render_template("admin/people.html", page=page, total=total, filters=filters)


@blueprint.get("/people.csv")
@signed_in(READ)
def export_people() -> Response:
    """Hand out the list of people as CSV, after recording that it is done."""
    wanted = PeopleFilter(request.args).wanted(place()[0])
    with transaction() as db:
        service.record_people_export(db, actor(), wanted)
    rows = paging.whole(lambda db, after: queries.people(db, wanted, after, paging.BATCH))
    return csv_file("people", PersonRow.HEAD, (row.cells for row in rows))


@blueprint.get("/people/<public_id>")
@signed_in(READ)
def person(public_id: str) -> str:
    """Show one person."""
    found = _found(public_id)
    with reading() as db:
        more = panels.of_person(db, actor(), public_id)
    return render_template("admin/person.html", person=found, panels=more)


@blueprint.route("/people/new", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def new_person() -> Answer:
    """Create a person."""
    form = NewPersonForm()
    if form.validate_on_submit():
        kind, roles = PersonKind(form.kind.data), _roles(form)
        with errors_onto(form), transaction() as db:
            public_id = service.create_person(
                db, actor(), email=form.email.data, name=form.name.data, kind=kind, roles=roles
            )
            flash(
                _("%(name)s was created. Make a one-time link, so that they can set a password.", name=form.name.data),
                "success",
            )
            return redirect(url_for("admin.person", public_id=public_id), 303)
    return form_page("admin/new_person.html", form)


@blueprint.route("/people/<public_id>/edit", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def edit_person(public_id: str) -> Answer:
    """Change name, kind and roles."""
    found = _found(public_id)
    form = PersonForm(name=found.row.name, kind=found.row.kind.value, roles=sorted(found.own_roles))
    if form.validate_on_submit():
        kind, roles = PersonKind(form.kind.data), _roles(form)
        with errors_onto(form), transaction() as db:
            service.change_person(db, actor(), public_id, name=form.name.data, kind=kind, roles=roles)
            flash(_("%(name)s was changed.", name=form.name.data), "success")
            return redirect(url_for("admin.person", public_id=public_id), 303)
    return form_page("admin/edit_person.html", form, person=found)


@blueprint.get("/people/<public_id>/deactivate")
@signed_in(MANAGE)
def deactivate_person(public_id: str) -> str:
    """Say what deactivating ends, and ask once."""
    found = _found(public_id)
    with reading() as db:
        ending = queries.ending(db, public_id)
    return render_template("admin/deactivate_person.html", person=found, ending=ending)


@blueprint.post("/people/<public_id>/deactivate")
@signed_in(MANAGE)
def confirm_deactivation(public_id: str) -> Response:
    """Deactivate a person."""
    with transaction() as db:
        service.deactivate(db, actor(), public_id)
    flash(_("The person was deactivated, and what they had open has ended."), "success")
    return redirect(url_for("admin.person", public_id=public_id), 303)


@blueprint.post("/people/<public_id>/reactivate")
@signed_in(MANAGE)
def reactivate_person(public_id: str) -> Response:
    """Let a person sign in again."""
    with transaction() as db:
        service.reactivate(db, actor(), public_id)
    flash(_("The person may sign in again. What had ended stays ended."), "success")
    return redirect(url_for("admin.person", public_id=public_id), 303)


@blueprint.post("/people/<public_id>/one-time-link")
@signed_in(MANAGE, recent=True)
def one_time_link(public_id: str) -> str:
    """Make a one-time link."""
    with transaction() as db:
        link = service.issue_one_time_link(db, actor(), public_id)
    surface = Surface.APP if link.kind == PersonKind.STAFF else Surface.PUBLIC
    address = absolute(url_for("account.reset", secret=link.secret), surface)
    # No redirect: the link is shown in this answer and never again.
    return render_template("admin/one_time_link.html", link=link, address=address, public_id=public_id)


@blueprint.post("/people/<public_id>/end-sessions")
@signed_in(MANAGE)
def end_person_sessions(public_id: str) -> Response:
    """End every session of a person."""
    with transaction() as db:
        ended = service.end_sessions(db, actor(), public_id)
    flash(ngettext("One session was ended.", "%(num)s sessions were ended.", ended), "success")
    return redirect(url_for("admin.person", public_id=public_id), 303)


@blueprint.route("/people/<public_id>/accounts/<connection_id>", methods=["GET", "POST"])
@signed_in(MANAGE)
def assign_account(public_id: str, connection_id: str) -> Answer:
    """Say which Atlassian account is a person's."""
    found, account = _account(public_id, connection_id)
    form = AccountForm(account_id=account.account_id) if account.on_cloud else AccountNameForm()
    if form.validate_on_submit():
        with errors_onto(form):
            facts = gather.looked_up_account(connection_id, form.account_id.data)
            with transaction() as db:
                service.assign_account(db, actor(), public_id, facts)
            _flash_assigned(facts)
            return redirect(url_for("admin.person", public_id=public_id), 303)
    return form_page("admin/assign_account.html", form, person=found, account=account)


@blueprint.post("/people/<public_id>/accounts/<connection_id>/remove")
@signed_in(MANAGE)
def remove_account(public_id: str, connection_id: str) -> Response:
    """Forget a person's Atlassian account."""
    with transaction() as db:
        service.remove_account(db, actor(), public_id, connection_id)
    flash(_("The account was removed. New links need another proof of the right to share."), "success")
    return redirect(url_for("admin.person", public_id=public_id), 303)


def _found(public_id: str) -> PersonDetail:
    with reading() as db:
        found = queries.person(db, public_id)
    if found is None:
        raise NotFound
    return found


def _account(public_id: str, connection_id: str) -> tuple[PersonDetail, AccountRow]:
    found = _found(public_id)
    account = next((one for one in found.accounts if one.connection.public_id == connection_id), None)
    if account is None:
        raise NotFound
    return found, account


def _roles(form: PersonForm) -> set[Role]:
    return {Role(role) for role in form.roles.data or ()}


def _flash_assigned(facts: gather.AccountFacts) -> None:
    if facts.verified:
        flash(_("%(name)s is the account now.", name=facts.account.display_name), "success")
    else:
        flash(_("The account was assigned as entered: the site could not be asked whose it is."), "warning")
