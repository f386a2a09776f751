"""Make donations again that a restored database has lost: exactly where Stripe was told what they are for, else by the
shares of their appeal as they are today, and then they are marked as estimated. Stripe is asked by who calls this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from donations import facts, giving, privacy
from donations.appeals import wordings
from donations.extensions import db
from donations.facts import Checkout
from donations.models import (
    Allocation,
    Appeal,
    AppealWording,
    Area,
    CheckoutAttempt,
    Donation,
    Fund,
    Installation,
    Organisation,
    Payment,
    Recovery,
)
from donations.models.base import new_reference
from donations.restoration import mark, metadata


@dataclass(frozen=True, slots=True)
class Found:
    """What Stripe knows of a payment: the metadata of its charge, and the Checkout session it was made in, if there was
    one. `known`: Stripe knows the charge."""

    metadata: Mapping[str, str]
    checkout: Checkout | None
    known: bool = True


@dataclass(frozen=True, slots=True)
class _Purpose:
    appeal: Appeal
    parts: Sequence[tuple[Fund, int]]
    wording_id: int | None
    area_id: int | None
    is_exact: bool


def lost_payments(conn: Connection, *, after: int, most: int) -> list[Any]:
    """Payments behind the number `after` that carry a reference whose donation is not here, and that were not looked
    at: id, charge_id, intent_id. One that only failed moved nothing and is left alone."""
    has_money = Payment.failed_at.is_(None) | Payment.succeeded_at.is_not(None)
    return list(
        conn.execute(
            select(Payment.id, Payment.charge_id, Payment.intent_id)
            .where(Payment.donation_id.is_(None), Payment.reference.is_not(None), Payment.charged_at.is_not(None))
            .where(has_money, Payment.id.not_in(select(Recovery.payment_id)), Payment.id > after)
            .order_by(Payment.id)
            .limit(most)
        )
    )


def recover(conn: Connection, charge_id: str, found: Found, *, at: datetime) -> Recovery:
    """Make the donation of a lost payment again, with all that follows; or keep why that is not possible: then it stays
    among the unidentified payments. The payment's reference becomes the donation's, so that its supporter's own page
    opens again."""
    known = facts.lock_root(conn, charge_id, at=at)
    payment = db.session.get_one(Payment, known.row.id, with_for_update=True)
    db.session.refresh(payment)
    said = metadata.read(found.metadata)
    reason = _refusal(payment, said, found)
    purpose = None if reason else _exact(payment, said) or _estimated(payment, found.checkout)
    outcome = "not_recovered" if purpose is None else "exact" if purpose.is_exact else "estimated"
    row = Recovery(payment_id=payment.id, outcome=outcome, at=at)
    if purpose is None:
        row.reason = reason or ("no_session" if found.checkout is None else "unknown_product")
        db.session.add(row)
        db.session.flush()
        return row
    if said.installation is not None and not _was_restored(conn, payment):
        mark.mark_restored(conn, _last_known(payment), actor="stripe", at=at)
    donation = _donation(payment, purpose, found.checkout, at)
    db.session.add(donation)
    db.session.flush()
    row.donation_id = donation.id
    db.session.add(row)
    if purpose.is_exact and found.checkout is not None:
        _learn_product(purpose.appeal, found.checkout)
    db.session.flush()
    _settle_all(conn, donation, at)
    return row


def look_again(*reasons: str) -> None:
    """Have the worker look once more at what could not be recovered, for these reasons or for any."""
    wanted = (Recovery.reason.in_(reasons),) if reasons else ()
    db.session.execute(delete(Recovery).where(Recovery.outcome == "not_recovered", *wanted))
    db.session.flush()


def _learn_product(appeal: Appeal, checkout: Checkout) -> None:
    """The product of an appeal whose first donation came after the copy was made: older donations are known by it."""
    if appeal.stripe_product_id is None and len(set(checkout.product_ids)) == 1:
        appeal.stripe_product_id = checkout.product_ids[0]
        look_again("unknown_product")


def _refusal(payment: Payment, said: metadata.Told, found: Found) -> str | None:
    if not found.known:
        return "unknown_to_stripe"
    if said.installation not in (None, Installation.get().opaque_id):
        return "other_installation"
    if said.installation is None and found.checkout is not None:
        return None if found.checkout.client_reference == payment.reference else "not_ours"
    return None


def _exact(payment: Payment, said: metadata.Told) -> _Purpose | None:
    """As Stripe was told; None if it was not, or if anything of it is not here any more."""
    if said.installation is None or sum(minor for _, minor in said.parts) != payment.amount_minor:
        return None
    funds = {fund.opaque_id: fund for fund in db.session.scalars(
        select(Fund).where(Fund.opaque_id.in_([name for name, _ in said.parts])))}  # fmt: skip
    appeals = {fund.appeal_id for fund in funds.values()}
    if len(funds) < len({name for name, _ in said.parts}) or len(appeals) != 1 or None in appeals:
        return None
    appeal = db.session.get_one(Appeal, appeals.pop())
    wording = db.session.get(AppealWording, said.wording_id) if said.wording_id is not None else None
    # A restored copy may have given the number of a lost wording to a later one.
    is_its_own = wording is not None and wording.appeal_id == appeal.id and wording.valid_from <= _begun(payment)
    area = db.session.scalar(select(Area.id).where(Area.opaque_id == said.area, Area.appeal_id == appeal.id))
    return _Purpose(
        appeal=appeal,
        parts=[(funds[name], minor) for name, minor in said.parts],
        wording_id=said.wording_id if is_its_own else wordings.version_at(appeal.id, _begun(payment)),
        area_id=area if said.area else None,
        is_exact=is_its_own or said.wording_id is None,
    )


def _estimated(payment: Payment, checkout: Checkout | None) -> _Purpose | None:
    """By the product that was paid for: each appeal has its own, and its shares of today."""
    products = checkout.product_ids if checkout is not None else ()
    appeal = db.session.scalar(select(Appeal).where(Appeal.stripe_product_id.in_(products)).limit(1))
    if appeal is None or len(set(products)) != 1 or payment.amount_minor is None:
        return None
    parts = giving.by_shares(appeal, payment.amount_minor)
    return _Purpose(appeal, parts, wordings.version_at(appeal.id, _begun(payment)), None, is_exact=False)


def _donation(payment: Payment, purpose: _Purpose, checkout: Checkout | None, at: datetime) -> Donation:
    """No name, and no address but one that was typed here and given to Stripe by us."""
    house, appeal = Organisation.get(), purpose.appeal
    language = checkout.locale if checkout and checkout.locale in house.languages else house.default_language
    wording = db.session.get(AppealWording, purpose.wording_id) if purpose.wording_id is not None else None
    reference, begun = str(payment.reference), _begun(payment)
    email = (checkout.email_from_us if checkout else None) or ""
    # A receipt does not name funds that are only estimated.
    named = [fund for fund, _ in purpose.parts] if purpose.is_exact else []
    terms = giving.terms_of(house, appeal, named, language, wording.surplus if wording else None)
    return Donation(
        reference=reference,
        appeal_id=appeal.id,
        area_id=purpose.area_id,
        source="card",
        state="pending",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        language=language,
        fee_bearer=appeal.fee_bearer,
        terms=terms,
        wording_id=purpose.wording_id,
        donor_id=new_reference(),
        email_sealed=privacy.seal(email, f"donation:{reference}:email") if email else None,
        email_hash=privacy.lookup_hash(email, "email") if email else None,
        personal_until=privacy.donor_data_until(house.day_of(begun)),
        created_at=begun,
        # Not today: its supporter's page leads to the receipt only for a while after the money came.
        settled_at=payment.succeeded_at,
        purpose_estimated=not purpose.is_exact,
        allocations=[Allocation(fund_id=fund.id, amount_minor=minor) for fund, minor in purpose.parts],
        attempts=[_attempt(reference, checkout, at)] if checkout is not None else [],
    )


def _attempt(reference: str, checkout: Checkout, at: datetime) -> CheckoutAttempt:
    return CheckoutAttempt(
        number=1,
        idempotency_key=f"donation-{reference}-recovered",  # never sent: the session is there
        session_id=checkout.id,
        state=checkout.state,
        params={},
        created_at=checkout.created_at,
        expires_at=checkout.expires_at,
        look_at=at if checkout.state == "open" else None,
    )


def _settle_all(conn: Connection, donation: Donation, at: datetime) -> None:
    """All payments that carry its reference are its own, and settled like any other; in their order, so that two who do
    so do not wait for each other in a circle."""
    its_own = (Payment.reference == donation.reference, Payment.donation_id.is_(None))
    charges = db.session.scalars(select(Payment.charge_id).where(*its_own).order_by(Payment.id)).all()
    for charge_id in charges:
        facts.lock_root(conn, charge_id, at=at)
    db.session.execute(update(Payment).where(*its_own).values(donation_id=donation.id))
    db.session.flush()
    for charge_id in charges:
        known = facts.lock_root(conn, charge_id, at=at)
        giving.settle(conn, replace(known, is_new=False), at=at)


def _begun(payment: Payment) -> datetime:
    assert payment.charged_at is not None, "only charges that are known are recovered"
    return payment.charged_at


def _was_restored(conn: Connection, payment: Payment) -> bool:
    """Whether a restore explains that the donation is not here. Without one the database was put back by other means,
    from a snapshot of the disk or by a standby that had not heard everything."""
    last = mark.latest(conn)
    return last is not None and _begun(payment) < last.restored_at


def _last_known(payment: Payment) -> datetime:
    earlier = select(Donation.created_at).where(Donation.created_at < _begun(payment))
    return db.session.scalar(earlier.order_by(Donation.created_at.desc()).limit(1)) or _begun(payment)
