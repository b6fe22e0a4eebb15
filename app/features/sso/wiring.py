"""Puts single sign-on into the application."""

from flask import Flask

from app.features.sso import addresses, models

__all__ = ["models", "register"]


def register(app: Flask) -> None:
    """Register the feature."""
    addresses.configure(app.extensions["portico_config"].web)
