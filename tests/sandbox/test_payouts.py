"""What Stripe books by itself, and payouts: their members, their ways, and lists that are wrong on purpose."""

from typing import Any

import pytest
import stripe

from .money import balance_is_the_sum, booked, gift, money, since
from .processes import Running, running


@pytest.fixture
def funded(sandbox: Running) -> Running:
    """Row 6 of the ledger: 98.30 and 29.38 are available, and Stripe has taken a fee of 0.20."""
    gift(sandbox, 10000, "pm_card_bypassPending")
    sandbox.order("fees/next", fee=62)
    gift(sandbox, 3000, "pm_card_bypassPending")
    sandbox.order("movements", kind="stripe_fee", amount=20)
    return sandbox


def members(sandbox: Running, payout: str) -> list[int]:
    found = sandbox.v1.balance_transactions.list({"payout": payout, "limit": 100})
    return [each.net for each in found if each.type != "payout"]


@pytest.mark.parametrize(
    ("kind", "amount", "booking"),
    [
        ("stripe_fee", 650, (-650, 0, "stripe_fee", "fee")),
        ("tax_fee", 130, (-130, 0, "tax_fee", "tax")),
        ("topup", 5000, (5000, 0, "topup", "topup")),
        ("topup_reversal", 5000, (-5000, 0, "topup_reversal", "topup_reversal")),
        ("adjustment", -42, (-42, 0, "adjustment", "other_adjustment")),
        ("unknown", 777, (777, 0, "moonlight_settlement", "moonlight_settlement")),
    ],
)
def test_stripe_books_by_itself_and_sends_no_event(sandbox: Running, kind: str, amount: int, booking: Any) -> None:
    sandbox.order("movements", kind=kind, amount=amount)

    assert booked(sandbox) == [booking]
    assert sandbox.types() == []
    assert sandbox.v1.balance_transactions.list().data[0].source is None
    assert balance_is_the_sum(sandbox)


def test_any_type_and_category_can_be_booked(sandbox: Running) -> None:
    sandbox.order("movements", kind="adjustment", amount=-9, type="stripe_fx_fee", reporting_category="network_cost")

    assert booked(sandbox) == [(-9, 0, "stripe_fx_fee", "network_cost")]


def test_a_reserve_leaves_one_balance_and_enters_the_other(sandbox: Running) -> None:
    sandbox.order("movements", kind="reserve_hold", amount=3000)
    held = money(sandbox)["balance"]
    sandbox.order("movements", kind="reserve_release", amount=1000)
    sandbox.order("movements", kind="reserve_release", amount=2000, paired=False)

    found = sandbox.v1.balance_transactions.list({"limit": 10}).data
    assert held == {"available": -3000, "pending": 0, "reserved": 3000}
    assert money(sandbox)["balance"] == {"available": 0, "pending": 0, "reserved": 2000}
    assert {each.reporting_category for each in found} == {"risk_reserved_funds"}
    assert balance_is_the_sum(sandbox)


def test_an_automatic_payout_is_the_sum_of_its_members(funded: Running) -> None:
    before = funded.types()
    payout = funded.order("payouts", reconcile=True, to="paid")

    found = funded.v1.payouts.retrieve(payout["id"])
    assert (found.amount, found.status, found.automatic) == (12748, "paid", True)
    assert found.trace_id.value
    assert members(funded, found.id) == [-20, 2938, 9830]
    assert since(funded, before) == ["payout.created", "payout.reconciliation_completed", "payout.paid"]
    assert money(funded)["balance"] == {"available": 0, "pending": 0, "reserved": 0}
    assert money(funded)["payouts"] == {"paid": {"count": 1, "amount": 12748}}


def test_what_is_pending_is_not_paid_out(funded: Running) -> None:
    gift(funded, 5000)
    funded.order("payouts")
    nothing = funded.order("payouts")

    funded.order("balance_transactions/available")
    second = funded.order("payouts")

    assert "nothing to pay out" in nothing["error"]["message"]
    assert second["amount"] == 4905


def test_the_list_is_complete_only_when_reconciled(funded: Running) -> None:
    payout = funded.order("payouts")
    before = members(funded, payout["id"])

    funded.order(f"payouts/{payout['id']}/reconcile")

    assert (payout["reconciliation_status"], before) == ("in_progress", [9830])
    assert members(funded, payout["id"]) == [-20, 2938, 9830]
    assert funded.types()[-1] == "payout.reconciliation_completed"


