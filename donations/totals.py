"""What an appeal has raised: one public definition, one version, the published snapshot. Every number the public sees
comes from `public`; rules of the money itself are in bookkeeping.py and ledger.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from donations.models import Appeal, Fund
from donations.money import Money


@dataclass(frozen=True, slots=True)
class PublicTotal:
    """What the public may see of an appeal's total. `amounts_shown` is False while amounts are hidden: then every
    figure is None or empty. `donations` is None below 10 for a discreet appeal."""

    slug: str
    state: str
    currency: str
    amounts_shown: bool
    discreet: bool
    raised: Money | None
    goal: Money | None
    percent: int | None  # floored; past 100 when it is; None without a goal
    donations: int | None
    also: tuple[Money, ...]  # money settled in other currencies
    funds: tuple[tuple[str, Money], ...]  # (fund slug, raised in the appeal's currency)
    period_start: date | None
    period_end: date | None  # the last day of the period
    as_of: datetime
    version: str  # opaque; changes when anything above changes; good as an ETag
