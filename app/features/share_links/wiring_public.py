"""Puts the public side of share links into the application: what readers reach, and what keeps copies fresh."""

from flask import Flask
from flask_babel import lazy_gettext as _

from app.core import signals
from app.features.share_links import jobs, public_views
from app.features.share_links.gates import codes, forged, visitors
from app.features.share_links.gates import views as gate_views
from app.features.share_links.guests import access_views, addresses
from app.features.share_links.guests import jobs as guest_jobs
from app.features.share_links.guests import public_views as guest_views
from app.features.share_links.life import reminding, sweeping
from app.features.share_links.paper import views as paper_views
from app.features.share_links.reading import places, preview_views, ready
from app.web import navigation
from app.web.navigation import OutsidePlace

# Imported for their jobs and addresses, which stand beside those of the reader.
__all__ = [
    "access_views",
    "codes",
    "gate_views",
    "guest_jobs",
    "jobs",
    "paper_views",
    "register",
    "reminding",
    "sweeping",
]


def register(app: Flask) -> None:
    """Register the public side."""
    places.configure(app.extensions["portico_config"].web.threads)
    app.register_blueprint(public_views.blueprint)
    app.register_blueprint(preview_views.blueprint)
    app.register_blueprint(guest_views.blueprint)
    navigation.register_outside(
        app, OutsidePlace(_("Shared with you"), "shared_with_me.list_shared", guest_views.is_offered)
    )
    addresses.configure(app.extensions["portico_config"].web.links_url)
    host: str = app.extensions["portico_hosts"].public
    finished = ready.FinishedPages(app.wsgi_app, secure=app.extensions["portico_config"].web.secure)
    app.wsgi_app = forged.ForgedTokens(finished, host)  # type: ignore[method-assign]
    signals.signed_out.connect(visitors.on_signed_out)
