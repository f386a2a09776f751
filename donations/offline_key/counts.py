"""How much the offline key has sealed, what is still under the machine's own key, and what waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from donations.models import Mail, OfflineKey, OfflineRequest
from donations.offline_key.rules import RULES

WAITS_LONG = timedelta(days=7)
_OLDEST = select(
    select(func.min(Mail.created_at)).where(Mail.state == "locked").scalar_subquery(),
    select(func.min(OfflineRequest.asked_at)).scalar_subquery(),
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Rows of one rule that hold something: `offline` of them under the offline key, `ours` under the machine's."""

    name: str
    offline: int
    ours: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits until the key is unlocked."""

    mails: int
    requests: int

    @property
    def count(self) -> int:
        return self.mails + self.requests


def keys(conn: Connection) -> list[str]:
    """The ids of the offline keys, the one that seals first."""
    return list(conn.scalars(select(OfflineKey.key_id).order_by(OfflineKey.made_at.desc(), OfflineKey.key_id)))


def sealed(conn: Connection) -> Iterator[Sealed]:
    """By rule, in their order."""
    for rule in RULES:
        offline = func.count().filter(rule.table.c.under_offline_key)
        total, there = conn.execute(select(func.count(), offline).select_from(rule.table).where(rule.holds)).one()
        yield Sealed(rule.name, there, total - there)


def findings(conn: Connection, at: datetime) -> Iterator[tuple[str, str, str]]:
    """(level, what, sentence) for `donations doctor`."""
    there = keys(conn)
    if not there:
        yield (
            "ok",
            "offline key",
            "there is none. `donations keys offline create FILE` makes one",
        )
        return
    found = waiting(conn)
    oldest = min((one for one in conn.execute(_OLDEST).one() if one is not None), default=at)
    if at - oldest > WAITS_LONG:
        says = f"{found.mails} emails and {found.requests} requests wait for it, the oldest since {oldest:%Y-%m-%d}"
        yield "warning", "offline key", f"{says}. A treasurer unlocks it in the treasury, on the page Offline key"
    else:
        yield "ok", "offline key", f"{there[0]} seals what is settled"


def waiting(conn: Connection) -> Waiting:
    mails = conn.scalar(select(func.count()).select_from(Mail).where(Mail.state == "locked")) or 0
    return Waiting(mails, conn.scalar(select(func.count()).select_from(OfflineRequest)) or 0)
