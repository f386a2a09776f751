"""The to-do list as it is asked for: by kind with the oldest of each, one kind page by page, or what of it lies in a
period that is to be closed. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, union_all
from sqlalchemy.engine import Connection

from donations.models import Entry, Fund, Posting
from donations.money import Money
from donations.reconciliation import balances
from donations.reconciliation.to_do.clearing_balances import RESTS
from donations.reconciliation.to_do.kinds import KINDS, Kind
from donations.reconciliation.to_do.query_shape import day, moment
from donations.reconciliation.to_do.waiting_by_state import ROWS

SHOWN, PAGE_LENGTH = 5, 50
# How long each thing may take before a person is told. Stripe promises the fee of a charge within the hour.
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SETTLES_WITHIN, MEMBERS_WITHIN, DEBIT_WITHIN = timedelta(days=2), timedelta(days=2), timedelta(days=21)
EXPECTED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing that waits. `ref` names it, `place` the thing whose page it leads to, `note` is a detail that depends
    on the kind (an account, a state, a type). `due_by` only where an outside party waits."""

    kind: str
    ref: str
    place: str
    note: str
    amount: Money | None
    since: date
    due_by: datetime | None


@dataclass(frozen=True, slots=True)
class OpenItems:
    """All open items of a kind: how many, and the oldest of them."""

    kind: str
    count: int
    oldest: tuple[OpenItem, ...]

    @property
    def rules(self) -> Kind:
        return KINDS[self.kind]


def open_items(conn: Connection, at: datetime, *, until: date | None = None) -> list[OpenItems]:
    """What waits now, by kind in the order of KINDS; of a period that ends on `until`, only what waits from its days
    on. Kinds of which nothing waits are left out."""
    found: dict[str, list[OpenItem]] = {}
    counts: dict[str, int] = {}
    asked = _LIST if until is None else _LIST_UNTIL
    for row in conn.execute(asked, _told(at, until)):
        found.setdefault(row.kind, []).append(_item(row))
        counts[row.kind] = int(row.of_kind)
    for item in _overdrawn(conn, at):
        if until is None or item.since <= until:
            found.setdefault(item.kind, []).append(item)
            counts[item.kind] = counts.get(item.kind, 0) + 1
    return [OpenItems(kind, counts[kind], tuple(found[kind][:SHOWN])) for kind in KINDS if kind in found]


def of_kind(conn: Connection, kind: str, at: datetime, page: int = 1) -> list[OpenItem]:
    """A page of one kind, the oldest first, and one more, which says that there are others."""
    if kind == "overdrawn":
        return list(_overdrawn(conn, at))
    asked = select(_all).where(_all.c.kind == kind).order_by(*_OLDEST_FIRST)
    rows = conn.execute(asked.limit(PAGE_LENGTH + 1).offset((page - 1) * PAGE_LENGTH), _told(at, None))
    return [_item(row) for row in rows]


def find(conn: Connection, kind: str, ref: str, at: datetime) -> OpenItem | None:
    """The item of that kind and name, if it waits now."""
    row = conn.execute(select(_all).where(_all.c.kind == kind, _all.c.ref == ref), _told(at, None)).first()
    return _item(row) if row is not None else None


def _told(at: datetime, until: date | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "fee_before": at - HOUR, "day_before": at - DAY, "week_before": at - WEEK, "debit_after": at - DEBIT_WITHIN,
        "members_before": at - MEMBERS_WITHIN, "payout_before": (at - DAY).date(),
        "settled_before": (at - SETTLES_WITHIN).date(), "bank_before": (at - WEEK).date(),
        "expected_before": (at - EXPECTED_FOR).date(),
    }  # fmt: skip
    if until is not None:
        told |= {"until_day": until, "until_moment": datetime.combine(until + DAY, time(), tzinfo=UTC)}
    return told


def _item(row: Any) -> OpenItem:
    return OpenItem(
        row.kind, row.ref, row.place or row.ref, row.note or "",
        None if row.minor is None else Money(int(row.minor), row.currency),
        row.on_day or row.since.date(), row.due_by,
    )  # fmt: skip


def _overdrawn(conn: Connection, at: datetime) -> Iterator[OpenItem]:
    """The funds that have less than nothing to pay out, since the day from which on they had."""
    for one in balances.of_funds(conn):
        if one.figures["free"] < 0:
            amount = Money(one.figures["free"], one.currency)
            since = _negative_since(conn, one.fund_id, one.currency, at)
            slug = str(conn.scalars(select(Fund.slug).where(Fund.id == one.fund_id)).one())
            yield OpenItem("overdrawn", f"{slug}.{one.currency}", slug, "", amount, since, None)


def _negative_since(conn: Connection, fund_id: int, currency: str, at: datetime) -> date:
    accounts = balances.COLUMNS["free"][1]
    rows = conn.execute(
        select(Entry.entry_date, func.sum(Posting.amount_minor))
        .join(Entry, Entry.id == Posting.entry_id)
        .where(Posting.fund_id == fund_id, Posting.currency == currency, Posting.account.in_(accounts))
        .group_by(Entry.entry_date)
        .order_by(Entry.entry_date)
    )
    has, since = 0, at.date()
    for on, minor in rows:
        was, has = has, has + int(minor)
        since = on if has < 0 <= was else since
    return since


_all = union_all(*ROWS, *RESTS).subquery()
_OLDEST_FIRST = (_all.c.due_by.is_(None), _all.c.due_by, _all.c.on_day, _all.c.since, _all.c.ref)


def _listed(wanted: Sequence[Any] = ()) -> Select[Any]:
    placed = (
        select(
            _all,
            func.row_number().over(partition_by=_all.c.kind, order_by=_OLDEST_FIRST).label("number"),
            func.count().over(partition_by=_all.c.kind).label("of_kind"),
        )
        .where(*wanted)
        .subquery()
    )
    return select(placed).where(placed.c.number <= SHOWN).order_by(placed.c.kind, placed.c.number)


_LIST = _listed()
_LIST_UNTIL = _listed(
    [
        or_(
            and_(_all.c.on_day.is_not(None), _all.c.on_day <= day("until_day")),
            and_(_all.c.since.is_not(None), _all.c.since < moment("until_moment")),
        )
    ]
)
