"""What the treasury's first page asks: what is still open and for how long, what came in week by week, and the postings
behind a figure. Each is one query; the balances of funds are in balances.py. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.engine import Connection

from donations.models import (
    BalanceTransaction,
    BankLine,
    DayMark,
    Dispute,
    Entry,
    Match,
    PayIn,
    Payment,
    Payout,
    Posting,
    Refund,
    Slip,
    StripeEvent,
)  # fmt: skip
from donations.models.base import BigInt, UtcDateTime
from donations.money import Money
from donations.reconciliation.disputes import CLOSED

# In the order in which they are shown: what has a deadline first.
KINDS = ("dispute", "event", "refund", "payout", "pay_in", "slip", "line", "gift")
SHOWN = 5
WEEKS = 26
PAGE_LENGTH = 50
# Stripe promises the fee of a charge within the hour.
FEE_LATE = timedelta(hours=1)
# A payout that should have arrived so long ago and is not in a statement is worth a look at the bank.
PAYOUT_LATE = timedelta(days=1)
# Where a small rest may stay open for ever: on a slip, a payment, a payout.
MAY_BE_WRITTEN_OFF = (1030, 1040, 1120)


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing that is not finished. `ref` names it: the id of a payout, charge, refund, dispute or event, the number
    of a slip or bank line. `due_by` only where somebody outside waits."""

    kind: str
    ref: str
    amount: Money | None
    since: date
    due_by: datetime | None


