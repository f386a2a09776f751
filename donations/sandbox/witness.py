"""What the sandbox can swear to: the money it took, to be compared with the books of the app.

It only reads.
"""

from typing import Any

from . import balance
from .store import Doc
from .world import World


def summary(world: World) -> dict[str, Any]:
    """Succeeded charges and their totals by currency, in minor units.

    The balance; what is held; deliveries by state.
    """
    sessions = {each["payment_intent"]: each["id"] for each in world.store.oldest_first("checkout.session")}
    charges = [
        _charge(world, charge, sessions.get(charge["payment_intent"]))
        for charge in world.store.oldest_first("charge")
        if charge["status"] == "succeeded"
    ]
    return {
        "charges": charges,
        "charged": _totals(charges, "amount", "currency"),
        "settled": _settled(world),
        "balance": balance.retrieve(world),
        "without_balance_transaction": len(balance.late(world)),
        "held": {
            "deliveries": world.deliveries.held,
            "balance_transactions": world.holds.balance_transactions,
            "next_fee": world.holds.next_fee_minor,
        },
        "deliveries": world.deliveries.states(),
        "objects": world.store.counts(),
        "faults": world.holds.faults,
        "now": world.clock.now(),
    }


def _charge(world: World, charge: Doc, session_id: str | None) -> Doc:
    transaction = world.store.get(charge["balance_transaction"] or "") or {}
    return {
        "id": charge["id"],
        "session": session_id,
        **{name: charge[name] for name in ("payment_intent", "amount", "currency", "created", "metadata")},
        "balance_transaction": charge["balance_transaction"],
        "settled_amount": transaction.get("amount"),
        "settled_currency": transaction.get("currency"),
        "fee": transaction.get("fee"),
        "net": transaction.get("net"),
    }


def _settled(world: World) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for transaction in world.store.oldest_first("balance_transaction"):
        kept = sums.setdefault(transaction["currency"], {"count": 0, "gross": 0, "fee": 0, "net": 0})
        kept["count"] += 1
        kept["gross"] += transaction["amount"]
        kept["fee"] += transaction["fee"]
        kept["net"] += transaction["net"]
    return sums


def _totals(rows: list[Doc], amount: str, currency: str) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        kept = sums.setdefault(row[currency], {"count": 0, "amount": 0})
        kept["count"] += 1
        kept["amount"] += row[amount]
    return sums
