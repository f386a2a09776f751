"""What is shown after a restore: which donations were made again and how, which were not, and the mails that are held;
and what a treasurer does about many of them at once. Reads and writes our own tables only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, select, update
from sqlalchemy.engine import Connection

from donations.models import Allocation, Appeal, Dismissal, Donation, Fund, Mail, Payment, Recovery
from donations.prepared import upsert

MAX_SHOWN = 200


def counts(conn: Connection) -> dict[str, int]:
    """How many payments were looked at, by outcome."""
    asked = select(_recovery.c.outcome, func.count()).group_by(_recovery.c.outcome)
    return {outcome: int(count) for outcome, count in conn.execute(asked)}


def estimated(conn: Connection) -> list[Any]:
    """Donations with estimated funds that are not reviewed yet, the oldest first, at most MAX_SHOWN: id,
    charge_id, minor, currency, created_at, title of the appeal, and the names of the funds."""
    rows = conn.execute(
        select(
            _donation.c.id, _payment.c.charge_id, _donation.c.amount_minor, _donation.c.currency,
            _donation.c.created_at, _appeal.c.title,
        )
        .join(_appeal, _appeal.c.id == _donation.c.appeal_id)
        .join(_recovery, _recovery.c.donation_id == _donation.c.id)
        .join(_payment, _payment.c.id == _recovery.c.payment_id)
        .where(_donation.c.purpose_estimated)
        .order_by(_donation.c.created_at, _donation.c.id)
        .limit(MAX_SHOWN)
    )  # fmt: skip
    return list(rows)


def parts_of(conn: Connection, donation_ids: Collection[int]) -> dict[int, list[Any]]:
    """Name of the fund and minor units of each part, by donation."""
    found: dict[int, list[Any]] = {}
    asked = select(_allocation.c.donation_id, _fund.c.name, _allocation.c.amount_minor)
    for row in conn.execute(
        asked.join(_fund, _fund.c.id == _allocation.c.fund_id)
        .where(_allocation.c.donation_id.in_(donation_ids))
        .order_by(_fund.c.position, _fund.c.id)
    ):
        found.setdefault(row.donation_id, []).append(row)
    return found


def not_recovered(conn: Connection) -> list[Any]:
    """Payments whose donation could not be made again and that no fund has yet, the oldest first, at most MAX_SHOWN:
    charge_id, reference, minor, currency, charged_at, reason."""
    rows = conn.execute(
        select(
            _payment.c.charge_id, _payment.c.reference, _payment.c.amount_minor, _payment.c.currency,
            _payment.c.charged_at, _recovery.c.reason,
        )
        .join(_recovery, _recovery.c.payment_id == _payment.c.id)
        .where(_recovery.c.outcome == "not_recovered", _payment.c.donation_id.is_(None))
        .order_by(_payment.c.charged_at, _payment.c.id)
        .limit(MAX_SHOWN)
    )  # fmt: skip
    return list(rows)


def held_mails(conn: Connection) -> list[Any]:
    """The mails that are held, by kind: kind, count, oldest."""
    asked = select(_mail.c.kind, func.count().label("count"), func.min(_mail.c.created_at).label("oldest"))
    return list(conn.execute(asked.where(_mail.c.state == "held").group_by(_mail.c.kind).order_by(_mail.c.kind)))


def send_held(conn: Connection, kinds: Sequence[str], *, at: datetime) -> int:
    """Let the worker send all held mails of these kinds. Returns how many."""
    due = {"state": "due", "attempts": 0, "next_attempt_at": at, "leased_until": None}
    return conn.execute(update(_mail).where(_mail.c.state == "held", _mail.c.kind.in_(kinds)).values(due)).rowcount


def drop_held(conn: Connection, kinds: Sequence[str], *, reason: str, actor: str, at: datetime) -> int:
    """Never send them, and erase their addresses. Returns how many."""
    held = (_mail.c.state == "held", _mail.c.kind.in_(kinds))
    numbers = list(conn.scalars(select(_mail.c.id).where(*held)))
    said = {"kind": "held_mail", "reason": reason, "actor": actor, "at": at}
    if numbers:
        new = upsert(conn.dialect.name, _dismissal).on_conflict_do_nothing(index_elements=["kind", "ref"])
        conn.execute(new, [{**said, "ref": str(number)} for number in numbers])
        conn.execute(update(_mail).where(*held).values(state="parked", recipient_sealed=None))
    return len(numbers)


def confirm(conn: Connection, donation_ids: Collection[int]) -> int:
    """The estimates of these donations are right. Returns how many were estimated."""
    wanted = (_donation.c.id.in_(donation_ids), _donation.c.purpose_estimated)
    return conn.execute(update(_donation).where(*wanted).values(purpose_estimated=False)).rowcount


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_donation, _payment, _recovery, _appeal = _table(Donation), _table(Payment), _table(Recovery), _table(Appeal)
_allocation, _fund, _mail, _dismissal = _table(Allocation), _table(Fund), _table(Mail), _table(Dismissal)
