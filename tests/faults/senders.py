"""Delivers events as Stripe does: each by its own signed request, tried again on anything but a 2xx. Knows nothing of
the app but its webhook's address."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.events import signature
from tests.fixtures.settings import WEBHOOK_SECRET

FORGERS_SECRET = "whsec_of_somebody_else"
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.1


@dataclass(slots=True)
class Delivery:
    """One delivery of an event. `kind` is genuine, forged (another secret), altered (another body than was signed) or
    stale (signed too long ago). `status` is the last answer, 0 while there was none."""

    said: Mapping[str, Any]
    kind: str = "genuine"
    status: int = 0
    tries: int = 0

    @property
    def id(self) -> str:
        return str(self.said["id"])

    @property
    def is_over(self) -> bool:
        """Stripe tries for ever until a 2xx; a forger takes a plain no for an answer."""
        return self.status == 200 or (self.kind != "genuine" and self.status == 400)

    def body_and_header(self) -> tuple[bytes, str]:
        body, now = json.dumps(self.said).encode(), time.time()
        if self.kind == "forged":
            return body, signature(body, now, FORGERS_SECRET)
        if self.kind == "altered":
            return body, signature(body.replace(b'"amount": ', b'"amount": 1'), now)
        return body, signature(body, now - 1000 if self.kind == "stale" else now, WEBHOOK_SECRET)


@dataclass(slots=True)
class Sender:
    """Sends deliveries from several threads. `after` is called with the number of those that are over, each time."""

    port: int
    deliveries: list[Delivery]
    threads: int = 8
    after: Callable[[int], None] = lambda _: None
    over: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _place: int = 0

    def run(self) -> None:
        """Send all of them; returns when each is over or `stopped` is set."""
        running = [threading.Thread(target=self._work) for _ in range(self.threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()

    def _work(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            while (delivery := self._next()) is not None:
                self._deliver(line, delivery)
        finally:
            line.close()

    def _next(self) -> Delivery | None:
        with self._lock:
            if self.stopped.is_set() or self._place == len(self.deliveries):
                return None
            self._place += 1
            return self.deliveries[self._place - 1]

    def _deliver(self, line: http.client.HTTPConnection, delivery: Delivery) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.stopped.is_set() and time.monotonic() < deadline:
            delivery.tries += 1
            try:
                delivery.status = _post(line, delivery)
            except (OSError, http.client.HTTPException):
                line.close()
            if delivery.is_over:
                with self._lock:
                    self.over += 1
                    over = self.over
                self.after(over)
                return
            self.stopped.wait(PAUSE_SECONDS)


def _post(line: http.client.HTTPConnection, delivery: Delivery) -> int:
    body, header = delivery.body_and_header()
    line.request("POST", "/webhooks/stripe", body, {"Content-Type": "application/json", "Stripe-Signature": header})
    answer = line.getresponse()
    answer.read()
    return answer.status
