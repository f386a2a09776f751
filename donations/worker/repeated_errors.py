"""What goes wrong again and again is logged once, and once more when it is over: a log of a failing database would
otherwise fill the disk."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from flask import current_app

log = logging.getLogger(__name__)
AGAIN_SECONDS = 3600.0


@dataclass(slots=True)
class _Trouble:
    kind: str
    since: float
    logged: float
    times: int = 1


class Troubles:
    """Failures by what failed. The same one again is counted, and told of once an hour."""

    def __init__(self) -> None:
        self._now: dict[str, _Trouble] = {}

    def note(self, what: str, error: BaseException, *, known: bool = False) -> None:
        """Log the first failure of its kind: in one line if it is `known` what it means, else with its traceback."""
        kind, now = f"{type(error).__name__}: {str(error)[:200]}", time.monotonic()
        trouble = self._now.get(what)
        if trouble is not None and trouble.kind == kind and now - trouble.logged < AGAIN_SECONDS:
            trouble.times += 1
            return
        if trouble is None:
            self._now[what] = _Trouble(kind, now, now)
        else:
            trouble.kind, trouble.logged, trouble.times = kind, now, trouble.times + 1
        said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        log.error(
            "%s fails: %s: %s. It is tried again. The same failure is logged once an hour",
            what, type(error).__name__, said, exc_info=None if known else error,
        )  # fmt: skip

    def over(self, what: str) -> None:
        """Log that it works again, if it did not."""
        trouble = self._now.pop(what, None)
        if trouble is not None:
            seconds = time.monotonic() - trouble.since
            log.warning("%s works again: it had failed %d times in %d s", what, trouble.times, seconds)


def troubles() -> Troubles:
    """Those of this process's app."""
    found: Troubles = current_app.extensions.setdefault("troubles", Troubles())
    return found
