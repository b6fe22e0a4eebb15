"""Puts the public side of share links into the application."""

from flask import Flask


def register(app: Flask) -> None:
    """Register the public side."""
