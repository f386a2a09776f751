"""Entries with no outside event behind them: transfers between funds, opening balances, write-offs, and failed refunds
that the donor lets us keep. Each has its reason and authority; large ones need two people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from donations import approvals, facts, ledger, totals
from donations.bookkeeping import Wanted
from donations.bookkeeping import adjustments as entries
from donations.errors import AlreadyDone, NotArrivedYet, NotForThisLine, SentBefore, TooMuchToWriteOff
from donations.extensions import db
from donations.i18n import N_
from donations.models import Adjustment, Organisation
from donations.money import Money
from donations.reconciliation import fund_availability, write_offs


@dataclass(frozen=True, slots=True)
class Asked:
    """An adjustment to post. `form_key` is made by the form, so that it is posted once. `account` and `clear_ref` name
    what is written off, or which returnable donation is kept; `bank_account_id` the bank account that holds the money;
    `wording_id` under which wording the money of a transfer was given."""

    form_key: str
    kind: str
    fund_id: int
    amount: Money
    on: date
    reason: str
    authority: str
    other_fund_id: int | None = None
    bank_account_id: int | None = None
    account: int | None = None
    clear_ref: str | None = None
    wording_id: int | None = None


def ask(conn: Connection, asked: Asked, *, actor: str, at: datetime) -> Adjustment:
    """Post an adjustment at once, or keep it for a second person: transfers and write-offs, where the amount needs two
    people. The same form sent again is the same adjustment. Raises NotEnoughInFund, NotInTheBank, TooMuchToWriteOff,
    NotArrivedYet, NotForThisLine, and SentBefore if the form says something else now."""
    known = db.session.scalar(select(Adjustment).where(Adjustment.form_key == asked.form_key))
    if known is not None:
        if _asked(known) != asked:
            raise SentBefore()
        return known
    _check(conn, asked, at)
    row = Adjustment(
        form_key=asked.form_key, kind=asked.kind, state="requested", fund_id=asked.fund_id,
        other_fund_id=asked.other_fund_id, bank_account_id=asked.bank_account_id, account=asked.account,
        clear_ref=asked.clear_ref, wording_id=asked.wording_id, amount_minor=asked.amount.minor,
        currency=asked.amount.currency, on=asked.on, reason=asked.reason, authority=asked.authority,
        requested_by=actor, requested_at=at,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    if not needs_another(asked.kind, asked.amount):
        _make(conn, row, actor=actor, at=at)
    return row


def decide(conn: Connection, adjustment_id: int, *, yes: bool, actor: str, at: datetime) -> Adjustment:
    """The second person's answer, on the ledger as it is now. Raises NeedsAnother for the requester, AlreadyDone,
    NotEnoughInFund, NotInTheBank, TooMuchToWriteOff, NotForThisLine."""
    row = db.session.get_one(Adjustment, adjustment_id, with_for_update=True)
    if row.state != "requested":
        raise AlreadyDone()
    if not yes and actor != row.requested_by:
        row.state, row.decided_by, row.decided_at = "refused", actor, at
        return row
    approvals.check_second(row.requested_by, by=actor, at=at)
    _check(conn, _asked(row), at)
    _make(conn, row, actor=actor, at=at)
    return row


def needs_another(kind: str, amount: Money | None = None) -> bool:
    """Whether a second person must agree; without an amount, whether that may be so."""
    return kind in ("transfer", "write_off") and approvals.required(amount) > 1


def _asked(row: Adjustment) -> Asked:
    return Asked(
        row.form_key, row.kind, row.fund_id, Money(row.amount_minor, row.currency), row.on, row.reason, row.authority,
        row.other_fund_id, row.bank_account_id, row.account, row.clear_ref, row.wording_id,
    )  # fmt: skip


def _check(conn: Connection, asked: Asked, at: datetime) -> None:
    fund_availability.lock(asked.fund_id)  # Two who take what is there once must not both find it.
    if asked.kind == "transfer":
        fund_availability.check(conn, asked.fund_id, asked.amount, asked.bank_account_id)
    if asked.kind == "write_off":
        most = Money(Organisation.get().write_off_limit_minor, asked.amount.currency)
        if abs(asked.amount.minor) > most.minor:
            raise TooMuchToWriteOff(most=most)
        if not write_offs.is_a_rest(conn, asked.account, asked.clear_ref or "", at):
            raise NotArrivedYet()
    if asked.kind in ("write_off", "kept"):
        account = asked.account if asked.kind == "write_off" else 2020
        told = {"of_account": account, "of_ref": asked.clear_ref, "of_fund": asked.fund_id}
        open_minor = int(conn.execute(_OPEN, told | {"of_currency": asked.amount.currency}).scalar_one())
        # A write-off takes from what is open there; a donation that is kept was owed, so it is a credit.
        left = open_minor if asked.kind == "write_off" else -open_minor
        same_side = (left > 0) == (asked.amount.minor > 0)
        if not same_side or abs(asked.amount.minor) > abs(left):
            raise NotForThisLine(fault=N_("the amount is larger than the open balance"))


def _make(conn: Connection, row: Adjustment, *, actor: str, at: datetime) -> None:
    row.state, row.decided_by, row.decided_at = "made", actor, at
    db.session.flush()
    book(conn, row, actor=actor, at=at)


def book(conn: Connection, row: Adjustment, *, actor: str, at: datetime) -> None:
    """Converge the ledger on an approved adjustment."""
    house = facts.load_house(conn)
    zone = ZoneInfo(house.timezone)
    posted = ledger.converge(
        conn,
        ("adjustment", row.id),
        _WANTED[row.kind](row, datetime.combine(row.on, time(12), tzinfo=zone)),
        at=at,
        day_of=lambda moment: moment.astimezone(zone).date(),
        closed_until=house.closed_until,
        actor=actor,
    )
    totals.apply(conn, posted, counted={}, homes={}, at=at)


def _key(row: Adjustment) -> str:
    return f"adjustment:{row.id}"


def _transfer(row: Adjustment, at: datetime) -> Sequence[Wanted]:
    assert row.other_fund_id is not None
    return entries.entry_of_transfer(
        _key(row), row.fund_id, row.other_fund_id, f"bank:{row.bank_account_id}", row.amount_minor, row.currency, at
    )


def _opening(row: Adjustment, at: datetime) -> Sequence[Wanted]:
    bank_ref = f"bank:{row.bank_account_id}"
    return entries.entry_of_opening(_key(row), row.fund_id, bank_ref, row.amount_minor, row.currency, at)


def _write_off(row: Adjustment, at: datetime) -> Sequence[Wanted]:
    assert row.account is not None
    return entries.entry_of_write_off(
        _key(row), row.fund_id, row.account, row.clear_ref, row.amount_minor, row.currency, at
    )


def _kept(row: Adjustment, at: datetime) -> Sequence[Wanted]:
    return entries.entry_of_kept(_key(row), row.fund_id, row.clear_ref or "", row.amount_minor, row.currency, at)


_WANTED: dict[str, Callable[[Adjustment, datetime], Sequence[Wanted]]] = {
    "transfer": _transfer,
    "opening": _opening,
    "write_off": _write_off,
    "kept": _kept,
}
_OPEN = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE account = :of_account AND clear_ref = :of_ref"
    " AND fund_id = :of_fund AND currency = :of_currency"
)
