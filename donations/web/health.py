"""One address that says whether the installation is well, for a monitor: 200, or 503 naming what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from donations.extensions import db
from donations.models import Halt, Heartbeat, Mail, StripeEvent

bp = Blueprint("health", __name__)
SILENT_AFTER = timedelta(minutes=2)
LATE_AFTER = timedelta(minutes=30)


@bp.get("/healthz")
def healthz() -> tuple[Response, int]:
    faults = _faults(datetime.now(UTC))
    if faults:
        return jsonify(status="failing", faults=faults), 503
    return jsonify(status="ok"), 200


def _faults(at: datetime) -> list[str]:
    try:
        beat = db.session.scalar(select(func.max(Heartbeat.at)))
        late = at - LATE_AFTER
        late_events = db.session.scalar(
            select(func.count()).where(StripeEvent.state == "due", StripeEvent.next_attempt_at < late)
        )
        stopped_since = db.session.scalar(select(Halt.since))
        late_mails = db.session.scalar(select(func.count()).where(Mail.state == "due", Mail.next_attempt_at < late))
    except SQLAlchemyError as error:
        return [f"database: {type(error).__name__}"]
    faults = []
    if beat is None or at - beat > SILENT_AFTER:
        faults.append("worker: no sign of life" if beat is None else f"worker: silent since {beat:%Y-%m-%dT%H:%M:%SZ}")
    if stopped_since is not None:  # Not why: the address is public, and findings name funds and amounts.
        faults.append(f"posting stopped since {stopped_since:%Y-%m-%dT%H:%M:%SZ}")
    if late_events:
        faults.append(f"inbox: {late_events} events are overdue")
    if late_mails:
        faults.append(f"outbox: {late_mails} mails are overdue")
    return faults
