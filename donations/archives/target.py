"""Where an archive is put: into the place of the database (`restore`), or beside it and away again (`drill`). Until
everything is proved the old database stays as it is, and whatever fails leaves it so."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Connection

from donations import database, private_files
from donations.archives import container, legacy, tar
from donations.archives.manifest import BadManifest, Manifest
from donations.archives.rebuild import rebuild
from donations.config import Settings
from donations.database import is_sqlite
from donations.errors import ArchiveRefused, BadSeal, DatabaseInUse, DatabaseNotEmpty, FileGone
from donations.extensions import db
from donations.installation import roles
from donations.reconciliation import file_store

_LOCK_WAIT = "5s"
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_FUNCTIONS = (
    "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace"
    " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `set_aside` is the database that was there before, where it is kept as files (SQLite)."""

    manifest: Manifest
    figures: dict[str, Any]
    files: int
    set_aside: Path | None


Finish = Callable[[Connection, datetime], None]


def restore(
    archive: Path, settings: Settings, *, replace: bool, finish: Finish, at: datetime, is_unsigned: bool = False
) -> Restored:
    """Put the archive into the place of the database. `finish` writes what must be there from the first moment on, and
    is told when the copy was made; `is_unsigned`: a person trusts an archive of the first form, which is unsigned.
    Raises ArchiveRefused, DatabaseNotEmpty, DatabaseInUse; then nothing is changed."""
    if not replace and inspect(db.engine).get_table_names():
        raise DatabaseNotEmpty()
    db.session.remove()
    db.engine.dispose()
    place = Path(db.engine.url.database or "") if is_sqlite() else None
    with (
        _unpacked(archive, settings, near=place, is_unsigned=is_unsigned) as (folder, manifest, places),
        ExitStack() as undo,
    ):
        if place is None:
            now = _into_postgresql(manifest, places, undo, finish, at)
            set_aside = None
        else:
            now = _new_file(folder / "database", manifest, places, finish, at)
            _place_files(manifest, places, undo)
            set_aside = _swap(folder / "database", place, at)
        undo.pop_all()
    return Restored(manifest, now, len(manifest.files), set_aside)


def drill(archive: Path, settings: Settings, *, at: datetime) -> Restored:
    """Put the archive into a database that is thrown away again, and open its files; nothing of the live installation
    is touched. Raises ArchiveRefused."""
    with _unpacked(archive, settings, near=None) as (folder, manifest, places):
        if is_sqlite() or not _may_make_schemas():
            now = _new_file(folder / "database", manifest, places, _nothing, at)
        else:
            # Never committed: it is gone when the connection is.
            with roles.owner_engine() as engine, engine.connect() as conn:
                conn.exec_driver_sql(f"CREATE SCHEMA {_SCHEMA}")
                conn.exec_driver_sql(f"SET LOCAL search_path TO {_SCHEMA}")
                now = rebuild(conn, manifest, places, at=at)
                conn.rollback()
        for name in manifest.files:
            _, shelf, sha256 = name.split("/")
            file_store.opened(shelf, sha256, places[name].read_bytes())
    return Restored(manifest, now, len(manifest.files), None)


_SCHEMA = "fighting_fund_drill"


def _nothing(_conn: Connection, _copied_at: datetime) -> None:
    """A drill leaves no mark in what it throws away."""


@contextmanager
def _unpacked(
    archive: Path, settings: Settings, near: Path | None, *, is_unsigned: bool = False
) -> Iterator[tuple[Path, Manifest, dict[str, Path]]]:
    """The archive, checked and taken out into a folder that goes away. Raises ArchiveRefused, also for what its user
    finds wrong with it."""
    is_old = is_unsigned and container.is_old(archive)
    if not is_old:
        container.verify(archive, settings.data_keys)
    if near is not None:
        private_files.make_folder(near.parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".ff-restore-", dir=near.parent if near else None) as name:
            folder = Path(name)
            (folder / "members").mkdir(mode=0o700)
            unpack = legacy.unpack if is_old else partial(_decrypted, keys=settings.data_keys)
            yield folder, *unpack(archive, folder / "members")
    except (BadManifest, BadSeal, FileGone, OSError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error).rstrip(".")
        raise ArchiveRefused(archive=archive, reason=said) from error


