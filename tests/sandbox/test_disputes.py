"""Disputes, inquiries and early fraud warnings: what they take, what comes back, and who is told."""

from typing import Any

import pytest
import stripe

from .money import balance_is_the_sum, booked, gift, money, raised, since
from .processes import Running

WITHDRAWN = (-10000, 2000, "adjustment", "dispute")
GIVEN_BACK = (10000, 0, "adjustment", "dispute_reversal")


def dispute_of(sandbox: Running, charge: str) -> Any:
    return sandbox.v1.disputes.list({"charge": charge}).data[0]


@pytest.mark.parametrize(
    ("card", "reason"),
    [("4000000000000259", "fraudulent"), ("pm_card_createDisputeProductNotReceived", "product_not_received")],
)
def test_a_test_card_is_disputed_and_the_money_goes(sandbox: Running, card: str, reason: str) -> None:
    charge = gift(sandbox, card=card)

    dispute = dispute_of(sandbox, charge)

    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 10000)
    assert [(each.amount, each.fee, each.net) for each in dispute.balance_transactions] == [(-10000, 2000, -12000)]
    assert booked(sandbox)[1:] == [WITHDRAWN]
    assert sandbox.types()[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert sandbox.v1.charges.retrieve(charge).disputed is True
    assert (raised(sandbox), money(sandbox)["dispute_fees"], balance_is_the_sum(sandbox)) == (0, 2000, True)


def test_an_inquiry_moves_no_money(sandbox: Running) -> None:
    charge = gift(sandbox, card="pm_card_createDisputeInquiry")

    dispute = dispute_of(sandbox, charge)

    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert (dispute.balance_transactions, len(booked(sandbox)), raised(sandbox)) == ([], 1, 10000)
    assert sandbox.v1.disputes.close(dispute.id).status == "warning_closed"


def test_an_inquiry_may_become_a_dispute(sandbox: Running) -> None:
    charge = gift(sandbox, card="pm_card_createDisputeInquiry")
    before = sandbox.types()

    sandbox.order(f"disputes/{dispute_of(sandbox, charge).id}/escalate", fee=1500)

    assert since(sandbox, before) == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    assert booked(sandbox)[1:] == [(-10000, 1500, "adjustment", "dispute")]
    assert raised(sandbox) == 0


@pytest.mark.parametrize(
    ("evidence", "status", "last", "left"),
    [
        ("winning_evidence", "won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"], 10000),
        ("losing_evidence", "lost", ["charge.dispute.closed"], 0),
    ],
)
def test_evidence_decides(sandbox: Running, evidence: str, status: str, last: list[str], left: int) -> None:
    dispute = dispute_of(sandbox, gift(sandbox, card="pm_card_createDispute"))

    sent = sandbox.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}})
    before = sandbox.types()
    sandbox.order("later/run")

    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert sandbox.v1.disputes.retrieve(dispute.id).status == status
    assert (since(sandbox, before), raised(sandbox)) == (last, left)


def test_evidence_can_be_kept_back(sandbox: Running) -> None:
    dispute = dispute_of(sandbox, gift(sandbox, card="pm_card_createDispute"))

    staged = sandbox.v1.disputes.update(
        dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": False}
    )

    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert sandbox.order("later/run")["done"] == []


def test_a_dispute_is_won_and_the_fee_may_come_back(sandbox: Running) -> None:
    opened = sandbox.order("disputes", charge=gift(sandbox))

    won = sandbox.order(f"disputes/{opened['id']}/win", fee_back=2000)

    assert won["status"] == "won"
    assert booked(sandbox)[1:] == [WITHDRAWN, (10000, -2000, "adjustment", "dispute_reversal")]
    assert (raised(sandbox), money(sandbox)["dispute_fees"], balance_is_the_sum(sandbox)) == (10000, 0, True)


def test_money_may_come_back_later_and_in_parts(sandbox: Running) -> None:
    opened = sandbox.order("disputes", charge=gift(sandbox))
    path = f"disputes/{opened['id']}"

    sandbox.order(f"{path}/win", reinstate=False)
    steps = [raised(sandbox)]
    sandbox.order(f"{path}/reinstate", amount=4000)
    steps.append(raised(sandbox))
    too_much = sandbox.order(f"{path}/reinstate", amount=6001)
    sandbox.order(f"{path}/reinstate")

    assert [*steps, raised(sandbox)] == [0, 4000, 10000]
    assert too_much["error"]["param"] == "amount"
    assert len(sandbox.v1.disputes.retrieve(opened["id"]).balance_transactions) == 3


def test_money_may_come_back_after_a_loss(sandbox: Running) -> None:
    opened = sandbox.order("disputes", charge=gift(sandbox))
    sandbox.order(f"disputes/{opened['id']}/lose")
    lost = (raised(sandbox), money(sandbox)["disputed"])

    sandbox.order(f"disputes/{opened['id']}/reinstate")

    assert lost == (0, {"lost": {"count": 1, "amount": 10000}})
    assert (raised(sandbox), booked(sandbox)[2:]) == (10000, [GIVEN_BACK])
    assert sandbox.types()[-2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]


def test_a_dispute_may_be_larger_than_what_is_left_of_the_gift(sandbox: Running) -> None:
    charge = gift(sandbox)
    sandbox.v1.refunds.create({"charge": charge, "amount": 4000})

    sandbox.order("disputes", charge=charge)

    assert booked(sandbox)[1:] == [(-4000, 0, "refund", "refund"), WITHDRAWN]
    assert raised(sandbox) == 0


def test_the_withdrawal_can_be_held_back(sandbox: Running) -> None:
    opened = sandbox.order("disputes", charge=gift(sandbox), withdraw=False, amount=2500)
    before = raised(sandbox)

    sandbox.order(f"disputes/{opened['id']}/withdraw", fee=0)
    again = sandbox.order(f"disputes/{opened['id']}/withdraw")

    assert (before, raised(sandbox)) == (10000, 7500)
    assert "already" in again["error"]["message"]


def test_a_closed_dispute_takes_no_evidence(sandbox: Running) -> None:
    dispute = dispute_of(sandbox, gift(sandbox, card="pm_card_createDispute"))
    sandbox.v1.disputes.close(dispute.id)

    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        sandbox.v1.disputes.close(dispute.id)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        sandbox.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "A. Donor"}})


@pytest.mark.parametrize("by", ["refunds", "disputes"])
def test_a_warning_is_actionable_until_the_charge_is_refunded_or_disputed(sandbox: Running, by: str) -> None:
    charge = gift(sandbox, card="4000000000005423")
    [warning] = sandbox.v1.radar.early_fraud_warnings.list({"charge": charge}).data

    sandbox.order(by, charge=charge)

    after = sandbox.v1.radar.early_fraud_warnings.retrieve(warning.id)
    assert (warning.actionable, after.actionable) == (True, False)
    assert sandbox.types()[-1] == "radar.early_fraud_warning.updated"
    assert len(booked(sandbox)) == 2


def test_a_warning_can_be_ordered(sandbox: Running) -> None:
    told = sandbox.order("early_fraud_warnings", charge=gift(sandbox), fraud_type="made_with_stolen_card")

    warning = sandbox.v1.radar.early_fraud_warnings.retrieve(told["id"])
    assert (warning.fraud_type, warning.actionable) == ("made_with_stolen_card", True)
    assert raised(sandbox) == 10000
