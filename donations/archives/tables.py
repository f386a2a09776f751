"""Rows of any table to lines of JSON and back, the same on SQLite and PostgreSQL. The catalogue of the database says
what columns there are, not our models: an archive may be of an older version."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from donations import private_files
from donations.archives.manifest import BadManifest, Manifest, TablePart, table_member

Columns = tuple[tuple[str, str], ...]
VERSION = "alembic_version"
_KIND = {
    "BIGINT": "int", "INTEGER": "int", "TEXT": "text", "BLOB": "bytes", "BYTEA": "bytes", "DATETIME": "time",
    "TIMESTAMP WITH TIME ZONE": "time", "DATE": "date", "JSON": "json", "JSONB": "json", "BOOLEAN": "bool",
}  # fmt: skip
# PostgreSQL's own numbers of transactions, by which it ties postings to their entry: each database has its own.
_OWN = "XID8"
_SQLITE_COLUMNS = "SELECT name, type FROM pragma_table_info(?) ORDER BY cid"
_POSTGRESQL_COLUMNS = (
    "SELECT column_name, data_type FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position"
)
_LONGEST_LINE = 64 << 20


def shape(conn: Connection) -> dict[str, Columns]:
    """Every table of ours with its columns and their kinds."""
    return {name: _columns(conn, name) for name in sorted(inspect(conn).get_table_names()) if name != VERSION}


def _columns(conn: Connection, table: str) -> Columns:
    sql = _SQLITE_COLUMNS if conn.dialect.name == "sqlite" else _POSTGRESQL_COLUMNS
    found = [(str(name), str(kind).upper()) for name, kind in conn.exec_driver_sql(sql, (table,))]
    return tuple((name, _KIND[kind]) for name, kind in found if kind != _OWN)


def dump(conn: Connection, table: str, columns: Columns, place: Path) -> TablePart:
    """Write the table's rows into a new file."""
    rows, digest, size = 0, hashlib.sha256(), 0
    with private_files.create(place) as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as out:
        for line in _lines(conn, table, columns):
            rows, size = rows + 1, size + len(line)
            digest.update(line)
            out.write(line)
    return TablePart(columns, rows, place.stat().st_size, size, digest.hexdigest())


def fingerprint(conn: Connection, table: str, columns: Columns) -> tuple[int, str]:
    """How many rows it has, and the hash that `dump` would state."""
    rows, digest = 0, hashlib.sha256()
    for line in _lines(conn, table, columns):
        rows += 1
        digest.update(line)
    return rows, digest.hexdigest()


def _lines(conn: Connection, table: str, columns: Columns) -> Iterator[bytes]:
    """One JSON list a row, in the order of the primary key: byte for byte the same on both databases."""
    columns = tuple(sorted(columns))
    on_postgresql = conn.dialect.name == "postgresql"
    chosen = ", ".join(
        f'CAST("{name}" AS text)' if on_postgresql and kind == "json" else f'"{name}"' for name, kind in columns
    )
    kinds = dict(columns)
    keys = inspect(conn).get_pk_constraint(table)["constrained_columns"]
    order = ", ".join(f'"{key}"' + (' COLLATE "C"' if on_postgresql and kinds[key] == "text" else "") for key in keys)
    encoders = [_ENCODERS[kind] for _, kind in columns]
    driver: Any = conn.connection.driver_connection
    cursor = driver.cursor(name=f"dump_{table}") if on_postgresql else driver.cursor()
    try:
        cursor.execute(f'SELECT {chosen} FROM "{table}" ORDER BY {order}')  # noqa: S608 - names of our catalogue
        for row in cursor:
            values = [None if value is None else encode(value) for encode, value in zip(encoders, row, strict=True)]
            yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    finally:
        cursor.close()


def load(conn: Connection, manifest: Manifest, table: str, places: dict[str, Path]) -> None:
    """Put the rows into the empty table. Raises BadManifest if they are not what the manifest says."""
    part = manifest.tables[table]
    columns = tuple(sorted(part.columns))
    rows = _rows(places[table_member(table)], table, part, conn.dialect.name == "sqlite")
    names = ", ".join(f'"{name}"' for name, _ in columns)
    driver: Any = conn.connection.driver_connection
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        driver.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608
        return
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _rows(place: Path, table: str, part: TablePart, is_sqlite: bool) -> Iterator[list[Any]]:
    decoders = [_decoder(kind, is_sqlite) for _, kind in sorted(part.columns)]
    count, size, digest = 0, 0, hashlib.sha256()
    for line in _unpacked(place, part):
        count, size = count + 1, size + len(line)
        digest.update(line)
        yield _row(line, decoders, table, count)
    if (count, size, digest.hexdigest()) != (part.rows, part.unpacked, part.sha256):
        raise BadManifest(f"the rows of {table} are not what its manifest says")


def _unpacked(place: Path, part: TablePart) -> Iterator[bytes]:
    """The lines; never more bytes than the manifest says, whatever they unpack to."""
    left = part.unpacked
    try:
        with gzip.open(place, "rb") as file:
            while line := file.readline(min(left, _LONGEST_LINE) + 1):
                left -= len(line)
                if left < 0 or len(line) > _LONGEST_LINE:
                    raise BadManifest("a table unpacks to more than its manifest says")
                yield line
    except (OSError, EOFError) as error:
        raise BadManifest("a table cannot be unpacked") from error


def _row(line: bytes, decoders: list[Callable[[Any], Any]], table: str, number: int) -> list[Any]:
    try:
        values = json.loads(line)
        if type(values) is not list:
            raise TypeError("no list")
        return [None if value is None else decode(value) for decode, value in zip(decoders, values, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise BadManifest(f"row {number} of {table} cannot be read") from error


def _decoder(kind: str, is_sqlite: bool) -> Callable[[Any], Any]:
    return (_TO_SQLITE if is_sqlite else _TO_POSTGRESQL)[kind]


def _canonical(value: Any) -> str:
    told = json.loads(value) if isinstance(value, str | bytes) else value
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _time_out(value: Any) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat("T", "microseconds")


def _date_out(value: Any) -> str:
    return value if isinstance(value, str) else str(value.isoformat())


_ENCODERS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "text": str,
    "bytes": lambda value: base64.b64encode(value).decode(),
    "time": _time_out,
    "date": _date_out,
    "json": _canonical,
    "bool": bool,
}


def _exact(expected: type) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if type(value) is not expected:
            raise TypeError("another kind of value")
        return value

    return checked


_text, _int, _bool = _exact(str), _exact(int), _exact(bool)


def _bytes(value: Any) -> bytes:
    return base64.b64decode(_text(value), validate=True)


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)


def _json(value: Any) -> str:
    return _canonical(_text(value))


_TO_POSTGRESQL: dict[str, Callable[[Any], Any]] = {
    "int": _int, "text": _text, "bytes": _bytes, "time": _moment, "json": _json, "bool": _bool,
    "date": lambda value: date.fromisoformat(_text(value)),
}  # fmt: skip
_TO_SQLITE = _TO_POSTGRESQL | {
    # As SQLAlchemy writes them there.
    "time": lambda value: f"{_moment(value):%Y-%m-%d %H:%M:%S.%f}",
    "date": lambda value: date.fromisoformat(_text(value)).isoformat(),
    "bool": lambda value: int(_bool(value)),
}


def differing(conn: Connection, manifest: Manifest) -> list[str]:
    """The tables whose rows, read back, are not what the manifest says."""
    return [
        name
        for name, part in manifest.tables.items()
        if fingerprint(conn, name, part.columns) != (part.rows, part.sha256)
    ]
