"""Caches what the dashboard calculates from the whole ledger, in the process: until something is posted or done, and
for a minute at most. So many open dashboards that poll every half minute cost one calculation."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from donations.extensions import db
from donations.models import Entry

MAX_SECONDS = 60.0
# While donations come in every second: a result this recent is shown again although something was posted since.
MIN_SECONDS = 5.0


@dataclass(slots=True)
class Kept:
    answer: Any
    version: object
    made_at: float


@dataclass(slots=True)
class Shelf:
    """What one process keeps. `clock` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    kept: dict[Hashable, Kept] = field(default_factory=dict)

    def fetch(self, key: Hashable, version: object, make: Callable[[], Any]) -> Any:
        found, at = self.kept.get(key), self.clock()
        if found is not None and self._is_good(found, version, at):
            return found.answer
        self.kept[key] = Kept(make(), version, at)
        return self.kept[key].answer

    def _is_good(self, found: Kept, version: object, at: float) -> bool:
        age = at - found.made_at
        return age < MIN_SECONDS or (age < MAX_SECONDS and found.version == version)


def kept(key: Hashable, make: Callable[[], Any]) -> Any:
    """What is kept under the key, or what `make` says now. In tests, which change something and look at once, nothing
    is kept."""
    if not current_app.config["KEEP_SECONDS"]:
        return make()
    return _shelf().fetch(key, db.session.scalar(select(func.max(Entry.id))), make)


def forget() -> None:
    """A person did something here and expects to see it."""
    _shelf().kept.clear()


def _shelf() -> Shelf:
    shelf: Shelf = current_app.extensions.setdefault("treasury_shelf", Shelf())
    return shelf
