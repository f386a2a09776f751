"""The public number, worked out from the facts alone: what each charge has raised, as the definition says.

Received, before fees; refunds, lost disputes and failed debits taken off, open disputes taken off while open. A
refund that bounced stays taken off: the money is owed to the donor. Refunding it again takes no more off. It is
written anew here, and shares nothing with the books of the app, so that each can prove the other wrong.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from . import conversion
from .store import Doc
from .world import World

OVER = ("failed", "canceled")
Raised = tuple[str, int]


def by_charge(world: World) -> dict[str, Raised]:
    """For each charge that ever succeeded, and whose sum is known: the currency it settled in, and what it raised."""
    refunds: dict[str, list[tuple[int, Doc]]] = {}
    for place, refund in enumerate(world.store.oldest_first("refund")):
        refunds.setdefault(refund["charge"], []).append((place, refund))
    disputes: dict[str, list[Doc]] = {}
    for dispute in world.store.oldest_first("dispute"):
        disputes.setdefault(dispute["charge"], []).append(dispute)
    found = {}
    for charge in world.store.oldest_first("charge"):
        received = _received(world, charge)
        if received is not None:
            currency, amount = received
            left = amount - _refunded(world, charge, amount, refunds.get(charge["id"], []))
            taken = sum(_withheld(world, disputes.get(charge["id"], []), left))
            failed = amount if charge["status"] == "failed" else 0
            found[charge["id"]] = (currency, left - taken - failed)
    return found


def has_reference(charge: Doc) -> bool:
    """Whether the charge says which donation it is of, and is ours; others are counted apart until somebody decides."""
    return bool(charge["metadata"].get("donation")) and not charge["on_behalf_of"]


def totals(world: World) -> dict[str, dict[str, int]]:
    """By settlement currency: raised, and what came without a reference."""
    sums: dict[str, dict[str, int]] = {}
    for id, (currency, amount) in by_charge(world).items():
        kept = sums.setdefault(currency, {"raised": 0, "raised_without_reference": 0})
        kept["raised" if has_reference(world.store.known(id)) else "raised_without_reference"] += amount
    return sums


def _received(world: World, charge: Doc) -> Raised | None:
    """None while it has not succeeded or is only held on the card, and for a converted one until its balance
    transaction tells the sum."""
    if not charge["captured"] or (charge["status"] != "succeeded" and not charge.get("_succeeded")):
        return None
    booked = world.store.get(charge["balance_transaction"] or "")
    if booked is not None:
        return booked["currency"], booked["amount"]
    if conversion.settlement_currency(world, charge["currency"]) != charge["currency"]:
        return None
    return charge["currency"], charge["amount_captured"]


def _refunded(world: World, charge: Doc, received: int, refunds: list[tuple[int, Doc]]) -> int:
    """What the refunds took off: as large a share of what was received as of what was charged."""
    booked = world.store.get(charge["balance_transaction"] or "") or {"currency": charge["currency"]}
    converted = booked["currency"] != charge["currency"]
    taken = owed = 0
    bounced: list[Doc] = []
    for place, refund in refunds:
        if refund.get("_released"):
            continue
        owed += sum(each["amount"] for each in bounced if each["_bounced"] <= place)
        bounced = [each for each in bounced if each["_bounced"] > place]
        moved = refund["balance_transaction"] is not None
        if moved or (refund["status"] not in OVER and not converted):
            again = min(owed, refund["amount"])
            owed -= again
            taken += refund["amount"] - again
        if moved and refund["status"] in OVER:
            bounced.append(refund)
    share = Decimal(received) * taken / charge["amount_captured"]
    return int(share.quantize(Decimal(1), ROUND_HALF_UP))


def _withheld(world: World, disputes: list[Doc], left: int) -> list[int]:
    """What each dispute holds back or has cost, never more than is left, less what was given back of it."""
    parts: list[int] = []
    for dispute in disputes:
        booked: list[Any] = [world.store.known(id) for id in dispute["_transactions"]]
        gone = -sum(each["amount"] for each in booked if each["reporting_category"] == "dispute")
        back = sum(each["amount"] for each in booked if each["reporting_category"] == "dispute_reversal")
        held = max(0, min(gone, left - sum(parts)))
        parts.append(held - min(back, held))
    return parts
