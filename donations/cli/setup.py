"""`donations init` sets an installation up. It works where the app itself would refuse to start."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

import click
from sqlalchemy import ColumnClause, column, create_engine, inspect, select, table
from sqlalchemy.engine import Connection

from donations import config
from donations.cli import doctor
from donations.cli.key_guard import prove_keys
from donations.config import Settings
from donations.errors import DatabaseFull
from donations.extensions import db

KEYS = ("SECRET_KEY", "DATA_KEY")


@click.command()
def init() -> None:
    """Set up this folder: create a .env file with fresh keys and bring the database up to date.

    An existing .env stays unchanged. A database sealed with other keys gets no new keys. Outside the folder of the
    code, the database is created in the current folder. Exit codes: 0 done, 1 refused (nothing was changed)."""
    file = Path.cwd() / ".env"
    # The .env of the code's own folder is another installation's: its keys and database stay out of this one.
    values = dict(config.source(here_only=True).values)
    missing = [name for name in KEYS if not (values.get(name) or values.get(f"{name}_FILE"))]
    if missing:
        fresh = _fresh(missing, values)
        _refuse_full(values | fresh)
        if file.exists():
            lines = "\n".join(f"{name}={value}" for name, value in fresh.items())
            raise click.ClickException(f"{file} has no {' and no '.join(missing)}. Add these lines to it:\n{lines}")
        _write_env(file, fresh)
        click.echo(f"Created {file} with fresh keys. Keep a copy apart from the backups of the database.")
    elif file.exists():
        click.echo(f"{file} exists already and was not changed.")
    else:
        click.echo("The keys are in the environment, so no .env file is written.")
    settings = _migrate()
    click.echo(f"The database is up to date: {settings.database_place}")
    click.echo("Next: donations appeals load FILE, then donations doctor.")
    click.echo("To protect names if this machine is seized: donations keys offline create FILE")
    click.echo("To invite the first admin, who signs in at /staff: donations staff invite EMAIL --role admin")


def _fresh(missing: list[str], values: dict[str, str]) -> dict[str, str]:
    """New keys, and in a folder of its own the database beside them."""
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATA_KEY": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }
    fresh = {name: made[name] for name in missing}
    if Path.cwd() != config.HOME and not (values.get("DATABASE_URL") or values.get("DATABASE_URL_FILE")):
        fresh["DATABASE_URL"] = f"sqlite:///{Path.cwd() / 'instance' / config.DATABASE}"
        fresh.setdefault("FILES_FOLDER", values.get("FILES_FOLDER") or str(Path.cwd() / "instance" / "files"))
    return fresh


def _refuse_full(values: dict[str, str]) -> None:
    """Raises DatabaseFull if the database holds what only other keys open; BadSetting if another setting is bad."""
    settings = config.read(values)
    if settings.database_file is not None and not settings.database_file.exists():
        return
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as conn:
            if _holds_sealed(conn):
                raise DatabaseFull(database=settings.database_place)
    finally:
        engine.dispose()


def _holds_sealed(conn: Connection) -> bool:
    """Whether any column that is sealed with DATA_KEY holds something. Its tables may be of an older version."""
    looked = inspect(conn)
    for name in looked.get_table_names():
        for found in looked.get_columns(name):
            sealed: ColumnClause[bytes] = column(found["name"])
            if found["name"].endswith("_sealed"):
                asked = select(sealed).select_from(table(name)).where(sealed.is_not(None)).limit(1)
                if conn.execute(asked).first() is not None:
                    return True
    return False


def _write_env(file: Path, settings: dict[str, str]) -> None:
    lines = [
        "# Settings of Fighting Fund. See .env.example for all of them. Keep DATA_KEY secret and never lose it:",
        "# the names and addresses of supporters can be read only with DATA_KEY.",
        *(f"{name}={value}" for name, value in settings.items()),
    ]
    # Made with its mode, and only if it is new: there is no moment in which others could read it.
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def _migrate() -> Settings:
    import flask_migrate

    from donations import create_app

    app = create_app()
    with app.app_context():
        flask_migrate.upgrade()
        prove_keys()
        db.engine.dispose()
    settings: Settings = app.config["SETTINGS"]
    return settings


COMMANDS = [init, *doctor.COMMANDS]
