"""The table that peers read from: a thousand people, in the database that `BENCH_DATABASE` names."""

import os

from sqlalchemy import Engine, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

COUNT = 1_000


class Base(DeclarativeBase):
    pass


class BenchPerson(Base):
    __tablename__ = "bench_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    active: Mapped[bool]

    # What Flask-Login asks of a user.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return str(self.id)


def open_engine() -> Engine:
    """Return a pooled engine as SQLAlchemy makes it, with the table filled."""
    engine = create_engine(os.environ["BENCH_DATABASE"])
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        if session.get(BenchPerson, 1) is None:
            session.add_all(
                BenchPerson(
                    id=number,
                    public_id=f"p{number:05}",
                    name=f"Person {number}",
                    email=f"person{number}@acme.example",
                    active=True,
                )
                for number in range(1, COUNT + 1)
            )
            session.commit()
    return engine
