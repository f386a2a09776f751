"""The sandbox's time, which a test may move forward, and the list of what is to happen later.

Knows nothing of payments.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Clock:
    """Seconds since 1970, real time plus whatever was added; it may begin in the past."""

    def __init__(self, behind_seconds: float = 0.0) -> None:
        self.ahead_seconds = -behind_seconds

    def now(self) -> float:
        return time.time() + self.ahead_seconds

    def stamp(self) -> int:
        return int(self.now())


class Timetable:
    """Runs each call at its time, one after another, in one thread of its own. Calls must be quick."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="sandbox-timetable", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def at(self, due: float, call: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (due, next(self._order), call))
            self._changed.notify()

    def advance(self, seconds: float) -> None:
        """Move the clock forward; what falls due happens at once."""
        with self._changed:
            self.clock.ahead_seconds += seconds
            self._changed.notify()

    def clear(self) -> None:
        with self._changed:
            self._due.clear()

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call()
            except Exception:  # One bad call must not silence all later ones.
                logger.exception("a call of the timetable failed")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._stopped:
                wait_seconds = self._due[0][0] - self.clock.now() if self._due else None
                if wait_seconds is not None and wait_seconds <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait_seconds)
        return None
