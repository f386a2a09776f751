"""The balance, and when a charge or a refund gets its balance transaction: at once, late, or when ordered."""

from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from . import conversion, events, transactions
from .store import Doc
from .world import World


def settle(world: World, subject: Doc) -> None:
    """Give a new charge or refund its balance transaction.

    With it, a while after it, or when the control API says so.
    """
    delay_seconds = world.settings.bt_delay_seconds
    if world.holds.balance_transactions:
        subject["_bt"] = "held"
    elif delay_seconds <= 0:
        _attach(world, subject)
    else:
        subject["_bt"] = world.clock.now() + delay_seconds
        world.timetable.at(subject["_bt"], partial(_fill_now, world, subject["id"]))


def fill(world: World, subject: Doc) -> None:
    """Fill in what was late, and say so with `charge.updated` or `refund.updated`. Does nothing the second time."""
    if _waits(subject):
        _attach(world, subject)
        world.store.save(subject)
        events.emit(world, f"{subject['object']}.updated", subject, {"balance_transaction": None})


def forget(subject: Doc) -> None:
    """What never moved money and never will waits for nothing."""
    subject.pop("_bt", None)


def late(world: World) -> list[Doc]:
    """The charges, then the refunds, that still wait for their balance transaction, in order."""
    kinds = ("charge", "refund")
    return [subject for kind in kinds for subject in world.store.oldest_first(kind) if _waits(subject)]


def resume(world: World) -> None:
    """After a restart: put back on the timetable what the state says is still to come."""
    for subject in late(world):
        if subject["_bt"] != "held":
            world.timetable.at(float(subject["_bt"]), partial(_fill_now, world, subject["id"]))


def retrieve(world: World) -> Doc:
    """The balance: the sum of all balance transactions, by currency."""
    return {
        "object": "balance",
        "available": _amounts(world, "available"),
        "connect_reserved": [],
        "livemode": False,
        "pending": _amounts(world, "pending"),
    }


def _waits(subject: Doc) -> bool:
    return "_bt" in subject and subject["balance_transaction"] is None


def _fill_now(world: World, subject_id: str) -> None:
    with world.change():
        subject = world.store.get(subject_id)
        if subject is not None:
            fill(world, subject)


def _attach(world: World, subject: Doc) -> None:
    book = _book_charge if subject["object"] == "charge" else _book_refund
    subject["balance_transaction"] = book(world, subject)["id"]


def _book_charge(world: World, charge: Doc) -> Doc:
    amount, currency, rate = conversion.settlement(world, charge["amount_captured"], charge["currency"])
    at_once = charge.get("_available_at_once", False)
    return transactions.book(
        world,
        amount,
        currency,
        "charge" if charge["id"].startswith("ch_") else "payment",
        "charge",
        source=charge["id"],
        description=charge["description"],
        fee=_fee(world, amount),
        rate=rate,
        available_on=None if at_once else world.clock.stamp() + transactions.AVAILABLE_AFTER_SECONDS,
    )


def _book_refund(world: World, refund: Doc) -> Doc:
    """Stripe's fee is not returned. What is not yet available cannot be taken from what is."""
    amount, currency, rate = conversion.settlement(world, refund["amount"], refund["currency"], "refund")
    charge = world.store.known(refund["charge"])
    settled = world.store.get(charge["balance_transaction"] or "") or {}
    return transactions.book(
        world,
        -amount,
        currency,
        "payment_refund" if refund["id"].startswith("pyr_") else "refund",
        "refund",
        source=refund["id"],
        description=f"REFUND FOR CHARGE ({charge['description'] or charge['id']})",
        rate=rate,
        available_on=settled.get("available_on"),
    )


def _fee(world: World, amount: int) -> int:
    """The rule, rounded half up; or the exact fee set for the next charge, used once."""
    exact, world.holds.next_fee_minor = world.holds.next_fee_minor, None
    if exact is not None:
        return exact
    share = Decimal(amount) * world.settings.fee_percent / 100
    return int(share.quantize(Decimal(1), ROUND_HALF_UP)) + world.settings.fee_fixed_minor


def _amounts(world: World, status: str) -> list[Doc]:
    sums = {world.settings.currency: 0}
    for transaction in world.store.oldest_first("balance_transaction"):
        if transaction["balance_type"] == "payments":
            sums.setdefault(transaction["currency"], 0)
            if transaction["status"] == status:
                sums[transaction["currency"]] += transaction["net"]
    return [
        {"amount": total, "currency": currency, "source_types": {"card": total}} for currency, total in sums.items()
    ]
