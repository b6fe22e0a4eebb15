"""Puts single sign-on into the application."""

from flask import Flask

from app.features.sso import models

__all__ = ["models", "register"]


def register(app: Flask) -> None:
    """Register the feature."""
