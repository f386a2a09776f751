"""Statements for the hot path: written in SQLAlchemy's Core, compiled once for each kind of database, and run on the
driver's own cursor within the connection's transaction. Everything else uses SQLAlchemy as usual.

Why: handling one webhook takes about fifteen statements, and SQLAlchemy's own work on each costs more than the
database's. See docs/decisions/0004-prepared-statements.md."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

Params = Mapping[str, Any]
Processor = Callable[[Any], Any] | None


class Prepared:
    """A statement that is compiled on first use. Made from a Core statement, or from a function that gives one for a
    dialect's name. Every bind without a value of its own must be given at each call; column defaults do not apply."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}

    def run(self, conn: Connection, params: Params) -> None:
        """Execute it for its effect."""
        self._form(conn).execute(conn, params)

    def run_many(self, conn: Connection, params: Sequence[Params]) -> None:
        """Execute it once for each set of parameters."""
        form = self._form(conn)
        if len(params) == 1:  # A driver's executemany costs more than one execute.
            form.execute(conn, params[0])
            return
        conn.connection.cursor().executemany(form.sql, [form.bound(each) for each in params])

    def all(self, conn: Connection, params: Params) -> list[Any]:
        """All rows, as named tuples."""
        form = self._form(conn)
        return [form.row(raw) for raw in form.execute(conn, params).fetchall()]

    def first(self, conn: Connection, params: Params, *, meanwhile: Callable[[], None] | None = None) -> Any:
        """The first row as a named tuple, or None. `meanwhile` sends something else before the answer is waited for."""
        form = self._form(conn)
        cursor = form.execute(conn, params)
        if meanwhile is not None:
            meanwhile()
        raw = cursor.fetchone()
        return None if raw is None else form.row(raw)

    def one(self, conn: Connection, params: Params) -> Any:
        """The row that there must be."""
        row = self.first(conn, params)
        assert row is not None, "a row that must exist is missing"
        return row

    def _form(self, conn: Connection) -> _Form:
        name = conn.dialect.name
        form = self._forms.get(name)
        if form is None:
            statement = self._statement(name) if callable(self._statement) else self._statement
            form = self._forms[name] = _Form(statement, conn.dialect)
        return form


class _Form:
    """A statement in one dialect: its SQL, and what is done to values on the way in and out."""

    def __init__(self, statement: Any, dialect: Any) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql: str = str(compiled)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        ways_in = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()}
        self._named: bool = compiled.positiontup is None
        order: list[str] = list(binds) if self._named else compiled.positiontup
        # For each place: the name of its parameter, what is done to it, and its value if the statement brings one.
        self._places = [
            (name, ways_in[name], binds[name].required, _through(ways_in[name], binds[name].value)) for name in order
        ]
        columns = getattr(compiled, "_result_columns", [])
        ways_out = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._ways_out = [(place, way) for place, way in enumerate(ways_out) if way is not None]
        self._row_class = _row_class([column.keyname for column in columns])

    def execute(self, conn: Connection, params: Params) -> Any:
        cursor = conn.connection.cursor()
        cursor.execute(self.sql, self.bound(params))
        return cursor

    def bound(self, params: Params) -> Any:
        values = [
            fixed if not is_open else params[name] if way_in is None else way_in(params[name])
            for name, way_in, is_open, fixed in self._places
        ]
        if self._named:
            return {place[0]: value for place, value in zip(self._places, values, strict=True)}
        return values

    def row(self, raw: Sequence[Any]) -> Any:
        values = list(raw)
        for place, way_out in self._ways_out:
            values[place] = way_out(values[place])
        return self._row_class._make(values)


def _row_class(names: list[str]) -> Any:
    return namedtuple("Row", names, rename=True)


def upsert(dialect: str, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the dialect of that name."""
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def _through(way: Processor, value: Any) -> Any:
    return value if way is None or value is None else way(value)
