"""A whole journey through the sandbox by Stripe's own client: every answer, every event and every request fits."""

from typing import Any

import pytest
import stripe

from .exchange import Witnessed, logged, order, session, told
from .openapi import Contract, ContractError


def test_every_answer_and_event_of_a_journey_fits(
    client: stripe.StripeClient, witnessed: Witnessed, sandbox_url: str, contract: Contract
) -> None:
    product = client.v1.products.create({"name": "Fighting fund", "metadata": {"appeal": "a"}})
    client.v1.products.update(product.id, {"description": "For four people"})
    endpoint = client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:1/hook", "enabled_events": ["charge.updated"], "api_version": contract.version}
    )
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    paid = session(client, product.id, customer_email="donor@example.org")
    order(sandbox_url, "pay", session=paid.id, card="4242424242424242")
    waiting = try_all_cards(client, sandbox_url, product.id)
    expire_and_leave_open(client, product.id)
    order(sandbox_url, "balance_transactions/release")

    look_at_everything(client, endpoint.id, paid.id)

    assert waiting.payment_intent.status == "requires_action"
    assert told(client, contract) == {
        "product.created",
        "product.updated",
        "customer.created",
        "customer.updated",
        "payment_intent.created",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "charge.succeeded",
        "charge.failed",
        "charge.updated",
        "checkout.session.completed",
        "checkout.session.expired",
    }
    assert witnessed.checked >= 40


def try_all_cards(client: stripe.StripeClient, url: str, product: str) -> Any:
    """Declined, blocked, asked and paid in the end; the session as it was while the bank asked."""
    tried = session(client, product, customer_creation="always")
    order(url, "pay", session=tried.id, card="4000000000009995")
    order(url, "pay", session=tried.id, card="4100000000000019")
    order(url, "pay", session=tried.id, card="4000002760003184", authenticate=False)
    order(url, "pay", session=tried.id, card="4000002500003155")
    waiting = client.v1.checkout.sessions.retrieve(tried.id, {"expand": ["payment_intent.latest_charge"]})
    order(url, "pay", session=tried.id, card="4000002760003184", authenticate=True)
    return waiting


def expire_and_leave_open(client: stripe.StripeClient, product: str) -> None:
    customer = client.v1.customers.create({"email": "donor@example.org", "address": {"country": "GB"}})
    client.v1.customers.update(customer.id, {"name": "A. Donor"})
    client.v1.checkout.sessions.expire(session(client, product, customer=customer.id).id)
    client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://127.0.0.1:1/",
            "line_items": [
                {"quantity": 2, "price_data": {"currency": "jpy", "unit_amount": 500, "product_data": {"name": "Yen"}}}
            ],
        }
    )


def look_at_everything(client: stripe.StripeClient, endpoint_id: str, session_id: str) -> None:
    """Every list, every object, plain and expanded."""
    v1 = client.v1
    v1.accounts.retrieve_current()
    v1.balance.retrieve()
    v1.webhook_endpoints.list()
    v1.webhook_endpoints.retrieve(endpoint_id)
    v1.webhook_endpoints.delete(endpoint_id)
    for product in v1.products.list({"limit": 2, "active": True}):
        v1.products.retrieve(product.id)
    for customer in v1.customers.list({"email": "donor@example.org"}):
        v1.customers.retrieve(customer.id)
    for each in v1.checkout.sessions.list({"limit": 3, "expand": ["data.payment_intent", "data.line_items"]}):
        v1.checkout.sessions.retrieve(each.id)
        v1.checkout.sessions.line_items.list(each.id, {"expand": ["data.price.product"]})
    for intent in v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction", "data.customer"]}):
        v1.payment_intents.retrieve(intent.id, {"expand": ["payment_method"]})
    for charge in v1.charges.list({"expand": ["data.refunds", "data.payment_intent"]}):
        v1.charges.retrieve(charge.id)
    for transaction in v1.balance_transactions.list({"expand": ["data.source"], "type": "charge"}):
        v1.balance_transactions.retrieve(transaction.id)
    v1.events.retrieve(v1.events.list({"types": ["charge.updated"], "delivery_success": True}).data[0].id)
    v1.checkout.sessions.retrieve(
        session_id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items", "customer"]}
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda v1: v1.checkout.sessions.retrieve("cs_test_none"),
        lambda v1: v1.checkout.sessions.create({"mode": "payment"}),
        lambda v1: v1.checkout.sessions.create({"payment_method_types": ["card"]}),
        lambda v1: v1.products.create({"name": ""}),
        lambda v1: v1.events.list({"limit": 101}),
    ],
)
def test_refusals_have_stripes_shape(client: stripe.StripeClient, witnessed: Witnessed, call: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        call(client.v1)

    assert witnessed.checked == 1


def test_what_stripes_client_sent_fits_too(client: stripe.StripeClient, sandbox_url: str, contract: Contract) -> None:
    product = client.v1.products.create({"name": "Fighting fund"})
    session(client, product.id)
    client.v1.balance_transactions.list({"limit": 100, "created": {"gte": 1}})

    assert contract.check_log(logged(sandbox_url)) == 3


def test_a_wrong_request_in_the_log_is_found(client: stripe.StripeClient, sandbox_url: str, contract: Contract) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: colour"):
        client.v1.products.create({"name": "Fighting fund", "colour": "red"})  # type: ignore[typeddict-unknown-key]

    with pytest.raises(ContractError, match="colour"):
        contract.check_log(logged(sandbox_url))
