"""One sandbox: its objects, its clock, its deliveries and its lock.

What Stripe's objects do is in the modules named for them.
"""

import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .clock import Clock, Timetable
from .deliveries import Deliveries
from .settings import Settings
from .store import Store


@dataclass(frozen=True)
class Caller:
    """Whose request makes events now: an API request, or nobody's (the hosted page, the clock)."""

    request_id: str | None = None
    idempotency_key: str | None = None


NOBODY = Caller()
caller: contextvars.ContextVar[Caller] = contextvars.ContextVar("caller", default=NOBODY)


@dataclass
class Holds:
    """What the control API asked for and the objects do not show."""

    balance_transactions: bool = False
    next_fee_minor: int | None = None
    date_ahead_seconds: int = 0  # of the Date header, as if the asker's clock were behind
    faults: list[dict[str, Any]] = field(default_factory=list)
    # By kind (charge, refund, refund_failure, dispute, dispute_reversal) and currency.
    rates: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    # Events still to be lost: {"types", "times", "forget"}.
    losses: list[dict[str, Any]] = field(default_factory=list)


class World:
    """Everything of one run. Change it only inside `change()`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base_url = settings.public_url
        self.lock = threading.RLock()
        self.clock = Clock(settings.behind_seconds)
        self.timetable = Timetable(self.clock)
        self.store = Store(settings.state)
        self.deliveries = Deliveries(self.store, self.clock, self.timetable, self.lock, settings)
        self.holds = Holds()
        self.requests: deque[dict[str, Any]] = deque(maxlen=settings.logged_requests)
        self.running_keys: set[str] = set()

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """One thing happens at a time; what it changed is written when it ends."""
        with self.lock:
            try:
                yield
            finally:
                self.store.commit()

    def start(self) -> None:
        self.timetable.start()
        self.deliveries.start()

    def stop(self) -> None:
        self.timetable.stop()
        self.deliveries.stop()
        with self.lock:
            self.store.close()

    def clear(self) -> None:
        """As if just started with an empty state, at the real time."""
        self.timetable.clear()
        self.clock.ahead_seconds = 0.0
        self.deliveries.clear()
        self.store.clear()
        self.requests.clear()
        self.running_keys.clear()
        self.holds = Holds()
