"""What lies on the clearing accounts and should not: per thing that an account clears, unless the thing is on its way
as usual or is listed by its own state (waiting_by_state.py)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, Text, and_, case, cast, func, literal, or_, select, union_all

from donations import models
from donations.bookkeeping import OF_A_CHARGE, PAYOUT_CATEGORIES, accounts
from donations.models.base import BigInt
from donations.reconciliation.disputes import CLOSED
from donations.reconciliation.to_do.query_shape import day, items, matched, moment
from donations.stripe_statuses import PayoutStatus


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_posting, _entry, _fund = _table(models.Posting), _table(models.Entry), _table(models.Fund)
_payment, _transaction, _payout = _table(models.Payment), _table(models.BalanceTransaction), _table(models.Payout)
_dispute, _payment_request, _slip = _table(models.Dispute), _table(models.PaymentRequest), _table(models.PayingInSlip)
_balance_mark, _rest_mark = _table(models.BalanceSnapshot), _table(models.OpenItemSnapshot)
# What the marks have, and what was posted since: what was cleared long ago is not added up again at each look.
_through = select(func.coalesce(func.max(_balance_mark.c.through), 0)).scalar_subquery()
_posted = union_all(
    select(
        _rest_mark.c.account, _rest_mark.c.clear_ref, _rest_mark.c.currency, _rest_mark.c.fund_id,
        _rest_mark.c.amount_minor, _rest_mark.c.entry_id,
    ),
    select(
        _posting.c.account, func.coalesce(_posting.c.clear_ref, ""), _posting.c.currency, _posting.c.fund_id,
        _posting.c.amount_minor, _posting.c.entry_id,
    ).where(_posting.c.entry_id > _through, (_posting.c.account + 0).in_(sorted(accounts.CLEARING))),
).subquery()  # fmt: skip
# Whose money it is, fund by fund: what is too much in one fund and too little in another is open too.
_of_fund = (_posted.c.account, _posted.c.clear_ref, _posted.c.currency, _posted.c.fund_id)
_by_fund = (
    select(*_of_fund, func.sum(_posted.c.amount_minor).label("minor"), func.min(_posted.c.entry_id).label("entry_id"))
    .where(_posted.c.account != accounts.UNCLASSIFIED)
    .group_by(*_of_fund)
    .having(func.sum(_posted.c.amount_minor) != 0)
    .cte("by_fund")
)
_sum = func.sum(_by_fund.c.minor)
_open = (
    select(
        _by_fund.c.account,
        _by_fund.c.clear_ref.label("ref"),
        _by_fund.c.currency,
        cast(case((_sum != 0, _sum), else_=func.max(_by_fund.c.minor)), BigInt).label("minor"),
        func.min(_by_fund.c.fund_id).label("fund_id"),
        func.min(_by_fund.c.entry_id).label("entry_id"),
    )
    .group_by(_by_fund.c.account, _by_fund.c.clear_ref, _by_fund.c.currency)
    .cte("rest")
)


def _open_balances(kind: str, account: int, *, sign: int = 1, place: Any = None, note: Any = None) -> Select[Any]:
    """What is open on an account, with the day of the first entry of it."""
    found = items(
        kind, _open.c.ref, place=place, note=note, minor=sign * _open.c.minor, currency=_open.c.currency,
        on_day=_entry.c.entry_date,
    )  # fmt: skip
    joined = found.select_from(_open).join(_entry, _entry.c.id == _open.c.entry_id)
    return joined.where(_open.c.account == account)


_older = _entry.c.entry_date < day("settled_before")
# A bank debit whose balance transaction came before its success is a credit until then.
_on_its_way = and_(
    _payment.c.charge_id.is_not(None), _payment.c.failed_at.is_(None),
    or_(
        and_(_payment.c.succeeded_at.is_(None), _payment.c.charged_at > moment("debit_after")),
        and_(_payment.c.succeeded_at.is_not(None), _payment.c.recorded_transaction_id.is_(None)),
    ),
)  # fmt: skip
_returned = _payout.c.status.in_(PayoutStatus.all_that(lambda status: status.has_come_back))
_fund_slug = select(_fund.c.slug).where(_fund.c.id == _open.c.fund_id).scalar_subquery()
_sent = literal("disbursement:") + cast(_payment_request.c.id, Text)
# One entry for each balance transaction, and its reversals, under keys that begin alike.
_key = func.replace(_entry.c.idem_key, ":reversed", "")
_unclassified = (
    select(
        func.substr(_key, 4).label("balance_transaction_id"), _posting.c.currency,
        func.sum(_posting.c.amount_minor).label("minor"),
    )
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .where(_posting.c.account == accounts.UNCLASSIFIED)
    .group_by(_key, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) != 0)
    .subquery()
)  # fmt: skip
_of_suspense = (
    select(
        _fund.c.slug, _posting.c.account, _posting.c.currency, func.sum(_posting.c.amount_minor).label("minor"),
        func.min(_posting.c.entry_id).label("entry_id"),
    )
    .join(_fund, _fund.c.id == _posting.c.fund_id)
    .where(
        _fund.c.kind == "suspense",
        # The bank's and Stripe's side of what is listed by the clearing account on the other.
        _posting.c.account.not_in([*sorted(accounts.CLEARING), accounts.BANK, accounts.STRIPE_BALANCE]),
    )
    .group_by(_fund.c.slug, _posting.c.account, _posting.c.currency)
    .having(func.sum(_posting.c.amount_minor) != 0)
    .subquery()
)  # fmt: skip
_members = (
    select(func.coalesce(func.sum(_transaction.c.net_minor), 0))
    .where(_transaction.c.payout_id == _payout.c.id, _transaction.c.currency == _payout.c.currency)
    .where(_transaction.c.reporting_category.not_in(sorted(PAYOUT_CATEGORIES)))
    .scalar_subquery()
)
RESTS = (
    items(
        "movement", _transaction.c.id, note=_transaction.c.reporting_category, minor=_transaction.c.amount_minor,
        currency=_transaction.c.currency, since=_transaction.c.created_at,
    ).join(_unclassified, _unclassified.c.balance_transaction_id == _transaction.c.id),
    items(
        "unlinked", _transaction.c.id, note=_transaction.c.reporting_category, minor=_transaction.c.amount_minor,
        currency=_transaction.c.currency, since=_transaction.c.created_at,
    ).where(
        _transaction.c.payment_id.is_(None), _transaction.c.reporting_category.in_(sorted(OF_A_CHARGE)),
        _transaction.c.created_at < moment("fee_before"),
    ),
    _open_balances("receipt", accounts.UNIDENTIFIED, sign=-1, note=_payment.c.method)
    .join(_payment, _payment.c.charge_id == _open.c.ref),
    _open_balances("refund", accounts.RETURNABLE, sign=-1),
    _open_balances("settlement", accounts.IN_SETTLEMENT)
    .outerjoin(_payment, _payment.c.charge_id == _open.c.ref).where(_older, ~_on_its_way),
    _open_balances("withheld", accounts.DISPUTED)
    .outerjoin(_dispute, _dispute.c.id == _open.c.ref)
    .where(_older, or_(_dispute.c.id.is_(None), _dispute.c.status.in_(CLOSED))),
    _open_balances("transit", accounts.PAYOUTS_IN_TRANSIT, place=_fund_slug, note=literal("1120"))
    .outerjoin(_payout, _payout.c.id == _open.c.ref)
    .where(_older, or_(_payout.c.id.is_(None), _returned, matched("payout", _open.c.ref))),
    _open_balances("transit", accounts.PAYMENTS_IN_TRANSIT, place=_fund_slug, note=literal("1040"))
    .outerjoin(_payment_request, _sent == _open.c.ref)
    .where(_entry.c.entry_date < day("bank_before"))
    .where(or_(_payment_request.c.id.is_(None), _payment_request.c.state != "sent")),
    _open_balances("slip", accounts.PAYING_IN, place=_slip.c.id, note=_slip.c.number)
    .outerjoin(_slip, literal("slip:") + cast(_slip.c.id, Text) == _open.c.ref),
    items(
        "suspense", cast(_of_suspense.c.account, Text), place=_of_suspense.c.slug,
        note=cast(_of_suspense.c.account, Text), minor=_of_suspense.c.minor, currency=_of_suspense.c.currency,
        on_day=_entry.c.entry_date,
    ).join(_entry, _entry.c.id == _of_suspense.c.entry_id),
    items(
        "payout_rest", _payout.c.id, minor=_payout.c.amount_minor - _members, currency=_payout.c.currency,
        on_day=_payout.c.arrival_on,
    ).where(
        _payout.c.automatic, _payout.c.members_listed, _payout.c.amount_minor > 0,
        _payout.c.created_at < moment("members_before"), _members != _payout.c.amount_minor,
    ),
)  # fmt: skip
