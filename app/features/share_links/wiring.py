"""Puts share links into the application: the internal side for staff, the public side for readers."""

from flask import Flask

from app.features.share_links import wiring_internal, wiring_public


def register(app: Flask) -> None:
    """Register the feature."""
    wiring_internal.register(app)
    wiring_public.register(app)
