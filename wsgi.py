"""The application for a WSGI server."""

import gc

from app.factory import create_app

app = create_app()
# What is there now stays for good: no collection has to look through it again.
gc.collect()
gc.freeze()
