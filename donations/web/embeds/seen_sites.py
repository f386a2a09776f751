"""The sites on which frames are seen, counted by origin and day and nothing else: no address, no path, no visitor.
Counts gather in the process and are written once a minute, so that a crowd of viewers writes nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, EmbeddingSite, Organisation
from donations.prepared import upsert
from donations.web.origin import origin_of
from donations.web.page import now

log = logging.getLogger(__name__)
WRITE_EVERY_SECONDS = 60.0
MAX_AT_ONCE, MAX_PER_APPEAL = 200, 500


class Tally:
    """What was seen since the last writing: (slug, origin) -> times."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.clock = seconds, clock
        self._lock = threading.Lock()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._next = clock() + seconds

    def add(self, slug: str, origin: str) -> dict[tuple[str, str], int]:
        """Count one more. Returns what is to be written now, mostly nothing."""
        with self._lock:
            if (slug, origin) in self._seen or len(self._seen) < MAX_AT_ONCE:
                self._seen[slug, origin] += 1
            if self.clock() < self._next:
                return {}
            self._next = self.clock() + self.seconds
            due, self._seen = dict(self._seen), Counter()
            return due


def init_app(app: Flask) -> None:
    app.extensions["sites"] = Tally(WRITE_EVERY_SECONDS if app.config["KEEP_SECONDS"] else 0)


def note(slug: str, referrer: str | None) -> None:
    """A frame of the appeal was asked for by a page of that address. A fault here never takes the frame away."""
    origin = origin_of(referrer)
    if not origin or origin == current_app.config["SETTINGS"].public_url:
        return
    tally: Tally = current_app.extensions["sites"]
    due = tally.add(slug, origin)
    if due:
        try:
            _write(due, now())
        except SQLAlchemyError:
            log.exception("the sites that embed were not written down")


def _write(due: dict[tuple[str, str], int], at: datetime) -> None:
    today: date = Organisation.get().day_of(at)
    with write_unit() as conn:
        named = select(Appeal.slug, Appeal.id).where(Appeal.slug.in_({slug for slug, _ in due}))
        ids = {row.slug: row.id for row in db.session.execute(named)}
        known = _known(set(ids.values()))
        for (slug, origin), times in sorted(due.items()):
            id = ids[slug]
            if origin not in known[id] and len(known[id]) >= MAX_PER_APPEAL and not _made_room(known[id], id, times):
                continue
            known[id].add(origin)
            conn.execute(
                _more(conn.dialect.name),
                {"appeal_id": id, "origin": origin, "times": times, "first_seen_on": today, "last_seen_on": today},
            )


def _made_room(known: set[str], appeal_id: int, times: int) -> bool:
    """Whether the site that was seen least gives way: anybody can make sites up, and none must keep a real one out."""
    of_appeal = select(EmbeddingSite).where(EmbeddingSite.appeal_id == appeal_id)
    least = db.session.scalars(of_appeal.order_by(EmbeddingSite.times, EmbeddingSite.last_seen_on).limit(1)).one()
    if least.times > times:
        return False
    known.discard(least.origin)
    db.session.delete(least)
    db.session.flush()
    return True


def _known(ids: set[int]) -> dict[int, set[str]]:
    known: dict[int, set[str]] = {id: set() for id in ids}
    for id, origin in db.session.execute(
        select(EmbeddingSite.appeal_id, EmbeddingSite.origin).where(EmbeddingSite.appeal_id.in_(ids))
    ):
        known[id].add(origin)
    return known


def _more(dialect: str) -> Any:
    table: Table = EmbeddingSite.__table__  # type: ignore[assignment]
    statement = upsert(dialect, table).values({column.name: bindparam(column.name) for column in table.columns})
    return statement.on_conflict_do_update(
        index_elements=["appeal_id", "origin"],
        set_={
            "times": table.c.times + statement.excluded.times,
            "last_seen_on": func.max(table.c.last_seen_on, statement.excluded.last_seen_on)
            if dialect == "sqlite"
            else func.greatest(table.c.last_seen_on, statement.excluded.last_seen_on),
        },
    )
