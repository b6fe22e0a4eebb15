"""Puts the feature into the application."""

from flask import Flask


def register(app: Flask) -> None:
    """Register the feature."""
