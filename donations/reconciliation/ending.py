"""What is left of an appeal that ends: each fund's money and where it stands, what those who gave were told about a
rest, and what is decided about it already. Reads only; a rest goes by a transfer or a disbursement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, func, literal, select, union_all
from sqlalchemy.engine import Connection

from donations.giving import COUNTED_STATES
from donations.models import Adjustment, Allocation, Appeal, BankAccount, Disbursement, Donation, Fund
from donations.reconciliation import balances
from donations.reconciliation.balances import FundBalance

# Where money may still be on its way to the fund, or from it: an appeal is settled when these are nothing too.
UNSETTLED = ("in_question", "at_stripe", "in_transit", "in_hand", "committed")


@dataclass(frozen=True, slots=True)
class Told:
    """What was frozen on so many gifts of the fund: the words about a rest, "" where the receipt must not say them."""

    words: str
    gifts: int


@dataclass(frozen=True, slots=True)
class Rest:
    """One fund of the appeal. `waiting` are transfers and disbursements that somebody must still decide or send."""

    fund: Fund
    balances: tuple[FundBalance, ...]
    told: tuple[Told, ...]
    waiting: tuple[Any, ...]

    @property
    def is_settled(self) -> bool:
        return not any(one.figures[name] for one in self.balances for name in ("free", *UNSETTLED))


def of_appeal(conn: Connection, appeal: Appeal) -> list[Rest]:
    """The funds of the appeal, in their order."""
    numbers = [fund.id for fund in appeal.funds]
    found = balances.of_funds(conn, numbers)
    return [
        Rest(
            fund,
            tuple(one for one in found if one.fund_id == fund.id),
            tuple(Told(words or "", gifts) for words, gifts in _told(conn, fund.id)),
            tuple(conn.execute(_WAITING, {"of_fund": fund.id})),
        )
        for fund in appeal.funds
    ]


def only_account(conn: Connection, currency: str) -> int | None:
    """The bank account in this currency, if there is just one."""
    found = conn.execute(select(_account.c.id).where(_account.c.currency == currency).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else None


def ended_with_money(funds: Sequence[Fund], found: Sequence[FundBalance]) -> list[Appeal]:
    """The appeals that have ended and of which a fund still has something free."""
    rich = {one.fund_id for one in found if one.figures["free"]}
    ended = {
        fund.appeal.id: fund.appeal
        for fund in funds
        if fund.id in rich and fund.appeal is not None and fund.appeal.state == "closed"
    }
    return list(ended.values())


def _told(conn: Connection, fund_id: int) -> list[tuple[str, int]]:
    """The words by how many gifts were given under them; read from the terms as they were frozen."""
    sums: dict[str, int] = {}
    for terms, gifts in conn.execute(_TERMS, {"of_fund": fund_id}):
        words = str((terms or {}).get("restriction") or "")
        sums[words] = sums.get(words, 0) + int(gifts)
    return sorted(sums.items(), key=lambda one: (-one[1], one[0]))


_donation: Table = Donation.__table__  # type: ignore[assignment]
_allocation: Table = Allocation.__table__  # type: ignore[assignment]
_adjustment: Table = Adjustment.__table__  # type: ignore[assignment]
_disbursement: Table = Disbursement.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]
_TERMS = (
    select(_donation.c.terms, func.count())
    .join(_allocation, _allocation.c.donation_id == _donation.c.id)
    .where(_allocation.c.fund_id == bindparam("of_fund"), _donation.c.state.in_(COUNTED_STATES))
    .group_by(_donation.c.terms)
)
_WAITING = union_all(
    select(
        literal("adjustment").label("what"), _adjustment.c.id, _adjustment.c.kind.label("words"),
        _adjustment.c.amount_minor, _adjustment.c.currency, _adjustment.c.state,
    ).where(_adjustment.c.fund_id == bindparam("of_fund"), _adjustment.c.state == "requested"),
    select(
        literal("disbursement").label("what"), _disbursement.c.id, _disbursement.c.purpose.label("words"),
        _disbursement.c.amount_minor, _disbursement.c.currency, _disbursement.c.state,
    ).where(
        _disbursement.c.fund_id == bindparam("of_fund"), _disbursement.c.state.in_(("requested", "approved", "sent"))
    ),
)  # fmt: skip
