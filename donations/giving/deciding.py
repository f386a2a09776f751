"""A treasurer's decision: this payment belongs to that fund. It is a fact like any other, and the books follow it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import facts, privacy, totals
from donations.appeals import wordings
from donations.errors import NothingToDecide
from donations.extensions import db
from donations.giving.gifts import terms_of
from donations.giving.settling import settle
from donations.models import Allocation, Appeal, Donation, Fund, Organisation, Payment
from donations.models.base import new_reference


def assign(conn: Connection, charge_id: str, fund: Fund, *, reason: str, actor: str, at: datetime) -> None:
    """Give a payment to a fund: one without a reference of ours becomes a gift; a gift that was meant for another fund
    moves there, its entries with it. Raises NothingToDecide if no such charge is known or the fund is no appeal's."""
    told = select(Payment.id).where(Payment.charge_id == charge_id, Payment.amount_minor.is_not(None))
    if fund.appeal_id is None or db.session.scalar(told) is None:  # Of some charges only a refund or so is known.
        raise NothingToDecide(charge=charge_id, fund=fund.slug)
    known = facts.lock_root(conn, charge_id, at=at)
    if known.row.donation_id is None:
        _adopt(known, fund, at=at)
    else:
        _move(conn, known.row.donation_id, fund, at=at)
    facts.record_decision(conn, known.row.id, fund.id, reason=reason, actor=actor, at=at)
    settle(conn, facts.lock_root(conn, charge_id, at=at), at=at)


def _adopt(known: facts.Known, fund: Fund, *, at: datetime) -> None:
    """Make the donation that nobody began here: no name, no address, the terms of today."""
    payment, organisation = known.row, Organisation.get()
    appeal = db.session.get_one(Appeal, fund.appeal_id)
    donation = Donation(
        reference=new_reference(),
        appeal_id=appeal.id,
        source="card",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        language=organisation.default_language,
        fee_bearer=appeal.fee_bearer,
        wording_id=wordings.version_at(appeal.id, payment.charged_at or at),
        terms=terms_of(organisation, appeal, [fund], organisation.default_language),
        donor_id=new_reference(),
        personal_until=privacy.donor_data_until(organisation.day_of(at)),
        created_at=at,
        allocations=[Allocation(fund_id=fund.id, amount_minor=payment.amount_minor)],
    )
    db.session.add(donation)
    db.session.flush()
    db.session.get_one(Payment, payment.id).donation_id = donation.id
    db.session.flush()


def _move(conn: Connection, donation_id: int, fund: Fund, *, at: datetime) -> None:
    """A gift that moves to another appeal is counted there from now on."""
    donation = db.session.get_one(Donation, donation_id, with_for_update={"key_share": True})
    if donation.appeal_id == fund.appeal_id:
        return
    if donation.counted_in is not None:
        totals.apply(conn, [], counted={(donation.appeal_id, donation.counted_in): -1}, homes={}, at=at)
    assert fund.appeal_id is not None
    wording_id = wordings.version_at(fund.appeal_id, donation.created_at)
    donation.appeal_id, donation.wording_id, donation.counted_in = fund.appeal_id, wording_id, None
    db.session.flush()
