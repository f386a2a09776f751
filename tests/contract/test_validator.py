"""Shows that the checks against Stripe's description can fail. The sandbox has no part in it."""

import json
from typing import Any

import pytest

from .openapi import OURS, Contract, ContractError
from .reduce_description import reduced

SESSIONS = "/v1/checkout/sessions"
GOOD = [
    ("mode", "payment"),
    ("success_url", "https://example.org/thanks"),
    ("line_items[0][quantity]", "1"),
    ("line_items[0][price_data][currency]", "gbp"),
    ("line_items[0][price_data][unit_amount]", "2000"),
    ("line_items[0][price_data][product]", "prod_1"),
    ("metadata[donation]", "7"),
    ("adaptive_pricing[enabled]", "false"),
    ("expand[]", "payment_intent"),
]


def test_a_right_request_is_decoded_into_plain_values(contract: Contract) -> None:
    values = contract.check_request("POST", SESSIONS, GOOD)

    assert values["line_items"][0]["price_data"]["unit_amount"] == 2000
    assert values["adaptive_pricing"] == {"enabled": False}
    assert values["expand"] == ["payment_intent"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("colour", "red"),
        ("line_items[0][price_data][colour]", "red"),
        ("payment_method_types[0]", "card"),
        ("line_items[0][dynamic_tax_rates][0]", "txr_1"),
        ("ui_mode", "hosted"),
        ("submit_type", "give"),
        ("expires_at", "tomorrow"),
        ("customer_creation[always]", "true"),
        ("client_reference_id", "x" * 201),
        ("metadata[a][b]", "c"),
        ("mode", "payment"),
        ("phone_number_collection[required]", "true"),
    ],
)
def test_a_wrong_request_is_caught(contract: Contract, wrong: tuple[str, str]) -> None:
    with pytest.raises(ContractError):
        contract.check_request("POST", SESSIONS, [*GOOD, wrong])


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1/webhook_endpoints", [("url", "https://example.org")]),
        ("/v1/products", []),
        ("/v1/webhook_endpoints", [("url", "https://example.org"), ("enabled_events[0]", "charge.suceeded")]),
    ],
)
def test_a_missing_or_misspelt_parameter_is_caught(contract: Contract, path: str, sent: Any) -> None:
    with pytest.raises(ContractError):
        contract.check_request("POST", path, sent)


def test_a_query_is_checked_like_a_form(contract: Contract) -> None:
    values = contract.check_request("GET", "/v1/events", [("created[gte]", "5"), ("types[0]", "charge.updated")])

    assert values == {"created": {"gte": 5}, "types": ["charge.updated"]}
    with pytest.raises(ContractError, match="until"):
        contract.check_request("GET", "/v1/events", [("created[until]", "5")])


def test_an_unknown_address_is_caught(contract: Contract) -> None:
    with pytest.raises(ContractError, match="no such operation"):
        contract.check_request("GET", "/v1/skus", [])
    with pytest.raises(ContractError, match="no such operation"):
        contract.check_request("POST", "/v1/balance", [])


def fixture(name: str) -> dict[str, Any]:
    resources: dict[str, Any] = json.loads((OURS / "fixtures.json").read_text(encoding="utf-8"))["resources"]
    return resources[name]


@pytest.mark.parametrize("name", ["customer", "product", "payout", "balance"])
def test_stripes_own_example_passes(contract: Contract, name: str) -> None:
    path = "/v1/balance" if name == "balance" else f"/v1/{name}s/x"

    contract.check_response("GET", path, 200, fixture(name) | ({"shipping": None} if name == "customer" else {}))


@pytest.mark.parametrize(
    "change",
    [{"name": None}, {"name": 7}, {"colour": "red"}, {"images": "none"}, {"id": None}, {"object": "thing"}],
)
def test_a_wrong_answer_is_caught(contract: Contract, change: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        contract.check_response("GET", "/v1/products/x", 200, fixture("product") | change)


def test_a_field_missing_from_an_answer_is_caught(contract: Contract) -> None:
    product = fixture("product")
    del product["created"]

    with pytest.raises(ContractError, match="created"):
        contract.check_response("GET", "/v1/products/x", 200, product)


def test_an_error_is_held_against_the_shape_of_errors(contract: Contract) -> None:
    contract.check_response("GET", "/v1/products/x", 404, {"error": {"type": "invalid_request_error"}})
    with pytest.raises(ContractError):
        contract.check_response("GET", "/v1/products/x", 404, {"error": {"type": "not_found"}})


def test_an_event_with_the_wrong_object_is_caught(contract: Contract) -> None:
    event = fixture("event") | {"type": "product.updated", "data": {"object": fixture("product")}}
    contract.check_event(event)

    with pytest.raises(ContractError, match="carries 'product'"):
        contract.check_event(event | {"type": "charge.updated"})
    with pytest.raises(ContractError, match="no such type"):
        contract.check_event(event | {"type": "product.improved"})


def test_a_log_names_every_fault(contract: Contract) -> None:
    headers = {"Stripe-Version": contract.version}
    good = {"method": "GET", "path": "/v1/balance", "query": [], "form": [], "headers": headers}
    bad = {**good, "query": [["colour", "red"]]}
    old = {**good, "headers": {"Stripe-Version": "2024-01-01"}}

    assert contract.check_log([good, good]) == 2
    with pytest.raises(ContractError, match=r"(?s)colour.*2024-01-01"):
        contract.check_log([good, bad, old])


def test_what_the_description_was_reduced_to_lacks_no_schema_that_it_names(contract: Contract) -> None:
    schemas = contract.spec["components"]["schemas"]

    assert reduced(contract.spec)["components"]["schemas"].keys() == schemas.keys()
    assert "description" not in schemas["charge"]
    assert "description" in schemas["charge"]["properties"]
    assert "Permission is hereby granted" in (OURS / "LICENSE").read_text(encoding="utf-8")
