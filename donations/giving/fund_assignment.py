"""A treasurer's decision: this payment belongs to that fund. The decision is a fact like any other, and the ledger
follows it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import facts, privacy, receipts, totals
from donations.appeals import wordings
from donations.errors import NothingToDecide
from donations.extensions import db
from donations.giving.settlement import settle
from donations.giving.terms import terms_of
from donations.models import Allocation, Appeal, Donation, Fund, Organisation, Payment, StrayPayment
from donations.models.base import new_reference


def assign(conn: Connection, charge_id: str, fund: Fund, *, reason: str, actor: str, at: datetime) -> None:
    """Give a payment to a fund: one without a reference of ours becomes a donation; a donation that was meant for
    another fund moves there whole, with the entries of all its payments, the wording shown and its allocation. Its
    receipt follows in receipts.UNDO_WITHIN. Raises NothingToDecide if no such charge is known or the fund is no
    appeal's."""
    known_amount = (Payment.charge_id == charge_id, Payment.amount_minor.is_not(None))
    found = db.session.execute(select(Payment.id, Payment.donation_id).where(*known_amount)).first()
    if fund.appeal_id is None or found is None:  # Of some charges only a refund or so is known.
        raise NothingToDecide(charge=charge_id, fund=fund.slug)
    is_alone = found.donation_id is None or _is_stray(found.id)
    charges = [charge_id] if is_alone else _charges_of(found.donation_id)
    # All of a donation's payments, always in this order, so that two who decide do not wait for each other in a circle.
    known = [facts.lock_root(conn, one, at=at) for one in charges]
    if is_alone:
        _adopt(known[0], fund, at=at)
        facts.stray_payments.forget(conn, found.id)
    else:
        _move(conn, found.donation_id, fund, at=at)
    for each in known:
        facts.record_decision(conn, each.row.id, fund.id, reason=reason, actor=actor, at=at)
    for one in charges:
        settle(conn, facts.lock_root(conn, one, at=at), at=at)


def _charges_of(donation_id: int) -> list[str]:
    asked = select(Payment.charge_id).where(Payment.donation_id == donation_id, Payment.amount_minor.is_not(None))
    of_its_own = asked.where(Payment.id.not_in(select(StrayPayment.payment_id)))
    return list(db.session.scalars(of_its_own.order_by(Payment.id)))


def _is_stray(payment_id: int) -> bool:
    """It carries the reference of a donation that it does not pay for, so it becomes a donation of its own."""
    return db.session.get(StrayPayment, payment_id) is not None


def _adopt(known: facts.Known, fund: Fund, *, at: datetime) -> None:
    """Create a donation that was not begun here: no name, no address, the terms of today."""
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
    donation = db.session.get_one(Donation, donation_id, with_for_update={"key_share": True})
    earmark(conn, donation, fund, at=at)
    donation.purpose_estimated = False  # A person has decided what it is for.
    live = receipts.live_of(donation_id)
    if live is not None:
        receipts.follow_purpose(conn, donation, live, at=at)


def earmark(conn: Connection, donation: Donation, fund: Fund, *, at: datetime) -> None:
    """Move a whole donation to this fund: appeal, allocation and wording, as worded today. A donation already for this
    fund keeps its wording. The settlement counts it in the other appeal. The caller holds its lock."""
    if [one.fund_id for one in donation.allocations] == [fund.id]:
        return
    appeal = db.session.get_one(Appeal, fund.appeal_id)
    if donation.appeal_id != appeal.id:
        if donation.counted_in is not None:
            totals.apply(conn, [], counted={(donation.appeal_id, donation.counted_in): -1}, homes={}, at=at)
        wording_id = wordings.version_at(appeal.id, donation.created_at)  # Both at once, or the database refuses it.
        donation.appeal_id, donation.wording_id = appeal.id, wording_id
        donation.area_id = donation.counted_in = None
    for one in donation.allocations:
        db.session.delete(one)
    db.session.flush()
    db.session.expire(donation, ["allocations"])
    donation.allocations.append(Allocation(fund_id=fund.id, amount_minor=donation.amount_minor))
    donation.terms = terms_of(Organisation.get(), appeal, [fund], donation.language)
    db.session.flush()
