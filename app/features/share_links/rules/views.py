"""Pages of the rules for links: the levels, one level with who decides what, and what a change would do before it is saved."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.core.db import reading, transaction
from app.core.permissions import Permission
from app.features.share_links.lists import listing
from app.features.share_links.rules import changes as rule_changes
from app.features.share_links.rules import impact, rulebook, ruling
from app.features.share_links.rules import lists as rule_lists
from app.features.share_links.rules.forms import SECTIONS, PlaceForm, entered, held, rules_form, sent_along
from app.features.share_links.rules.ruling import Place
from app.web.access import signed_in
from app.web.forms import Form, choices, errors_onto, form_page
from app.web.identity import actor

blueprint = Blueprint("share_links_rules", __name__, url_prefix="/links/rules")
Answer = Response | str | tuple[str, int]


@blueprint.get("/")
@signed_in(Permission.ADMIN_SETTINGS_READ)
def levels() -> Answer:
    """List the levels that have rules, and offer another."""
    return _levels_page(PlaceForm(formdata=None))


@blueprint.post("/")
@signed_in(Permission.ADMIN_SETTINGS_MANAGE)
def choose_level() -> Answer:
    """Lead to the rules of a connection, a space or a project."""
    form = _offered(PlaceForm())
    if form.validate_on_submit():
        with errors_onto(form), reading() as db:
            rule_changes.place(db, form.connection.data, form.container.data)
            where = {"connection": form.connection.data, "container": form.container.data or None}
            return redirect(url_for("share_links_rules.level", **where), 303)
    return _levels_page(form)


@blueprint.get("/breaches")
@signed_in(Permission.ADMIN_SETTINGS_READ)
def breaches() -> Answer:
    """List the links that break the rules that hold for them."""
    with reading() as db:
        found = impact.assess(db, ruling.EVERYWHERE, after=_after())
    return render_template("share_links/rule_breaches.html", found=found)


@blueprint.get("/everywhere")
@blueprint.get("/<connection>")
@blueprint.get("/<connection>/<container>")
@signed_in(Permission.ADMIN_SETTINGS_READ)
def level(connection: str | None = None, container: str | None = None) -> Answer:
    """Show the rules of one level, what is in force there and who decides it."""
    with reading() as db:
        where = rule_changes.place(db, connection, container)
        return _level_page(db, where, _form(db, where))


@blueprint.post("/everywhere")
@blueprint.post("/<connection>")
@blueprint.post("/<connection>/<container>")
@signed_in(Permission.ADMIN_SETTINGS_MANAGE, recent=True)
def change_level(connection: str | None = None, container: str | None = None) -> Answer:
    """Show what a change would do to existing links; once it is confirmed, save it."""
    with reading() as db:
        where = rule_changes.place(db, connection, container)
        form = _form(db, where)
    if form.validate_on_submit():
        with errors_onto(form):
            return _save(where, form) if request.form.get("confirmed") else _dry_run(where, form)
    with reading() as db:
        return _level_page(db, where, form)


def _save(where: Place, form: Form) -> Answer:
    values = entered(form, where.scope, rule_changes.declarations())
    with transaction() as db:
        changed = rule_changes.change(db, actor(), where, values)
    flash(_("The rules are in force.") if changed else _("Nothing was changed."), "success" if changed else "info")
    return redirect(request.path, 303)


def _dry_run(where: Place, form: Form) -> Answer:
    declared = rule_changes.declarations()
    with reading() as db:
        proposed = rule_changes.checked(db, where, entered(form, where.scope, declared))
        found = impact.assess(db, where, proposed, after=_after())
        return render_template(
            "share_links/rule_dry_run.html",
            name=rule_lists.name_of(db, where),
            found=found,
            form=Form(formdata=None),
            hidden=sent_along(form, declared),
        )


def _form(db: Session, where: Place) -> Form:
    upper = rule_changes.above(db, where)
    above = rulebook.effective(upper) if upper else None
    return rules_form(
        rule_changes.declarations(), rule_changes.own_values(db, where), listing.offered_groups(db), above
    )


def _level_page(db: Session, where: Place, form: Form) -> Answer:
    effective = ruling.effective_at(db, where)
    context: dict[str, Any] = {
        "name": rule_lists.name_of(db, where),
        "where": where,
        "sections": SECTIONS,
        "holds": {name: held(effective, name) for name in rule_changes.declarations()},
    }
    return form_page("share_links/rule_level.html", form, **context)


def _levels_page(form: PlaceForm) -> Answer:
    with reading() as db:
        rows = rule_lists.levels(db)
    return form_page("share_links/rule_levels.html", _offered(form), levels=rows)


def _offered(form: PlaceForm) -> PlaceForm:
    with reading() as db:
        form.connection.choices = choices(rule_lists.connections(db))
    return form


def _after() -> int:
    given = request.values.get("after", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 18 else 0
