"""What is left of an appeal that ends: each fund's money and where it is, the wordings under which it was given, and
what is decided about it already. Reads only; a surplus goes by a transfer or a payment request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, literal, select, union_all
from sqlalchemy.engine import Connection

from donations.extensions import db
from donations.models import Adjustment, Appeal, Fund, PaymentRequest
from donations.money import apportion
from donations.reconciliation import balances, fund_availability, wording_balances
from donations.reconciliation.balances import FundBalance
from donations.reconciliation.fund_availability import Places
from donations.reconciliation.wording_balances import Given

# Where money may still be on its way to the fund, or from it: an appeal is settled when these are nothing too.
UNSETTLED = ("in_dispute", "at_stripe", "in_transit", "in_hand", "owed", "committed")


@dataclass(frozen=True, slots=True)
class Under:
    """What was given under one wording, and the other funds that this wording names for a surplus. `names_it` where it
    names the fund itself: then the money may stay."""

    given: Given
    named: tuple[Fund, ...]
    names_it: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """One fund of the appeal. `places` are where its money is, one for each balance. `waiting` are transfers and
    payment requests that a person must still decide or send."""

    fund: Fund
    balances: tuple[FundBalance, ...]
    places: tuple[Places, ...]
    under: tuple[Under, ...]
    waiting: tuple[Any, ...]

    def shares(self, usable_minor: int, currency: str) -> list[int]:
        """What can be moved now, in minor units, laid over the wordings by what was given under each: a proposal."""
        weights = [max(0, one.given.minor(currency)) for one in self.under]
        return apportion(usable_minor, weights) if any(weights) else [0] * len(weights)

    @property
    def is_settled(self) -> bool:
        return not any(one.figures[name] for one in self.balances for name in ("free", *UNSETTLED))


def of_appeal(conn: Connection, appeal: Appeal) -> list[Rest]:
    """The funds of the appeal, in their order."""
    numbers = [fund.id for fund in appeal.funds]
    found, given = balances.of_funds(conn, numbers), wording_balances.of_funds(conn, numbers)
    every_fund = db.session.scalars(select(Fund).order_by(Fund.id)).all()
    return [
        _rest(conn, fund, [one for one in found if one.fund_id == fund.id], given[fund.id], every_fund)
        for fund in appeal.funds
    ]


def ended_with_money(funds: Sequence[Fund], found: Sequence[FundBalance]) -> list[Appeal]:
    """Ended appeals with a fund that still has money available."""
    rich = {one.fund_id for one in found if one.figures["free"]}
    ended = {
        fund.appeal.id: fund.appeal
        for fund in funds
        if fund.id in rich and fund.appeal is not None and fund.appeal.state == "closed"
    }
    return list(ended.values())


def _rest(
    conn: Connection, fund: Fund, found: Sequence[FundBalance], given: Sequence[Given], every_fund: Sequence[Fund]
) -> Rest:
    return Rest(
        fund,
        tuple(found),
        tuple(fund_availability.of_balance(conn, one) for one in found),
        tuple(_under(one, wording_balances.named_in(one.wording, every_fund), fund) for one in given),
        tuple(conn.execute(_WAITING, {"of_fund": fund.id})),
    )


def _under(given: Given, named: Sequence[Fund], fund: Fund) -> Under:
    others = tuple(one for one in named if one.id != fund.id)
    return Under(given, others, names_it=len(others) < len(named))


_adjustment: Table = Adjustment.__table__  # type: ignore[assignment]
_payment_request: Table = PaymentRequest.__table__  # type: ignore[assignment]
_WAITING = union_all(
    select(
        literal("adjustment").label("what"), _adjustment.c.id, _adjustment.c.kind.label("words"),
        _adjustment.c.amount_minor, _adjustment.c.currency, _adjustment.c.state,
    ).where(_adjustment.c.fund_id == bindparam("of_fund"), _adjustment.c.state == "requested"),
    select(
        literal("disbursement").label("what"), _payment_request.c.id, _payment_request.c.purpose.label("words"),
        _payment_request.c.amount_minor, _payment_request.c.currency, _payment_request.c.state,
    ).where(
        _payment_request.c.fund_id == bindparam("of_fund"),
        _payment_request.c.state.in_(("requested", "approved", "sent"))
    ),
)  # fmt: skip
