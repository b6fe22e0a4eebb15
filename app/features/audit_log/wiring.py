"""Puts the feature into the application."""

from flask import Flask
from flask_babel import lazy_gettext as _

from app.core.permissions import Permission
from app.features.audit_log.views import blueprint
from app.web.navigation import NavItem, Section
from app.web.navigation import register as add


def register(app: Flask) -> None:
    """Register the pages and their place in the menu."""
    app.register_blueprint(blueprint)
    add(app, NavItem(Section.AUDIT, _("Audit trail"), "audit_log.entries", Permission.AUDIT_ENTRIES_READ, "list"))
