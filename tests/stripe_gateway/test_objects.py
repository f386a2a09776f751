"""Stripe's objects read into our types: whole or refused, failures distinguished, and the client set up as it must be.
Requests are compared with Stripe's description in contract/test_gateway.py."""

from __future__ import annotations

import dataclasses
import json
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
import stripe
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from donations import stripe_gateway
from donations.errors import BadEvent, BadSignature, PaymentServiceDown, PaymentServiceRefused, StaleSignature
from donations.money import Money
from tests import events
from tests.events import signature
from tests.factories import NOON, gbp
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import WEBHOOK_SECRET, environ_for

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def test_a_charge_in_our_words() -> None:
    said = events.charge("our-reference", 1234, "eur", balance_transaction="txn_1", id="ch_1", payment_intent="pi_1")
    charge = stripe_gateway.charge_of(said)
    assert (charge.charge_id, charge.intent_id, charge.reference) == ("ch_1", "pi_1", "our-reference")
    assert (charge.amount, charge.status, charge.charged_at) == (Money(1234, "EUR"), "succeeded", NOON)
    assert (charge.method, charge.failure_code, charge.balance_transaction_id) == ("card", None, "txn_1")


def test_what_may_come_expanded_is_read_as_its_id() -> None:
    charge = stripe_gateway.charge_of(
        events.charge("r", balance_transaction={"id": "txn_1"}, payment_intent={"id": "pi_1"})
    )
    assert (charge.intent_id, charge.balance_transaction_id) == ("pi_1", "txn_1")


def test_a_charge_that_lacks_what_is_optional() -> None:
    charge = stripe_gateway.charge_of(
        events.charge(None, metadata=None, payment_method_details=None, payment_intent=None)
    )
    assert (charge.reference, charge.method, charge.intent_id) == (None, None, None)


@pytest.mark.parametrize("name", ["id", "amount", "currency", "status", "created"])
def test_a_charge_that_lacks_what_it_must_have_is_refused(name: str) -> None:
    said = events.charge("r")
    del said[name]
    with pytest.raises(BadEvent):
        stripe_gateway.charge_of(said)


def transaction(**more: Any) -> dict[str, Any]:
    return {
        "id": "txn_1", "source": "ch_1", "type": "charge", "reporting_category": "charge", "balance_type": "payments",
        "amount": 7840, "fee": 290, "net": 7550, "currency": "gbp", "exchange_rate": 0.784,
        "created": int(NOON.timestamp()), "available_on": int(NOON.timestamp()) + 7 * 86400,
        "description": None, **more,
    }  # fmt: skip


def test_a_balance_transaction_in_our_words() -> None:
    read = stripe_gateway.transaction_of(transaction())
    assert (read.charge_id, read.amount_minor, read.fee_minor, read.net_minor) == ("ch_1", 7840, 290, 7550)
    assert (read.currency, read.exchange_rate, read.available_on) == ("GBP", "0.784", date(2026, 11, 28))


@pytest.mark.parametrize(
    ("source", "charge"),
    [("ch_1", "ch_1"), ("py_1", "py_1"), ("re_1", None), ("pyr_1", None), ("po_1", None), (None, None),
     ({"id": "ch_1", "object": "charge"}, "ch_1")],
)  # fmt: skip
def test_only_what_comes_of_a_charge_is_a_charges(source: Any, charge: str | None) -> None:
    assert stripe_gateway.transaction_of(transaction(source=source)).charge_id == charge


def test_a_session_in_our_words_with_its_latest_charge() -> None:
    charge = events.charge("r", id="ch_1")
    said = events.session("r", "open", id="cs_1", url="https://x", payment_intent={"latest_charge": charge})
    session = stripe_gateway.session_of(said)
    assert (session.id, session.reference, session.state, session.url) == ("cs_1", "r", "open", "https://x")
    assert session.charge is not None
    assert session.charge.charge_id == "ch_1"
    assert stripe_gateway.session_of(events.session("r", payment_intent="pi_1")).charge is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@pytest.mark.parametrize("what", ["charge", "movement", "session"])
