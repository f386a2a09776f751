"""One thing of every kind of the to-do list, planted as it comes about, or as a fault somewhere else would leave it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from donations import approvals, facts, ledger, privacy
from donations.bookkeeping import Line, Wanted
from donations.database import write_unit
from donations.extensions import db
from donations.models import (
    Appeal,
    Area,
    BankAccount,
    BranchReturn,
    Correction,
    Dispute,
    FraudWarning,
    Job,
    Mail,
    OfflineDonation,
    OfflineRequest,
    Payment,
    Period,
    PeriodSignature,
    ReceiptSeries,
    Refund,
    RefundAttempt,
    Restoration,
    StatementLine,
    StatementLineQuestion,
    StripeEvent,
)
from donations.models.base import new_id
from donations.money import Money
from donations.reconciliation import paying_in_slips
from donations.reconciliation.matches import Said
from donations.staff import changes
from tests.events import a_charge, a_transaction, hear
from tests.factories import NOON, a_donation, gbp
from tests.reconciliation.steps import TODAY, a_bank_account, a_gift, a_line, accepted, banked, match
from tests.reconciliation.test_classification import an_unknown_transaction, booked, classify, fund_id
from tests.reconciliation.test_payment_requests import adjust, ask_for, two_must_approve
from tests.reconciliation.test_payouts import hear_payout

LATER = NOON + timedelta(days=40)


def a_rule_to_approve() -> None:
    with write_unit():
        asked = approvals.Asked("k", 2, Money(0, "GBP"), "the meeting")
        approvals.ask(asked, actor="ada", at=NOON)


def a_staff_change() -> None:
    with write_unit() as conn:
        changes.ask_invitation(conn, "new@example.org", ["auditor"], language="en", by="cli:test", at=NOON)


def a_correction() -> None:
    add(
        Correction(
            form_key="k", kind="recalculate", invariant="I10", subject="fund:1", figure="1", said="stored 1, posted 2",
            reason="agreed", state="requested", requested_by="tara", requested_at=NOON,
        )
    )  # fmt: skip


def add(*rows: Any) -> None:
    with write_unit():
        db.session.add_all(rows)


def a_payment(minor: int = 2000, *, reference: bool = True) -> Payment:
    """A card payment that succeeded, with or without a reference of ours."""
    told = None
    if reference:
        with write_unit():
            told = a_donation(Appeal.any_by_slug("hands-off-ali"), Money(minor, "GBP")).reference
    charge = a_charge(told, Money(minor, "GBP"))
    hear(charge)
    return db.session.query(Payment).filter(Payment.charge_id == charge.charge_id).one()


def a_dispute(**more: Any) -> None:
    said = {"status": "needs_response", "reason": "fraudulent", "created_at": NOON, "said_at": NOON} | more
    add(Dispute(id="dp_1", payment_id=a_payment().id, amount_minor=2000, currency="GBP", **said))


def a_warning() -> None:
    add(FraudWarning(id="issfr_1", payment_id=a_payment().id, fraud_type="card", actionable=True, created_at=NOON))


def an_event() -> None:
    add(StripeEvent(id="evt_1", type="charge.succeeded", created_at=NOON, received_at=NOON, state="parked"))


def a_mail(state: str = "parked") -> None:
    add(Mail(id=1, kind="alarm", dedupe_key="k", recipient_sealed=privacy.seal("a@example.org", "mail:k"),
             language="en", facts={}, state=state, created_at=NOON))  # fmt: skip


def a_locked_request() -> None:
    add(OfflineRequest(id=1, email_sealed=b"sealed elsewhere", language="en", asked_at=NOON))


def a_restore() -> None:
    """Only what it leaves behind: who looks stays signed in."""
    with write_unit():
        series = ReceiptSeries(prefix="R2345")
        db.session.add(series)
        db.session.flush()
        db.session.add(Restoration(copied_at=NOON, restored_at=NOON, series_id=series.id))


def an_estimate() -> None:
    with write_unit():
        a_donation(Appeal.any_by_slug("hands-off-ali"), purpose_estimated=True)


def unlinked() -> None:
    booked(a_transaction(None, Money(-500, "GBP"), 0, reporting_category="refund"))


def overdrawn() -> None:
    accepted(1000)
    line = a_line(a_bank_account(), -5000)
    gift = db.session.query(OfflineDonation).one().id
    match(line, Said("charge", -5000, fund_id=fund_of(gift)))


def fund_of(offline_donation_id: int) -> int:
    return db.session.get_one(OfflineDonation, offline_donation_id).donation.allocations[0].fund_id


def in_suspense() -> None:
    with write_unit() as conn:
        post(conn, 1110, 300)


def post(conn: Any, account: int, minor: int, ref: str | None = None) -> None:
    """An entry of the suspense fund that no rule would make, as a fault somewhere else would leave it."""
    fund = facts.load_house(conn).suspense_fund_id
    sign = -1 if account == 2020 else 1
    lines = (Line(account, fund, "GBP", sign * minor, ref), Line(1100, fund, "GBP", -sign * minor))
    ledger.converge(
        conn, ("test", new_id()), [Wanted(f"test:{new_id()}", "test", NOON, lines)], at=NOON,
        day_of=lambda at: at.date(), closed_until=None,
    )  # fmt: skip


def a_rest(account: int, ref: str) -> Callable[[], None]:
    def plant() -> None:
        with write_unit() as conn:
            post(conn, account, 300, ref)

    return plant


def owed() -> None:
    a_rest(2020, a_payment().charge_id)()


def a_payout_with_a_remainder() -> None:
    hear_payout(5000)
    with write_unit() as conn:
        conn.execute(update(db.metadata.tables["payout"]).values(members_listed=True))


def a_slip() -> None:
    gift, account = accepted(5000), a_bank_account("Slips")
    with write_unit() as conn:
        at_bank = db.session.get_one(BankAccount, account)
        told = {"count": 1, "on": TODAY, "number": "7", "actor": "tara", "at": NOON}
        paying_in_slips.pay_in(conn, at_bank, [gift], gbp("50.00"), **told)


def add_branch_return() -> None:
    area = db.session.scalars(select(Area).limit(1)).one()
    add(BranchReturn(id=5, area_id=area.id, state="new", method="cash", from_on=TODAY, to_on=TODAY,
                     lines={"stall": 300}, amount_minor=300, currency="GBP", personal_until=TODAY, language="en",
                     form_key="k", sent_at=NOON))  # fmt: skip


def an_unidentified_line() -> None:
    match(a_line(a_bank_account(), 3333), Said("unidentified", 3333))


def a_line_in_doubt() -> None:
    line_id = a_line(a_bank_account(), 3000)
    with write_unit():
        statement_id = db.session.get_one(StatementLine, line_id).statement_id
        db.session.add(StatementLineQuestion(id=1, statement_line_id=line_id, statement_id=statement_id, position=2,
            reason="twin", booked_on=TODAY, amount_minor=3000, currency="GBP", personal_until=TODAY, dedupe_key=b"x",
            state="open"))  # fmt: skip


def a_refund_attempt() -> None:
    add(RefundAttempt(form_key="k", reference="r", payment_id=a_payment().id, amount_minor=500, currency="GBP",
                      reason="duplicate", note="", state="asked", tries=1, requested_by="tara",
                      requested_at=NOON))  # fmt: skip


def a_refund_waiting() -> None:
    payment = a_payment()
    add(Refund(id="re_1", payment_id=payment.id, amount_minor=500, currency="GBP", status="requires_action",
               created_at=NOON))  # fmt: skip


def a_payment_request() -> None:
    banked(80000)
    ask_for(5000)


def an_adjustment() -> None:
    account = banked(80000)
    two_must_approve()
    adjust("transfer", 5000, other_fund_id=fund_id("general"), bank_account_id=account)


def a_decision() -> None:
    two_must_approve()
    classify(an_unknown_transaction())


def a_period() -> None:
    add(Period(id=9, starts_on=TODAY, ends_on=TODAY, state="open"))
    add(PeriodSignature(period_id=9, act="close", actor="tara", at=NOON))


def a_job() -> None:
    add(Job(name="movements", due_at=NOON, memory={}, last_run_at=NOON, last_error="PaymentServiceDown"))


PLANTED: dict[str, Callable[[], Any]] = {
    "dispute": a_dispute,
    "warning": a_warning,
    "event": an_event,
    "movement": an_unknown_transaction,
    "unlinked": unlinked,
    "receipt": lambda: a_payment(reference=False),
    "unidentified": an_unidentified_line,
    "estimated": an_estimate,
    "refund": owed,
    "refund_attempt": a_refund_attempt,
    "refund_waiting": a_refund_waiting,
    "overdrawn": overdrawn,
    "suspense": in_suspense,
    "payout": lambda: hear_payout(5000),
    "payout_rest": a_payout_with_a_remainder,
    "slip": a_slip,
    "line": lambda: a_line(a_bank_account(), 3000),
    "same_line": a_line_in_doubt,
    "gift": a_payment,
    "settlement": a_rest(1105, "re_1"),
    "withheld": a_rest(1130, "du_1"),
    "transit": a_rest(1040, "txn_1"),
    "pay_in": add_branch_return,
    "cash": lambda: a_gift(2500),
    "to_pay_in": lambda: accepted(2500),
    "expected": lambda: a_gift(3000, "bank"),
    "disbursement": a_payment_request,
    "adjustment": an_adjustment,
    "classification": a_decision,
    "cure": a_correction,
    "approval_rule": a_rule_to_approve,
    "staff_change": a_staff_change,
    "period": a_period,
    "mail": a_mail,
    "held_mail": lambda: a_mail("held"),
    "locked_mail": lambda: a_mail("locked"),
    "locked_request": a_locked_request,
    "restored": a_restore,
    "job": a_job,
}
