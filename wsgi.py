"""The application for a WSGI server."""

import gc

# What is made now stays for good: no collection has to look through it, now or later. That is a quarter of the start.
gc.disable()

from app.factory import create_app  # noqa: E402 - after the line above

app = create_app()
gc.freeze()
gc.enable()
