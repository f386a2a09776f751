"""Products, and the prices made in passing for a line item. Stored prices of their own are not modelled."""

from typing import Any

from . import events, ids, lists, params
from .errors import ApiError, no_such
from .store import Doc
from .world import World

FIELDS: params.Fields = {
    "active": params.boolean,
    "description": params.unsettable(params.text(40000)),
    "images": params.unsettable(params.listing(params.url, most=8)),
    "metadata": params.metadata,
    "name": params.text(),
    "shippable": params.boolean,
    "statement_descriptor": params.text(22),
    "tax_code": params.absent,
    "unit_label": params.unsettable(params.text(12)),
    "url": params.unsettable(params.url),
}
CREATE_FIELDS: params.Fields = {
    **FIELDS,
    "id": params.text(pattern=r"[A-Za-z0-9_\-]+"),
    "default_price_data": params.absent,
    "type": params.choice("good", "service"),
}
LIST_FIELDS: params.Fields = {
    **lists.FIELDS,
    "active": params.boolean,
    "ids": params.listing(params.text()),
    "url": params.text(),
}


def create(world: World, sent: dict[str, Any]) -> Doc:
    given = params.checked(sent, CREATE_FIELDS, ("name",))
    if world.store.get(given.get("id", "")):
        raise ApiError(f"Product already exists: {given['id']}", code="resource_already_exists", param="id")
    return made(world, **given)


def made(world: World, **given: Any) -> Doc:
    """A new product of the given fields, with its event."""
    now = world.clock.stamp()
    product: Doc = {
        "id": ids.new("prod", 14),
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": "",
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }
    product.update(given)
    product["metadata"] = params.merged({}, product["metadata"])
    world.store.add(product)
    events.emit(world, "product.created", product)
    return product


def update(world: World, id: str, sent: dict[str, Any]) -> Doc:
    product = retrieve(world, id)
    given = params.checked(sent, FIELDS)
    if "metadata" in given:
        cleared = sent["metadata"] == ""
        given["metadata"] = {} if cleared else params.merged(product["metadata"], given["metadata"])
    if "images" in given:
        given["images"] = given["images"] or []
    previous = {name: product[name] for name, value in given.items() if product[name] != value}
    if previous:
        previous["updated"] = product["updated"]
        product.update(given, updated=world.clock.stamp())
        world.store.save(product)
        events.emit(world, "product.updated", product, previous)
    return product


def retrieve(world: World, id: str, *, param: str = "id", status: int = 404) -> Doc:
    """Raises ApiError; `status` 400 where a parameter names the product."""
    product = world.store.get(id, "product")
    if product is None:
        raise no_such("product", id, param, status=status)
    return product


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = lists.only(wanted, "active", "url")
    chosen = wanted.get("ids")
    return lists.page(
        world,
        "product",
        wanted,
        "/v1/products",
        lambda doc: matches(doc) and (chosen is None or doc["id"] in chosen),
    )


def price(world: World, product: Doc, currency: str, unit_amount: int, tax_behavior: str) -> Doc:
    """The one-time price of a line item."""
    return world.store.add(
        {
            "id": ids.new("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": world.clock.stamp(),
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product["id"],
            "recurring": None,
            "tax_behavior": tax_behavior,
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": unit_amount,
            "unit_amount_decimal": str(unit_amount),
        }
    )
