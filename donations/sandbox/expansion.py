"""`expand`: which fields hold an id that can be shown as its object, and showing it.

Stored documents are never changed.
"""

from typing import Any

from . import lists
from .errors import ApiError
from .store import Doc, public
from .world import World

DEEPEST = 4
# What each expandable field leads to. "list:" marks lists that are left out unless asked for.
FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "checkout.session": {
        "payment_intent": ("payment_intent",),
        "customer": ("customer",),
        "subscription": ("subscription",),
        "invoice": ("invoice",),
        "line_items": ("list:item",),
    },
    "payment_intent": {
        "latest_charge": ("charge",),
        "customer": ("customer",),
        "payment_method": ("payment_method",),
    },
    "charge": {
        "balance_transaction": ("balance_transaction",),
        "customer": ("customer",),
        "payment_intent": ("payment_intent",),
        "failure_balance_transaction": ("balance_transaction",),
        "refunds": ("list:refund",),
    },
    "balance_transaction": {"source": ("charge", "refund", "dispute", "payout")},
    "refund": {
        "balance_transaction": ("balance_transaction",),
        "charge": ("charge",),
        "failure_balance_transaction": ("balance_transaction",),
        "payment_intent": ("payment_intent",),
    },
    "dispute": {"charge": ("charge",), "payment_intent": ("payment_intent",)},
    "radar.early_fraud_warning": {"charge": ("charge",), "payment_intent": ("payment_intent",)},
    "payout": {
        "balance_transaction": ("balance_transaction",),
        "failure_balance_transaction": ("balance_transaction",),
    },
    "item": {"price": ("price",)},
    "price": {"product": ("product",)},
    "product": {"default_price": ("price",)},
}


def check(paths: list[str], kind: str, *, in_list: bool) -> None:
    """Refuse a path before anything is done. Raises ApiError."""
    for number, path in enumerate(paths):
        steps = path.split(".")
        if len(steps) > DEEPEST + in_list:
            raise ApiError(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}",
                param=f"expand[{number}]",
            )
        kinds: tuple[str, ...] = (f"list:{kind}",) if in_list else (kind,)
        for step in steps:
            kinds = tuple(target for each in kinds for target in _targets(each, step))
            if not kinds:
                raise ApiError(
                    f"This property cannot be expanded ({step}). You may want to try expanding another property.",
                    param=f"expand[{number}]",
                )


def expanded(world: World, doc: Doc, paths: list[str]) -> Doc:
    """A copy for the outside, with the objects of `paths` in place of their ids."""
    shown = public(doc)
    if doc.get("object") == "list":
        below = [path.removeprefix("data.") for path in paths]
        return {**shown, "data": [expanded(world, each, below) for each in doc["data"]]}
    for first in {path.split(".")[0] for path in paths}:
        rest = [path.split(".", 1)[1] for path in paths if path.startswith(first + ".")]
        value = _value(world, doc, first)
        if value is not None:
            shown[first] = expanded(world, value, rest)
    return shown


def _targets(kind: str, step: str) -> tuple[str, ...]:
    if kind.startswith("list:"):
        return (kind.removeprefix("list:"),) if step == "data" else ()
    return FIELDS.get(kind, {}).get(step, ())


def _value(world: World, doc: Doc, field: str) -> Doc | None:
    value: Any = doc.get(field)
    if field == "line_items":
        return lists.listed(doc["_line_items"][:10], f"/v1/checkout/sessions/{doc['id']}/line_items")
    if field == "refunds":
        refunds = [each for each in world.store.newest_first("refund") if each["charge"] == doc["id"]]
        return lists.listed(refunds[:10], f"/v1/charges/{doc['id']}/refunds", has_more=len(refunds) > 10)
    if isinstance(value, str):
        return world.store.get(value)
    return value if isinstance(value, dict) else None
