"""Pages of connections to Atlassian sites."""

from datetime import date, datetime

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.connections import queries
from app.core.connections import service as connections_service
from app.core.connections.queries import ConnectionRow
from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.admin import gather
from app.features.admin.forms import ConnectionForm, DataCenterForm, NewConnectionForm, NewDataCenterForm
from app.features.admin.views import Answer, blueprint
from app.integrations.atlassian.types import Deployment, Product
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor

READ = Permission.ADMIN_CONNECTIONS_READ
MANAGE = Permission.ADMIN_CONNECTIONS_MANAGE


@blueprint.get("/connections")
@signed_in(READ)
def connections() -> str:
    """List connections with how they are."""
    with reading() as db:
        rows = queries.connections(db)
    return render_template("admin/connections.html", rows=rows)


@blueprint.get("/connections/<public_id>")
@signed_in(READ)
def connection(public_id: str) -> str:
    """Show one connection."""
    return render_template("admin/connection.html", connection=_found(public_id))


@blueprint.route("/connections/new", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def new_connection() -> Answer:
    """Add a connection."""
    form = NewConnectionForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            row = connections_service.create(db, actor(), Product(form.product.data), form.draft)
            flash(_("%(name)s was added. Test it to see what its credentials may do.", name=row.name), "success")
            return redirect(url_for("admin.connection", public_id=row.public_id), 303)
    return form_page("admin/new_connection.html", form)


@blueprint.route("/connections/new/data-center", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def new_data_center_connection() -> Answer:
    """Add a connection to a site on the company's own machines."""
    form = NewDataCenterForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            product = Product(form.product.data)
            row = connections_service.create(db, actor(), product, form.draft, Deployment.DATA_CENTER)
            flash(_("%(name)s was added. Test it to see what its credentials may do.", name=row.name), "success")
            return redirect(url_for("admin.connection", public_id=row.public_id), 303)
    return form_page("admin/new_data_center_connection.html", form)


@blueprint.route("/connections/<public_id>/edit", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def edit_connection(public_id: str) -> Answer:
    """Change a connection; a token left empty stays."""
    found = _found(public_id)
    form = _form(found)
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            row = connections_service.change(db, actor(), public_id, form.draft)
            flash(_("%(name)s was changed. Test it to see what its credentials may do.", name=row.name), "success")
            return redirect(url_for("admin.connection", public_id=public_id), 303)
    return form_page("admin/edit_connection.html", form, connection=found)


@blueprint.post("/connections/<public_id>/test")
@signed_in(MANAGE, recent=True)
def test_connection(public_id: str) -> Response:
    """Try what each credential may do, and keep what was seen."""
    result = gather.tested_connection(public_id)
    with transaction() as db:
        connections_service.note_test(db, actor(), public_id, result)
    if result.works:
        flash(_("The site answered. What each credential may do is listed below."), "success")
    else:
        flash(_("Pages and issues cannot be read through this connection. The list below says why."), "danger")
    return redirect(url_for("admin.connection", public_id=public_id), 303)


@blueprint.post("/connections/<public_id>/switch-off")
@signed_in(MANAGE, recent=True)
def switch_off_connection(public_id: str) -> Response:
    """Stop using a connection."""
    with transaction() as db:
        connections_service.switch_off(db, actor(), public_id)
    flash(_("The connection is off: nothing is read through it."), "success")
    return redirect(url_for("admin.connection", public_id=public_id), 303)


@blueprint.post("/connections/<public_id>/switch-on")
@signed_in(MANAGE, recent=True)
def switch_on_connection(public_id: str) -> Response:
    """Use a connection again."""
    with transaction() as db:
        connections_service.switch_on(db, actor(), public_id)
    flash(_("The connection is used again."), "success")
    return redirect(url_for("admin.connection", public_id=public_id), 303)


@blueprint.post("/connections/<public_id>/remove")
@signed_in(MANAGE, recent=True)
def remove_connection(public_id: str) -> Response:
    """Remove a connection that nothing was shared through."""
    with transaction() as db:
        connections_service.remove(db, actor(), public_id)
    flash(_("The connection was removed, and its credentials were deleted."), "success")
    return redirect(url_for("admin.connections"), 303)


def _found(public_id: str) -> ConnectionRow:
    with reading() as db:
        found = queries.connection(db, public_id)
    if found is None:
        raise NotFound
    return found


def _form(row: ConnectionRow) -> ConnectionForm | DataCenterForm:
    if row.deployment == Deployment.DATA_CENTER:
        return DataCenterForm(data=_shown(row), has_checking=row.has_checking)
    return ConnectionForm(data=_shown(row))


def _shown(row: ConnectionRow) -> dict[str, str | date | None]:
    return {
        "name": row.name,
        "base_url": row.base_url,
        "site_address": row.other_address,
        "reading_email": row.reading_email,
        "reading_expires": _day(row.reading_expires_at),
        "checking_email": row.checking_email,
        "checking_expires": _day(row.checking_expires_at),
    }


def _day(instant: datetime | None) -> date | None:
    return instant.date() if instant is not None else None
