"""The erasure of one person's data. Their dates are set to yesterday, and the rules by which everything goes are
carried out at once for these rows. Data still needed (a payment in transit, an unhandled event) stays until it is not,
and then goes with the next run of the job `erasure`. No commit here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, or_, select, update
from sqlalchemy.engine import Connection

from donations import retention
from donations.appeals import subscribers
from donations.data_requests.lookup import Kept
from donations.extensions import db
from donations.models import (
    Donation,
    DonationCheck,
    Mail,
    OfflineDonation,
    Organisation,
    Receipt,
    StripeEvent,
    Subscriber,
)


@dataclass(frozen=True, slots=True)
class Erased:
    """How many of each were erased, or are marked to be. `waiting`: how many of them are still needed for a while."""

    donations: int
    subscriptions: int
    told_by_stripe: int
    waiting: int

    @property
    def counts(self) -> dict[str, int]:
        """For the audit log, which holds no names."""
        return {
            "donations": self.donations, "subscriptions": self.subscriptions, "events": self.told_by_stripe,
            "waiting": self.waiting,
        }  # fmt: skip


def erase(conn: Connection, kept: Kept, *, at: datetime) -> Erased:
    """Erase what is kept of a person. Amounts, days, funds, receipt numbers and entries stay."""
    yesterday = Organisation.get().day_of(at) - timedelta(days=1)
    donations, events = [one.id for one in kept.donations], [one.id for one in kept.told_by_stripe]
    forms = [one.id for one in kept.forms]
    _mark(conn, _donation, donations, personal_until=yesterday)
    _mark(conn, _event, events, payload_until=yesterday)
    _mark(conn, _check, forms, expires_at=at)
    for subscription in kept.subscriptions:
        subscribers.end(db.session.get_one(Subscriber, subscription.id), at)
    db.session.flush()
    mails = [one.id for one in kept.mails]
    _erase_addresses(conn, mails)
    retention.erase_rows(conn, at, {
        _receipt: _of_donations(conn, _receipt, donations), _offline: _of_donations(conn, _offline, donations),
        _donation: donations, _event: events, _check: forms,
    })  # fmt: skip
    return Erased(len(donations), len(kept.subscriptions), len(events), _waiting(conn, donations, events, mails))


def _mark(conn: Connection, table: Table, ids: Sequence[Any], **values: Any) -> None:
    for some in retention.batches(ids):
        conn.execute(update(table).where(table.c.id.in_(some)).values(values))


def _of_donations(conn: Connection, table: Table, donations: Sequence[int]) -> list[int]:
    return [
        one for some in retention.batches(donations)
        for one in conn.scalars(select(table.c.id).where(table.c.donation_id.in_(some)))
    ]  # fmt: skip


def _erase_addresses(conn: Connection, mails: Sequence[int]) -> None:
    """Of mails that a person would have to send again. One that is due goes out first: it tells of a receipt, and loses
    its address then."""
    for some in retention.batches(mails):
        stuck = (_mail.c.id.in_(some), _mail.c.state.in_(("parked", "held")))
        conn.execute(update(_mail).where(*stuck).values(state="parked", recipient_sealed=None))


def _waiting(conn: Connection, donations: Sequence[int], events: Sequence[str], mails: Sequence[int]) -> int:
    there = 0
    for some in retention.batches(donations):
        typed = or_(*(_donation.c[name].is_not(None) for name in retention.TYPED))
        there += conn.scalar(select(func.count()).select_from(_donation).where(_donation.c.id.in_(some), typed)) or 0
    for ids in retention.batches(events):
        kept = (_event.c.id.in_(ids), _event.c.payload_sealed.is_not(None))
        there += conn.scalar(select(func.count()).select_from(_event).where(*kept)) or 0
    for some in retention.batches(mails):
        due = (_mail.c.id.in_(some), _mail.c.recipient_sealed.is_not(None))
        there += conn.scalar(select(func.count()).select_from(_mail).where(*due)) or 0
    return there


_donation: Table = Donation.__table__  # type: ignore[assignment]
_receipt: Table = Receipt.__table__  # type: ignore[assignment]
_offline: Table = OfflineDonation.__table__  # type: ignore[assignment]
_event: Table = StripeEvent.__table__  # type: ignore[assignment]
_check: Table = DonationCheck.__table__  # type: ignore[assignment]
_mail: Table = Mail.__table__  # type: ignore[assignment]
