"""What a finding is about: its payments, its donation, its entries; and from these the corrections that are offered.
What is not offered is no correction, and stays stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, or_, select
from sqlalchemy.engine import Connection

from donations import facts, giving, ledger
from donations.errors import NothingToRefund, PostingStopped
from donations.ledger import Finding
from donations.ledger.reversal import Live
from donations.models import BalanceTransaction, Entry, OfflineDonation, Payment, Receipt
from donations.money import Money
from donations.reconciliation.posting_stop.kinds import EXPLAINED


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about. `sources` are those of its entries, (type, id)."""

    donation_id: int | None = None
    payments: Sequence[Any] = ()
    entry_ids: tuple[int, ...] = ()
    sources: frozenset[tuple[str, int]] = field(default_factory=frozenset)

    @property
    def charges(self) -> tuple[str, ...]:
        return tuple(row.charge_id for row in self.payments)


@dataclass(frozen=True, slots=True)
class Option:
    """One correction that may be made: its kind, what it acts on, and how much money that is about, or which entry."""

    kind: str
    target: str = ""
    amount: Money | None = None
    entry: Live | None = None


def subject_of(conn: Connection, finding: Finding) -> Subject:
    kind, _, name = finding.subject.partition(":")
    if kind in ("receipt", "donation", "charge"):
        return _of_donation(conn, kind, name)
    if kind == "entry":
        return _of_entries(conn, _entry.c.id == int(name.split(":")[0]), (int(name.split(":")[0]),))
    if kind == "gift":
        donation_id = conn.execute(select(_offline.c.donation_id).where(_offline.c.id == int(name))).scalar()
        return Subject(donation_id, sources=frozenset({("offline_gift", int(name))}))
    if kind == "key":
        ids = tuple(one.id for one in ledger.live_entries(conn, name))
        return _of_entries(conn, _entry.c.id.in_(ids), ids)
    return Subject()


def options(conn: Connection, finding: Finding) -> list[Option]:
    """The corrections of a finding, the best first."""
    subject = subject_of(conn, finding)
    found: list[Option] = []
    for kind in EXPLAINED[finding.invariant].corrections:
        if kind == "reverse":
            entries = ledger.live_entries(conn, finding.subject.partition(":")[2])
            found += [Option(kind, str(entry.id), entry=entry) for entry in reversed(entries)]
        elif kind == "refund":
            found += [Option(kind, row.charge_id, left) for row in subject.payments if (left := _left(conn, row))]
        elif kind == "assign":
            found += [Option(kind, row.charge_id, _amount(row)) for row in subject.payments if row.amount_minor]
        else:
            found.append(Option(kind))
    return found


def of_charge(conn: Connection, charge_id: str, kind: str) -> Finding:
    """The finding that this would correct. Raises PostingStopped if there is none: then it waits, like all posting."""
    for finding in ledger.grave(conn):
        if kind in EXPLAINED[finding.invariant].corrections and charge_id in subject_of(conn, finding).charges:
            return finding
    raise PostingStopped()


def _of_donation(conn: Connection, kind: str, name: str) -> Subject:
    asked = {
        "receipt": select(_receipt.c.donation_id).where(_receipt.c.label == name),
        "charge": select(_payment.c.donation_id).where(_payment.c.charge_id == name),
    }
    donation_id = int(name) if kind == "donation" else conn.execute(asked[kind]).scalar()
    its_own = _payment.c.charge_id == (name if kind == "charge" else None)
    rows = conn.execute(
        select(_payment).where(or_(_payment.c.donation_id == donation_id, its_own)).order_by(_payment.c.id)
    )
    return Subject(donation_id, rows.all())


def _of_entries(conn: Connection, named: Any, entry_ids: tuple[int, ...]) -> Subject:
    """The entries, and the payments they were booked for."""
    rows = conn.execute(select(_entry.c.source_type, _entry.c.source_id).where(named)).all()
    sources = frozenset((row.source_type, row.source_id) for row in rows)
    of_payments = [number for kind, number in sources if kind == "payment"]
    moved = [number for kind, number in sources if kind == "balance_transaction"]
    of_transactions = select(_transaction.c.payment_id).where(_transaction.c.number.in_(moved))
    payments = conn.execute(
        select(_payment).where(or_(_payment.c.id.in_(of_payments), _payment.c.id.in_(of_transactions)))
    ).all()
    return Subject(payments[0].donation_id if payments else None, payments, entry_ids, sources)


def _left(conn: Connection, payment: Any) -> Money | None:
    """What may still be refunded of a payment; None for nothing, or while a bank disputes it."""
    known = facts.load_of_payment(conn, payment)
    try:
        left = giving.refunds.left(conn, known)
    except NothingToRefund:
        return None
    return left if left.minor > 0 and not giving.refunds.is_disputed(known) else None


def _amount(payment: Any) -> Money:
    return Money(payment.amount_minor, payment.currency)


_payment: Table = Payment.__table__  # type: ignore[assignment]
_receipt: Table = Receipt.__table__  # type: ignore[assignment]
_offline: Table = OfflineDonation.__table__  # type: ignore[assignment]
_entry: Table = Entry.__table__  # type: ignore[assignment]
_transaction: Table = BalanceTransaction.__table__  # type: ignore[assignment]
