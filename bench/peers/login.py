"""A Flask view behind Flask-Login: a signed session cookie, and the user loaded by the ORM for each request."""

from flask import Flask
from flask_login import LoginManager, current_user, login_required, login_user
from sqlalchemy.orm import Session

from bench.peers.rows import BenchPerson, open_engine

app = Flask(__name__)
app.config["SECRET_KEY"] = "a-key-for-measuring-only"
engine = open_engine()
login_manager = LoginManager(app)


def load(user_id: str) -> BenchPerson | None:
    with Session(engine) as session:
        return session.get(BenchPerson, int(user_id))


login_manager.user_loader(load)


@app.get("/in")
def sign_in() -> str:
    with Session(engine) as session:
        login_user(session.get(BenchPerson, 7))
    return "in"


def index() -> str:
    return f"{current_user.name} {current_user.email}"


app.add_url_rule("/", view_func=login_required(index))
