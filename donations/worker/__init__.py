"""One loop for everything that need not happen during a request: events due again, mail, looks at open sessions,
periodic jobs. Several workers may run: each piece of work is leased. What a piece decides is in the domain modules."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import delete

from donations import data_keys
from donations.database import write_unit
from donations.extensions import db
from donations.installation.outages import is_outage
from donations.models import Heartbeat
from donations.worker.jobs import run_jobs
from donations.worker.queues import handle_events, send_mails
from donations.worker.repeated_errors import troubles
from donations.worker.sessions import look_at_sessions

log = logging.getLogger(__name__)
BEAT_EVERY_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 15.0


def run(app: Flask, stop: threading.Event, *, idle_seconds: float = 0.5) -> None:
    """Work until `stop` is set; then end after the piece in hand, and remove the heartbeat. Nothing that fails
    ends the loop. While the database does not answer, it is asked ever more rarely, and one line is logged."""
    beaten, pause = -BEAT_EVERY_SECONDS, idle_seconds
    while not stop.is_set():
        done = 0
        with app.app_context():
            try:
                # Not by the clock of the day, which may be set back.
                if time.monotonic() - beaten >= BEAT_EVERY_SECONDS:
                    beat(datetime.now(UTC))
                    beaten = time.monotonic()
                done = work(datetime.now(UTC))
                troubles().over("the database")
                pause = idle_seconds
            except Exception as error:
                _forget_session()
                is_away = is_outage(error)
                troubles().note("the database" if is_away else "the worker", error, known=is_away)
                pause = min(pause * 2 or 0.1, LONGEST_PAUSE_SECONDS)
        if not done:
            stop.wait(pause)
    with app.app_context():
        _take_back(datetime.now(UTC))


def work(at: datetime) -> int:
    """Do what is due now, a batch of each kind. Returns how many pieces were done. A kind that fails holds up no other:
    while posting is stopped, mails still go out and the ledger is still checked. Raises only where there is no database
    to work with."""
    done = 0
    for do in (handle_events, send_mails, look_at_sessions, run_jobs):
        try:
            done += do(at)
            troubles().over(do.__name__)
        except Exception as error:
            if is_outage(error):
                raise
            troubles().note(do.__name__, error)
            _forget_session()
    return done


def beat(at: datetime) -> None:
    """Say that this worker lives."""
    with write_unit() as conn:
        data_keys.record(conn, at=at)  # Where the database was away at the start, it does not know them yet.
        conn.execute(delete(Heartbeat).where(Heartbeat.at < at - timedelta(days=1)))
        row = db.session.get(Heartbeat, _name())
        if row is None:
            db.session.add(Heartbeat(worker=_name(), at=at))
        else:
            row.at = at


def forget(host: str) -> int:
    """Forget the workers of a host that is gone for good. Returns how many there were."""
    with write_unit() as conn:
        return conn.execute(delete(Heartbeat).where(Heartbeat.worker.startswith(f"{host}:", autoescape=True))).rowcount


def _take_back(at: datetime) -> None:
    """A worker that ended as it was told to is not missed."""
    try:
        with write_unit() as conn:
            conn.execute(delete(Heartbeat).where(Heartbeat.worker == _name()))
    except Exception as error:
        log.warning("the sign of life of %s stays: %s", f"{at:%H:%M:%S}", type(error).__name__)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _forget_session() -> None:
    """Whatever became of the connection."""
    try:
        db.session.rollback()
    except Exception:
        db.session.remove()
