"""The queues: events due to be tried again, and mail to send. Each piece is leased, so that two workers do not both
do it, and a worker that dies gives it back when the lease runs out."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from donations import inbox, mailer
from donations.database import write_unit
from donations.errors import BadSeal, MailAddressRefused, MailNotWanted
from donations.extensions import db
from donations.installation.clocks import CLOCKS_DIFFER, FURTHEST_AHEAD
from donations.models import Mail
from donations.paper.receipt_mails import ReceiptNews

log = logging.getLogger(__name__)
BATCH = 10  # with the mail server's time limit, a batch ends well within its lease and between two heartbeats
LEASE = timedelta(minutes=2)
FIRST_PAUSE, LONGEST_PAUSE, MAX_JITTER = timedelta(seconds=30), timedelta(hours=1), 1.25


def handle_events(at: datetime) -> int:
    """Try the events that are due. Returns how many."""
    if not inbox.anything_due(at=at):
        return 0
    with write_unit() as conn:
        due = inbox.lease_due(conn, at=at, most=BATCH)
    for event_id in due:
        try:
            inbox.handle_due(event_id, at=at)
        except Exception as error:  # Also where the COMMIT fails: the others must not wait for this one.
            log.warning("event %s waits: %s", event_id, type(error).__name__)
            inbox.put_off(event_id, error, at=at)
    return len(due)


def send_mails(at: datetime) -> int:
    """Send what is due. A mail that fails stays, and is tried again after 30 seconds to an hour, with jitter."""
    if db.session.scalar(select(Mail.id).where(_is_due(at)).limit(1)) is None:
        return 0
    with write_unit() as conn:
        asked = select(Mail.id).where(_is_due(at)).order_by(Mail.next_attempt_at, Mail.id).limit(BATCH)
        due = list(conn.execute(asked.with_for_update(skip_locked=True)).scalars())
        conn.execute(update(Mail).where(Mail.id.in_(due)).values(leased_until=at + LEASE))
    for mail_id in due:
        try:
            mail = db.session.get_one(Mail, mail_id)
            news = mailer.receipt_news(mail)
            mailer.send(mailer.compose(mail, at, news))
        except MailNotWanted:
            _drop(mail_id)
        except Exception as error:
            log.warning("mail %s waits: %s", mail_id, type(error).__name__)
            _put_off(mail_id, error, at)
        else:
            _sent(mail_id, news, at)
    return len(due)


def _is_due(at: datetime) -> ColumnElement[bool]:
    """Not later than it could have been put off: what lies further ahead was written by a clock that was wrong."""
    now = or_(Mail.next_attempt_at <= at, Mail.next_attempt_at > at + FURTHEST_AHEAD)
    leases_end = at + LEASE + CLOCKS_DIFFER
    free = or_(Mail.leased_until.is_(None), Mail.leased_until < at, Mail.leased_until > leases_end)
    return and_(Mail.state == "due", now, free)


def _put_off(mail_id: int, error: Exception, at: datetime) -> None:
    """A mail whose address cannot be opened, or is refused for good, will never go out by itself: it is parked for a
    person."""
    with write_unit():
        mail = db.session.get_one(Mail, mail_id)
        pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 20), LONGEST_PAUSE / MAX_JITTER)
        mail.attempts += 1
        mail.next_attempt_at = at + pause * random.uniform(1, MAX_JITTER)  # noqa: S311 - jitter
        mail.leased_until, mail.last_error = None, type(error).__name__
        if isinstance(error, BadSeal | MailAddressRefused):
            mail.state = "parked"


def _drop(mail_id: int) -> None:
    """It is not wanted any more, so nothing of it is kept."""
    with write_unit():
        db.session.delete(db.session.get_one(Mail, mail_id))


def _sent(mail_id: int, news: ReceiptNews | None, at: datetime) -> None:
    """A mail that was sent keeps no address. One about a receipt keeps what it told, for the next one."""
    with write_unit():
        mail = db.session.get_one(Mail, mail_id)
        mail.state, mail.sent_at, mail.attempts = "sent", at, mail.attempts + 1
        if news is not None:
            mail.kind, mail.receipt_id = news.kind, news.receipt.id
        mail.recipient_sealed = mail.leased_until = mail.next_attempt_at = mail.last_error = None
