"""The database: its tables, its guards, what is loaded, whether anybody works on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from donations.cli.doctor.findings import Finding, Patient
from donations.errors import DatabaseNotReady
from donations.installation import schema
from donations.models import Appeal, Halt, Heartbeat, Organisation, triggers

WORKER_SILENT_AFTER = timedelta(minutes=2)


def examine(patient: Patient) -> Iterator[Finding]:
    file = patient.settings.database_file
    if file is not None and not file.exists():
        yield Finding("fault", "database", f"there is no file {file}. Run `donations init`")
        return
    with patient.connection() as conn:
        yield from _schema(conn)


def _schema(conn: Connection) -> Iterator[Finding]:
    try:
        schema.check(conn)
    except DatabaseNotReady as error:
        yield Finding("fault", "database", f"{error.facts['fault']}. {error.facts['mend']}")
        return
    yield Finding("ok", "database", f"{conn.dialect.name}, version {schema.head()}")
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
