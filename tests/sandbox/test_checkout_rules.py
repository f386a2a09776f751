"""What a checkout session may be made of: Stripe's rules, from the reference and changelog of this version."""

import time
from typing import Any

import pytest
import stripe

from .processes import Running


def refused(sandbox: Running, params: Any) -> Any:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.v1.checkout.sessions.create(params)
    return caught.value


def test_a_good_session_is_open_and_has_no_payment_yet(sandbox: Running) -> None:
    session = sandbox.session(submit_type="donate", client_reference_id="donation-1", metadata={"donation": "1"})

    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 2000)
    assert session.payment_intent is None
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert session.metadata["donation"] == "1"
    assert session.livemode is False


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"colour": "red"}, "parameter_unknown", "colour"),
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported", "payment_method_types"),
        ({"ui_mode": "hosted"}, None, "ui_mode"),
        ({"ui_mode": "embedded"}, None, "ui_mode"),
        ({"mode": "subscription"}, "sandbox_not_modelled", "mode"),
        ({"mode": "giving"}, None, "mode"),
        ({"submit_type": "subscribe"}, None, "submit_type"),
        ({"subscription_data": {"metadata": {"a": "b"}}}, None, "subscription_data"),
        ({"payment_method_collection": "always"}, None, "payment_method_collection"),
        ({"customer": "cus_1", "customer_email": "a@example.org"}, None, "customer"),
        ({"customer": "cus_none"}, "resource_missing", "customer"),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"client_reference_id": "x" * 201}, "parameter_invalid_string_length", "client_reference_id"),
        ({"success_url": "/thanks"}, "url_invalid", "success_url"),
        ({"return_url": "https://example.org"}, None, "return_url"),
        ({"locale": "tlh"}, None, "locale"),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"line_items": []}, "parameter_missing", "line_items"),
        ({"metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 41}]"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"metadata": {f"k{i}": "v" for i in range(51)}}, None, "metadata"),
        ({"metadata": {"a[b]": "v"}}, None, "metadata[a[b]]"),
        ({"custom_fields": [{"key": "k"}]}, "sandbox_not_modelled", "custom_fields"),
        ({"expand": ["colour"]}, None, "expand[0]"),
    ],
)
def test_a_wrong_parameter_is_refused(sandbox: Running, more: Any, code: str | None, param: str) -> None:
    error = refused(sandbox, sandbox.params(**more))

    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert error.request_id.startswith("req_")


@pytest.mark.parametrize("missing", ["mode", "success_url", "line_items"])
def test_a_missing_parameter_is_named(sandbox: Running, missing: str) -> None:
    params = sandbox.params()
    del params[missing]

    error = refused(sandbox, params)

    assert (error.code, error.param) == ("parameter_missing", missing)


@pytest.mark.parametrize(
    ("price", "code", "end_of_param"),
    [
        ({"product_data": {"name": "Two"}}, None, "[product]"),
        ({"product": None}, "parameter_missing", "[product]"),
        ({"product": "prod_none"}, "resource_missing", "[product]"),
        ({"unit_amount": None}, "parameter_missing", "[unit_amount]"),
        ({"unit_amount": "20.00"}, "parameter_invalid_integer", "[unit_amount]"),
        ({"unit_amount": "-5"}, "parameter_invalid_integer", "[unit_amount]"),
        ({"unit_amount": 10**12}, "amount_too_large", "[unit_amount]"),
        ({"currency": None}, "parameter_missing", "[currency]"),
        ({"currency": "xxx"}, None, "[currency]"),
        ({"recurring": {"interval": "month"}}, None, "[recurring]"),
        ({"colour": "red"}, "parameter_unknown", "[colour]"),
    ],
)
def test_a_wrong_price_is_refused(sandbox: Running, price: Any, code: str | None, end_of_param: str) -> None:
    params = sandbox.params()
    data = {**params["line_items"][0]["price_data"], **price}
    params["line_items"][0]["price_data"] = {name: value for name, value in data.items() if value is not None}

    error = refused(sandbox, params)

    assert error.code == code
    assert error.param == f"line_items[0][price_data]{end_of_param}"


@pytest.mark.parametrize(
    ("currency", "least"),
    [("gbp", 30), ("eur", 50), ("usd", 50), ("jpy", 50), ("dkk", 250), ("huf", 17500), ("pln", 200)],
)
def test_the_minimum_is_that_of_the_settlement_currency(sandbox: Running, currency: str, least: int) -> None:
    sandbox.session(least, currency)

    assert refused(sandbox, sandbox.params(least - 1, currency)).code == "amount_too_small"


@pytest.mark.parametrize(
    ("currency", "right", "wrong"), [("kwd", 1230, 1234), ("isk", 50000, 50050), ("ugx", 500000, 500001)]
)
def test_odd_currencies_take_only_round_amounts(sandbox: Running, currency: str, right: int, wrong: int) -> None:
    sandbox.session(right, currency)

    assert refused(sandbox, sandbox.params(wrong, currency)).code == "invalid_charge_amount"


@pytest.mark.parametrize(("ahead_minutes", "fits"), [(29, False), (31, True), (23 * 60, True), (25 * 60, False)])
def test_a_session_lives_between_half_an_hour_and_a_day(sandbox: Running, ahead_minutes: int, fits: bool) -> None:
    params = sandbox.params(expires_at=int(time.time()) + ahead_minutes * 60)

    if fits:
        assert sandbox.v1.checkout.sessions.create(params).expires_at == params["expires_at"]
    else:
        assert refused(sandbox, params).param == "expires_at"


def test_a_refused_session_leaves_nothing_behind(sandbox: Running) -> None:
    params = sandbox.params(5)
    params["line_items"][0]["price_data"].pop("product")
    params["line_items"][0]["price_data"]["product_data"] = {"name": "Never made"}
    before = sandbox.look("summary")["objects"]

    refused(sandbox, params)

    assert sandbox.look("summary")["objects"] == before


def test_payment_intent_data_belongs_to_payments(sandbox: Running) -> None:
    params = sandbox.params(mode="setup", payment_intent_data={"metadata": {"a": "b"}})

    assert refused(sandbox, params).param == "payment_intent_data"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer pk_test_x"}, 401),
        ({"Authorization": "Bearer sk_live_x"}, 401),
        ({"Authorization": "Basic c2tfdGVzdF94Og=="}, 200),
        ({"Authorization": "Bearer rk_test_x"}, 200),
        ({"Authorization": "Bearer sk_test_x", "Stripe-Version": "2024-06-20"}, 400),
    ],
)
def test_a_key_and_the_pinned_version_are_needed(sandbox: Running, headers: dict[str, str], status: int) -> None:
    answer = sandbox.http("GET", "/v1/balance", **headers)

    assert answer.status == status
    assert answer.headers["Request-Id"].startswith("req_")
    assert ("error" in answer.json) == (status != 200)


def test_an_unknown_address_is_a_404_in_stripes_shape(sandbox: Running) -> None:
    answer = sandbox.api("GET", "/v1/subscriptions")

    assert answer.status == 404
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_a_json_body_is_refused(sandbox: Running) -> None:
    answer = sandbox.http(
        "POST", "/v1/products", b'{"name": "x"}', Authorization="Bearer sk_test_x", Content_Type="application/json"
    )

    assert answer.status == 400
