"""Charges: the document of one, and finding them. What makes them succeed or fail is in `payments` and `debits`."""

from typing import Any

from . import defaults, ids, lists, params
from .errors import no_such
from .store import Doc
from .world import World

LIST_FIELDS: params.Fields = {
    **lists.FIELDS,
    "customer": params.text(),
    "payment_intent": params.text(),
    "transfer_group": params.text(),
}
PASSED_ON = ("amount", "currency", "customer", "description", "receipt_email", "statement_descriptor")


def retrieve(world: World, id: str, *, param: str = "charge", status: int = 404) -> Doc:
    """Raises ApiError; `status` 400 where a parameter names the charge."""
    charge = world.store.get(id, "charge")
    if charge is None:
        raise no_such("charge", id, param, status=status)
    return charge


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = lists.only(wanted, "customer", "payment_intent", "transfer_group")
    return lists.page(world, "charge", wanted, "/v1/charges", matches)


def document(
    world: World,
    intent: Doc,
    method: Doc,
    status: str,
    *,
    details: Doc,
    outcome: Doc,
    failure: tuple[str, str] | None = None,
) -> Doc:
    """A charge of the intent in `status`, not yet stored. `failure`: its code and message."""
    id = ids.new("ch" if method["type"] == "card" else "py")
    code, message = failure or (None, None)
    return {
        **defaults.charge(),
        **{name: intent[name] for name in PASSED_ON},
        "id": id,
        "amount_captured": 0 if failure else intent["amount"],
        "billing_details": {**method["billing_details"], "tax_id": None},
        "calculated_statement_descriptor": world.settings.organisation.upper()[:22],
        "captured": not failure,
        "created": world.clock.stamp(),
        "failure_code": code,
        "failure_message": message,
        # A snapshot: later changes of the intent's metadata do not reach the charge.
        "metadata": dict(intent["metadata"]),
        "outcome": outcome,
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": details,
        "receipt_url": f"{world.base_url}/receipts/{id}" if status == "succeeded" else None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
    }
