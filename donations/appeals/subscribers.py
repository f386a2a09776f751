"""Subscribers of an appeal's updates: entered beside a donation, confirmed by the owner of the address, unsubscribed by
one click; and the mails queued for them. mailer writes the mails. No commit here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from donations import outbox, privacy
from donations.errors import BadLink
from donations.extensions import db
from donations.models import Appeal, AppealUpdate, Donation, Organisation, Subscriber, SubscriberRequest
from donations.models.base import new_reference

UNCONFIRMED_DAYS = 14  # so long a link to say yes is good, and an address without a yes is kept
BATCH = 100


def ask(appeal: Appeal, email: str, language: str, donation: Donation, at: datetime) -> None:
    """Record a request to subscribe. The address gets one mail to confirm, when any of the donations beside which it
    was typed has come; one that is subscribed already, or was asked before, gets none."""
    row = _kept(appeal, email, language, at)
    if row.state == "asked" and row.mailed_at is None:
        row.requests.append(SubscriberRequest(donation_id=donation.id))
        db.session.flush()


def _kept(appeal: Appeal, email: str, language: str, at: datetime) -> Subscriber:
    """The subscription of this address, made if there is none; the one that came first, where two ask at once."""
    hashes = privacy.lookup_hashes(email, "following")
    known = select(Subscriber).where(Subscriber.appeal_id == appeal.id, Subscriber.email_hash.in_(hashes))
    found, reference = db.session.scalar(known), new_reference()
    if found is not None:
        return found
    row = Subscriber(
        reference=reference,
        appeal_id=appeal.id,
        email_sealed=privacy.seal(email, _identity(reference)),
        email_hash=hashes[0],
        language=language,
        asked_at=at,
        personal_until=Organisation.get().day_of(at) + timedelta(days=UNCONFIRMED_DAYS),
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return db.session.scalars(known).one()
    return row


def find(reference: str) -> Subscriber:
    """Raises BadLink."""
    row = db.session.scalar(select(Subscriber).where(Subscriber.reference == reference))
    if row is None:
        raise BadLink()
    return row


def confirm(row: Subscriber, at: datetime) -> bool:
    """Confirm a subscription from the link in its mail. Returns whether anything changed. Raises BadLink for one that
    has ended."""
    if row.state == "ended":
        raise BadLink()
    if row.state == "confirmed":
        return False
    row.confirm(until=privacy.donor_data_until(Organisation.get().day_of(at)), at=at)
    return True


def end(row: Subscriber, at: datetime) -> bool:
    """No mail more, and the address is erased. Whether anything changed."""
    if row.state == "ended":
        return False
    row.end(at)
    return True


def queue_confirmations(conn: Connection, counted: Iterable[str], at: datetime) -> int:
    """The one mail that asks each of whose donations one has come (its state is one of `counted`). Returns how many."""
    has_come = (
        select(SubscriberRequest.donation_id)
        .join(Donation, Donation.id == SubscriberRequest.donation_id)
        .where(SubscriberRequest.subscriber_id == Subscriber.id, Donation.state.in_(tuple(counted)))
        .exists()
    )
    asked = (
        select(Subscriber)
        .where(Subscriber.state == "asked", Subscriber.mailed_at.is_(None), has_come)
        .order_by(Subscriber.id)
        .limit(BATCH)
    )
    rows = list(db.session.scalars(asked))
    for row in rows:
        row.mailed_at = at
        _queue(conn, "follow_confirm", f"follow:{row.id}:confirm", row, {"subscription": row.id}, row.asked_at, at)
    return len(rows)


def queue_update_mails(conn: Connection, at: datetime) -> int:
    """The next mails about updates that were posted, a batch of one update at a time. Returns how many. An appeal that
    is hidden tells nothing until it is shown again."""
    posted = (
        select(AppealUpdate)
        .join(Appeal, Appeal.id == AppealUpdate.appeal_id)
        .where(AppealUpdate.published_at <= at, AppealUpdate.mailed_at.is_(None), AppealUpdate.withdrawn_at.is_(None))
        .where(Appeal.visibility.in_(("shown", "amounts_hidden")))
        .order_by(AppealUpdate.published_at, AppealUpdate.id)
    )
    update = db.session.scalar(posted.limit(1).with_for_update(of=AppealUpdate))
    if update is None:
        return 0
    follows = (Subscriber.appeal_id == update.appeal_id, Subscriber.state == "confirmed")
    next_ones = select(Subscriber).where(*follows, Subscriber.id > update.mailed_to).order_by(Subscriber.id)
    rows = list(db.session.scalars(next_ones.limit(BATCH)))
    for row in rows:
        facts: dict[str, object] = {"subscription": row.id, "update": update.id}
        _queue(conn, "update", f"follow:{row.id}:update:{update.id}", row, facts, update.published_at, at)
        update.mailed_to = row.id
    if len(rows) < BATCH:
        update.mailed_at = at
    return len(rows)


def forget_old(at: datetime) -> int:
    """End subscriptions whose day has come: not confirmed in time, or confirmed too long ago. Returns their number."""
    today = Organisation.get().day_of(at)
    due = select(Subscriber).where(Subscriber.personal_until < today).limit(BATCH)
    rows = list(db.session.scalars(due))
    for row in rows:
        row.end(at)
    return len(rows)


def _queue(
    conn: Connection,
    kind: str,
    key: str,
    row: Subscriber,
    facts: dict[str, object],
    caused_at: datetime | None,
    at: datetime,
) -> None:
    assert row.email_sealed is not None, "who has ended is not asked for"
    to = privacy.unseal(row.email_sealed, _identity(row.reference))
    outbox.queue(conn, kind, key, to=to, language=row.language, at=at, facts=facts, caused_at=caused_at)


def _identity(reference: str) -> str:
    return f"subscription:{reference}:email"
