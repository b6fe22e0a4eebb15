"""The application for a WSGI server."""

from app.factory import create_app

app = create_app()
