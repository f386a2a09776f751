"""Which parameters a checkout session may have, alone and together.

The sources are Stripe's reference and its changelog.
"""

from typing import Any

from . import conversion, currencies, ids, params, products
from .errors import ApiError, missing_parameter, not_modelled
from .store import Doc
from .world import World

SHORTEST_SECONDS = 30 * 60
LONGEST_SECONDS = 24 * 3600
_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt "
    "pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
UI_MODES = ("hosted_page", "embedded_page", "elements", "form")
# Answered as they were sent, or null.
ECHOED = (
    "allowed_payment_method_types",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer_email",
    "integration_identifier",
    "locale",
    "mode",
    "origin_context",
    "submit_type",
    "success_url",
)
_MISSING = (
    "after_expiration allow_promotion_codes automatic_tax branding_settings consent_collection "
    "custom_fields customer_account customer_update discounts invoice_creation managed_payments "
    "name_collection optional_items payment_method_configuration payment_method_data "
    "payment_method_options permissions phone_number_collection saved_payment_method_options "
    "setup_intent_data shipping_address_collection shipping_options tax_id_collection wallet_options"
)


def removed_types(value: Any, param: str) -> Any:
    raise ApiError(
        "The parameter `payment_method_types` is no longer supported. Leave it out to use dynamic payment "
        "methods, or use `allowed_payment_method_types` or `excluded_payment_method_types`.",
        code="payment_method_types_no_longer_supported",
        param=param,
    )


PRODUCT_DATA = params.mapping(
    {
        "name": params.text(),
        "description": params.text(40000),
        "images": params.listing(params.url, most=8),
        "metadata": params.metadata,
        "tax_code": params.absent,
        "unit_label": params.text(12),
        "tax_details": params.absent,
    },
    ("name",),
)
PRICE_DATA = params.mapping(
    {
        "currency": params.currency,
        "product": params.text(),
        "product_data": PRODUCT_DATA,
        "recurring": params.mapping(
            {
                "interval": params.choice("day", "week", "month", "year"),
                "interval_count": params.integer(1, 1095),
            },
            ("interval",),
        ),
        "tax_behavior": params.choice("exclusive", "inclusive", "unspecified"),
        "unit_amount": params.integer(),
        "unit_amount_decimal": params.absent,
    },
    ("currency",),
)
LINE_ITEM = params.mapping(
    {
        "adjustable_quantity": params.absent,
        "metadata": params.metadata,
        "price": params.text(),
        "price_data": PRICE_DATA,
        "quantity": params.integer(1, 999_999),
        "tax_rates": params.absent,
    }
)
PAYMENT_INTENT_DATA = params.mapping(
    {
        "capture_method": params.choice("automatic", "automatic_async"),
        "description": params.text(1000),
        "metadata": params.metadata,
        "receipt_email": params.email,
        "setup_future_usage": params.choice("off_session", "on_session"),
        "statement_descriptor": params.text(22, pattern=r"[^<>\\'\"*]*[A-Za-z][^<>\\'\"*]*"),
        "statement_descriptor_suffix": params.text(22, pattern=r"[^<>\\'\"*]*[A-Za-z][^<>\\'\"*]*"),
        **dict.fromkeys(
            ("application_fee_amount", "on_behalf_of", "shipping", "transfer_data", "transfer_group"),
            params.absent,
        ),
    }
)
FIELDS: params.Fields = {
    "adaptive_pricing": params.mapping({"enabled": params.boolean}),
    "allowed_payment_method_types": params.listing(params.text()),
    "billing_address_collection": params.choice("auto", "required"),
    "cancel_url": params.url,
    "client_reference_id": params.text(200),
    "currency": params.currency,
    "custom_text": params.mapping(
        dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"),
            params.unsettable(params.mapping({"message": params.text(1200)}, ("message",))),
        )
    ),
    "customer": params.text(),
    "customer_creation": params.choice("always", "if_required"),
    "customer_email": params.email,
    "excluded_payment_method_types": params.listing(params.text()),
    "expires_at": params.integer(),
    "integration_identifier": params.text(200),
    "line_items": params.listing(LINE_ITEM, most=100),
    "locale": params.choice(*_LOCALES.split()),
    "metadata": params.metadata,
    "mode": params.choice("payment", "setup", "subscription"),
    "origin_context": params.choice("mobile_app", "web"),
    "payment_intent_data": PAYMENT_INTENT_DATA,
    "payment_method_collection": params.choice("always", "if_required"),
    "payment_method_types": removed_types,
    "redirect_on_completion": params.choice("always", "if_required", "never"),
    "return_url": params.url,
    # Checked for its shape by the mode alone, until subscriptions are in this sandbox.
    "subscription_data": lambda value, param: value,
    "submit_type": params.choice("auto", "book", "donate", "pay", "subscribe"),
    "success_url": params.url,
    "ui_mode": params.choice(*UI_MODES),
    **dict.fromkeys(_MISSING.split(), params.absent),
}


