"""A sandbox that runs for a test, and a receiver for its webhooks. No expectations here."""

import http.server
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import stripe

from donations.sandbox.server import Sandbox
from donations.sandbox.settings import Settings

stripe.enable_telemetry = False
SECRET = "whsec_" + "a" * 32


@dataclass
class Answer:
    """What came back over plain HTTP; redirects are not followed."""

    status: int
    text: str
    headers: Any

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


@dataclass
class Running:
    """A sandbox and the ways to talk to it."""

    url: str
    world: Any
    client: stripe.StripeClient = field(init=False)
    product: str = ""

    def __post_init__(self) -> None:
        self.client = stripe.StripeClient("sk_test_x", base_addresses={"api": self.url})

    @property
    def v1(self) -> Any:
        return self.client.v1

    def http(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(address, body, sent, method=method)
        try:
            with _opener.open(request, timeout=20) as answer:
                return Answer(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), error.headers)

    def api(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """A raw API request with a key."""
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        return self.http(method, path, body, **{"Authorization": "Bearer sk_test_x", **headers})

    def order(self, path: str, /, **values: Any) -> Any:
        """A control order; its JSON, whatever the status."""
        return self.http("POST", f"/sandbox/{path}", json.dumps(values).encode(), Content_Type="application/json").json

    def look(self, path: str) -> Any:
        return self.http("GET", f"/sandbox/{path}").json

    def form(self, path: str, **typed: str) -> Answer:
        """A form sent as a browser does."""
        return self.http("POST", path, urllib.parse.urlencode(typed).encode())

    def settled(self) -> None:
        assert self.order("deliveries/wait", seconds=20)["settled"]

    def params(self, amount: int = 2000, currency: str = "gbp", **more: Any) -> Any:
        """The parameters of a good session."""
        self.product = self.product or self.v1.products.create({"name": "Fighting fund"}).id
        price = {"currency": currency, "unit_amount": amount, "product": self.product}
        return {
            "mode": "payment",
            "success_url": "http://127.0.0.1:1/thanks?session_id={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:1/appeal",
            "line_items": [{"quantity": 1, "price_data": price}],
            **more,
        }

    def session(self, amount: int = 2000, currency: str = "gbp", **more: Any) -> Any:
        return self.v1.checkout.sessions.create(self.params(amount, currency, **more))

    def paid(self, amount: int = 2000, card: str = "pm_card_visa", **more: Any) -> Any:
        """A charge, retrieved after a session was paid."""
        done = self.order("pay", session=self.session(amount, **more).id, card=card)
        return self.v1.charges.retrieve(done["charge"])

    def types(self) -> list[str]:
        """The types of all events, oldest first, without those of products."""
        found = [event.type for event in self.v1.events.list({"limit": 100}).auto_paging_iter()]
        return [type for type in reversed(found) if not type.startswith("product")]


class Receiver:
    """A web server that takes webhooks, answering as told: each status once, then 200 for ever."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((self.headers["Stripe-Signature"], body))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status in (301, 302):
                    self.send_header("Location", f"{receiver.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def events(self) -> list[Any]:
        return [json.loads(body) for _, body in self.received]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def running(**settings: Any) -> Iterator[Running]:
    """A sandbox on a free port; balance transactions at once and quick retries unless told otherwise."""
    sandbox = Sandbox(Settings(**{"bt_delay_seconds": 0, "retry_seconds": (0, 0, 0), **settings}))
    thread = threading.Thread(target=sandbox.run)
    thread.start()
    try:
        yield Running(sandbox.url, sandbox.world)
    finally:
        sandbox.end()
        thread.join(10)