@given(data=st.data())
def test_a_strange_object_is_refused_in_our_words_or_read(what: str, data: st.DataObject) -> None:
    whole: dict[str, Any] = {
        "charge": events.charge("r"),
        "movement": transaction(),
        "session": events.session("r"),
    }[what]
    name = data.draw(st.sampled_from(sorted(whole)))
    read = {
        "charge": stripe_gateway.charge_of,
        "movement": stripe_gateway.transaction_of,
        "session": stripe_gateway.session_of,
    }
    try:
        read[what]({**whole, name: data.draw(anything)})
    except Exception as error:
        assert type(error).__module__.startswith("donations."), error  # noqa: PT017 - any of ours will do


@pytest.mark.parametrize("number", [6.77680361916768e16, 10**30, -(10**18), float("inf"), float("nan")])
def test_a_moment_that_is_none_is_refused_in_our_words(number: float) -> None:
    """Such numbers raise ValueError, OverflowError or OSError in the library, by the machine."""
    with pytest.raises(BadEvent):
        stripe_gateway.session_of({**events.session("r"), "expires_at": number})
    with pytest.raises(BadEvent):
        stripe_gateway.transaction_of({**transaction(), "created": number})
    with pytest.raises(BadEvent):
        stripe_gateway.parse_event(json.dumps({**events.event("charge.succeeded", {}), "created": number}))


def read(body: bytes, header: str, at: float, *secrets: str) -> stripe_gateway.Event:
    return stripe_gateway.read_event(body, header, secrets or (WEBHOOK_SECRET,), at=datetime.fromtimestamp(at, UTC))


BODY = events.as_text(events.succeeded("r", id="ch_1")).encode()
AT = NOON.timestamp()


def test_a_signed_event_is_read() -> None:
    event = read(BODY, signature(BODY, AT), AT)
    assert (event.type, event.created_at, event.livemode, event.same_shape) == ("charge.succeeded", NOON, False, True)
    assert event.object["id"] == "ch_1"


def test_our_own_signature_is_what_stripes_library_makes() -> None:
    ours = signature(BODY, AT).split(",v0=")[0]
    theirs = stripe.WebhookSignature.generate_signature_header(
        payload=BODY.decode(), secret=WEBHOOK_SECRET, timestamp=int(AT)
    )
    assert ours == theirs


@pytest.mark.parametrize(("seconds", "good"), [(-300, True), (300, True), (-301, False), (301, False), (3600, False)])
def test_a_signature_is_good_for_five_minutes_either_way(seconds: int, good: bool) -> None:
    header = signature(BODY, AT)
    if good:
        assert read(BODY, header, AT + seconds).type == "charge.succeeded"
    else:
        with pytest.raises(StaleSignature):
            read(BODY, header, AT + seconds)


def test_an_old_and_forged_signature_is_forged_not_stale() -> None:
    with pytest.raises(BadSignature):
        read(BODY, signature(BODY, AT, "whsec_of_nobody"), AT + 3600)


def test_without_a_secret_nothing_is_good() -> None:
    with pytest.raises(BadSignature):
        stripe_gateway.read_event(BODY, signature(BODY, AT, ""), (), at=NOON)


@pytest.mark.parametrize(
    ("version", "same"),
    [("2026-10-28.endive", True), ("2026-12-16.endive", True), ("2026-03-25.dahlia", False), ("2019-12-03", False),
     (None, False), ("", False)],
)  # fmt: skip
def test_events_of_one_major_version_have_one_shape(version: str | None, same: bool) -> None:
    said = events.as_text({**events.succeeded("r"), "api_version": version})
    assert stripe_gateway.parse_event(said).same_shape is same


def ask_for_a_session(key: str = "donation-r-checkout-1") -> stripe_gateway.Session:
    product = stripe_gateway.create_product("Fund", "appeal-1-product")
    params = stripe_gateway.checkout_params(
        reference="r", metadata={"donation": "r"}, amount=gbp("20.00"), product_id=product, description="Fund",
        language="en",
    )  # fmt: skip
    params |= {"success_url": "http://localhost/thanks"}
    return stripe_gateway.start_checkout(params, email=None, idempotency_key=key)


def test_a_session_is_made_once_for_its_key(app: Flask) -> None:
    first, second = ask_for_a_session(), ask_for_a_session()
    assert (first.id, first.state, first.reference) == (second.id, "open", "r")
    assert ask_for_a_session("donation-r-checkout-2").id != first.id
    again = stripe_gateway.retrieve_session(first.id)
    assert (again.id, again.state, again.charge) == (first.id, "open", None)


