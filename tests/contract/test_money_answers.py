"""Journeys of money that goes back, is fought over, comes late or moves by itself: every answer and event fits."""

from typing import Any

import pytest
import stripe

from .exchange import Witnessed, logged, order, paid, told
from .exchange import session as begin
from .openapi import Contract


@pytest.fixture
def product(client: stripe.StripeClient) -> str:
    return client.v1.products.create({"name": "Fighting fund"}).id


def look(client: stripe.StripeClient) -> None:
    """Every list of what these journeys make, and every object in it, plain and expanded."""
    v1 = client.v1
    expand: Any = {"expand": ["data.charge", "data.payment_intent"]}
    for refund in v1.refunds.list({"limit": 5, "expand": ["data.balance_transaction", "data.charge"]}):
        v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction", "payment_intent"]})
    for dispute in v1.disputes.list(expand):
        v1.disputes.retrieve(dispute.id)
    for warning in v1.radar.early_fraud_warnings.list(expand):
        v1.radar.early_fraud_warnings.retrieve(warning.id)
    for charge in v1.charges.list({"expand": ["data.balance_transaction", "data.refunds"]}):
        v1.charges.retrieve(charge.id, {"expand": ["failure_balance_transaction", "payment_intent"]})
    for intent in v1.payment_intents.list({"expand": ["data.payment_method"]}):
        v1.payment_intents.retrieve(intent.id)
    for session in v1.checkout.sessions.list():
        v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    for transaction in v1.balance_transactions.list({"limit": 100, "expand": ["data.source"]}):
        v1.balance_transactions.retrieve(transaction.id)
    for payout in v1.payouts.list({"expand": ["data.balance_transaction"]}):
        v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]})
    v1.balance.retrieve()


def test_refunds_fit(client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract) -> None:
    v1 = client.v1
    charge = paid(client, sandbox_url, product)
    part = v1.refunds.create({"charge": charge, "amount": 1000, "reason": "duplicate", "metadata": {"by": "1"}})
    v1.refunds.update(part.id, {"metadata": {"by": ""}})
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.create({"charge": charge, "amount": 2001})
    order(sandbox_url, "refunds", charge=charge)
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        v1.refunds.create({"charge": charge})
    slow = v1.refunds.create({"charge": paid(client, sandbox_url, product, "pm_card_pendingRefund")})
    v1.refunds.create({"charge": paid(client, sandbox_url, product, "pm_card_refundFail")})
    look(client)
    order(sandbox_url, "balance_transactions/release")
    order(sandbox_url, "later/run")
    waiting = order(sandbox_url, "refunds", charge=paid(client, sandbox_url, product), status="requires_action")
    v1.refunds.cancel(waiting["id"])
    look(client)

    assert v1.refunds.retrieve(slow.id).status == "succeeded"
    assert {"refund.created", "refund.updated", "refund.failed", "charge.refunded"} <= told(client, contract)


def test_disputes_and_warnings_fit(
    client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract
) -> None:
    v1 = client.v1
    for card in ("pm_card_createDispute", "pm_card_createDisputeProductNotReceived", "pm_card_createDisputeInquiry"):
        paid(client, sandbox_url, product, card)
    inquiry, lost, won = v1.disputes.list().data
    v1.disputes.update(won.id, {"evidence": {"uncategorized_text": "winning_evidence"}, "metadata": {"a": "b"}})
    v1.disputes.update(inquiry.id, {"evidence": {"customer_name": "A. Donor"}, "submit": False})
    v1.disputes.close(lost.id)
    order(sandbox_url, f"disputes/{inquiry.id}/escalate")
    order(sandbox_url, f"disputes/{inquiry.id}/become", status="appeal_under_review")
    order(sandbox_url, "later/run")
    warned = paid(client, sandbox_url, product, "4000000000005423")
    look(client)
    v1.refunds.create({"charge": warned})
    look(client)

    assert v1.disputes.retrieve(won.id).status == "won"
    assert told(client, contract) >= {
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
    }


@pytest.mark.parametrize(("currency", "accounts"), [("gbp", "bacs"), ("eur", "sepa")])
def test_bank_debits_fit(
    client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract, currency: str, accounts: str
) -> None:
    good = paid(client, sandbox_url, product, f"{accounts}_success", currency=currency)
    paid(client, sandbox_url, product, f"{accounts}_failure", currency=currency)
    paid(client, sandbox_url, product, f"{accounts}_dispute", currency=currency)
    client.v1.refunds.create({"charge": good, "amount": 100})
    look(client)
    order(sandbox_url, "balance_transactions/release")
    order(sandbox_url, "later/run")
    client.v1.refunds.create({"charge": good, "amount": 100})
    order(sandbox_url, "balance_transactions/release")
    order(sandbox_url, f"charges/{good}/fail", failure_code="insufficient_funds")
    look(client)

    assert told(client, contract) >= {
        "payment_intent.processing",
        "charge.pending",
        "charge.failed",
        "charge.succeeded",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "charge.dispute.closed",
    }


