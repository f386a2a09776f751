"""Early fraud warnings: the card's network suspects a charge. No money moves by them."""

from typing import Any

from . import events, ids, lists, params
from .errors import no_such
from .store import Doc
from .world import World

KIND = "radar.early_fraud_warning"
FRAUD_TYPES = (
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
)
LIST_FIELDS: params.Fields = {**lists.FIELDS, "charge": params.text(), "payment_intent": params.text()}


def warn(world: World, charge: Doc, fraud_type: str = "misc") -> Doc:
    warning: Doc = {
        "id": ids.new("issfr"),
        "object": KIND,
        "actionable": not charge["refunded"] and not charge["disputed"],
        "charge": charge["id"],
        "created": world.clock.stamp(),
        "fraud_type": fraud_type,
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    world.store.add(warning)
    events.emit(world, f"{KIND}.created", warning)
    return warning


def settled(world: World, charge: Doc) -> None:
    """The charge was refunded or disputed: nothing is left to be done about its warnings."""
    for warning in world.store.oldest_first(KIND):
        if warning["charge"] == charge["id"] and warning["actionable"]:
            warning["actionable"] = False
            world.store.save(warning)
            events.emit(world, f"{KIND}.updated", warning, {"actionable": True})


def retrieve(world: World, id: str) -> Doc:
    warning = world.store.get(id, KIND)
    if warning is None:
        raise no_such("early fraud warning", id, "early_fraud_warning")
    return warning


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = lists.only(wanted, "charge", "payment_intent")
    return lists.page(world, KIND, wanted, "/v1/radar/early_fraud_warnings", matches)
