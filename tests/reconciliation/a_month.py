"""A month in which a bit of everything happened, posted by the application's own rules: for statements and exports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from donations import facts, giving
from donations.database import write_unit
from donations.extensions import db
from donations.facts import Charge, Dispute, Refund
from donations.models import Appeal, Fund
from donations.money import Money
from donations.reconciliation import adjustments, payment_requests
from tests.events import a_charge, a_transaction, hear, new_id
from tests.factories import NOON, a_donation, gbp
from tests.reconciliation.steps import TODAY, a_bank_account, accepted

LAST_MONTH = NOON - timedelta(days=30)


def fund_id(slug: str) -> int:
    return db.session.query(Fund).filter(Fund.slug == slug).one().id


def general() -> int:
    return db.session.query(Fund).filter(Fund.kind == "general").one().id


def happen(account_name: str = "Current") -> None:
    """Ali's fund: 500.00 at the bank when the ledger began and a donation of 100.00, fee 1.70, before this month; in it
    cash of 250.00, a refund of 40.00, a payment of 300.00 sent and one of 50.00 approved, 30.00 transferred to the
    general fund. Its family's: 20.00 of 30.00 lost in a dispute with the other part's 10.00. In euros: 12.34."""
    account = a_bank_account(account_name)
    opening = {"kind": "opening", "fund_id": fund_id("ali"), "on": LAST_MONTH.date(), "bank_account_id": account}
    adjust("opening", gbp("500.00"), **opening)
    whole = a_gift({"ali": 10000}, fee=170, at=LAST_MONTH)
    accepted(25000)
    refunded(whole, gbp("40.00"))
    disbursed("sent", gbp("300.00"), send=True)
    disbursed("promised", gbp("50.00"), send=False)
    transfer = {"kind": "transfer", "fund_id": fund_id("ali"), "on": TODAY, "bank_account_id": account}
    adjust("transfer", gbp("30.00"), **transfer, other_fund_id=general())
    lost(a_gift({"ali-family": 2000, "sakharovo": 1000}, fee=62))
    a_gift({"ali": 1234}, fee=41, currency="EUR")


def a_gift(split: dict[str, int], *, fee: int, currency: str = "GBP", at: Any = NOON) -> Charge:
    amount = Money(sum(split.values()), currency)
    with write_unit():
        given = {"split": split} if len(split) > 1 else {}
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), amount, **given).reference
    charge = a_charge(reference, amount, at=at)
    hear(charge)
    hear(a_transaction(charge.charge_id, amount, fee, at=at))
    return charge


def refunded(charge: Charge, amount: Money) -> None:
    refund = Refund(new_id("re"), charge.charge_id, amount, "succeeded", NOON)
    with write_unit() as conn:
        known = facts.record_refund(conn, refund, at=NOON)
        assert known is not None
        giving.settle(conn, known, at=NOON)
    hear(a_transaction(charge.charge_id, -amount, 0, type="refund", reporting_category="refund"))


def lost(charge: Charge) -> None:
    dispute_id = new_id("dp")
    taken = a_transaction(charge.charge_id, -charge.amount, 2000, type="adjustment", reporting_category="dispute")
    taken = replace(taken, source_id=dispute_id)
    dispute = Dispute(
        id=dispute_id, charge_id=charge.charge_id, amount=charge.amount, status="lost", reason="fraudulent",
        created_at=NOON, said_at=NOON, closed_at=NOON, transactions=(taken,),
    )  # fmt: skip
    with write_unit() as conn:
        giving.settle(conn, facts.record_dispute(conn, dispute, at=NOON), at=NOON)


def disbursed(key: str, amount: Money, *, send: bool) -> None:
    with write_unit() as conn:
        fund = db.session.query(Fund).filter(Fund.slug == "ali").one()
        asked = payment_requests.Asked(key, amount, "lawyer", "Maya Example 12345678")
        wanted = payment_requests.request(conn, fund, asked, actor="tara", at=NOON).id
    with write_unit() as conn:
        payment_requests.approve(conn, wanted, actor="theo", staff_id=None, at=NOON)
    if send:
        with write_unit() as conn:
            payment_requests.send(conn, wanted, at=NOON)


def adjust(key: str, amount: Money, **said: Any) -> None:
    with write_unit() as conn:
        asked = adjustments.Asked(form_key=key, amount=amount, reason="so it was", authority="the committee", **said)
        adjustments.ask(conn, asked, actor="tara", at=NOON)
