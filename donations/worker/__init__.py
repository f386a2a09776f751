"""One loop for everything that need not happen while somebody waits: events due again, mail, looks at open sessions,
periodic jobs. Several workers may run: each piece of work is leased. What a piece decides is in the domain modules."""

from __future__ import annotations

import logging
import os
import socket
import threading
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import delete

from donations.database import write_unit
from donations.extensions import db
from donations.models import Heartbeat
from donations.worker.jobs import run_jobs
from donations.worker.queues import handle_events, send_mails
from donations.worker.sessions import look_at_sessions

log = logging.getLogger(__name__)
BEAT_EVERY = timedelta(seconds=10)


def run(app: Flask, stop: threading.Event, *, idle_seconds: float = 0.5) -> None:
    """Work until `stop` is set; then end after the piece in hand. Nothing that fails ends the loop."""
    beaten_at = datetime.min.replace(tzinfo=UTC)
    while not stop.is_set():
        at = datetime.now(UTC)
        done = 0
        with app.app_context():
            try:
                if at - beaten_at >= BEAT_EVERY:
                    beat(at)
                    beaten_at = at
                done = work(at)
            except Exception:
                log.exception("the worker stumbled; it goes on")
                db.session.rollback()
        if not done:
            stop.wait(idle_seconds)


def work(at: datetime) -> int:
    """Do what is due now, a batch of each kind. Gives how many pieces were done. A kind that fails holds up no other:
    while posting is stopped, mails still go out and the books are still asked."""
    done = 0
    for do in (handle_events, send_mails, look_at_sessions, run_jobs):
        try:
            done += do(at)
        except Exception:
            log.exception("%s stumbled; the others go on", do.__name__)
            db.session.rollback()
    return done


def beat(at: datetime) -> None:
    """Say that this worker lives."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    with write_unit() as conn:
        conn.execute(delete(Heartbeat).where(Heartbeat.at < at - timedelta(days=1)))
        row = db.session.get(Heartbeat, name)
        if row is None:
            db.session.add(Heartbeat(worker=name, at=at))
        else:
            row.at = at
