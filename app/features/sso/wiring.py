"""Puts single sign-on into the application: the administrators' pages, what providers read, and the flow."""

from flask import Flask
from flask_babel import lazy_gettext as _

from app.core.permissions import Permission
from app.features.sso import account_api, account_rows, addresses, api, models, public_views, wiring_flow
from app.features.sso.views import accounts, attempts, blueprint, connections, keys, rules
from app.web import navigation, panels
from app.web.navigation import NavItem, Section
from app.web.panels import Panel

#: Importing a module puts its views on the blueprint, or its tables among the others.
PARTS = (accounts, attempts, connections, keys, models, rules)


def register(app: Flask) -> None:
    """Register the feature."""
    addresses.configure(app.extensions["portico_config"].web)
    app.register_blueprint(blueprint)
    app.register_blueprint(public_views.blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(account_api.blueprint)
    wiring_flow.register(app)
    label = _("Identity providers")
    item = NavItem(Section.ADMINISTRATION, label, "sso.connections", Permission.ADMIN_SSO_READ, "key", 15)
    navigation.register(app, item)
    panels.register(app, Panel("sso/_person.html", Permission.ADMIN_SSO_READ, account_rows.of_person))
