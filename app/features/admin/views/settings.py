"""Pages of run-time settings, made from what features declare."""

import dataclasses
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.settings import service as settings_service
from app.core.settings.registry import AreaDeclaration
from app.features.admin.forms import settings_form, settings_values
from app.features.admin.views import Answer, blueprint
from app.web.access import signed_in
from app.web.forms import Form, errors_onto, form_page
from app.web.identity import actor

READ = Permission.ADMIN_SETTINGS_READ


@blueprint.get("/settings")
@signed_in(READ)
def settings() -> Response:
    """Lead to the first area."""
    return redirect(url_for("admin.settings_area", key=registry.areas()[0].key), 303)


@blueprint.get("/settings/<key>")
@signed_in(READ)
def settings_area(key: str) -> Answer:
    """Show the settings of one area."""
    area, values = _area(key)
    return _page(area, values, settings_form(area, values))


@blueprint.post("/settings/<key>")
@signed_in(Permission.ADMIN_SETTINGS_MANAGE, recent=True)
def change_settings(key: str) -> Answer:
    """Change the settings of one area."""
    area, values = _area(key)
    form = settings_form(area, values)
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            changed = settings_service.change(db, actor(), key, settings_values(area, form))
            flash(
                _("The settings were changed.") if changed else _("Nothing was changed."),
                "success" if changed else "info",
            )
            return redirect(url_for("admin.settings_area", key=key), 303)
    return _page(area, values, form)


def _area(key: str) -> tuple[AreaDeclaration, dict[str, Any]]:
    area = registry.area(key)
    if area is None:
        raise NotFound
    with reading() as db:
        return area, dataclasses.asdict(registry.read(db, area.cls))


def _page(area: AreaDeclaration, values: dict[str, Any], form: Form) -> tuple[str, int]:
    return form_page("admin/settings_area.html", form, area=area, values=values, areas=registry.areas())
