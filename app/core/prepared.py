"""A SELECT that is compiled once and run on the driver's own cursor, for the one or two that every page waits for.

SQLAlchemy writes the statement, converts the values both ways and pools the connections as always; only its execution
machinery is left out, which costs several times what the database takes for a row. A row that came before is not
converted again: what pages wait for is mostly the same row. So all its columns have to be hashable.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler

from app.core import db

Processor = Callable[[Any], Any]
#: Rows that are kept, of each statement.
KEPT = 512


@dataclass(frozen=True, eq=False)
class _Form:
    """The statement as one kind of database takes it."""

    text: str
    #: Values that stand in the statement itself.
    fixed: Mapping[str, Any]
    outgoing: tuple[tuple[str, Processor], ...]
    #: Names in the order of the placeholders; None where placeholders are named.
    order: Sequence[str] | None
    incoming: tuple[tuple[int, Processor], ...]

    def parameters(self, given: Mapping[str, Any]) -> Any:
        values = {**self.fixed, **given}
        for name, process in self.outgoing:
            values[name] = process(values[name])
        return values if self.order is None else [values[name] for name in self.order]

    def values(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, process in self.incoming:
            values[index] = process(values[index])
        return values


#: Named from a list; mypy wants a literal.
_tuple_class: Any = namedtuple  # noqa: PYI024


class Prepared:
    """A SELECT that returns exactly one row."""

    def __init__(self, name: str, statement: Select[Any]) -> None:
        self._statement = statement
        # What looks a column up in a row of SQLAlchemy's looks it up in this tuple as well.
        self._row = _tuple_class(name, [str(column.key) for column in statement.selected_columns])
        self._forms: dict[str, _Form] = {}
        self._converted = lru_cache(maxsize=KEPT)(self._convert)

    def one(self, parameters: Mapping[str, Any]) -> Any:
        """Return the row, with its columns as attributes. Raises Unavailable where the database does not answer."""
        engine = db.reads()
        if engine.dispatch.before_cursor_execute:
            # Somebody listens to statements, which SQLAlchemy's own execution tells of.
            return self._plainly(parameters)
        form = self._forms.get(engine.dialect.name) or self._compile(engine.dialect)
        try:
            (row,) = _rows(form, parameters)
        except engine.dialect.loaded_dbapi.Error:
            # SQLAlchemy knows what each error of each driver means, and when to give all connections up.
            return self._plainly(parameters)
        return self._converted(form, row)

    def _plainly(self, parameters: Mapping[str, Any]) -> Any:
        with db.reading() as session:
            return session.execute(self._statement, parameters).one()

    def row(self, **values: Any) -> Any:
        """Return a row of the same columns that stands in for one; what is not given is None."""
        return self._row(**dict.fromkeys(self._row._fields) | values)

    def _convert(self, form: _Form, row: Sequence[Any]) -> Any:
        return self._row._make(form.values(row))

    def _compile(self, dialect: Dialect) -> _Form:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        outgoing = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
        }
        incoming = [
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in self._statement.selected_columns
        ]
        form = _Form(
            text=compiled.string,
            fixed={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
            outgoing=tuple((name, process) for name, process in outgoing.items() if process is not None),
            order=compiled.positiontup if compiled.positional else None,
            incoming=tuple((index, process) for index, process in enumerate(incoming) if process is not None),
        )
        self._forms[dialect.name] = form
        return form


def _rows(form: _Form, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    lent = db.lend()
    try:
        cursor = lent.cursor()
        cursor.execute(form.text, form.parameters(parameters))
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        cursor.close()
    except BaseException:
        # Nobody knows what state it is in.
        lent.invalidate()
        raise
    finally:
        db.give_back(lent)
    return rows
