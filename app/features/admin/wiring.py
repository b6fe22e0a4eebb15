"""Puts the feature into the application."""

from flask import Flask
from flask_babel import lazy_gettext as _

from app.core.permissions import Permission
from app.features.admin.views import blueprint, connections, groups, jobs, people, settings
from app.web.navigation import NavItem, Section
from app.web.navigation import register as add

#: Importing a module puts its views on the blueprint.
PAGES = (people, groups, connections, settings, jobs)

_ITEMS = (
    NavItem(Section.PEOPLE, _("People"), "admin.people", Permission.ADMIN_PEOPLE_READ, "person", 10),
    NavItem(Section.PEOPLE, _("Groups"), "admin.groups", Permission.ADMIN_GROUPS_READ, "group", 20),
    NavItem(
        Section.ADMINISTRATION, _("Connections"), "admin.connections", Permission.ADMIN_CONNECTIONS_READ, "plug", 10
    ),
    NavItem(Section.ADMINISTRATION, _("Settings"), "admin.settings", Permission.ADMIN_SETTINGS_READ, "settings", 20),
    NavItem(Section.ADMINISTRATION, _("Jobs"), "admin.jobs", Permission.ADMIN_JOBS_READ, "jobs", 30),
)


def register(app: Flask) -> None:
    """Register the pages and their places in the menu."""
    app.register_blueprint(blueprint)
    for item in _ITEMS:
        add(app, item)