def test_the_same_key_with_other_words_is_refused(app: Flask) -> None:
    stripe_gateway.create_product("Fund", "appeal-1-product")
    with pytest.raises(PaymentServiceRefused):
        stripe_gateway.create_product("Another", "appeal-1-product")


def test_a_paid_session_comes_with_its_charge(app: Flask, at_stripe: Stripe) -> None:
    session = ask_for_a_session()
    charge_id = at_stripe.pay(session.id)["charge"]
    paid = stripe_gateway.retrieve_session(session.id)
    assert paid.state == "complete"
    assert paid.charge is not None
    assert (paid.charge.charge_id, paid.charge.reference, paid.charge.status) == (charge_id, "r", "succeeded")
    assert stripe_gateway.charge_of(stripe_gateway.retrieve("charge", charge_id)) == paid.charge


def test_an_open_session_is_closed_and_a_complete_one_is_not(app: Flask, at_stripe: Stripe) -> None:
    first = ask_for_a_session()
    stripe_gateway.expire_session(first.id)
    assert stripe_gateway.retrieve_session(first.id).state == "expired"
    second = ask_for_a_session("other")
    at_stripe.pay(second.id)
    with pytest.raises(PaymentServiceRefused):
        stripe_gateway.expire_session(second.id)


@pytest.mark.parametrize("mode", ["500", "429", "reset_before"])
def test_a_stripe_that_does_not_answer_is_down(app: Flask, at_stripe: Stripe, mode: str) -> None:
    at_stripe.order("faults", mode=mode, times=5)
    with pytest.raises(PaymentServiceDown):
        stripe_gateway.retrieve_session("cs_test_1")


@pytest.mark.parametrize("mode", ["500", "reset_before", "reset_after"])
def test_one_bad_answer_is_made_good_by_a_second_try(app: Flask, at_stripe: Stripe, mode: str) -> None:
    at_stripe.order("faults", mode=mode, times=1)
    assert stripe_gateway.create_product("Fund", f"product-{mode}").startswith("prod_")
    assert len(at_stripe.requests("/v1/products", "POST")) == 2


def test_what_stripe_does_not_know_is_refused(app: Flask) -> None:
    with pytest.raises(PaymentServiceRefused):
        stripe_gateway.retrieve_session("cs_test_unknown")
    with pytest.raises(PaymentServiceRefused):
        stripe_gateway.retrieve("charge", "ch_unknown")


def test_without_a_key_nothing_is_asked(app: Flask, at_stripe: Stripe) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], stripe_secret_key="")
    with pytest.raises(PaymentServiceRefused):
        stripe_gateway.retrieve_session("cs_test_1")
    assert at_stripe.requests() == []


def test_movements_are_paged_through_to_the_end(app: Flask, at_stripe: Stripe) -> None:
    for _ in range(101):
        at_stripe.server.paid(500)
    found = list(stripe_gateway.transactions_since(datetime.fromtimestamp(time.time() - 600, UTC)))
    assert len({transaction.id for transaction in found}) == 101
    assert {transaction.net_minor for transaction in found} == {500 - 8 - 20}
    assert list(stripe_gateway.transactions_since(datetime.fromtimestamp(time.time() + 600, UTC))) == []


def test_the_client_sends_no_telemetry_and_names_our_version(app: Flask, at_stripe: Stripe) -> None:
    stripe_gateway.create_product("Fund", "appeal-1-product")
    assert stripe.enable_telemetry is False
    headers = at_stripe.requests("/v1/products", "POST")[0]["headers"]
    assert headers["Stripe-Version"] == stripe_gateway.API_VERSION == "2026-10-28.endive"
    assert "X-Stripe-Client-Telemetry" not in headers


def test_a_failure_is_logged_without_the_key(app: Flask, at_stripe: Stripe, caplog: pytest.LogCaptureFixture) -> None:
    at_stripe.order("faults", mode="500", times=2)
    with pytest.raises(PaymentServiceDown):
        stripe_gateway.retrieve_session("cs_test_1")
    with pytest.raises(PaymentServiceRefused):
        ask_for_a_session_of_nothing()
    assert "stripe" in caplog.text
    assert app.config["SETTINGS"].stripe_secret_key not in caplog.text


def ask_for_a_session_of_nothing() -> None:
    stripe_gateway.start_checkout({"mode": "payment"}, email="maya@example.org", idempotency_key="nothing")