def checked(world: World, sent: dict[str, Any]) -> dict[str, Any]:
    """The parameters, each right by itself and all right together. Raises ApiError."""
    given = params.checked(sent, FIELDS)
    if not given.get("mode"):
        raise missing_parameter("mode")
    _check_mode(given)
    _check_addresses(given)
    if "customer" in given and "customer_email" in given:
        raise ApiError("You may only specify one of these parameters: customer, customer_email.", param="customer")
    if "allowed_payment_method_types" in given and "card" not in given["allowed_payment_method_types"]:
        raise not_modelled("A session that allows no cards", "allowed_payment_method_types")
    if "card" in given.get("excluded_payment_method_types", ()):
        raise not_modelled("A session that excludes cards", "excluded_payment_method_types")
    _check_expiry(given, world.clock.stamp())
    if not given.get("line_items"):
        raise missing_parameter("line_items")
    return given


def priced(world: World, sent: list[dict[str, Any]]) -> list[Doc]:
    """The line items with their prices; new products and prices are made only when all of them are right."""
    for place, line in enumerate(sent):
        _check_line(world, line, f"line_items[{place}]")
    currency = sent[0]["price_data"]["currency"]
    if any(line["price_data"]["currency"] != currency for line in sent):
        raise ApiError("All line items must be in the same currency.", param="line_items")
    total = sum(line["price_data"]["unit_amount"] * line["quantity"] for line in sent)
    currencies.check_amount(total, currency, "line_items")
    settled, settlement, _ = conversion.settlement(world, total, currency)
    currencies.check_minimum(settled, settlement)
    return [_line(world, line) for line in sent]


def _check_mode(given: dict[str, Any]) -> None:
    mode = given["mode"]
    only_in = {
        "payment_intent_data": ("payment",),
        "subscription_data": ("subscription",),
        "payment_method_collection": ("subscription",),
        "customer_creation": ("payment", "setup"),
        "submit_type": ("payment", "subscription"),
    }
    for name, modes in only_in.items():
        if name in given and mode not in modes:
            raise ApiError(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    if mode != "payment":
        raise not_modelled(f"A Checkout Session in `{mode}` mode", "mode")
    if given.get("submit_type") == "subscribe":
        raise ApiError("`submit_type` `subscribe` is only for `subscription` mode.", param="submit_type")


def _check_addresses(given: dict[str, Any]) -> None:
    ui_mode = given.get("ui_mode", "hosted_page")
    if ui_mode != "hosted_page":
        for name in ("success_url", "cancel_url"):
            if name in given:
                raise ApiError(f"`{name}` is not allowed when `ui_mode` is `{ui_mode}`.", param=name)
        raise not_modelled(f"The ui_mode '{ui_mode}'", "ui_mode")
    for name in ("return_url", "redirect_on_completion"):
        if name in given:
            raise ApiError(f"`{name}` is not allowed when `ui_mode` is `hosted_page`.", param=name)
    if "success_url" not in given:
        raise missing_parameter("success_url")


def _check_expiry(given: dict[str, Any], now: int) -> None:
    if "expires_at" not in given:
        return
    ahead = given["expires_at"] - now
    if not SHORTEST_SECONDS <= ahead <= LONGEST_SECONDS:
        bound = "at least 30 minutes" if ahead < SHORTEST_SECONDS else "less than 24 hours"
        raise ApiError(
            f"The `expires_at` timestamp must be {bound} from Checkout Session creation.", param="expires_at"
        )


def _check_line(world: World, line: dict[str, Any], param: str) -> None:
    if "price" in line and "price_data" in line:
        raise ApiError("You may only specify one of these parameters: price, price_data.", param=f"{param}[price]")
    if "price" in line:
        raise ApiError(f"No such price: '{line['price']}'", code="resource_missing", param=f"{param}[price]")
    if "price_data" not in line:
        raise missing_parameter(f"{param}[price]")
    if "quantity" not in line:
        raise missing_parameter(f"{param}[quantity]")
    data = line["price_data"]
    if "product" in data and "product_data" in data:
        raise ApiError(
            "You may only specify one of these parameters: product, product_data.",
            param=f"{param}[price_data][product]",
        )
    if "product" not in data and "product_data" not in data:
        raise missing_parameter(f"{param}[price_data][product]")
    if "product" in data:
        product = products.retrieve(world, data["product"], param=f"{param}[price_data][product]", status=400)
        if not product["active"]:
            raise ApiError(f"The product {product['id']} is not active.", param=f"{param}[price_data][product]")
    if "unit_amount" not in data:
        raise missing_parameter(f"{param}[price_data][unit_amount]")
    if "recurring" in data:
        raise ApiError(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` "
            "mode or use only one-time prices.",
            param=f"{param}[price_data][recurring]",
        )
    currencies.check_amount(data["unit_amount"], data["currency"], f"{param}[price_data][unit_amount]")


def _line(world: World, line: dict[str, Any]) -> Doc:
    data = line["price_data"]
    product = world.store.get(data.get("product", ""), "product") or products.made(world, **data["product_data"])
    price = products.price(
        world, product, data["currency"], data["unit_amount"], data.get("tax_behavior", "unspecified")
    )
    total = data["unit_amount"] * line["quantity"]
    return {
        "id": ids.new("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": data["currency"],
        "description": product["name"],
        "metadata": line.get("metadata", {}),
        "price": price,
        "quantity": line["quantity"],
    }
