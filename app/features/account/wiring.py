"""Puts the feature into the application."""

from flask import Flask

from app.features.account.views import blueprint


def register(app: Flask) -> None:
    """Register sign-in, sign-out, one-time links and the profile."""
    app.register_blueprint(blueprint)
