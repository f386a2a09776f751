"""The database: its tables, its guards, what is loaded, whether it takes writes and whether the work gets done."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection

from donations import archives, data_keys, offline_key, retention
from donations.cli.doctor.findings import Finding, Patient
from donations.errors import DatabaseNotReady
from donations.installation import roles, schema, work
from donations.installation.outages import can_write
from donations.models import Appeal, Organisation, PostingStop, triggers
from donations.worker.jobs import JOBS

LATELY = timedelta(days=1)
_EVERY = {job.name: job.every for job in JOBS}
_REFUSED = {
    "bad_signature": "no signing secret fits. Copy the secret of the endpoint to STRIPE_WEBHOOK_SECRETS",
    "stale": "valid signature, wrong time: the clock is wrong, or old events are being sent again",
    "unreadable": "signed, but not a readable event. Compare the version of the endpoint",
    "other_mode": "not of the mode (test or live) of STRIPE_SECRET_KEY. Compare the two",
}
_WAITING = {
    "late events": "wait for the worker. To see why, run `donations inbox list`",
    "parked events": "wait for a person. Run `donations inbox list`, then `donations inbox replay ID`",
    "late mails": "wait for the mail server or the worker",
    "parked mails": "wait for a person. Open /treasury, where they are listed",
}


def examine(patient: Patient) -> Iterator[Finding]:
    file = patient.settings.database_file
    if file is not None and not file.exists():
        yield Finding("fault", "database", f"no file {file}. Run `donations init`")
        return
    with patient.connection() as conn:
        try:
            schema.check(conn)
        except DatabaseNotReady as error:
            yield Finding("fault", "database", f"{error.facts['fault']}. {error.facts['fix']}")
            return
        if can_write(conn, "INSERT INTO heartbeat (worker, at) VALUES ('doctor', '2000-01-01 00:00:00')"):
            yield Finding("ok", "database", f"{conn.dialect.name}, version {schema.head()}, takes writes")
        else:
            yield Finding(
                "fault", "database", "cannot be written to. Check the owner and mode of its file, or its role"
            )
        if roles.owns_ledger_tables(conn):
            yield Finding(
                "warning", "database role",
                "owns the tables, so it could remove what protects the ledger. See docs/operating.md,"
                " Two roles on PostgreSQL",
            )  # fmt: skip
        yield from _way_to(conn)
        yield from _guards(conn)
        yield from (Finding(*found) for found in data_keys.findings(conn, patient.settings.data_keys))
        yield from (Finding(*found) for found in archives.findings(conn, patient.at))
        yield from (Finding(*found) for found in retention.findings(conn, patient.at))
        yield from (Finding(*found) for found in offline_key.findings(conn, patient.at))
        yield from _content(conn)
        yield from _workers(conn, patient.at)
        yield from _jobs(conn, patient.at)
        yield from _webhooks(conn, patient.at)


def _way_to(conn: Connection) -> Iterator[Finding]:
    """Whether what we ask PostgreSQL, and what it answers, can be read on the way."""
    if conn.dialect.name != "postgresql":
        return
    address, is_encrypted = conn.execute(text(
        "SELECT host(inet_server_addr()), (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())"
    )).one()  # fmt: skip
    if is_read_on_the_way(address, bool(is_encrypted)):
        yield Finding(
            "warning", "database connection",
            "goes to another machine unencrypted. Add ?sslmode=verify-full to DATABASE_URL, with the certificate"
            " authority of the server (sslrootcert=...)",
        )  # fmt: skip


def is_read_on_the_way(address: str | None, is_encrypted: bool) -> bool:
    """`address`: of the server, like "10.0.0.7"; None over a socket of this machine."""
    return address is not None and not is_encrypted and not ipaddress.ip_address(address).is_loopback


def _guards(conn: Connection) -> Iterator[Finding]:
    lost = triggers.missing(conn)
    if lost:
        yield Finding("fault", "triggers", f"missing: {', '.join(lost)}. The ledger is not protected. Restore a backup")
    else:
        yield Finding("ok", "triggers", f"all {len(triggers.EXPECTED[conn.dialect.name])} protect the ledger")


def _content(conn: Connection) -> Iterator[Finding]:
    appeals = conn.scalar(select(func.count()).select_from(Appeal)) or 0
    if conn.scalar(select(Organisation.name)) is None:
        yield Finding("fault", "organisation", "not set up. Run `donations appeals load FILE`")
    else:
        yield Finding("ok", "appeals", f"{appeals} loaded")
    halt = conn.execute(select(PostingStop.since, PostingStop.reason)).first()
    if halt is not None:
        yield Finding(
            "fault",
            "posting",
            f"stopped since {_told(halt.since)}, because {halt.reason}. To see how to correct this, open"
            " /treasury/posting-stop or run `donations ledger resume`",
        )


def _workers(conn: Connection, at: datetime) -> Iterator[Finding]:
    hosts = work.hosts(conn, at)
    if not hosts:
        yield Finding("warning", "worker", "has never run. Start it with `donations serve` or `donations worker`")
    for host in hosts:
        if host.state == "alive":
            yield Finding("ok", "worker", f"{host.name}: last seen {_told(host.seen)}")
        elif host.state == "ahead":
            yield Finding(
                "fault", "worker", f"{host.name}: its clock is ahead ({_told(host.seen)}). Set the clock there"
            )
        else:
            gone = (
                "" if conn.dialect.name == "sqlite" else f". If it is gone, run `donations worker --forget {host.name}`"
            )
            yield Finding("fault", "worker", f"{host.name}: last seen {_told(host.seen)}. Start it again{gone}")


def _jobs(conn: Connection, at: datetime) -> Iterator[Finding]:
    for name, due_at in work.overdue_jobs(conn, _EVERY, at).items():
        yield Finding("fault", f"job {name}", f"is due since {_told(due_at)}. Start the worker again")
    for name, error in work.failing_jobs(conn, _EVERY).items():
        yield Finding("warning", f"job {name}", f"failed ({error}) and is tried again. Read the log of the worker")
    for what, count in work.waiting(conn, at).items():
        yield Finding("warning", what, f"{count} {_WAITING[what]}")


def _webhooks(conn: Connection, at: datetime) -> Iterator[Finding]:
    """A bad signature may be anybody's: it is a fault only while nothing good comes."""
    came = work.arrivals(conn)
    good = came.pop("accepted", None)
    if good is None:
        yield Finding("warning", "webhooks", "none received yet. Send a test event from Stripe's dashboard")
    else:
        yield Finding("ok", "webhooks", f"the last was accepted {_told(good.last_at)}")
    for outcome, refused in came.items():
        if at - refused.last_at > LATELY:
            continue
        nothing_good = good is None or refused.last_at - good.last_at > LATELY
        is_fault = outcome in ("stale", "other_mode") or (outcome == "bad_signature" and nothing_good)
        says = f"the last of {refused.number} {_told(refused.last_at)}: {_REFUSED[outcome]}"
        yield Finding("fault" if is_fault else "warning", "webhooks refused", says)


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
