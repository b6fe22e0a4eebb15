"""Pages of groups."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import paging
from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission, Role
from app.features.admin import service
from app.features.admin.forms import GroupFilter, GroupForm, GroupRolesForm, MemberFilter, MemberForm
from app.features.admin.queries import groups as queries
from app.features.admin.queries.groups import GroupRow, MemberRow
from app.features.admin.views import Answer, blueprint
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor
from app.web.tables import csv_file, place

READ = Permission.ADMIN_GROUPS_READ
MANAGE = Permission.ADMIN_GROUPS_MANAGE


@blueprint.get("/groups")
@signed_in(READ)
def groups() -> str:
    """List groups."""
    filters = GroupFilter(request.args)
    sort, after = place()
    with reading() as db:
        page = queries.groups(db, filters.wanted(sort), after)
    return render_template("admin/groups.html", page=page, filters=filters)


@blueprint.get("/groups.csv")
@signed_in(READ)
def export_groups() -> Response:
    """Hand out the list of groups as CSV, after recording that it is done."""
    wanted = GroupFilter(request.args).wanted(place()[0])
    with transaction() as db:
        service.record_groups_export(db, actor(), wanted)
    rows = paging.whole(lambda db, after: queries.groups(db, wanted, after, paging.BATCH))
    return csv_file("groups", GroupRow.HEAD, (row.cells for row in rows))


@blueprint.get("/groups/<public_id>")
@signed_in(READ)
def group(public_id: str) -> Answer:
    """Show one group with its members."""
    return _group_page(public_id, MemberForm())


@blueprint.get("/groups/<public_id>/members.csv")
@signed_in(READ)
def export_members(public_id: str) -> Response:
    """Hand out the members of a group as CSV, after recording that it is done."""
    wanted = MemberFilter(request.args).wanted(place()[0])
    with transaction() as db:
        service.record_members_export(db, actor(), public_id, wanted)
    rows = paging.whole(lambda db, after: queries.members(db, public_id, wanted, after, paging.BATCH))
    return csv_file("members", MemberRow.HEAD, (row.cells for row in rows))


@blueprint.route("/groups/new", methods=["GET", "POST"])
@signed_in(MANAGE)
def new_group() -> Answer:
    """Create a local group."""
    form = GroupForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            public_id = service.create_group(db, actor(), name=form.name.data, description=form.description.data or "")
            flash(_("%(name)s was created. Add its first member.", name=form.name.data), "success")
            return redirect(url_for("admin.group", public_id=public_id), 303)
    return form_page("admin/new_group.html", form)


@blueprint.route("/groups/<public_id>/edit", methods=["GET", "POST"])
@signed_in(MANAGE)
def edit_group(public_id: str) -> Answer:
    """Rename or describe a local group."""
    found = _found(public_id)
    form = GroupForm(name=found.name, description=found.description)
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            service.change_group(db, actor(), public_id, name=form.name.data, description=form.description.data or "")
            flash(_("%(name)s was changed.", name=form.name.data), "success")
            return redirect(url_for("admin.group", public_id=public_id), 303)
    return form_page("admin/edit_group.html", form, group=found)


@blueprint.route("/groups/<public_id>/roles", methods=["GET", "POST"])
@signed_in(Permission.ADMIN_PEOPLE_MANAGE, recent=True)
def group_roles(public_id: str) -> Answer:
    """Set the roles that come with a group."""
    found = _found(public_id)
    form = GroupRolesForm(roles=sorted(found.roles))
    if form.validate_on_submit():
        roles = {Role(role) for role in form.roles.data or ()}
        with errors_onto(form), transaction() as db:
            service.change_group_roles(db, actor(), public_id, roles)
            flash(_("The roles of %(name)s were changed.", name=found.name), "success")
            return redirect(url_for("admin.group", public_id=public_id), 303)
    return form_page("admin/group_roles.html", form, group=found)


@blueprint.post("/groups/<public_id>/delete")
@signed_in(MANAGE)
def delete_group(public_id: str) -> Response:
    """Delete a local group."""
    with transaction() as db:
        service.delete_group(db, actor(), public_id)
    flash(_("The group was deleted."), "success")
    return redirect(url_for("admin.groups"), 303)


@blueprint.post("/groups/<public_id>/members")
@signed_in(MANAGE)
def add_member(public_id: str) -> Answer:
    """Put a person into a local group."""
    form = MemberForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            name = service.add_member(db, actor(), public_id, form.email.data)
            flash(_("%(name)s was added.", name=name), "success")
            return redirect(url_for("admin.group", public_id=public_id), 303)
    return _group_page(public_id, form)


@blueprint.post("/groups/<public_id>/members/<person_id>/remove")
@signed_in(MANAGE)
def remove_member(public_id: str, person_id: str) -> Response:
    """Take a person out of a local group."""
    with transaction() as db:
        service.remove_member(db, actor(), public_id, person_id)
    flash(_("The member was removed. What only this group opened is closed to them."), "success")
    return redirect(url_for("admin.group", public_id=public_id), 303)


def _found(public_id: str) -> GroupRow:
    with reading() as db:
        found = queries.group(db, public_id)
    if found is None:
        raise NotFound
    return found


def _group_page(public_id: str, form: MemberForm) -> tuple[str, int]:
    found = _found(public_id)
    filters = MemberFilter(request.args)
    sort, after = place()
    with reading() as db:
        members = queries.members(db, public_id, filters.wanted(sort), after)
    return form_page("admin/group.html", form, group=found, members=members, filters=filters)
