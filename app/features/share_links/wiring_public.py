"""Puts the public side of share links into the application: what readers reach, and what keeps copies fresh."""

from flask import Flask

from app.core import signals
from app.features.share_links import jobs, places, preview_views, public_views, visitors

__all__ = ["jobs", "register"]


def register(app: Flask) -> None:
    """Register the public side."""
    places.configure(app.extensions["portico_config"].web.threads)
    app.register_blueprint(public_views.blueprint)
    app.register_blueprint(preview_views.blueprint)
    signals.signed_out.connect(visitors.on_signed_out)
