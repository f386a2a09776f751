"""Balance transactions: the one place where money is booked, and how the list shows it.

Which of them a payment, a refund or a dispute brings is decided elsewhere.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from . import ids, lists, params
from .errors import ApiError, no_such
from .store import Doc
from .world import World

AVAILABLE_AFTER_SECONDS = 7 * 24 * 3600
LIST_FIELDS: params.Fields = {
    **lists.FIELDS,
    "currency": params.currency,
    "payout": params.text(),
    "source": params.text(),
    "type": params.text(),
}


def book(
    world: World,
    amount: int,
    currency: str,
    type: str,
    category: str,
    *,
    source: str | None,
    description: str | None = None,
    fee: int = 0,
    fee_name: str = "Stripe processing fees",
    rate: Decimal | float | None = None,
    available_on: int | None = None,
    balance_type: str = "payments",
) -> Doc:
    """A new balance transaction; available at once unless `available_on` lies ahead. `fee` may be negative."""
    now = world.clock.stamp()
    due = now if available_on is None else max(now, available_on)
    transaction: Doc = {
        "id": ids.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": due,
        "balance_type": balance_type,
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": None if rate is None else float(rate),
        "fee": fee,
        "fee_details": _fee_details(fee, currency, fee_name),
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "available" if due <= now else "pending",
        "type": type,
    }
    world.store.add(transaction)
    if due > now:
        _await_availability(world, transaction)
    return transaction


def retrieve(world: World, id: str) -> Doc:
    transaction = world.store.get(id, "balance_transaction")
    if transaction is None:
        raise no_such("balance transaction", id)
    return transaction


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = lists.only(wanted, "currency", "source", "type")
    payout = _payout(world, wanted["payout"]) if "payout" in wanted else None
    hidden = set(_unseen(world, payout)) if payout else set()

    def shown(doc: Doc) -> bool:
        of_payout = payout is None or (doc.get("_payout") == payout["id"] and doc["id"] not in hidden)
        return of_payout and matches(doc)

    page = lists.page(world, "balance_transaction", wanted, "/v1/balance_transactions", shown)
    repeated = payout.get("_repeated", ()) if payout else ()
    page["data"] = [doc for doc in page["data"] for _ in range(2 if doc["id"] in repeated else 1)]
    return page


def resume(world: World) -> None:
    """After a restart: what is pending becomes available at its time."""
    for transaction in world.store.oldest_first("balance_transaction"):
        if transaction["status"] == "pending":
            _await_availability(world, transaction)


def make_available(world: World, transaction_id: str) -> None:
    transaction = world.store.get(transaction_id, "balance_transaction")
    if transaction is not None and transaction["status"] == "pending":
        transaction["status"] = "available"
        world.store.save(transaction)


def sums(transactions: Iterable[Doc], *fields: str) -> dict[str, dict[str, int]]:
    """By currency: how many, and the sum of each of the fields."""
    totals: dict[str, dict[str, int]] = {}
    for transaction in transactions:
        kept = totals.setdefault(transaction["currency"], dict.fromkeys(("count", *fields), 0))
        kept["count"] += 1
        for field in fields:
            kept[field] += transaction[field]
    return totals


def _fee_details(fee: int, currency: str, name: str) -> list[Doc]:
    if not fee:
        return []
    return [{"amount": fee, "application": None, "currency": currency, "description": name, "type": "stripe_fee"}]


def _payout(world: World, id: str) -> Doc:
    """Only what an automatic payout paid out can be listed by it. Raises ApiError."""
    payout = world.store.get(id, "payout")
    if payout is None:
        raise no_such("payout", id, "payout", status=400)
    if not payout["automatic"]:
        raise ApiError(
            "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
        )
    if payout["amount"] < 0:
        raise ApiError("Balance transaction history is not supported for auto-debits.", param="payout")
    return payout


def _unseen(world: World, payout: Doc) -> list[str]:
    """The members that the list leaves out: those hidden by order, and the newer half until it is complete."""
    hidden: list[str] = list(payout.get("_hidden", ()))
    if payout["reconciliation_status"] != "in_progress":
        return hidden
    members: list[str] = payout["_members"]
    return hidden + members[len(members) // 2 :]


def _await_availability(world: World, transaction: Doc) -> None:
    world.timetable.at(transaction["available_on"], partial(_available_now, world, transaction["id"]))


def _available_now(world: World, transaction_id: str) -> None:
    with world.change():
        make_available(world, transaction_id)
