"""What became of webhooks, counted: when the last was accepted, how many were refused and why. So that a wrong secret,
a wrong clock or events of the other mode are seen. Of what came nothing is kept, and a flood costs one write in ten
seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import Table

from donations import alarms
from donations.database import bare_write_unit
from donations.models import WebhookArrival
from donations.prepared import upsert

log = logging.getLogger(__name__)
PAUSE_SECONDS = {"accepted": 60.0}  # every accepted one writes anyway; this is a row that all would wait for
OTHER_PAUSE_SECONDS = 10.0
ALARMS = {
    "stale": ("webhooks with an old signature", alarms.Kind.STALE_WEBHOOKS, "clock or replay"),
    "other_mode": ("webhooks of the other mode", alarms.Kind.OTHER_MODE, "kept and ignored"),
}


class Counts:
    """Counted in this process, and not written yet."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._quiet_until: dict[str, float] = {}

    def take(self, outcome: str) -> int:
        """Count one more; gives how many are to be written now, 0 while it is too early for that."""
        with self._guard:
            self._waiting[outcome] += 1
            now = time.monotonic()
            if now < self._quiet_until.get(outcome, now):
                return 0
            self._quiet_until[outcome] = now + PAUSE_SECONDS.get(outcome, OTHER_PAUSE_SECONDS)
            return self._waiting.pop(outcome)


def count(outcome: str, *, at: datetime) -> None:
    """Count a webhook by its outcome (models.webhook_arrival.ARRIVAL_OUTCOMES), and sound the alarm where a person must
    look. Never raises: Stripe is answered all the same."""
    counts: Counts = current_app.extensions.setdefault("webhook counts", Counts())
    number = counts.take(outcome)
    if not number:
        return
    if outcome in ALARMS:
        log.critical("%s (%d): %s", ALARMS[outcome][0], number, ALARMS[outcome][2])
    elif outcome != "accepted":
        log.warning("webhooks refused (%d): %s", number, outcome.replace("_", " "))
    try:
        with bare_write_unit() as conn:
            conn.execute(_counted(conn.dialect.name, outcome, number, at))
            if outcome in ALARMS:
                name, kind, _ = ALARMS[outcome]
                alarms.sound(conn, name, kind, at=at)
    except Exception as error:
        log.warning("webhooks %s could not be counted: %s", outcome, type(error).__name__)


def _counted(dialect: str, outcome: str, number: int, at: datetime) -> Any:
    table: Table = WebhookArrival.__table__  # type: ignore[assignment]
    new = upsert(dialect, table).values(outcome=outcome, count=number, first_at=at, last_at=at)
    more = {"count": table.c.count + new.excluded.count, "last_at": new.excluded.last_at}
    return new.on_conflict_do_update(index_elements=["outcome"], set_=more)
