"""Where a fund's money is, and so what of it can be paid out or moved now: only what a bank account has of the fund,
less the payments that are approved already. Money at Stripe, on its way or in hand can be used when it has arrived."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.engine import Connection

from donations.bookkeeping.accounts import BANK
from donations.errors import NotEnoughInFund, NotInTheBank
from donations.extensions import db
from donations.models import BankAccount, Fund, PaymentRequest, Posting
from donations.money import Money
from donations.reconciliation import balances
from donations.reconciliation.balances import FundBalance

_UNPAID = ("approved", "sent")


@dataclass(frozen=True, slots=True)
class AtBank:
    """What one bank account has of a fund, in minor units. `usable` is what can be paid out or moved now, never below
    zero: not what is approved and unpaid, nor more than the fund has free."""

    account_id: int
    name: str
    has_minor: int
    usable_minor: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where a fund's money in one currency is, in minor units. `usable` is what can be paid out or moved of all its
    bank accounts together; the others can be used when a statement shows them."""

    fund_id: int
    currency: str
    accounts: tuple[AtBank, ...]
    usable_minor: int
    free_minor: int
    at_stripe_minor: int
    in_transit_minor: int
    in_hand_minor: int

    def usable_in(self, account_id: int | None) -> int:
        """Of one bank account, or of all together, in minor units."""
        if account_id is None:
            return self.usable_minor
        return next((one.usable_minor for one in self.accounts if one.account_id == account_id), 0)


def of_fund(conn: Connection, fund_id: int, currency: str) -> Places:
    """As it is now. Who acts on it locks the fund first: see `check`."""
    found = [one for one in balances.of_funds(conn, [fund_id]) if one.currency == currency]
    return of_balance(conn, found[0] if found else FundBalance(fund_id, currency, dict.fromkeys(balances.COLUMNS, 0)))


def of_balance(conn: Connection, balance: FundBalance) -> Places:
    """Where the money of a balance is that was read just now."""
    asked = {"of_fund": balance.fund_id, "of_currency": balance.currency}
    has = {str(row.clear_ref): int(row.minor) for row in conn.execute(_AT_BANK, asked)}
    unpaid = {row.bank_account_id: int(row.minor) for row in conn.execute(_APPROVED, asked)}
    figures, free = balance.figures, balance.figures["free"]
    together = max(0, min(sum(has.values()) - sum(unpaid.values()), free))
    accounts = []
    for row in conn.execute(_ACCOUNTS, {"of_currency": balance.currency}):
        there = has.get(f"bank:{row.id}", 0)
        usable = max(0, min(there - unpaid.get(row.id, 0), together))
        if there or usable:
            accounts.append(AtBank(row.id, row.name, there, usable))
    return Places(
        balance.fund_id, balance.currency, tuple(accounts), together, free, figures["at_stripe"],
        figures["in_transit"], figures["in_hand"],
    )  # fmt: skip


def check(conn: Connection, fund_id: int, amount: Money, account_id: int | None) -> None:
    """Lock the fund and look whether so much of it is in that bank account and not committed; without an account, in
    all of them together. Raises NotEnoughInFund if it has less free anywhere, NotInTheBank if it is elsewhere."""
    lock(fund_id)
    found, currency = of_fund(conn, fund_id, amount.currency), amount.currency
    free, there = Money(found.free_minor, currency), Money(found.usable_in(account_id), currency)
    if free < amount:
        raise NotEnoughInFund(free=free, asked=amount)
    if there < amount:
        others = sum(one.usable_minor for one in found.accounts if account_id not in (None, one.account_id))
        raise NotInTheBank(
            there=there, asked=amount, at_stripe=Money(found.at_stripe_minor, currency),
            in_transit=Money(found.in_transit_minor, currency), in_hand=Money(found.in_hand_minor, currency),
            elsewhere=Money(others, currency),
        )  # fmt: skip


def lock(fund_id: int) -> None:
    """Who takes money from a fund waits here for others who do."""
    db.session.execute(select(Fund.id).where(Fund.id == fund_id).with_for_update())


_posting: Table = Posting.__table__  # type: ignore[assignment]
_payment_request: Table = PaymentRequest.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_ACCOUNTS = (
    select(_account.c.id, _account.c.name)
    .where(_account.c.currency == bindparam("of_currency"))
    .order_by(_account.c.name, _account.c.id)
)
_AT_BANK = (
    select(_posting.c.clear_ref, func.sum(_posting.c.amount_minor).label("minor"))
    .where(
        _posting.c.fund_id == bindparam("of_fund"),
        _posting.c.currency == bindparam("of_currency"),
        _posting.c.account == BANK,
    )
    .group_by(_posting.c.clear_ref)
)
_APPROVED = (
    select(_payment_request.c.bank_account_id, func.sum(_payment_request.c.amount_minor).label("minor"))
    .where(
        _payment_request.c.fund_id == bindparam("of_fund"),
        _payment_request.c.currency == bindparam("of_currency"),
        _payment_request.c.state.in_(_UNPAID),
    )
    .group_by(_payment_request.c.bank_account_id)
)