def test_a_paid_payout_may_fail_and_its_members_are_unpaid_again(funded: Running) -> None:
    first = funded.order("payouts", reconcile=True, to="paid")
    funded.order(f"payouts/{first['id']}/advance", to="failed", failure_code="no_account")

    second = funded.order("payouts", reconcile=True)

    failed = funded.v1.payouts.retrieve(first["id"], {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_code, failed.failure_balance_transaction.net) == (
        "failed",
        "no_account",
        12748,
    )
    assert (members(funded, first["id"]), members(funded, second["id"])) == ([12748], [-20, 2938, 9830])
    assert booked(funded, type="payout_failure") == [(12748, 0, "payout_failure", "payout_reversal")]
    assert balance_is_the_sum(funded)


def test_the_returned_sum_may_be_paid_out_as_one_instead(funded: Running) -> None:
    first = funded.order("payouts", reconcile=True, to="paid")
    funded.order(f"payouts/{first['id']}/advance", to="failed", keep_members=True)

    second = funded.order("payouts", reconcile=True)

    assert members(funded, first["id"]) == [-20, 2938, 9830]
    assert members(funded, second["id"]) == [12748]


def test_a_manual_payout_does_not_tell_its_members(funded: Running) -> None:
    payout = funded.v1.payouts.create({"amount": 5000, "currency": "gbp"})

    with pytest.raises(stripe.InvalidRequestError, match="not manual"):
        members(funded, payout.id)
    assert (payout.automatic, payout.reconciliation_status) == (False, "not_applicable")
    assert funded.order("payouts")["amount"] == 7748
    assert balance_is_the_sum(funded)


def test_a_manual_payout_can_be_canceled_while_it_waits(funded: Running) -> None:
    payout = funded.v1.payouts.create({"amount": 5000, "currency": "gbp"})

    assert funded.v1.payouts.cancel(payout.id).status == "canceled"
    assert money(funded)["balance"]["available"] == 12748
    with pytest.raises(stripe.InvalidRequestError):
        funded.v1.payouts.cancel(payout.id)


def test_a_negative_balance_is_taken_from_the_bank(sandbox: Running) -> None:
    sandbox.order("movements", kind="stripe_fee", amount=650)

    payout = sandbox.order("payouts", reconcile=True, to="paid")

    assert (payout["amount"], money(sandbox)["balance"]["available"]) == (-650, 0)
    with pytest.raises(stripe.InvalidRequestError, match="auto-debits"):
        members(sandbox, payout["id"])


def test_a_list_can_be_wrong_on_purpose(funded: Running) -> None:
    payout = funded.order("payouts", reconcile=True)
    fee, *_, gift_of_100 = reversed(payout["members"])
    path = f"payouts/{payout['id']}/list"

    funded.order(path, hide=gift_of_100)
    hidden = members(funded, payout["id"])
    funded.order(path, repeat=fee)
    repeated = members(funded, payout["id"])
    funded.order(path)

    assert (hidden, repeated) == ([-20, 2938], [-20, -20, 2938, 9830])
    assert members(funded, payout["id"]) == [-20, 2938, 9830]


@pytest.mark.parametrize(("to", "next"), [("canceled", "paid"), ("failed", "paid"), ("paid", "canceled")])
def test_a_payout_takes_no_step_that_stripe_does_not_make(funded: Running, to: str, next: str) -> None:
    payout = funded.order("payouts", to=to)

    answer = funded.order(f"payouts/{payout['id']}/advance", to=next)

    assert "cannot become" in answer["error"]["message"]


def test_payouts_are_listed_by_state_and_arrival(funded: Running) -> None:
    payout = funded.order("payouts", to="in_transit")
    arrival = funded.v1.payouts.retrieve(payout["id"]).arrival_date

    assert [each.id for each in funded.v1.payouts.list({"status": "in_transit"})] == [payout["id"]]
    assert funded.v1.payouts.list({"status": "paid"}).data == []
    assert len(funded.v1.payouts.list({"arrival_date": {"gte": arrival}}).data) == 1
    assert funded.v1.payouts.list({"arrival_date": {"gt": arrival}}).data == []


def test_a_schedule_pays_out_by_itself() -> None:
    with running(payout_every_seconds=3600, later_seconds=0) as sandbox:
        gift(sandbox, 10000, "pm_card_bypassPending")

        sandbox.order("clock/advance", seconds=3601)
        while "payout.paid" not in sandbox.types():
            sandbox.order("deliveries/wait", seconds=0)

        [payout] = sandbox.v1.payouts.list().data
        assert (payout.amount, payout.status, payout.reconciliation_status) == (9830, "paid", "completed")
