"""Balance transactions and the balance: what a payment brings after the fee, and when."""

from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from . import events, ids, listing, params
from .currencies import convert
from .errors import no_such
from .store import Doc
from .world import World

AVAILABLE_AFTER_SECONDS = 7 * 24 * 3600
LIST_FIELDS: params.Fields = {
    **listing.FIELDS,
    "currency": params.currency,
    "payout": params.text(),
    "source": params.text(),
    "type": params.text(),
}


def settle(world: World, charge: Doc) -> None:
    """Give a new charge its balance transaction.

    With it, a while after it, or when the control API says so.
    """
    delay_seconds = world.settings.bt_delay_seconds
    if world.holds.balance_transactions:
        charge["_bt"] = "held"
    elif delay_seconds <= 0:
        _attach(world, charge)
    else:
        charge["_bt"] = world.clock.now() + delay_seconds
        world.timetable.at(charge["_bt"], partial(_fill_now, world, charge["id"]))


def fill(world: World, charge: Doc) -> None:
    """Fill in what was late, and say so with `charge.updated`. Does nothing the second time."""
    if charge["status"] == "succeeded" and charge["balance_transaction"] is None:
        _attach(world, charge)
        world.store.save(charge)
        events.emit(world, "charge.updated", charge, {"balance_transaction": None})


def late(world: World) -> list[Doc]:
    """The succeeded charges that still wait for their balance transaction, in order."""
    return [
        charge
        for charge in world.store.oldest_first("charge")
        if charge["status"] == "succeeded" and charge["balance_transaction"] is None
    ]


def resume(world: World) -> None:
    """After a restart: put back on the timetable what the state says is still to come."""
    for charge in late(world):
        if charge.get("_bt") != "held":
            world.timetable.at(float(charge.get("_bt", 0)), partial(_fill_now, world, charge["id"]))
    for transaction in world.store.oldest_first("balance_transaction"):
        if transaction["status"] == "pending":
            _await_availability(world, transaction)


def settlement(world: World, amount: int, currency: str) -> tuple[int, str, Decimal | None]:
    """What an amount comes to in the account's books.

    Minor units, currency, and the rate if it was converted.
    """
    rate = world.settings.rates.get(currency)
    if rate is None or currency == world.settings.currency:
        return amount, currency, None
    return convert(amount, currency, world.settings.currency, rate), world.settings.currency, rate


def retrieve_transaction(world: World, id: str) -> Doc:
    transaction = world.store.get(id, "balance_transaction")
    if transaction is None:
        raise no_such("balance transaction", id)
    return transaction


def listed_transactions(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = listing.only(wanted, "currency", "source", "type")
    payout = wanted.get("payout")
    return listing.page(
        world,
        "balance_transaction",
        wanted,
        "/v1/balance_transactions",
        lambda doc: matches(doc) and payout in (None, doc.get("_payout")),
    )


def retrieve(world: World) -> Doc:
    """The balance: the sum of all balance transactions, by currency."""
    return {
        "object": "balance",
        "available": _amounts(world, "available"),
        "connect_reserved": [],
        "livemode": False,
        "pending": _amounts(world, "pending"),
    }


def _fill_now(world: World, charge_id: str) -> None:
    with world.change():
        charge = world.store.get(charge_id, "charge")
        if charge is not None:
            fill(world, charge)


def _attach(world: World, charge: Doc) -> None:
    amount, currency, rate = settlement(world, charge["amount"], charge["currency"])
    fee = _fee(world, amount)
    now = world.clock.stamp()
    at_once = charge.get("_available_at_once", False)
    transaction: Doc = {
        "id": ids.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now if at_once else now + AVAILABLE_AFTER_SECONDS,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": charge["description"],
        "exchange_rate": None if rate is None else float(rate),
        "fee": fee,
        "fee_details": [
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ],
        "net": amount - fee,
        "reporting_category": "charge",
        "source": charge["id"],
        "status": "available" if at_once else "pending",
        "type": "charge",
    }
    world.store.add(transaction)
    charge["balance_transaction"] = transaction["id"]
    if not at_once:
        _await_availability(world, transaction)


def _fee(world: World, amount: int) -> int:
    """The rule, rounded half up; or the exact fee set for the next charge, used once."""
    exact, world.holds.next_fee_minor = world.holds.next_fee_minor, None
    if exact is not None:
        return exact
    share = Decimal(amount) * world.settings.fee_percent / 100
    return int(share.quantize(Decimal(1), ROUND_HALF_UP)) + world.settings.fee_fixed_minor


def _await_availability(world: World, transaction: Doc) -> None:
    world.timetable.at(transaction["available_on"], partial(_make_available, world, transaction["id"]))


def _make_available(world: World, transaction_id: str) -> None:
    with world.change():
        transaction = world.store.get(transaction_id, "balance_transaction")
        if transaction is not None:
            transaction["status"] = "available"
            world.store.save(transaction)


def _amounts(world: World, status: str) -> list[Doc]:
    sums = {world.settings.currency: 0}
    for transaction in world.store.oldest_first("balance_transaction"):
        sums.setdefault(transaction["currency"], 0)
        if transaction["status"] == status:
            sums[transaction["currency"]] += transaction["net"]
    return [
        {"amount": total, "currency": currency, "source_types": {"card": total}} for currency, total in sums.items()
    ]
