"""Events: made once with a snapshot of their object, listed like Stripe's.

Sending them is the work of `deliveries`.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import ids, lists, params
from .errors import no_such
from .settings import API_VERSION
from .store import Doc, public
from .world import World, caller

TYPES = frozenset((Path(__file__).parent / "event_types.txt").read_text().split())

LIST_FIELDS: params.Fields = {
    **lists.FIELDS,
    "type": params.text(),
    "types": params.listing(params.text(), most=20),
    "delivery_success": params.boolean,
}


def emit(world: World, type: str, subject: Doc, previous: dict[str, Any] | None = None) -> Doc:
    """Record that something happened to `subject`, as it is now, and plan its deliveries."""
    data: Doc = {"object": json.loads(json.dumps(public(subject)))}
    if previous is not None:
        data["previous_attributes"] = previous
    who = caller.get()
    event: Doc = {
        "id": ids.new("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": world.clock.stamp(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": who.request_id, "idempotency_key": who.idempotency_key},
        "type": type,
    }
    return _announced(world, event)


def copied(world: World, event: Doc) -> Doc:
    """The same fact in an event of another id, as Stripe sometimes sends it."""
    copy = {key: value for key, value in event.items() if not key.startswith("_")}
    return _announced(world, {**copy, "id": ids.new("evt"), "created": world.clock.stamp()})


def elsewhere(world: World, event: Doc, changes: dict[str, Any]) -> Doc:
    """The same of another account or mode: sent here, and not to be found in our list."""
    copy = {key: value for key, value in event.items() if not key.startswith("_")}
    return _announced(world, {**copy, **changes, "id": ids.new("evt"), "_unlisted": True})


def thin(world: World, type: str, thing: str | None) -> Doc:
    """An event of Stripe's second shape, which only names what it is about."""
    written = datetime.fromtimestamp(world.clock.stamp(), UTC).isoformat().replace("+00:00", ".000Z")
    related = None if thing is None else {"id": thing, "type": "charge", "url": f"/v1/charges/{thing}"}
    event: Doc = {
        "id": ids.new("evt"),
        "object": "v2.core.event",
        "created": written,
        "livemode": False,
        "type": type,
        "related_object": related,
        "_unlisted": True,
    }
    return _announced(world, event)


def retrieve(world: World, id: str) -> Doc:
    event = world.store.get(id, "event")
    if event is None:
        raise no_such("event", id)
    return event


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    if "type" in wanted and "types" in wanted:
        raise lists.conflicting("type", "types")

    def matches(event: Doc) -> bool:
        return (
            "_unlisted" not in event
            and _type_matches(event["type"], wanted)
            and wanted.get("delivery_success", event["pending_webhooks"] == 0) == (event["pending_webhooks"] == 0)
        )

    return lists.page(world, "event", wanted, "/v1/events", matches)


def _announced(world: World, event: Doc) -> Doc:
    """Stored and sent, unless the control API wants it lost."""
    loss = _loss(world, event["type"])
    if loss and loss["forget"]:
        return event
    world.store.add(event)
    world.deliveries.plan(event)
    if loss:
        world.deliveries.drop(event)
    return event


def _loss(world: World, type: str) -> dict[str, Any] | None:
    """The order that takes this event away, used up once; None if there is none."""
    for loss in world.holds.losses:
        if loss["type"] == "*" or _type_matches(type, loss):
            loss["times"] -= 1
            world.holds.losses = [each for each in world.holds.losses if each["times"] > 0]
            return loss
    return None


def _type_matches(type: str, wanted: dict[str, Any]) -> bool:
    if "types" in wanted:
        return type in wanted["types"]
    asked = wanted.get("type", type)
    return type == asked or (asked.endswith(".*") and type.startswith(asked[:-1]))
