"""Puts the internal side of share links into the application: pages for staff, the API, settings and receivers."""

from flask import Flask
from flask_babel import lazy_gettext as _

from app.core import signals
from app.core.permissions import Permission
from app.core.settings import registry
from app.core.text import Text
from app.features.share_links import api, views
from app.features.share_links.guests import api as guest_api
from app.features.share_links.guests import views as guest_views
from app.features.share_links.guests.settings import GuestSettings
from app.features.share_links.life import bulk_api, bulk_views, halt_api, halt_views, receivers, transfer_api
from app.features.share_links.lists import api as list_api
from app.features.share_links.lists import board_views
from app.features.share_links.lists import views as list_views
from app.features.share_links.reading import outlook_api, preview_api
from app.features.share_links.rules import api as rule_api
from app.features.share_links.rules import approval_api, approval_views, why_views
from app.features.share_links.rules import views as rule_views
from app.features.share_links.settings import ShareLinkSettings
from app.web import navigation
from app.web.navigation import NavItem, Section

# Imported for their addresses, which stand beside those of links.
__all__ = [
    "approval_api",
    "bulk_api",
    "guest_api",
    "halt_api",
    "list_api",
    "list_views",
    "outlook_api",
    "preview_api",
    "register",
    "rule_api",
    "transfer_api",
]


def register(app: Flask) -> None:
    """Register the internal side."""
    registry.register("share_links", Text("Share links"), ShareLinkSettings)
    registry.register("guests", Text("Guests"), GuestSettings)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(rule_views.blueprint)
    app.register_blueprint(approval_views.blueprint)
    app.register_blueprint(board_views.blueprint)
    app.register_blueprint(why_views.blueprint)
    app.register_blueprint(halt_views.blueprint)
    app.register_blueprint(guest_views.blueprint)
    app.register_blueprint(bulk_views.blueprint)
    app.register_blueprint(api.blueprint)
    _navigation(app)
    signals.person_deactivated.connect(receivers.on_person_deactivated)
    signals.deactivation_effects.connect(receivers.on_deactivation_effects)
    signals.connection_disabled.connect(receivers.on_connection_disabled)
    signals.group_deleting.connect(receivers.on_group_deleting)


def _navigation(app: Flask) -> None:
    own = NavItem(
        Section.SHARE, _("Your links"), "share_links.list_links", Permission.LINKS_OWN_MANAGE, icon="link", order=10
    )
    everybodys = NavItem(
        Section.SHARE, _("All links"), "share_links.list_all_links", Permission.LINKS_ALL_READ, icon="list", order=20
    )
    rules = NavItem(
        Section.ADMINISTRATION,
        _("Rules for links"),
        "share_links_rules.levels",
        Permission.ADMIN_SETTINGS_READ,
        icon="shield",
        order=25,
    )
    risks = NavItem(
        Section.SHARE, _("Risks"), "share_links_lists.risk_board", Permission.LINKS_ALL_READ, icon="alert", order=30
    )
    stops = NavItem(
        Section.SHARE,
        _("Emergency stop"),
        "share_links_halts.overview",
        Permission.LINKS_ALL_MANAGE,
        icon="pause",
        order=40,
    )
    approvals = NavItem(
        Section.SHARE, _("Approvals"), "share_links_approvals.approvals", None, icon="check-circle", order=35
    )
    for item in (own, everybodys, risks, rules, stops, approvals):
        navigation.register(app, item)