def _decrypted(archive: Path, folder: Path, keys: Mapping[str, bytes]) -> tuple[Manifest, dict[str, Path]]:
    opened = folder / "tar"
    with private_files.create(opened) as out:
        container.decrypt(archive, out, keys)
    with opened.open("rb") as file:
        taken = tar.unpack(file, folder)
    opened.unlink()
    return taken


def _new_file(place: Path, manifest: Manifest, places: dict[str, Path], finish: Finish, at: datetime) -> dict[str, Any]:
    private_files.create(place).close()
    engine = create_engine(f"sqlite:///{place}")
    database.prepare(engine)
    try:
        with engine.begin() as conn:
            now = rebuild(conn, manifest, places, at=at)
            finish(conn, _copied_at(manifest))
    finally:
        engine.dispose()  # The last connection brings the whole log into the file.
    return now


def _into_postgresql(
    manifest: Manifest, places: dict[str, Path], undo: ExitStack, finish: Finish, at: datetime
) -> dict[str, Any]:
    """One transaction: away with the old, in with the new, or nothing."""
    with roles.owner_engine() as engine, engine.begin() as conn:
        if conn.exec_driver_sql(_OTHERS).scalar_one():
            raise DatabaseInUse()
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
        for table in inspect(conn).get_table_names():
            conn.exec_driver_sql(f'DROP TABLE "{table}" CASCADE')
        for function in conn.exec_driver_sql(_FUNCTIONS).scalars().all():
            conn.exec_driver_sql(f"DROP FUNCTION {function} CASCADE")
        now = rebuild(conn, manifest, places, at=at)
        finish(conn, _copied_at(manifest))
        roles.grant(conn)
        _place_files(manifest, places, undo)
    return now


def _copied_at(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest.made_at)


def _place_files(manifest: Manifest, places: dict[str, Path], undo: ExitStack) -> None:
    """Each onto its shelf, if it holds what its name says; what was missing goes again if the restore fails."""
    for name in manifest.files:
        _, shelf, sha256 = name.split("/")
        if file_store.place(shelf, sha256, places[name].read_bytes()):
            undo.callback(file_store.drop, shelf, sha256)


def _swap(fresh: Path, place: Path, at: datetime) -> Path | None:
    """The new file in the place of the old one, which is set aside with its log."""
    _refuse_if_used(place)
    aside = place.with_name(f"{place.name}.before-{at:%Y%m%dT%H%M%S%f}")
    moved: list[tuple[Path, Path]] = []
    try:
        for ending in ("", "-wal", "-shm"):
            old, kept = Path(f"{place}{ending}"), Path(f"{aside}{ending}")
            if old.exists():
                old.rename(kept)
                moved.append((old, kept))
        fresh.rename(place)
    except OSError:
        for old, kept in moved:
            kept.rename(old)
        raise
    private_files.sync_folder(place.parent)
    return aside if moved else None


def _refuse_if_used(place: Path) -> None:
    """Raises DatabaseInUse where any other connection is open. A file that is no database any more is not."""
    if not place.exists():
        return
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(place, timeout=0, isolation_level=None)) as conn:
        try:
            conn.execute("PRAGMA locking_mode=EXCLUSIVE")
            conn.execute("BEGIN EXCLUSIVE")
            conn.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DatabaseInUse() from error


def _may_make_schemas() -> bool:
    with roles.owner_engine() as engine, engine.connect() as conn:
        return bool(conn.exec_driver_sql("SELECT has_database_privilege(current_database(), 'CREATE')").scalar_one())
