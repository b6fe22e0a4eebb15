"""Puts the internal side of share links into the application: pages for staff, the API, settings and receivers."""

from flask import Flask

from app.core import signals
from app.core.settings import registry
from app.core.text import Text
from app.features.share_links import receivers
from app.features.share_links.settings import ShareLinkSettings


def register(app: Flask) -> None:
    """Register the internal side."""
    registry.register("share_links", Text("Share links"), ShareLinkSettings)
    signals.person_deactivated.connect(receivers.on_person_deactivated)
    signals.connection_disabled.connect(receivers.on_connection_disabled)
    signals.group_deleting.connect(receivers.on_group_deleting)