def test_converted_payments_fit(
    client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract
) -> None:
    order(sandbox_url, "rates", currency="usd", rate="0.784")
    order(sandbox_url, "rates", currency="usd", rate="0.791", **{"for": "refund"})
    charge = paid(client, sandbox_url, product, currency="usd")
    client.v1.refunds.create({"charge": charge, "amount": 1500})
    order(sandbox_url, "disputes", charge=charge)
    order(sandbox_url, "balance_transactions/release")
    look(client)

    assert client.v1.charges.retrieve(charge, {"expand": ["balance_transaction"]}).balance_transaction
    assert "charge.dispute.funds_withdrawn" in told(client, contract)


def test_movements_and_payouts_fit(
    client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract
) -> None:
    v1 = client.v1
    for _ in range(3):
        paid(client, sandbox_url, product, "pm_card_bypassPending")
    order(sandbox_url, "balance_transactions/release")
    for kind in ("stripe_fee", "tax_fee", "reserve_hold", "reserve_release", "topup", "topup_reversal", "adjustment"):
        order(sandbox_url, "movements", kind=kind, amount=100)
    v1.payouts.create({"amount": 500, "currency": "gbp", "metadata": {"a": "b"}})
    with pytest.raises(stripe.InvalidRequestError, match="insufficient funds"):
        v1.payouts.create({"amount": 10**6, "currency": "gbp"})
    first = order(sandbox_url, "payouts", to="paid", reconcile=True)
    order(sandbox_url, f"payouts/{first['id']}/advance", to="failed")
    second = order(sandbox_url, "payouts", to="in_transit")
    canceled = order(sandbox_url, "movements", kind="topup", amount=300) and v1.payouts.create(
        {"amount": 200, "currency": "gbp"}
    )
    v1.payouts.cancel(canceled.id)
    v1.balance_transactions.list({"payout": second["id"], "limit": 100})
    with pytest.raises(stripe.InvalidRequestError, match="not manual"):
        v1.balance_transactions.list({"payout": canceled.id})
    look(client)

    assert told(client, contract) >= {
        f"payout.{end}" for end in "created updated paid failed canceled reconciliation_completed".split()
    }


def test_what_was_sent_about_money_fits_too(
    client: stripe.StripeClient, witnessed: Witnessed, product: str, sandbox_url: str, contract: Contract
) -> None:
    charge = paid(client, sandbox_url, product, "pm_card_createDisputeInquiry")
    client.v1.refunds.list({"charge": charge})
    client.v1.disputes.list({"charge": charge, "created": {"gte": 1}})
    client.v1.payouts.list({"status": "paid", "arrival_date": {"lte": 1}})

    assert contract.check_log(logged(sandbox_url)) == witnessed.checked


def test_money_that_is_only_held_fits(
    client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract
) -> None:
    sessions = [begin(client, product).id for _ in range(3)]
    whole, part, given_up = (order(sandbox_url, "pay", session=each, hold=True)["charge"] for each in sessions)
    look(client)
    order(sandbox_url, f"charges/{whole}/capture")
    order(sandbox_url, f"charges/{part}/capture", amount=1000)
    order(sandbox_url, f"charges/{given_up}/release", expired=True)
    promised = begin(client, product)
    intent = order(sandbox_url, f"sessions/{promised.id}/promise")["payment_intent"]
    look(client)
    order(sandbox_url, f"payment_intents/{intent}/cancel")
    look(client)

    assert {"charge.captured", "charge.expired", "payment_intent.canceled"} <= told(client, contract)


def test_a_payout_that_is_taken_back_fits(
    client: stripe.StripeClient, product: str, sandbox_url: str, contract: Contract
) -> None:
    paid(client, sandbox_url, product, "pm_card_bypassPending")
    order(sandbox_url, "balance_transactions/release")
    out = order(sandbox_url, "payouts", to="paid", reconcile=True, destination="ba_another")["id"]
    back = order(sandbox_url, f"payouts/{out}/reverse")["id"]
    look(client)

    assert client.v1.payouts.retrieve(out).reversed_by == back
    assert "payout.created" in told(client, contract)
