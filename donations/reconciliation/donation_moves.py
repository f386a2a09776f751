"""Donations that were meant for another fund, found by any number of theirs and moved with everything that was entered
for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from donations import giving
from donations.errors import NothingToDecide
from donations.extensions import db
from donations.models import Donation, Fund, OfflineDonation, Payment, Receipt, StrayPayment
from donations.reconciliation import paying_in_slips, statement_line_entries


@dataclass(frozen=True, slots=True)
class Found:
    """What a number names: the charge of a donation by card, or an offline donation; neither, if it names none."""

    charge_id: str | None = None
    offline_donation_id: int | None = None


def find(number: str) -> Found:
    """What a charge, a receipt or our reference names."""
    donation_id = db.session.scalar(
        select(Donation.id)
        .outerjoin(Receipt, Receipt.donation_id == Donation.id)
        .where(or_(Donation.reference == number.lower(), Receipt.label == number.upper()))
    )
    offline_donation_id = db.session.scalar(
        select(OfflineDonation.id).where(OfflineDonation.donation_id == donation_id)
    )
    if offline_donation_id is not None:
        return Found(offline_donation_id=offline_donation_id)
    of_donation = select(Payment.charge_id).where(
        Payment.donation_id == donation_id,
        Payment.amount_minor.is_not(None),
        Payment.id.not_in(select(StrayPayment.payment_id)),
    )
    if donation_id is None:
        return Found(charge_id=number)
    return Found(charge_id=db.session.scalar(of_donation.order_by(Payment.id).limit(1)))


def move(conn: Connection, number: str, fund: Fund, *, reason: str, actor: str, at: datetime) -> None:
    """Move the donation that `number` names (a charge, a receipt, our reference) to a fund. Raises NothingToDecide if
    it names none, NotToBeCorrected for one that was cancelled."""
    found = find(number)
    if found.offline_donation_id is not None:
        move_offline(conn, found.offline_donation_id, fund, at=at)
    elif found.charge_id is not None:
        giving.assign(conn, found.charge_id, fund, reason=reason, actor=actor, at=at)
    else:
        raise NothingToDecide(charge=number, fund=fund.slug)


def move_offline(conn: Connection, offline_donation_id: int, fund: Fund, *, at: datetime) -> None:
    """A donation in cash, by cheque or by bank: its own entry, its paying-in slip's and its statement lines' follow."""
    giving.offline_donations.move(conn, offline_donation_id, fund, at=at)
    for kind in statement_line_entries.OF_A_DONATION:
        statement_line_entries.book_matched(conn, kind, str(offline_donation_id), at=at)
    paying_in_slip_id = db.session.scalar(
        select(OfflineDonation.paying_in_slip_id).where(OfflineDonation.id == offline_donation_id)
    )
    if paying_in_slip_id is not None:
        paying_in_slips.book_again(conn, paying_in_slip_id, at=at)
        statement_line_entries.book_matched(conn, "slip", str(paying_in_slip_id), at=at)
