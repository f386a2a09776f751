"""Refunds: by the API, or in the Dashboard, which is the control API here; and how they fail weeks later."""

from typing import Any

from . import balance, charges, conversion, events, fraud_warnings, ids, lists, params, timers, transactions
from .errors import ApiError, no_such
from .store import Doc
from .world import World

FIELDS: params.Fields = {
    "amount": params.integer(1),
    "charge": params.text(),
    "metadata": params.metadata,
    "payment_intent": params.text(),
    "reason": params.choice("duplicate", "fraudulent", "requested_by_customer"),
    **dict.fromkeys(
        ("currency", "customer", "instructions_email", "origin", "refund_application_fee", "reverse_transfer"),
        params.absent,
    ),
}
LIST_FIELDS: params.Fields = {**lists.FIELDS, "charge": params.text(), "payment_intent": params.text()}
FAILURES = (
    "charge_for_pending_refund_disputed",
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "merchant_request",
    "unknown",
)
# While a refund waits for one of these, no money has moved.
UNMOVED = ("charge_pending", "insufficient_funds")
CHARGED_BACK = ("needs_response", "under_review", "lost")


def create(world: World, sent: dict[str, Any]) -> Doc:
    """Raises ApiError for what cannot be refunded, before anything is made."""
    given = params.checked(sent, FIELDS)
    charge = _charge_of(world, given)
    return make(world, charge, given.get("amount"), given.get("reason"), params.merged({}, given.get("metadata", {})))


def make(
    world: World,
    charge: Doc,
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
    *,
    status: str | None = None,
    pending_reason: str | None = None,
) -> Doc:
    """A refund of `amount`, or of what is left. Its events: `refund.created`, then `charge.refunded` (facts, 6)."""
    left = charge["amount"] - charge["amount_refunded"]
    _check(world, charge, amount, left)
    refund = _document(world, charge, left if amount is None else amount, reason, metadata or {})
    status, pending_reason = _first_status(charge, status, pending_reason)
    refund["status"] = status
    if status == "pending":
        refund["pending_reason"] = pending_reason
    if status != "requires_action" and refund.get("pending_reason") not in UNMOVED:
        balance.settle(world, refund)
    world.store.add(refund)
    _count(world, charge, refund["amount"])
    events.emit(world, "refund.created", refund)
    events.emit(world, "charge.refunded", charge)
    if charge["refunded"]:
        fraud_warnings.settled(world, charge)
    if charge.get("_refunds") == "failed" and status == "succeeded":
        timers.plan(world, world.settings.later_seconds, "refund.fail", refund["id"])
    elif status == "pending" and pending_reason == "processing":
        timers.plan(world, world.settings.later_seconds, "refund.succeed", refund["id"])
    return refund


def release(world: World, charge: Doc, amount: int, reason: str | None) -> Doc:
    """What is not captured is written down as a refund, although no money moves and none ever will."""
    refund = {**_document(world, charge, amount, reason, {}), "_released": True}
    world.store.add(refund)
    _count(world, charge, amount)
    events.emit(world, "refund.created", refund)
    return refund


def retrieve(world: World, id: str) -> Doc:
    refund = world.store.get(id, "refund")
    if refund is None:
        raise no_such("refund", id, "refund")
    return refund


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    return lists.page(world, "refund", wanted, "/v1/refunds", lists.only(wanted, "charge", "payment_intent"))


def update(world: World, id: str, sent: dict[str, Any]) -> Doc:
    refund = retrieve(world, id)
    given = params.checked(sent, {"metadata": params.metadata})
    if "metadata" in given:
        changed = {} if sent["metadata"] == "" else params.merged(refund["metadata"], given["metadata"])
        previous, refund["metadata"] = refund["metadata"], changed
        world.store.save(refund)
        events.emit(world, "refund.updated", refund, {"metadata": previous})
    return refund


def cancel(world: World, id: str) -> Doc:
    """Only what still waits for the donor's bank details can be canceled. Raises ApiError."""
    refund = retrieve(world, id)
    if refund["status"] != "requires_action":
        raise ApiError(f"Refund {id} cannot be canceled: its status is {refund['status']}, not requires_action.")
    return become(world, id, "canceled")


