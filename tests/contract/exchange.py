"""Stripe's own client, with every answer held against the description, and orders to the sandbox. No tests here."""

import json
import urllib.error
import urllib.request
from typing import Any

import stripe

from .openapi import Contract

stripe.enable_telemetry = False


class Witnessed(stripe.RequestsClient):
    """Stripe's client, with every answer checked on its way in."""

    def __init__(self, contract: Contract) -> None:
        super().__init__()
        self.contract = contract
        self.checked = 0

    def request(self, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        body, status, received = super().request(method, url, headers, post_data)
        path = url.split("://", 1)[1].split("/", 1)[1].split("?")[0]
        self.contract.check_response(method.upper(), f"/{path}", status, json.loads(body))
        self.checked += 1
        return body, status, received


def order(url: str, path: str, /, **values: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{url}/sandbox/{path}", json.dumps(values).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)  # type: ignore[no-any-return]
    except urllib.error.HTTPError as error:
        return json.load(error)  # type: ignore[no-any-return]


def session(client: stripe.StripeClient, product: str, *, currency: str = "gbp", **more: Any) -> Any:
    line = {"quantity": 1, "price_data": {"currency": currency, "unit_amount": 3000, "product": product}}
    return client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "submit_type": "donate",
            "success_url": "http://127.0.0.1:1/thanks?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:1/",
            "client_reference_id": "donation-1",
            "locale": "ru",
            "line_items": [line],
            "metadata": {"donation": "1"},
            "payment_intent_data": {"metadata": {"donation": "1"}, "description": "Gift"},
            "adaptive_pricing": {"enabled": False},
            **more,
        }
    )


def logged(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/sandbox/requests") as answer:
        return json.load(answer)["requests"]  # type: ignore[no-any-return]


def paid(client: stripe.StripeClient, url: str, product: str, card: str = "pm_card_visa", **more: Any) -> str:
    """The id of the charge of a session that was paid."""
    answer = order(url, "pay", session=session(client, product, **more).id, card=card)
    return str(answer["charge"])


def told(client: stripe.StripeClient, contract: Contract) -> set[str]:
    """The types of all events; each of them fits."""
    events = list(client.v1.events.list({"limit": 100}).auto_paging_iter())
    for event in events:
        contract.check_event(event.to_dict(for_json=True))
    return {event.type for event in events}
