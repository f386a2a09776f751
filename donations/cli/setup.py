"""`init` sets an installation up; `doctor` says everything that is wrong with one. Both work where the app itself would
refuse to start, so they are plain commands."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import SQLAlchemyError

from donations import config
from donations.config import Settings
from donations.models import Appeal, Halt, Heartbeat, Organisation, triggers

WORKER_SILENT_AFTER = timedelta(minutes=2)
MAIL_TIMEOUT_SECONDS = 5


@click.command()
def init() -> None:
    """Write a .env file with fresh keys, if there is none, and bring the database up to date.

    An existing .env is never touched. Exit codes: 0 done, 1 refused."""
    file = Path.cwd() / ".env"
    missing = [name for name in ("SECRET_KEY", "DATA_KEY") if not _is_set(name)]
    if file.exists():
        click.echo(f"{file} is there already and stays as it is.")
    elif missing:
        _write_env(file, missing)
        click.echo(f"Wrote {file} with fresh keys. Keep a copy of it apart from the database's backups.")
    else:
        click.echo("The keys are in the environment, so no .env file is written.")
    _migrate()
    click.echo("The database is up to date. Next: `donations appeals load FILE`, then `donations doctor`.")
    click.echo(
        "Who runs the fund signs in at /staff: `donations staff invite EMAIL --role admin` invites the first one."
    )


def _is_set(name: str) -> bool:
    environ = config.environment()
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def _write_env(file: Path, names: list[str]) -> None:
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DATA_KEY": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
    }
    lines = [
        "# Fighting Fund's settings; .env.example tells what else may stand here. Whoever has DATA_KEY can read the",
        "# supporters' names and addresses, and without it nobody can.",
        *(f"{name}={fresh[name]}" for name in names),
    ]
    # Made with its mode, and only if it is new: there is no moment in which others could read it.
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def _migrate() -> None:
    import flask_migrate

    from donations import create_app
    from donations.extensions import db

    with create_app().app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `level` is ok, warning or fault; only a fault fails the command."""

    level: str
    what: str
    says: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def doctor(as_json: bool) -> None:
    """Say everything that is wrong with this installation at once. Exit codes: 0 sound, 1 not."""
    findings = list(examine())
    sound = not any(finding.level == "fault" for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": sound, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.level:8} {finding.what}: {finding.says}")
    sys.exit(0 if sound else 1)


def examine() -> Iterator[Finding]:
    """Look at the environment, then at what it names."""
    faults, settings = config.examine(config.environment())
    for fault in faults:
        yield Finding("fault", fault.facts["setting"], f"{fault.facts['fault']}. {fault.facts['mend']}")
    if settings is None:
        return
    yield Finding("ok", "environment", "every setting can be read")
    yield from _stripe(settings)
    yield from _mail(settings)
    yield from _database(settings)


def _stripe(settings: Settings) -> Iterator[Finding]:
    if not settings.stripe_secret_key:
        yield Finding("fault", "STRIPE_SECRET_KEY", "is not set, so no card gift can be taken. Copy it from Stripe")
    if not settings.stripe_webhook_secrets:
        yield Finding(
            "fault", "STRIPE_WEBHOOK_SECRETS", "is not set, so no gift is ever confirmed. Copy it from Stripe"
        )
    if settings.stripe_secret_key and settings.stripe_webhook_secrets:
        kind = "real money" if settings.livemode else "test money"
        yield Finding("ok", "Stripe", f"key and {len(settings.stripe_webhook_secrets)} webhook secret(s), {kind}")
    if settings.livemode and not settings.secure:
        yield Finding("fault", "PUBLIC_URL", "is not https, with a key for real money. Write the https address")


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp_url or not settings.mail_from:
        yield Finding("warning", "mail", "SMTP_URL or MAIL_FROM is not set: receipts are shown, but not mailed")
        return
    parts = urlsplit(settings.smtp_url)
    address = (parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 587))
    try:
        socket.create_connection(address, timeout=MAIL_TIMEOUT_SECONDS).close()
    except OSError as error:
        yield Finding("fault", "mail", f"{address[0]}:{address[1]} does not answer ({error}). Check SMTP_URL")
    else:
        yield Finding("ok", "mail", f"{address[0]}:{address[1]} answers")


def _database(settings: Settings) -> Iterator[Finding]:
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield Finding("fault", "database", f"there is no file {url.database}. Run `donations init`")
        return
    engine = create_engine(url)
    try:
        with engine.connect() as conn:
            yield from _schema(conn)
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        yield Finding("fault", "database", f"cannot be used: {said}. Check DATABASE_URL and that it runs")
    finally:
        engine.dispose()


def _schema(conn: Connection) -> Iterator[Finding]:
    head = ScriptDirectory(str(config.HOME / "migrations")).get_current_head()
    current = MigrationContext.configure(conn).get_current_revision()
    if current != head:
        yield Finding(
            "fault", "database", f"its tables are of version {current}, not {head}. Run `donations db upgrade`"
        )
        return
    yield Finding("ok", "database", f"{conn.dialect.name}, version {head}")
    lost = triggers.missing(conn)
    if lost:
        yield Finding("fault", "triggers", f"missing: {', '.join(lost)}. Restore a backup; the books are not guarded")
    else:
        yield Finding("ok", "triggers", f"all {len(triggers.EXPECTED[conn.dialect.name])} stand guard over the books")
    yield from _content(conn)


def _content(conn: Connection) -> Iterator[Finding]:
    appeals = conn.scalar(select(func.count()).select_from(Appeal)) or 0
    if conn.scalar(select(Organisation.name)) is None:
        yield Finding("fault", "organisation", "none is set up. Run `donations appeals load FILE`")
    else:
        yield Finding("ok", "appeals", f"{appeals} loaded")
    halt = conn.execute(select(Halt.since, Halt.reason)).first()
    if halt is not None:
        yield Finding(
            "fault",
            "posting",
            f"stopped since {halt.since:%Y-%m-%d %H:%M:%S} UTC, because {halt.reason}. Open /treasury/stop, or run"
            " `donations ledger resume`: both say how to correct it",
        )
    beat = conn.scalar(select(func.max(Heartbeat.at)))
    if beat is None:
        yield Finding("warning", "worker", "has never run. Start it with `donations serve` or `donations worker`")
    elif datetime.now(UTC) - beat > WORKER_SILENT_AFTER:
        yield Finding("fault", "worker", f"last seen {beat:%Y-%m-%d %H:%M:%S} UTC. Start it again")
    else:
        yield Finding("ok", "worker", f"last seen {beat:%H:%M:%S} UTC")


COMMANDS = [init, doctor]
