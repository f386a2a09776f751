"""Paying a fund's money on to its purpose: asked for by one person, approved by others, sent, and found in the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import approvals, facts, ledger, privacy
from donations.bookkeeping import payment_requests as entries
from donations.errors import AlreadyDone, NeedsAnother, ReasonNeeded, SentBefore
from donations.extensions import db
from donations.models import Approval, BankAccount, Fund, PaymentRequest
from donations.money import Money
from donations.reconciliation import fund_availability


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: what for, to whom. `form_key` is made by the form, so that it is asked once. `payee_staff_id` where
    the payee is one of the staff. Evidence is a file kept by its SHA-256. `bank_account_id` is what it is paid from;
    None: the only account in this currency, or any of several."""

    form_key: str
    amount: Money
    purpose: str
    payee: str
    payee_staff_id: int | None = None
    evidence_name: str | None = None
    evidence_sha256: str | None = None
    evidence_type: str | None = None
    bank_account_id: int | None = None


def request(conn: Connection, fund: Fund, asked: Asked, *, actor: str, at: datetime) -> PaymentRequest:
    """Create a payment request, or return the one the same form created. Raises NotEnoughInFund, NotInTheBank,
    and SentBefore if the form asks for something else now."""
    known = db.session.scalar(select(PaymentRequest).where(PaymentRequest.form_key == asked.form_key))
    if known is not None:
        if (known.fund_id, Money(known.amount_minor, known.currency), known.purpose) != (
            fund.id,
            asked.amount,
            asked.purpose,
        ):
            raise SentBefore()
        return known
    account_id = asked.bank_account_id or _only_account(asked.amount.currency)
    fund_availability.check(conn, fund.id, asked.amount, account_id)
    row = PaymentRequest(
        form_key=asked.form_key,
        fund_id=fund.id,
        amount_minor=asked.amount.minor,
        currency=asked.amount.currency,
        purpose=asked.purpose,
        payee_sealed=privacy.seal(asked.payee, f"disbursement:{asked.form_key}:payee"),
        payee_masked=masked(asked.payee),
        payee_staff_id=asked.payee_staff_id,
        bank_account_id=account_id,
        evidence_name=asked.evidence_name,
        evidence_sha256=asked.evidence_sha256,
        evidence_type=asked.evidence_type,
        approvals_required=approvals.required(asked.amount),
        state="requested",
        requested_by=actor,
        requested_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def approve(
    conn: Connection, payment_request_id: int, *, actor: str, staff_id: int | None, at: datetime
) -> PaymentRequest:
    """Approve a request. The last approval needed makes it owed, row 13. Raises NeedsAnother for the requester, the
    payee and earlier approvers, AlreadyDone if it waits for no approval, NotEnoughInFund or NotInTheBank if the fund
    was spent since."""
    row = _lock(payment_request_id)
    if row.state != "requested":
        raise AlreadyDone()
    is_payee = row.payee_staff_id is not None and row.payee_staff_id == staff_id
    if is_payee:
        raise NeedsAnother()
    approvals.check_second(row.requested_by, *(one.actor for one in row.approvals), by=actor, at=at)
    db.session.add(Approval(payment_request_id=row.id, actor=actor, verdict="yes", at=at))
    db.session.flush()
    db.session.refresh(row, ["approvals"])
    if len(row.approvals) >= row.approvals_required:
        fund_availability.check(conn, row.fund_id, Money(row.amount_minor, row.currency), row.bank_account_id)
        row.state, row.approved_at = "approved", at
        db.session.flush()
        book(conn, row, at=at)
    return row


def refuse(conn: Connection, payment_request_id: int, *, actor: str, at: datetime) -> PaymentRequest:
    """Say no, or take an approved one back before it is sent: what was owed is owed no more. Raises AlreadyDone."""
    row = _lock(payment_request_id)
    if row.state not in ("requested", "approved"):
        raise AlreadyDone()
    if actor != row.requested_by and all(one.actor != actor for one in row.approvals):
        db.session.add(Approval(payment_request_id=row.id, actor=actor, verdict="no", at=at))
    row.state, row.approved_at = ("cancelled" if row.approved_at or actor == row.requested_by else "refused"), None
    db.session.flush()
    book(conn, row, at=at)
    return row


def send(conn: Connection, payment_request_id: int, *, at: datetime) -> PaymentRequest:
    """Mark a request as sent to the bank: in transit until a statement line is matched to it. Raises AlreadyDone."""
    row = _lock(payment_request_id)
    if row.state != "approved":
        raise AlreadyDone()
    row.state, row.sent_at = "sent", at
    db.session.flush()
    book(conn, row, at=at)
    return row


def unsend(conn: Connection, payment_request_id: int, *, reason: str, at: datetime) -> PaymentRequest:
    """The bank did not pay it after all: it is approved and owed as before. Raises ReasonNeeded, AlreadyDone if it is
    not on its way, so also once a statement line is matched to it."""
    row = _lock(payment_request_id)
    if row.state != "sent":
        raise AlreadyDone()
    if not reason:
        raise ReasonNeeded()
    row.state, row.sent_at = "approved", None
    db.session.flush()
    book(conn, row, at=at)
    return row


def book(conn: Connection, row: PaymentRequest, *, at: datetime) -> None:
    """Converge the ledger on the row of a payment request."""
    house = facts.load_house(conn)
    zone = ZoneInfo(house.timezone)
    ledger.converge(
        conn,
        ("disbursement", row.id),
        entries.entries_of_request(row.ref, row.fund_id, row.amount_minor, row.currency, row.approved_at, row.sent_at),
        at=at,
        day_of=lambda moment: moment.astimezone(zone).date(),
        closed_until=house.closed_until,
        actor="treasury",
    )


def masked(payee: str) -> str:
    """What lists show of a payee: the first letter of each word, and the last three figures of an account."""
    words = [word[0] + "…" for word in payee.split() if not word[0].isdigit()]
    figures = "".join(letter for letter in payee if letter.isdigit())
    return " ".join([*words, f"…{figures[-3:]}"] if len(figures) > 5 else words) or "…"


def _only_account(currency: str) -> int | None:
    found = db.session.scalars(select(BankAccount.id).where(BankAccount.currency == currency).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _lock(payment_request_id: int) -> PaymentRequest:
    return db.session.get_one(PaymentRequest, payment_request_id, with_for_update=True)
