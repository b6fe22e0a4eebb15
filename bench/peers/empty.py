"""A Flask view that does nothing: the price of gunicorn, Werkzeug and Flask."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    return "ok"
