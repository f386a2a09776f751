"""Customers: made by the API or by a payment."""

from typing import Any

from . import events, ids, lists, params
from .errors import no_such
from .store import Doc
from .world import World

ADDRESS = params.mapping(
    {name: params.text() for name in ("city", "country", "line1", "line2", "postal_code", "state")}
)
FIELDS: params.Fields = {
    "address": params.unsettable(ADDRESS),
    "description": params.unsettable(params.text()),
    "email": params.unsettable(params.text(512)),
    "metadata": params.metadata,
    "name": params.unsettable(params.text(256)),
    "phone": params.unsettable(params.text(20)),
    "preferred_locales": params.listing(params.text()),
}
LIST_FIELDS: params.Fields = {**lists.FIELDS, "email": params.text(512)}


def create(world: World, sent: dict[str, Any]) -> Doc:
    return made(world, **params.checked(sent, FIELDS))


def made(world: World, **given: Any) -> Doc:
    """A new customer of the given fields, with its event."""
    letters = ids.letters(8).upper()
    customer: Doc = {
        "id": ids.new("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": world.clock.stamp(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": letters,
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    customer.update(_shaped(given))
    customer["metadata"] = params.merged({}, customer["metadata"])
    world.store.add(customer)
    events.emit(world, "customer.created", customer)
    return customer


def update(world: World, id: str, sent: dict[str, Any]) -> Doc:
    customer = retrieve(world, id)
    given = _shaped(params.checked(sent, FIELDS))
    if "metadata" in given:
        cleared = sent["metadata"] == ""
        given["metadata"] = {} if cleared else params.merged(customer["metadata"], given["metadata"])
    previous = {name: customer[name] for name, value in given.items() if customer[name] != value}
    customer.update(given)
    world.store.save(customer)
    if previous:
        events.emit(world, "customer.updated", customer, previous)
    return customer


def retrieve(world: World, id: str, *, param: str = "id", status: int = 404) -> Doc:
    """Raises ApiError; `status` 400 where a parameter names the customer."""
    customer = world.store.get(id, "customer")
    if customer is None:
        raise no_such("customer", id, param, status=status)
    return customer


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    return lists.page(world, "customer", wanted, "/v1/customers", lists.only(wanted, "email"))


def _shaped(given: dict[str, Any]) -> dict[str, Any]:
    if given.get("address"):
        blank = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
        return {**given, "address": {**blank, **given["address"]}}
    return given
