"""Alarms: what must not wait until somebody looks. Each is mailed to ALERT_EMAIL, at most once an hour or a day."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy.engine import Connection

from donations import outbox


def sound(conn: Connection, name: str, said: str, *, at: datetime, daily: bool = False) -> None:
    """Keep an alarm to be mailed, in the transaction of its cause. The same `name` again within the hour, or the day
    if it is a `daily` one, is the same alarm. `said` is for the treasurer: ids and times, no personal data."""
    to = current_app.config["SETTINGS"].alert_email
    if to:
        key = f"alarm:{name}:{at:%Y%m%d}" if daily else f"alarm:{name}:{at:%Y%m%d%H}"
        outbox.queue(conn, "alarm", key, to=to, language="en", at=at, facts={"name": name, "said": said})
