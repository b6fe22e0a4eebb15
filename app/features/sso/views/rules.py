"""Pages of the rules: which attributes make up a person, and which groups follow."""

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from app.core.db import reading, transaction
from app.features.sso import queries, service
from app.features.sso.forms import rules
from app.features.sso.mapping import Target
from app.features.sso.views import MANAGE, Answer, blueprint, found
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor


@blueprint.route("/<public_id>/mapping", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def edit_mapping(public_id: str) -> Answer:
    """Say which attributes make up a person."""
    detail = found(public_id)
    form = rules.mapping_form(detail.facts.mapping)
    if form.validate_on_submit():
        with errors_onto(form):
            wanted = rules.rules_of(form)
            with transaction() as db:
                service.set_mapping(db, actor(), public_id, wanted)
            flash(_("The mapping was saved. Test the sign-in again."), "success")
            return redirect(url_for("sso.connection", public_id=public_id), 303)
    rows = {target.value: rules.transform_rows(form, target.value) for target in Target}
    return form_page("sso/edit_mapping.html", form, detail=detail, rows=rows)


@blueprint.route("/<public_id>/groups", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def edit_groups(public_id: str) -> Answer:
    """Say which groups follow."""
    detail = found(public_id)
    with reading() as db:
        choices = queries.group_choices(db)
    form = rules.group_form(detail.facts.groups, choices)
    if form.validate_on_submit():
        with errors_onto(form):
            wanted = rules.group_rules_of(form)
            with transaction() as db:
                service.set_groups(db, actor(), public_id, wanted)
            flash(_("The rules about groups were saved. Test the sign-in again."), "success")
            return redirect(url_for("sso.connection", public_id=public_id), 303)
    return form_page(
        "sso/edit_groups.html",
        form,
        detail=detail,
        transforms=rules.transform_rows(form, rules.GROUP),
        mappings=rules.mapping_rows(form),
    )
