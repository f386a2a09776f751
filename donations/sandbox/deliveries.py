"""Webhook deliveries: signed, sent in the background, tried again; held, repeated or shuffled on demand.

It knows events and endpoints only. Each event keeps its own deliveries under `_deliveries`, by endpoint.
"""

import hashlib
import hmac
import http.client
import json
import logging
import queue
import random
import ssl
import threading
import time
from functools import partial
from urllib.parse import urlsplit

from .clock import Clock, Timetable
from .settings import Settings
from .store import Doc, Store, public

logger = logging.getLogger(__name__)

KEPT_ATTEMPTS = 20
Job = tuple[str, str, bool]  # event, endpoint, whether it counts as the planned delivery (an extra one is not retried)


class Deliveries:
    """The queue and its threads."""

    def __init__(
        self, store: Store, clock: Clock, timetable: Timetable, lock: threading.RLock, settings: Settings
    ) -> None:
        self.store, self.clock, self.timetable, self.lock, self.settings = (
            store,
            clock,
            timetable,
            lock,
            settings,
        )
        self.held = False
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._settled = threading.Condition(lock)
        self._unsettled: set[tuple[str, str]] = set()
        self._running = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-delivery-{number}", daemon=True)
            for number in range(settings.delivery_threads)
        ]

    def start(self) -> None:
        """Start sending; what an earlier run left pending is sent now."""
        for event in self.store.oldest_first("event"):
            for endpoint_id, delivery in event["_deliveries"].items():
                if delivery["state"] == "pending":
                    self._enqueue(event["id"], endpoint_id)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)

    def clear(self) -> None:
        self.held = False
        self._unsettled.clear()
        self._settled.notify_all()

    def plan(self, event: Doc) -> None:
        """Decide which endpoints get a new event, and send it to them. The caller holds the lock."""
        event["_deliveries"] = {}
        for endpoint in self.store.oldest_first("webhook_endpoint"):
            if endpoint["status"] == "enabled" and _wants(endpoint, event["type"]):
                event["_deliveries"][endpoint["id"]] = {"state": "pending", "attempts": []}
        event["pending_webhooks"] = event["_announced"] = len(event["_deliveries"])
        for endpoint_id in event["_deliveries"]:
            self._enqueue(event["id"], endpoint_id)

    def hold(self) -> None:
        self.held = True

    def release(self, *, times: int = 1, order: random.Random | None = None) -> int:
        """Send what was held, each `times` times, shuffled by `order` if given.

        Answers how many requests that makes.
        """
        self.held = False
        waiting = [
            (event["id"], endpoint_id)
            for event in self.store.oldest_first("event")
            for endpoint_id, delivery in event["_deliveries"].items()
            if delivery["state"] == "held"
        ]
        jobs: list[Job] = [(*pair, turn == 0) for pair in waiting for turn in range(times)]
        if order:
            order.shuffle(jobs)
        for event_id, endpoint_id in waiting:
            self._set(event_id, endpoint_id, "pending")
        for job in jobs:
            self._put(job)
        return len(jobs)

    def again(self, event: Doc, times: int) -> int:
        """Send an event now, whatever became of it so far, even while others are held."""
        endpoints = list(event["_deliveries"])
        for _ in range(times):
            for endpoint_id in endpoints:
                self._put((event["id"], endpoint_id, event["_deliveries"][endpoint_id]["state"] == "held"))
        return times * len(endpoints)

    def drop(self, event: Doc) -> None:
        """Never send this event by itself again."""
        for endpoint_id, delivery in event["_deliveries"].items():
            if delivery["state"] in ("pending", "held"):
                self._set(event["id"], endpoint_id, "dropped")

    def wait(self, seconds: float) -> bool:
        """Whether everything not held was delivered, dropped or given up within `seconds`."""
        with self._settled:
            return self._settled.wait_for(lambda: not self._unsettled and not self._running, seconds)

    def states(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for event in self.store.oldest_first("event"):
            for delivery in event["_deliveries"].values():
                counts[delivery["state"]] = counts.get(delivery["state"], 0) + 1
        return counts

    def _enqueue(self, event_id: str, endpoint_id: str) -> None:
        with self.lock:
            event = self.store.get(event_id)
            if event is None or event["_deliveries"][endpoint_id]["state"] not in ("pending", "held"):
                return
            self._set(event_id, endpoint_id, "held" if self.held else "pending")
            if not self.held:
                self._put((event_id, endpoint_id, True))

    def _put(self, job: Job) -> None:
        self._running += 1
        self._jobs.put(job)

    def _set(self, event_id: str, endpoint_id: str, state: str) -> None:
        event = self.store.get(event_id)
        if event is None:
            return
        event["_deliveries"][endpoint_id]["state"] = state
        event["pending_webhooks"] = sum(each["state"] != "delivered" for each in event["_deliveries"].values())
        self.store.save(event)
        change = self._unsettled.add if state == "pending" else self._unsettled.discard
        change((event_id, endpoint_id))
        self._settled.notify_all()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._run(*job)
            except Exception:  # A thread that dies would silently stop all deliveries.
                logger.exception("a delivery failed in an unforeseen way")
            with self._settled:
                self._running = max(0, self._running - 1)
                self._settled.notify_all()

    def _run(self, event_id: str, endpoint_id: str, planned: bool) -> None:
        with self.lock:
            event, endpoint = self.store.get(event_id), self.store.get(endpoint_id)
            if event is None:
                return
            if planned and event["_deliveries"][endpoint_id]["state"] == "dropped":
                return
            if endpoint is None or endpoint["status"] != "enabled":
                self._set(event_id, endpoint_id, "dropped")
                return
            body, url, secret = payload(event), endpoint["url"], endpoint["_secret"]
        started = time.monotonic()
        answer = _post(url, secret, body, self.settings.delivery_timeout_seconds)
        attempt = {
            "at": self.clock.stamp(),
            "answer": answer,
            "seconds": round(time.monotonic() - started, 3),
        }
        with self.lock:
            if self.store.get(event_id) is event:
                self._note(event, endpoint_id, attempt, planned)
                self.store.commit()

    def _note(self, event: Doc, endpoint_id: str, attempt: Doc, planned: bool) -> None:
        delivery = event["_deliveries"][endpoint_id]
        delivery["attempts"] = [*delivery["attempts"], attempt][-KEPT_ATTEMPTS:]
        if str(attempt["answer"]).startswith("2"):
            self._set(event["id"], endpoint_id, "delivered")
        elif planned and delivery["state"] == "pending":
            self._retry(event, endpoint_id, delivery)
        else:
            self.store.save(event)

    def _retry(self, event: Doc, endpoint_id: str, delivery: Doc) -> None:
        tries = delivery["tries"] = delivery.get("tries", 0) + 1
        if tries > len(self.settings.retry_seconds):
            self._set(event["id"], endpoint_id, "failed")
            return
        self.store.save(event)
        due = self.clock.now() + self.settings.retry_seconds[tries - 1]
        self.timetable.at(due, partial(self._enqueue, event["id"], endpoint_id))


def payload(event: Doc) -> bytes:
    """The bytes sent: the event as it was announced, the same in every attempt."""
    return json.dumps({**public(event), "pending_webhooks": event["_announced"]}, indent=2).encode()


def signature(body: bytes, secret: str, at: int) -> str:
    """A `Stripe-Signature` header.

    HMAC-SHA256 over time, a full stop and the body, with the whole `whsec_...` as key.
    """
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _wants(endpoint: Doc, type: str) -> bool:
    return "*" in endpoint["enabled_events"] or type in endpoint["enabled_events"]


def _post(url: str, secret: str, body: bytes, timeout_seconds: float) -> str:
    """The status of the answer, or what went wrong.

    Redirects are not followed: for Stripe they are failures.
    """
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        # Real time, not the sandbox's: a receiver compares it with its own clock.
        "Stripe-Signature": signature(body, secret, int(time.time())),
        "Connection": "close",
    }
    connection = (
        http.client.HTTPSConnection(parts.netloc, timeout=timeout_seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=timeout_seconds)
    )
    try:
        connection.request("POST", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, headers)
        answer = connection.getresponse()
        answer.read(65536)
        return str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()
