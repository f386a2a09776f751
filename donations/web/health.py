"""Two addresses for programs. `/healthz`, for a monitor: 200, or 503 naming what is wrong; anything that needs a person
but stops nothing is a warning. `/livez`, for a load balancer: this process answers. Both are public, so they show no
name, amount, fund or host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from donations import card_testing
from donations.errors import DatabaseNotReady
from donations.extensions import db
from donations.installation import disk, schema, work
from donations.installation.outages import can_write
from donations.models import PostingStop
from donations.worker.jobs import JOBS

bp = Blueprint("health", __name__)
KEPT_SECONDS = 2.0  # more frequent requests get the same answer
REFUSED_LATELY = timedelta(days=1)
_EVERY = {job.name: job.every for job in JOBS}


@bp.get("/livez")
def livez() -> Response:
    return jsonify(status="ok")


@bp.get("/healthz")
def healthz() -> tuple[Response, int]:
    faults, warnings = _kept_answer()
    if faults:
        return jsonify(status="failing", faults=faults, warnings=warnings), 503
    return jsonify(status="ok", warnings=warnings), 200


def _kept_answer() -> tuple[list[str], list[str]]:
    """The answer of a moment ago, if there is one: a flood of questions is no load on the database."""
    kept = current_app.extensions.setdefault("health", {})
    now = time.monotonic()
    if now >= kept.get("until", now):
        kept["answer"] = _examined(datetime.now(UTC))
        kept["until"] = now + current_app.config.get("HEALTH_KEPT_SECONDS", KEPT_SECONDS)
    answer: tuple[list[str], list[str]] = kept["answer"]
    return answer


def _examined(at: datetime) -> tuple[list[str], list[str]]:
    faults, warnings = list(_full_disks()), list(_scarce_disks())
    try:
        with db.engine.connect() as conn:
            schema.check(conn)
            faults += [*_unwritable(conn), *_stopped(conn), *_idle(conn, at)]
            warnings += list(_warnings(conn, at))
    except DatabaseNotReady:
        faults.append("schema: the tables are of another version")
    except SQLAlchemyError as error:
        faults.append(f"database: {type(error).__name__}")
    return faults, warnings


def _rooms() -> list[disk.Room]:
    settings = current_app.config["SETTINGS"]
    return disk.room(disk.places(settings.database_file, settings.files_folder))


def _full_disks() -> Iterator[str]:
    for room in _rooms():
        if room.free_bytes < disk.MIN_FREE_BYTES:
            yield f"disk: {room.free_bytes >> 20} MiB free, and {disk.MIN_FREE_BYTES >> 20} MiB are needed"


def _scarce_disks() -> Iterator[str]:
    for room in _rooms():
        if disk.MIN_FREE_BYTES <= room.free_bytes < disk.SCARCE_BYTES:
            yield f"disk: only {room.free_bytes >> 20} MiB free"


def _unwritable(conn: Connection) -> Iterator[str]:
    if not can_write(conn, "INSERT INTO heartbeat (worker, at) VALUES ('healthz', '2000-01-01 00:00:00')"):
        yield "database: it cannot be written to"


def _stopped(conn: Connection) -> Iterator[str]:
    since = conn.scalar(select(PostingStop.since))
    if since is not None:  # Not why: findings name funds and amounts.
        yield f"posting stopped since {since:%Y-%m-%dT%H:%M:%SZ}"


def _idle(conn: Connection, at: datetime) -> Iterator[str]:
    hosts = work.hosts(conn, at)
    missing = [host for host in hosts if host.state != "alive"]
    if not hosts:
        yield "worker: no sign of life"
    elif len(missing) == len(hosts):
        newest = max(missing, key=lambda host: host.seen)
        yield (
            f"worker: silent since {newest.seen:%Y-%m-%dT%H:%M:%SZ}"
            if newest.state == "silent"
            else ("worker: its sign of life lies in the future, so a clock is wrong")
        )
    elif missing:
        yield f"worker: silent on {len(missing)} of {len(hosts)} hosts"
    for name, due_at in work.overdue_jobs(conn, _EVERY, at).items():
        yield f"job {name}: due since {due_at:%Y-%m-%dT%H:%M:%SZ}"


def _warnings(conn: Connection, at: datetime) -> Iterator[str]:
    for what, count in work.waiting(conn, at).items():
        yield f"{what}: {count}"
    for name, error in work.failing_jobs(conn, _EVERY).items():
        yield f"job {name}: failed ({error})"
    if card_testing.shield(conn, at).is_up:
        yield "card testing: more than 40 % of the last charges were declined"
    for outcome, came in work.arrivals(conn).items():
        if outcome != "accepted" and at - came.last_at < REFUSED_LATELY:
            yield f"webhooks {outcome.replace('_', ' ')}: the last at {came.last_at:%Y-%m-%dT%H:%M:%SZ}"
