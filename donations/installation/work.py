"""Whether the work gets done: workers by host, periodic jobs, events and mails that wait, webhooks by their end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from donations.installation.clocks import CLOCKS_DIFFER
from donations.models import Heartbeat, Job, Mail, StripeEvent, WebhookArrival

SILENT_AFTER = timedelta(minutes=2)
LATE_AFTER = timedelta(minutes=30)
MIN_OVERDUE = timedelta(minutes=10)


class Host(NamedTuple):
    """The workers of one host: the last sign of life of any of them, and whether it is a good one."""

    name: str
    seen: datetime
    state: str  # alive, silent, or ahead: its clock was


class Arrivals(NamedTuple):
    """Webhooks that came to one end."""

    number: int
    last_at: datetime


def hosts(conn: Connection, at: datetime) -> list[Host]:
    """The workers by host. A sign of life in the future is none. SQLite is one host's, whatever its name was before."""
    newest: dict[str, datetime] = {}
    ahead: dict[str, datetime] = {}
    for worker, seen in conn.execute(select(Heartbeat.worker, Heartbeat.at)):
        name = "this host" if conn.dialect.name == "sqlite" else str(worker).rpartition(":")[0]
        beats = ahead if seen > at + CLOCKS_DIFFER else newest
        beats[name] = max(seen, beats.get(name, seen))
    found = [Host(name, seen, "silent" if at - seen > SILENT_AFTER else "alive") for name, seen in newest.items()]
    return sorted([*found, *(Host(name, seen, "ahead") for name, seen in ahead.items() if name not in newest)])


def overdue_jobs(conn: Connection, every: Mapping[str, timedelta], at: datetime) -> dict[str, datetime]:
    """Periodic jobs that have not run for longer than their period, and since when they are due. `every` is the period
    of each; a job that is not in it no longer exists."""
    due = conn.execute(select(Job.name, Job.due_at).where(Job.due_at < at - MIN_OVERDUE)).all()
    return {name: due_at for name, due_at in due if name in every and at - due_at > max(every[name], MIN_OVERDUE)}


def failing_jobs(conn: Connection, every: Mapping[str, timedelta]) -> dict[str, str]:
    """Periodic jobs whose last run failed, and the name of the failure."""
    failed = conn.execute(select(Job.name, Job.last_error).where(Job.last_error.is_not(None))).all()
    return {name: str(error) for name, error in failed if name in every}


def waiting(conn: Connection, at: datetime) -> dict[str, int]:
    """How many events and mails are late, and how many wait for a person: those that there are."""
    counts = {}
    for name, model in (("events", StripeEvent), ("mails", Mail)):
        late = (model.state == "due", model.next_attempt_at < at - LATE_AFTER)
        counts[f"late {name}"] = conn.scalar(select(func.count()).select_from(model).where(*late)) or 0
        parked = conn.scalar(select(func.count()).select_from(model).where(model.state == "parked"))
        counts[f"parked {name}"] = parked or 0
    return {name: count for name, count in counts.items() if count}


def arrivals(conn: Connection) -> dict[str, Arrivals]:
    """Webhooks by what became of them."""
    asked = select(WebhookArrival.outcome, WebhookArrival.count, WebhookArrival.last_at)
    return {outcome: Arrivals(count, last_at) for outcome, count, last_at in conn.execute(asked)}
