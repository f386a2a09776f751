"""Disputes and inquiries: their money, and their way from the first word to the last.

Which sequence Stripe sends is in its documentation: created (perhaps an inquiry, without money), funds_withdrawn,
updated, closed, and funds_reinstated, which may come before or after closed, in part, or even after a loss.
"""

from typing import Any

from . import charges, conversion, dispute_documents, events, fraud_warnings, lists, params, timers, transactions
from .errors import ApiError, no_such
from .store import Doc
from .world import World

LIST_FIELDS: params.Fields = {**lists.FIELDS, "charge": params.text(), "payment_intent": params.text()}
UPDATE_FIELDS: params.Fields = {
    "evidence": dispute_documents.evidence_sent,
    "intended_submission_method": params.absent,
    "metadata": params.metadata,
    "submit": params.boolean,
}
REASONS = (
    "bank_cannot_process",
    "credit_not_processed",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "insufficient_funds",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
STATUSES = (
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "needs_response",
    "under_review",
    "won",
    "lost",
    "prevented",
    "appeal_needs_response",
    "appeal_under_review",
)
OVER = ("warning_closed", "won", "lost", "prevented")


def open(
    world: World,
    charge: Doc,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    inquiry: bool = False,
    fee: int | None = None,
    withdraw_now: bool = True,
) -> Doc:
    """A dispute of `amount` in the charge's currency, even above what is left of it. Raises ApiError.

    An inquiry moves no money; otherwise `withdraw_now=False` leaves the withdrawal to a later order.
    """
    if charge["status"] == "failed":
        raise ApiError(f"Charge {charge['id']} failed: there is nothing to dispute.", param="charge")
    dispute = dispute_documents.new(world, charge, amount or charge["amount"], reason, inquiry=inquiry)
    world.store.add(dispute)
    charge["disputed"] = True
    world.store.save(charge)
    events.emit(world, "charge.dispute.created", dispute)
    if not inquiry and withdraw_now:
        withdraw(world, dispute, fee)
    fraud_warnings.settled(world, charge)
    return dispute


def withdraw(world: World, dispute: Doc, fee: int | None = None) -> Doc:
    """Take the money, and the fee with it in the same balance transaction (net = amount - fee)."""
    if any(each["reporting_category"] == "dispute" for each in _booked(world, dispute)):
        raise ApiError(f"The funds of {dispute['id']} have been withdrawn already.")
    amount, currency, rate = conversion.settlement(world, dispute["amount"], dispute["currency"], "dispute")
    transaction = transactions.book(
        world,
        -amount,
        currency,
        "adjustment",
        "dispute",
        source=dispute["id"],
        description=f"Chargeback withdrawal for {dispute['charge']}",
        fee=world.settings.dispute_fee_minor if fee is None else fee,
        fee_name="Dispute fee",
        rate=rate,
    )
    return _moved(world, dispute, transaction, "charge.dispute.funds_withdrawn")


def reinstate(world: World, dispute: Doc, amount: int | None = None, fee_back: int = 0) -> Doc:
    """Give money back: all that is still withheld, or `amount` in the settlement currency. Raises ApiError."""
    booked = _booked(world, dispute)
    withheld = -sum(each["amount"] for each in booked)
    if withheld <= 0 or (amount is not None and not 0 < amount <= withheld):
        raise ApiError(f"Of {dispute['id']} {withheld} is withheld; no more can be reinstated.", param="amount")
    back, rate = (withheld if amount is None else amount), booked[0]["exchange_rate"]
    if (
        amount is None
        and rate is not None
        and conversion.own_rate(world, dispute["currency"], "dispute_reversal") is not None
    ):
        back, _, rate = conversion.settlement(world, dispute["amount"], dispute["currency"], "dispute_reversal")
    transaction = transactions.book(
        world,
        back,
        booked[0]["currency"],
        "adjustment",
        "dispute_reversal",
        source=dispute["id"],
        description=f"Chargeback reversal for {dispute['charge']}",
        fee=-fee_back,
        fee_name="Dispute fee refund",
        rate=rate,
    )
    return _moved(world, dispute, transaction, "charge.dispute.funds_reinstated")


def escalate(world: World, dispute: Doc, fee: int | None = None) -> Doc:
    """An inquiry becomes a dispute, and the money goes. Raises ApiError for what is no open inquiry."""
    if dispute["status"] not in ("warning_needs_response", "warning_under_review"):
        raise ApiError(f"{dispute['id']} is {dispute['status']}, not an open inquiry.")
    become(world, dispute, "needs_response")
    return withdraw(world, dispute, fee)


def become(world: World, dispute: Doc, status: str) -> Doc:
    """Another status, without money: `charge.dispute.closed` if it is the last word, else `.updated`."""
    previous = {"status": dispute["status"]}
    dispute["status"] = status
    dispute["is_charge_refundable"] = dispute_documents.refundable(world, dispute)
    world.store.save(dispute)
    type = "charge.dispute.closed" if status in OVER else "charge.dispute.updated"
    events.emit(world, type, current(world, dispute), previous)
    return dispute


def retrieve(world: World, id: str) -> Doc:
    dispute = world.store.get(id, "dispute")
    if dispute is None:
        raise no_such("dispute", id, "dispute")
    return current(world, dispute)


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    page = lists.page(world, "dispute", wanted, "/v1/disputes", lists.only(wanted, "charge", "payment_intent"))
    return {**page, "data": [current(world, dispute) for dispute in page["data"]]}


def update(world: World, id: str, sent: dict[str, Any]) -> Doc:
    """Evidence, submitted unless `submit` is false, decides: `winning_evidence` wins, `losing_evidence` loses."""
    dispute = retrieve(world, id)
    given = params.checked(sent, UPDATE_FIELDS)
    if dispute["status"] in OVER:
        raise ApiError("This dispute is already closed.")
    if "metadata" in given:
        cleared = sent["metadata"] == ""
        dispute["metadata"] = {} if cleared else params.merged(dispute["metadata"], given["metadata"])
    status = dispute["status"]
    dispute["evidence"].update(given.get("evidence", {}))
    dispute["evidence_details"]["has_evidence"] = any(
        value for name, value in dispute["evidence"].items() if name != "enhanced_evidence"
    )
    if "evidence" in given and given.get("submit", True):
        dispute_documents.submit(dispute)
        timers.plan(world, world.settings.later_seconds, "dispute.decide", id)
    world.store.save(dispute)
    previous = {"status": status} if status != dispute["status"] else {}
    events.emit(world, "charge.dispute.updated", dispute, previous)
    return dispute


def close(world: World, id: str) -> Doc:
    """Give in. Raises ApiError if it is over."""
    dispute = retrieve(world, id)
    if dispute["status"] in OVER:
        raise ApiError("This dispute is already closed.")
    return become(world, dispute, "warning_closed" if dispute["status"].startswith("warning") else "lost")


@timers.action("dispute.decide")
def decide(world: World, id: str) -> None:
    dispute = retrieve(world, id)
    text = dispute["evidence"]["uncategorized_text"] or ""
    if dispute["status"] in OVER or text not in ("winning_evidence", "losing_evidence"):
        return
    if dispute["status"].startswith("warning"):
        become(world, dispute, "warning_closed")
    elif text == "winning_evidence":
        become(world, dispute, "won")
        reinstate(world, dispute)
    else:
        become(world, dispute, "lost")


def current(world: World, dispute: Doc) -> Doc:
    """The dispute with its balance transactions as they are now."""
    dispute["balance_transactions"] = [dispute_documents.shown(each) for each in _booked(world, dispute)]
    return dispute


def of_charge(world: World, id: str) -> Doc:
    return charges.retrieve(world, id, status=400)


def _booked(world: World, dispute: Doc) -> list[Doc]:
    return [world.store.known(id) for id in dispute["_transactions"]]


def _moved(world: World, dispute: Doc, transaction: Doc, type: str) -> Doc:
    dispute["_transactions"].append(transaction["id"])
    world.store.save(current(world, dispute))
    events.emit(world, type, dispute)
    return dispute