@dataclass(frozen=True, slots=True)
class OpenItems:
    """All open items of a kind: how many, and the oldest of them."""

    kind: str
    count: int
    oldest: tuple[OpenItem, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """What came in during a week, from Monday, in minor units of one currency: gifts less what was given back."""

    starts_on: date
    card_minor: int
    offline_minor: int

    @property
    def minor(self) -> int:
        return self.card_minor + self.offline_minor


def open_items(conn: Connection, at: datetime) -> list[OpenItems]:
    """What is open now, by kind in the order of KINDS; kinds of which nothing is open are left out."""
    told = {"fee_before": at - FEE_LATE, "payout_before": (at - PAYOUT_LATE).date()}
    found: dict[str, list[Any]] = {}
    for row in conn.execute(_OPEN, told):
        found.setdefault(row.kind, []).append(row)
    return [OpenItems(kind, found[kind][0].of_kind, _items(found[kind])) for kind in KINDS if kind in found]


def income_by_week(conn: Connection, currency: str, until: date) -> list[Week]:
    """The last weeks up to that day, oldest first, with those in which nothing came."""
    last = until - timedelta(days=until.weekday())
    starts = [last - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
    sums: dict[tuple[date, bool], int] = {}
    for day, account, minor in _income(conn, currency, starts[0], until):
        key = (day - timedelta(days=day.weekday()), account == 4010)
        sums[key] = sums.get(key, 0) - minor
    return [Week(start, sums.get((start, False), 0), sums.get((start, True), 0)) for start in starts]


def _income(conn: Connection, currency: str, since: date, until: date) -> Iterator[Any]:
    """(day, account, minor units): what the marks have, and what was posted since."""
    marked = conn.execute(_MARKED_INCOME).all()
    posted = conn.execute(_INCOME, {"through": marked[0].through if marked else 0})
    for row in (*marked, *posted):
        if row.currency == currency and since <= row.entry_date <= until:
            yield row.entry_date, row.account, int(row.amount_minor)


def by_account(conn: Connection, fund_id: int) -> list[Any]:
    """(account, currency, minor units) of a fund, those that are not nothing."""
    return list(conn.execute(_BY_ACCOUNT, {"of_fund": fund_id}))


def not_cleared(conn: Connection, accounts: Sequence[int]) -> list[Any]:
    """(account, what it clears, fund id, currency, minor units) that are open on these accounts, for a person to decide
    about."""
    return list(conn.execute(_NOT_CLEARED.where(_posting.c.account.in_(accounts))))


def postings(
    conn: Connection, fund_id: int, currency: str, accounts: Sequence[int], before: tuple[int, int] | None = None
) -> list[Any]:
    """Postings of a fund, the newest entries first: at most PAGE_LENGTH and one more, which says that there are others.
    `before` is the entry and line after which the page goes on."""
    asked = _POSTINGS.where(_posting.c.account.in_(accounts)) if accounts else _POSTINGS
    if before:
        entry, line = before
        asked = asked.where(
            or_(_posting.c.entry_id < entry, and_(_posting.c.entry_id == entry, _posting.c.line > line))
        )
    told = {"of_fund": fund_id, "of_currency": currency}
    return list(conn.execute(asked.limit(PAGE_LENGTH + 1), told))


def _items(rows: Sequence[Any]) -> tuple[OpenItem, ...]:
    return tuple(
        OpenItem(
            row.kind, row.ref, None if row.minor is None else Money(int(row.minor), row.currency),
            row.on_day or row.since.date(), row.due_by,
        )
        for row in sorted(rows, key=lambda row: row.place)
    )  # fmt: skip


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_posting, _entry, _match = _table(Posting), _table(Entry), _table(Match)
_payment, _movement, _payout = _table(Payment), _table(BalanceTransaction), _table(Payout)
_dispute, _refund, _event = _table(Dispute), _table(Refund), _table(StripeEvent)
_slip, _bank_line = _table(Slip), _table(BankLine)


def _kind(
    kind: str, ref: Any, *, minor: Any = None, currency: Any = None, since: Any = None, on_day: Any = None,
    due_by: Any = None,
) -> Select[Any]:  # fmt: skip
    return select(
        literal(kind).label("kind"),
        cast(ref, Text).label("ref"),
        (cast(null(), BigInt) if minor is None else minor).label("minor"),
        (cast(null(), Text) if currency is None else currency).label("currency"),
        (cast(null(), UtcDateTime) if since is None else since).label("since"),
        (cast(null(), Date) if on_day is None else on_day).label("on_day"),
        (cast(null(), UtcDateTime) if due_by is None else due_by).label("due_by"),
    )


def _matched(kind: str, target: Any) -> Any:
    return exists().where(_match.c.kind == kind, _match.c.target == target, _match.c.state == "confirmed")


def _not_cleared(account: int) -> Any:
    """What is open on an account, by the thing that it clears."""
    of_thing = (_posting.c.clear_ref, _posting.c.currency)
    asked = select(*of_thing, cast(func.sum(_posting.c.amount_minor), BigInt).label("minor"))
    by_ref = asked.where(_posting.c.account == account).group_by(*of_thing)
    return by_ref.having(func.sum(_posting.c.amount_minor) != 0).subquery()


_short, _owed = _not_cleared(1030), _not_cleared(2020)
_unsettled = and_(
    _payment.c.succeeded_at < bindparam("fee_before", type_=UtcDateTime),
    _payment.c.failed_at.is_(None),
    _payment.c.movement_id.is_(None),
)
_all = union_all(
    _kind(
        "dispute", _dispute.c.id, minor=_dispute.c.amount_minor, currency=_dispute.c.currency,
        since=_dispute.c.created_at, due_by=_dispute.c.due_by,
    ).where(_dispute.c.status.not_in(CLOSED)),
    _kind("event", _event.c.id, since=_event.c.received_at).where(_event.c.state == "parked"),
    _kind(
        "refund", _refund.c.id, minor=_refund.c.amount_minor, currency=_refund.c.currency, since=_refund.c.created_at,
    )
    .join(_payment, _payment.c.id == _refund.c.payment_id)
    .join(_owed, _owed.c.clear_ref == _payment.c.charge_id)
    .where(_refund.c.status == "failed"),
    _kind(
        "payout", _payout.c.id, minor=_payout.c.amount_minor, currency=_payout.c.currency, on_day=_payout.c.arrival_on,
    ).where(
        _payout.c.status.not_in(("failed", "canceled")), _payout.c.arrival_on < bindparam("payout_before", type_=Date),
        ~_matched("payout", _payout.c.id),
    ),
    _kind(
        "pay_in", PayIn.id, minor=PayIn.amount_minor, currency=PayIn.currency, since=PayIn.sent_at,
    ).where(PayIn.state == "new"),
    _kind("slip", _slip.c.id, minor=_short.c.minor, currency=_slip.c.currency, on_day=_slip.c.paid_in_on).join(
        _short, _short.c.clear_ref == literal("slip:") + cast(_slip.c.id, Text)
    ),
    _kind(
        "line", _bank_line.c.id, minor=_bank_line.c.amount_minor, currency=_bank_line.c.currency,
        on_day=_bank_line.c.booked_on,
    ).where(~exists().where(_match.c.bank_line_id == _bank_line.c.id, _match.c.state == "confirmed")),
    _kind(
        "gift", _payment.c.charge_id, minor=_payment.c.amount_minor, currency=_payment.c.currency,
        since=_payment.c.succeeded_at,
    ).where(_unsettled),
).subquery()  # fmt: skip
_placed = select(
    _all,
    func.row_number().over(
        partition_by=_all.c.kind, order_by=(_all.c.due_by, _all.c.on_day, _all.c.since, _all.c.ref)
    ).label("place"),
    func.count().over(partition_by=_all.c.kind).label("of_kind"),
).subquery()  # fmt: skip
_OPEN = select(_placed).where(_placed.c.place <= SHOWN)
_GIVEN = (4000, 4010, 4050, 4060, 4070)
# By their entries and nothing else: the sum keeps SQLite from walking the index by account, which holds every posting.
_INCOME = (
    select(_entry.c.entry_date, _posting.c.account, _posting.c.currency, _posting.c.amount_minor)
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .where(_posting.c.entry_id > bindparam("through"), (_posting.c.account + 0).in_(_GIVEN))
)
# All its days, so that `through` is known even if none of them is asked for.
_MARKED_INCOME = select(DayMark.__table__).where(DayMark.account.in_(_GIVEN))
_BY_ACCOUNT = (
    select(_posting.c.account, _posting.c.currency, cast(func.sum(_posting.c.amount_minor), BigInt).label("minor"))
    .where(_posting.c.fund_id == bindparam("of_fund"))
    .group_by(_posting.c.account, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) != 0)
    .order_by(_posting.c.account, _posting.c.currency)
)
_NOT_CLEARED = (
    select(
        _posting.c.account,
        _posting.c.clear_ref,
        _posting.c.fund_id,
        _posting.c.currency,
        cast(func.sum(_posting.c.amount_minor), BigInt).label("minor"),
    )
    .where(_posting.c.clear_ref.is_not(None))
    .group_by(_posting.c.account, _posting.c.clear_ref, _posting.c.fund_id, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) != 0)
    .order_by(_posting.c.account, _posting.c.clear_ref, _posting.c.fund_id)
    .limit(500)
)
_POSTINGS = (
    select(
        _posting.c.entry_id, _posting.c.line, _posting.c.account, _posting.c.amount_minor, _posting.c.clear_ref,
        _entry.c.entry_date, _entry.c.fact_date, _entry.c.kind, _entry.c.idem_key, _entry.c.reverses,
        _payment.c.charge_id,
    )
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .outerjoin(_payment, and_(_entry.c.source_type == "payment", _payment.c.id == _entry.c.source_id))
    .where(_posting.c.fund_id == bindparam("of_fund"), _posting.c.currency == bindparam("of_currency"))
    .order_by(_posting.c.entry_id.desc(), _posting.c.line)
)  # fmt: skip