def become(
    world: World,
    id: str,
    status: str,
    failure_reason: str = "expired_or_canceled_card",
    pending_reason: str | None = None,
) -> Doc:
    """The refund's next status, with its money and its events, or what it waits for now. Raises ApiError for one that
    is over."""
    refund = retrieve(world, id)
    is_same = refund["status"] == status and refund.get("pending_reason") == pending_reason
    if refund["status"] in ("failed", "canceled") or is_same:
        raise ApiError(f"Refund {id} is {refund['status']} already.")
    previous = {"status": refund["status"], "pending_reason": refund.pop("pending_reason", None)}
    refund["status"] = status
    if status == "pending" and pending_reason:
        refund["pending_reason"] = pending_reason
    if status == "succeeded" and refund["balance_transaction"] is None and "_bt" not in refund:
        balance.settle(world, refund)
    if status in ("failed", "canceled"):
        _bounce(world, refund, failure_reason if status == "failed" else "merchant_request")
    world.store.save(refund)
    events.emit(world, "refund.updated", refund, {key: value for key, value in previous.items() if value})
    if status == "failed":
        events.emit(world, "refund.failed", refund)
    return refund


def charge_decided(world: World, charge: Doc) -> None:
    """Refunds of a pending charge go on with its success, and are canceled with its failure."""
    for refund in world.store.oldest_first("refund"):
        if refund["charge"] == charge["id"] and refund.get("pending_reason") == "charge_pending":
            become(world, refund["id"], "succeeded" if charge["status"] == "succeeded" else "canceled")


@timers.action("refund.succeed")
def succeed_if_pending(world: World, id: str) -> None:
    if retrieve(world, id)["status"] == "pending":
        become(world, id, "succeeded")


@timers.action("refund.fail")
def fail_if_alive(world: World, id: str) -> None:
    if retrieve(world, id)["status"] in ("pending", "succeeded"):
        become(world, id, "failed")


def _charge_of(world: World, given: dict[str, Any]) -> Doc:
    if "charge" in given and "payment_intent" in given:
        raise lists.conflicting("charge", "payment_intent")
    if "charge" in given:
        return charges.retrieve(world, given["charge"], status=400)
    if "payment_intent" not in given:
        raise ApiError("One of the following params should be provided for this request: payment_intent or charge.")
    intent = world.store.get(given["payment_intent"], "payment_intent")
    if intent is None:
        raise no_such("payment_intent", given["payment_intent"], "payment_intent", status=400)
    charge = world.store.get(intent["latest_charge"] or "", "charge")
    if charge is None or charge["status"] == "failed":
        raise ApiError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    return charge


def _check(world: World, charge: Doc, amount: int | None, left: int) -> None:
    id = charge["id"]
    if charge["status"] == "failed" or not charge["captured"]:
        raise ApiError(f"Charge {id} was not captured, so there is nothing to refund.", code="charge_not_refundable")
    disputed = (each for each in world.store.oldest_first("dispute") if each["charge"] == id)
    if any(each["status"] in CHARGED_BACK for each in disputed):
        raise ApiError(f"Charge {id} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left <= 0:
        raise ApiError(f"Charge {id} has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > left:
        raise ApiError(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")


def _first_status(charge: Doc, status: str | None, pending_reason: str | None) -> tuple[str, str | None]:
    """Cards: succeeded at once. Debits, and one test card: pending first. Unless ordered otherwise."""
    if charge["status"] == "pending":
        return "pending", "charge_pending"
    if status is not None:
        return status, pending_reason or "processing"
    slow = charge.get("_refunds") == "pending" or charge["id"].startswith("py_")
    return ("pending", "processing") if slow else ("succeeded", None)


def _document(world: World, charge: Doc, amount: int, reason: str | None, metadata: dict[str, str]) -> Doc:
    card = charge["payment_method_details"]["type"] == "card"
    sent_back = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    kind = charge["payment_method_details"]["type"]
    return {
        "id": ids.new("re" if card else "pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": world.clock.stamp(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"card": sent_back, "type": "card"} if card else {"type": kind},
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _count(world: World, charge: Doc, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.store.save(charge)


def _bounce(world: World, refund: Doc, reason: str) -> None:
    """The money comes back as it went, unless a rate of its own was ordered; what never went does not come."""
    refund["failure_reason"] = reason
    refund["_bounced"] = len(list(world.store.oldest_first("refund")))
    _count(world, charges.retrieve(world, refund["charge"]), -refund["amount"])
    if "_bt" in refund and refund["balance_transaction"] is None:
        balance.fill(world, refund)
    gone = world.store.get(refund["balance_transaction"] or "")
    if gone is None:
        return
    amount, rate = -gone["amount"], gone["exchange_rate"]
    if rate is not None and conversion.own_rate(world, refund["currency"], "refund_failure") is not None:
        amount, _, rate = conversion.settlement(world, refund["amount"], refund["currency"], "refund_failure")
    back = transactions.book(
        world,
        amount,
        gone["currency"],
        "refund_failure",
        "refund_failure",
        source=refund["id"],
        description=f"REFUND FAILURE ({refund['id']})",
        rate=rate,
    )
    refund["failure_balance_transaction"] = back["id"]
