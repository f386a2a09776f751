"""What a person does from the to-do list itself: have the program try again, or take something off the list with a
reason. What has a page of its own is dealt with there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.engine import Connection

from donations.errors import AlreadyDone, CannotBeRetried, ReasonNeeded
from donations.extensions import db
from donations.models import Dismissal, Job, Mail, StripeEvent
from donations.reconciliation.to_do import lists
from donations.reconciliation.to_do.kinds import KINDS

# The jobs that ask Stripe again for what is missing, by the kind that lacks it.
_ASKING_STRIPE = ("events", "movements", "payouts")
MAILS = ("mail", "held_mail")


def retry(conn: Connection, kind: str, ref: str, *, at: datetime) -> None:
    """Have the worker try again soon. Raises AlreadyDone if it does not wait any more, CannotBeRetried if what it needs
    is gone."""
    if not KINDS[kind].may_retry or lists.find(conn, kind, ref, at) is None:
        raise AlreadyDone()
    conn.execute(delete(Dismissal).where(Dismissal.kind == kind, Dismissal.ref == ref))
    if kind in MAILS:
        _retry_mail(int(ref), at)
    elif kind == "event":
        _retry_event(ref, at)
    else:
        names = (ref,) if kind == "job" else _ASKING_STRIPE
        conn.execute(update(Job).where(Job.name.in_(names)).values(due_at=at))


def dismiss(conn: Connection, kind: str, ref: str, *, reason: str, actor: str, at: datetime) -> None:
    """Take it off the list; a job only for a day. The address of a mail that will not be sent is erased. Raises
    ReasonNeeded, AlreadyDone if it does not wait any more."""
    if not KINDS[kind].may_dismiss or lists.find(conn, kind, ref, at) is None:
        raise AlreadyDone()
    if not reason:
        raise ReasonNeeded()
    if kind in MAILS:
        mail = db.session.get_one(Mail, int(ref), with_for_update=True)
        mail.state, mail.recipient_sealed = "parked", None
    db.session.merge(Dismissal(kind=kind, ref=ref, reason=reason, actor=actor, at=at))
    db.session.flush()


def _retry_mail(number: int, at: datetime) -> None:
    mail = db.session.get_one(Mail, number, with_for_update=True)
    if mail.recipient_sealed is None:
        raise CannotBeRetried()
    mail.state, mail.attempts, mail.next_attempt_at, mail.leased_until = "due", 0, at, None
    db.session.flush()


def _retry_event(event_id: str, at: datetime) -> None:
    event = db.session.get_one(StripeEvent, event_id, with_for_update=True)
    if event.payload_sealed is None:
        raise CannotBeRetried()
    event.state, event.attempts, event.next_attempt_at = "due", 0, at
    event.leased_until = event.last_error = event.handled_at = None
    db.session.flush()
