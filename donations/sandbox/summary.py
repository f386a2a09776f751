"""What the sandbox can swear to: the money that came and went, to be compared with the books of the app.

It only reads.
"""

from typing import Any

from . import balance, expected_totals
from .store import Doc
from .transactions import sums
from .world import World

INQUIRIES = ("warning_needs_response", "warning_under_review", "warning_closed")
SETTLED = ("won", "lost", "prevented")
FEES = {"charge": "fees", "dispute": "dispute_fees", "dispute_reversal": "dispute_fees"}
OWN_FEES = ("fee", "tax", "network_cost")


def summary(world: World) -> dict[str, Any]:
    """Succeeded charges and their totals by currency, in minor units.

    All else by currency under `money`; the balance; what is held; deliveries by state.
    """
    sessions = {each["payment_intent"]: each["id"] for each in world.store.oldest_first("checkout.session")}
    sure = expected_totals.by_charge(world)
    charges = [
        _charge(world, charge, sessions.get(charge["payment_intent"]), sure.get(charge["id"], ("", None))[1])
        for charge in world.store.oldest_first("charge")
        if charge["status"] == "succeeded" and charge["captured"]
    ]
    booked = world.store.oldest_first("balance_transaction")
    settled = sums((each for each in booked if each["balance_type"] == "payments"), "amount", "fee", "net")
    return {
        "charges": charges,
        "charged": sums(charges, "amount"),
        "settled": {code: {"gross": total.pop("amount"), **total} for code, total in settled.items()},
        "money": money(world),
        "balance": balance.retrieve(world),
        "without_balance_transaction": len(balance.late(world)),
        "held": {
            "deliveries": world.deliveries.held,
            "balance_transactions": world.holds.balance_transactions,
            "next_fee": world.holds.next_fee_minor,
            "losses": world.holds.losses,
        },
        "deliveries": world.deliveries.states(),
        "objects": world.store.counts(),
        "faults": world.holds.faults,
        "now": world.clock.now(),
    }


def money(world: World) -> dict[str, dict[str, Any]]:
    """By currency. Charged, refunded and disputed are in the currency of the charge; all below in that of the books."""
    told: dict[str, dict[str, Any]] = {}
    for name, kind in (("charged", "charge"), ("refunded", "refund"), ("disputed", "dispute"), ("payouts", "payout")):
        for doc in world.store.oldest_first(kind):
            place = _place(doc)
            if place:
                kept = _of(told, doc["currency"]).setdefault(name, {}).setdefault(place, {"count": 0, "amount": 0})
                kept["count"] += 1
                kept["amount"] += doc["amount"]
    for transaction in world.store.oldest_first("balance_transaction"):
        _book(_of(told, transaction["currency"]), transaction)
    for code, total in expected_totals.totals(world).items():
        _of(told, code).update(total)
    return told


def _of(told: dict[str, dict[str, Any]], currency: str) -> dict[str, Any]:
    nothing: dict[str, Any] = {"charged": {}, "refunded": {}, "disputed": {}, "payouts": {}}
    numbers = dict.fromkeys(("fees", "dispute_fees", "account_fees", "raised", "raised_without_reference"), 0)
    balances = dict.fromkeys(("available", "pending", "reserved"), 0)
    return told.setdefault(currency, {**nothing, **numbers, "net": {}, "balance": balances})


def _place(doc: Doc) -> str:
    """Under which word a document is counted; "" if under none."""
    status = str(doc["status"])
    if doc["object"] == "dispute":
        if status in INQUIRIES:
            return "inquiry"
        return status if status in SETTLED else "open"
    if doc["object"] == "charge" and status == "succeeded" and not doc["captured"]:
        return "held"
    return status


def _book(kept: dict[str, Any], transaction: Doc) -> None:
    category = transaction["reporting_category"]
    reserve = transaction["balance_type"] != "payments"
    kept["balance"]["reserved" if reserve else transaction["status"]] += transaction["net"]
    if reserve:
        return
    kept["net"][category] = kept["net"].get(category, 0) + transaction["net"]
    kept[FEES.get(category, "account_fees")] += transaction["fee"]
    if category in OWN_FEES:
        kept["account_fees"] -= transaction["amount"]


def _charge(world: World, charge: Doc, session_id: str | None, raised_minor: int | None) -> Doc:
    transaction = world.store.get(charge["balance_transaction"] or "") or {}
    return {
        "id": charge["id"],
        "session": session_id,
        **{name: charge[name] for name in ("payment_intent", "currency", "created", "metadata")},
        "amount": charge["amount_captured"],
        "amount_refunded": charge["amount_refunded"],
        "disputed": charge["disputed"],
        "balance_transaction": charge["balance_transaction"],
        "settled_amount": transaction.get("amount"),
        "settled_currency": transaction.get("currency"),
        "fee": transaction.get("fee"),
        "net": transaction.get("net"),
        "raised": raised_minor,
    }
