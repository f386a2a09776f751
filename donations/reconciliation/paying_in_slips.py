"""Paying-in slips: cash and cheques put together, taken to the bank, and waited for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from donations import facts, giving, ledger
from donations.bookkeeping import offline_donations as entries
from donations.errors import AlreadyDone, MatchedBefore, PayingInSlipDiffers
from donations.extensions import db
from donations.models import BankAccount, OfflineDonation, PayingInSlip
from donations.money import Money


def pay_in(
    conn: Connection, account: BankAccount, ids: Sequence[int], expected: Money, *, count: int, on: date,
    number: str, actor: str, at: datetime,
) -> PayingInSlip:  # fmt: skip
    """Take accepted cash and cheques to the bank on one paying-in slip: row 10. `expected` and `count` are what the
    treasurer wrote on the paper. Raises PayingInSlipDiffers if the donations add up to something else, AlreadyDone if
    one of them is on a paying-in slip already or not accepted, MatchedBefore if a line shows that one has bounced; then
    nothing is written."""
    donations = db.session.scalars(
        select(OfflineDonation).where(OfflineDonation.id.in_(ids)).order_by(OfflineDonation.id).with_for_update()
    ).all()
    if len(donations) != len(set(ids)) or any(
        offline.paying_in_slip_id or offline.state != "accepted" for offline in donations
    ):
        raise AlreadyDone()
    if any(giving.offline_donations.standing_of(conn, offline.id).lost for offline in donations):
        raise MatchedBefore()  # One of them has bounced: there is nothing to take to the bank.
    sums = [offline.donation.amount for offline in donations]
    if (
        count != len(donations)
        or {one.currency for one in sums} != {expected.currency}
        or expected.minor != sum(one.minor for one in sums)
    ):
        found = sum(one.minor for one in sums)
        raise PayingInSlipDiffers(count=len(donations), total=Money(found, expected.currency))
    slip = PayingInSlip(
        number=number or None, bank_account_id=account.id, expected_count=count, expected_minor=expected.minor,
        currency=expected.currency, paid_in_on=on, made_by=actor, made_at=at,
    )  # fmt: skip
    db.session.add(slip)
    db.session.flush()
    for offline in donations:
        offline.paying_in_slip_id = slip.id
    db.session.flush()
    book(conn, slip, at=at)
    return slip


def book_again(conn: Connection, paying_in_slip_id: int, *, at: datetime) -> None:
    """Converge the ledger on a paying-in slip, because a donation on it is for another fund now."""
    book(conn, db.session.get_one(PayingInSlip, paying_in_slip_id), at=at)


def short_by(conn: Connection, paying_in_slip_id: int) -> int:
    """What the bank has not credited of a paying-in slip yet, in minor units."""
    return int(conn.execute(_SHORT, {"of_ref": f"slip:{paying_in_slip_id}"}).scalar_one())


def book(conn: Connection, slip: PayingInSlip, *, at: datetime) -> None:
    """Converge the ledger on what was paid in with a paying-in slip."""
    house = facts.load_house(conn)
    zone = ZoneInfo(house.timezone)
    assert slip.paid_in_on is not None
    held = [(method, fund, int(minor)) for method, fund, minor in conn.execute(_HELD, {"of_slip": slip.id})]
    paid_in_at = datetime.combine(slip.paid_in_on, time(12), tzinfo=zone)
    ledger.converge(
        conn,
        ("slip", slip.id),
        entries.entry_of_paying_in_slip(slip.ref, held, slip.currency, paid_in_at),
        at=at,
        day_of=lambda moment: moment.astimezone(zone).date(),
        closed_until=house.closed_until,
        actor="treasury",
    )


_HELD = text(
    "SELECT g.method, a.fund_id, sum(a.amount_minor) FROM offline_donation g"
    " JOIN allocation a ON a.donation_id = g.donation_id WHERE g.paying_in_slip_id = :of_slip"
    " GROUP BY g.method, a.fund_id ORDER BY g.method, a.fund_id"
)
_SHORT = text("SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE account = 1030 AND clear_ref = :of_ref")
