"""Archives of the first form: a tar of SQLite's own file and the uploaded documents, unsigned. The file is read as
rows; anything else in it (triggers, views, virtual tables) is never run. One of PostgreSQL is SQL that would have to be
run, so it is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from donations import private_files
from donations.archives import tables
from donations.archives.manifest import BadManifest, FilePart, Manifest, table_member
from donations.archives.manifest import parse as checked

MAX_AT_ONCE = 64 << 20
_FILE = re.compile(r"files/evidence/[0-9a-f]{64}")
_BLOCK = 1 << 20


class _Capped:
    """A file that is never asked for much at once: an extended header is read whole, whatever size it claims."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.tell, self.seek = file.tell, file.seek

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_AT_ONCE:
            raise BadManifest("it holds a header of an impossible size")
        block: bytes = self.file.read(size)
        return block


def unpack(archive: Path, folder: Path) -> tuple[Manifest, dict[str, Path]]:
    """The same as of an archive of today, in files of our own naming in `folder`. Raises BadManifest."""
    try:
        with gzip.open(archive, "rb") as packed:
            capped: Any = _Capped(packed)
            with tarfile.open(fileobj=capped, mode="r:") as opened:
                told, kept = _taken(opened, folder)
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadManifest("it cannot be read: it is cut off, or no archive") from error
    if told.get("database") != "sqlite":
        raise BadManifest(
            "it is a dump of PostgreSQL from an earlier version, and its SQL would have to be run. Restore it with that"
            " version, then make a new backup with this one"
        )
    if "database" not in kept:
        raise BadManifest("it holds no database")
    with _reading(kept.pop("database")) as conn:
        return _as_rows(conn, told, kept, folder)


def _taken(opened: tarfile.TarFile, folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    told: dict[str, Any] = {}
    kept: dict[str, Path] = {}
    for number, info in enumerate(opened):
        file = opened.extractfile(info) if info.type == tarfile.REGTYPE else None
        if file is None:
            raise BadManifest("it holds something else than plain files")
        if number == 0:
            if info.name != "manifest.json" or info.size > MAX_AT_ONCE:
                raise BadManifest("it has no manifest")
            told = json.loads(file.read(info.size))
            continue
        is_waiting = info.name.startswith("files/statements/")  # Uploads of a day, which no row names.
        if is_waiting:
            continue
        if info.name in kept or not (info.name == "database" or _FILE.fullmatch(info.name)):
            raise BadManifest(f"it holds a file named {info.name[:80]!r}, and no such name may stand there")
        kept[info.name] = place = folder / f"old-{number}"
        digest = hashlib.sha256()
        with private_files.create(place) as out:
            while block := file.read(_BLOCK):
                digest.update(block)
                out.write(block)
        if told["files"][info.name]["sha256"] != digest.hexdigest():
            raise BadManifest(f"{info.name} is not what its manifest says")
    return told, kept


@contextmanager
def _reading(place: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///file:{place}?mode=ro&immutable=1&uri=true")

    @event.listens_for(engine, "connect")
    def _distrust(connection: Any, _record: Any) -> None:
        for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON"):
            connection.execute(f"PRAGMA {pragma}")

    try:
        with engine.connect() as conn:
            yield conn
    except (SQLAlchemyError, sqlite3.Error, KeyError, ValueError, TypeError, OverflowError) as error:
        raise BadManifest(f"its database cannot be read ({type(error).__name__})") from error
    finally:
        engine.dispose()


def _as_rows(
    conn: Connection, told: dict[str, Any], kept: dict[str, Path], folder: Path
) -> tuple[Manifest, dict[str, Path]]:
    odd = "SELECT count(*) FROM sqlite_master WHERE type = 'view' OR upper(sql) LIKE 'CREATE VIRTUAL%'"
    if conn.exec_driver_sql(odd).scalar_one():
        raise BadManifest("its database holds views or virtual tables, which we never made")
    parts, places = {}, {}
    for number, (table, columns) in enumerate(tables.shape(conn).items()):
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", table):
            raise BadManifest("its database holds a table that we never made")
        places[table_member(table)] = place = folder / f"table-{number}"
        parts[table] = tables.dump(conn, table, columns, place)
    manifest = Manifest(
        made_at=str(told["made_at"]),
        revision=str(MigrationContext.configure(conn).get_current_revision()),
        dialect="sqlite",
        installation=None,
        keys=(),
        figures={},
        tables=parts,
        files={name: FilePart(path.stat().st_size, told["files"][name]["sha256"]) for name, path in kept.items()},
    )
    return checked(manifest.encoded()), places | kept
