"""A Flask view with one SELECT through SQLAlchemy's ORM, by a unique column; a session per request and no more."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.peers.rows import BenchPerson, open_engine

app = Flask(__name__)
engine = open_engine()


@app.get("/people/<public_id>")
def show(public_id: str) -> str:
    with Session(engine) as session:
        person = session.scalars(select(BenchPerson).where(BenchPerson.public_id == public_id)).one()
        return f"{person.name} {person.email}"
