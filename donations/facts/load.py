"""Load all that is known of a payment whose root is locked, as the plain values that bookkeeping works with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam, func, select
from sqlalchemy.engine import Connection

from donations import models
from donations.errors import PostingStopped
from donations.facts import stray_payments
from donations.facts.types import BalanceTransaction, Classified, Dispute, Known, PaymentFacts, Refund, Root
from donations.facts.upserts import TRANSACTION_COLUMNS
from donations.money import Money
from donations.prepared import Prepared


def load_root(conn: Connection, known: Known) -> Root:
    """All that is known of a payment whose root this transaction has locked; locks its donation too, because the
    donation's state follows from all its payments. Raises PostingStopped while posting is stopped."""
    payment, donation = known.row, None
    shares: tuple[tuple[int, int], ...] = ()
    if payment.donation_id is not None:
        rows = _DONATION.all(conn, {"donation_id": payment.donation_id})  # one for each fund it is divided over
        house = donation = rows[0]
        shares = tuple((row.share_fund_id, row.share_minor) for row in rows if row.share_fund_id is not None)
    else:
        house = load_house(conn)
    _refuse_if_stopped(conn, house)
    facts = _facts(payment, house, donation, shares, {} if known.is_new else _what_hangs_on(conn, payment))
    root = Root(payment, known.is_new, donation, facts, house.timezone, house.closed_until)
    if donation is None or root.is_first_success:
        return root
    return _beside_others(conn, root, shares)


def _beside_others(conn: Connection, root: Root, shares: tuple[tuple[int, int], ...]) -> Root:
    """With the donation's other payments. Their own roots are not locked: who changes one must lock the donation too,
    and waits for this transaction or was before it. A stray charge belongs to no fund until a person says so."""
    donation = root.donation
    assert donation is not None
    paid = _PAYMENTS.all(conn, {"donation_id": donation.id})
    stray = stray_payments.find(donation, paid)

    def own(facts: PaymentFacts) -> PaymentFacts:
        return replace(facts, shares=(), fee_bearer="fund") if facts.payment_id in stray else facts

    others = [
        _facts(row, donation, donation, shares, _what_hangs_on(conn, row)) for row in paid if row.id != root.payment.id
    ]
    return replace(root, facts=own(root.facts), others=tuple(map(own, others)), strays=stray)


def load_house(conn: Connection) -> Any:
    """What every booking needs to know of the organisation: currencies, zone, its own funds, the last closed day.
    Raises PostingStopped while posting is stopped."""
    house = _HOUSE.one(conn, {})
    _refuse_if_stopped(conn, house)
    return house


@contextmanager
def posting_despite_stop(conn: Connection) -> Iterator[None]:
    """Inside, this connection posts although posting is stopped. Only for repairs of the ledger, and for the answer to
    a refund requested as such a repair: reconciliation/posting_stop decides."""
    conn.info[_DESPITE] = conn  # Not only True: the driver's connection outlives this transaction.
    try:
        yield
    finally:
        conn.info.pop(_DESPITE, None)


def _refuse_if_stopped(conn: Connection, house: Any) -> None:
    if house.halted and conn.info.get(_DESPITE) is not conn:
        raise PostingStopped()


_DESPITE = "posting despite the stop"


def load_of_payment(conn: Connection, payment: Any) -> PaymentFacts:
    """The facts of one payment by its row, as they are now; nothing is locked. Its shares are left out: who looks asks
    what came and what went back, not for whom."""
    return _facts(payment, _HOUSE.one(conn, {}), None, (), _what_hangs_on(conn, payment))


def load_of_donations(conn: Connection, donation_ids: Collection[int]) -> dict[int, list[PaymentFacts]]:
    """The facts of all payments of these donations that ever succeeded, stray ones left out, as they are now, by
    donation, with what they hang on read in a few statements for all of them; nothing is locked. For the checks, which
    look at thousands."""
    house = _HOUSE.one(conn, {})
    paid = select(_payment).where(
        _payment.c.donation_id.in_(donation_ids), _payment.c.succeeded_at.is_not(None),
        _payment.c.id.not_in(select(models.StrayPayment.payment_id)),
    )  # fmt: skip
    payments = {row.id: row for row in conn.execute(paid)}
    moved = _by_payment(
        conn,
        select(_transaction.c.payment_id, *(_transaction.c[name] for name in TRANSACTION_COLUMNS)).order_by(
            _transaction.c.created_at, _transaction.c.id
        ),
        payments,
    )
    refunds = _by_payment(conn, select(_refund), payments)
    disputes = _by_payment(conn, select(_dispute), payments)
    found: dict[int, list[PaymentFacts]] = {}
    for row in payments.values():
        given_back = tuple(_refund_of(row.charge_id, each) for each in refunds[row.id])
        hangs_on = {
            "transactions": tuple(_transaction_of(row.charge_id, each) for each in moved[row.id]),
            "refunds": given_back,
            "settled_owed": _settled_owed(conn, row.charge_id, given_back),
            "disputes": tuple(_dispute_of(row.charge_id, each) for each in disputes[row.id]),
        }
        found.setdefault(row.donation_id, []).append(_facts(row, house, None, (), hangs_on))
    return found


def _by_payment(conn: Connection, of_payments: Select[Any], payments: Collection[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    column = of_payments.selected_columns["payment_id"]
    for row in conn.execute(of_payments.where(column.in_(payments))):
        found[row.payment_id].append(row)
    return found


def _facts(payment: Any, house: Any, donation: Any, shares: tuple[tuple[int, int], ...], more: Any) -> PaymentFacts:
    return PaymentFacts(
        payment_id=payment.id,
        charge_id=payment.charge_id,
        amount=Money(payment.amount_minor, payment.currency) if payment.amount_minor else None,
        succeeded_at=payment.succeeded_at,
        failed_at=payment.failed_at,
        shares=more.get("decided") or shares,
        fee_bearer=donation.fee_bearer if donation is not None else "fund",
        general_fund_id=house.general_fund_id,
        suspense_fund_id=house.suspense_fund_id,
        settlement_currencies=tuple(house.settlement_currencies),
        transactions=more.get("transactions", ()),
        refunds=more.get("refunds", ()),
        disputes=more.get("disputes", ()),
        settled_owed=more.get("settled_owed", ()),
        method=payment.method,
        is_part_captured=bool(payment.authorized_minor and (payment.amount_minor or 0) < payment.authorized_minor),
    )


def _what_hangs_on(conn: Connection, payment: Any) -> dict[str, Any]:
    """Balance transactions, refunds, disputes and the newest decision. The decided fund takes the donation whole."""
    asked = {"payment_id": payment.id}
    decision = _DECISION.first(conn, asked)
    refunds = tuple(_refund_of(payment.charge_id, row) for row in _REFUNDS.all(conn, asked))
    return {
        "decided": ((decision.fund_id, 1),) if decision is not None else None,
        "transactions": tuple(_classified(payment.charge_id, row) for row in _TRANSACTIONS.all(conn, asked)),
        "refunds": refunds,
        "disputes": tuple(_dispute_of(payment.charge_id, row) for row in _DISPUTES.all(conn, asked)),
        "settled_owed": _settled_owed(conn, payment.charge_id, refunds),
    }


def _settled_owed(conn: Connection, charge_id: str, refunds: tuple[Refund, ...]) -> tuple[tuple[datetime, int], ...]:
    """Read from the ledger, where statement lines and treasurers' adjustments record it; only what bounced can be
    settled."""
    if not any(refund.failed for refund in refunds):
        return ()
    return tuple((row.posted_at, int(row.amount_minor)) for row in _SETTLED_OWED.all(conn, {"of_charge": charge_id}))


def _transaction_of(charge_id: str, row: Any) -> BalanceTransaction:
    return BalanceTransaction(charge_id=charge_id, **{name: getattr(row, name) for name in TRANSACTION_COLUMNS})


def _classified(charge_id: str, row: Any) -> BalanceTransaction:
    """With what a treasurer decided that it is, if anybody had to."""
    found = _transaction_of(charge_id, row)
    return found if row.account is None else replace(found, classified=Classified(row.account, row.fund_id))


def _refund_of(charge_id: str, row: Any) -> Refund:
    return Refund(
        id=row.id,
        charge_id=charge_id,
        amount=Money(row.amount_minor, row.currency),
        status=row.status,
        created_at=row.created_at,
        failed_at=row.failed_at,
        balance_transaction_id=row.balance_transaction_id,
        failure_transaction_id=row.failure_transaction_id,
    )


def _dispute_of(charge_id: str, row: Any) -> Dispute:
    return Dispute(
        id=row.id,
        charge_id=charge_id,
        amount=Money(row.amount_minor, row.currency),
        status=row.status,
        reason=row.reason,
        created_at=row.created_at,
        said_at=row.said_at,
        closed_at=row.closed_at,
    )


_transaction: Table = models.BalanceTransaction.__table__  # type: ignore[assignment]
_refund: Table = models.Refund.__table__  # type: ignore[assignment]
_dispute: Table = models.Dispute.__table__  # type: ignore[assignment]
_payment: Table = models.Payment.__table__  # type: ignore[assignment]
_PAYMENTS = Prepared(
    select(_payment).where(_payment.c.donation_id == bindparam("donation_id"), _payment.c.succeeded_at.is_not(None))
)
_HOUSE_COLUMNS = (
    models.Organisation.settlement_currencies,
    models.Organisation.timezone,
    select(models.Fund.id).where(models.Fund.kind == "general").scalar_subquery().label("general_fund_id"),
    select(models.Fund.id).where(models.Fund.kind == "suspense").scalar_subquery().label("suspense_fund_id"),
    select(func.max(models.Period.ends_on))
    .where(models.Period.state == "closed")
    .scalar_subquery()
    .label("closed_until"),
    select(func.count()).select_from(models.PostingStop).scalar_subquery().label("halted"),
)
_HOUSE = Prepared(select(*_HOUSE_COLUMNS).where(models.Organisation.id == 1))
_DONATION = Prepared(
    select(
        models.Donation.__table__,
        models.Appeal.period,
        models.Allocation.fund_id.label("share_fund_id"),
        models.Allocation.amount_minor.label("share_minor"),
        *_HOUSE_COLUMNS,
    )
    .join(models.Appeal, models.Appeal.id == models.Donation.appeal_id)
    .outerjoin(models.Allocation, models.Allocation.donation_id == models.Donation.id)
    .join(models.Organisation, models.Organisation.id == 1)
    .where(models.Donation.id == bindparam("donation_id"))
    .order_by(models.Allocation.fund_id)
    # NO KEY UPDATE: a payment of the same donation that another transaction is writing refers to its key only.
    .with_for_update(of=models.Donation.__table__, key_share=True)
)
_classification: Table = models.Classification.__table__  # type: ignore[assignment]
_TRANSACTIONS = Prepared(
    select(
        *(_transaction.c[name] for name in TRANSACTION_COLUMNS), _classification.c.account, _classification.c.fund_id
    )
    .outerjoin(
        _classification,
        and_(_classification.c.balance_transaction_id == _transaction.c.id, _classification.c.state == "made"),
    )
    .where(_transaction.c.payment_id == bindparam("payment_id"))
    .order_by(_transaction.c.created_at, _transaction.c.id)
)
_REFUNDS = Prepared(select(_refund).where(_refund.c.payment_id == bindparam("payment_id")))
_DISPUTES = Prepared(select(_dispute).where(_dispute.c.payment_id == bindparam("payment_id")))
_posting: Table = models.Posting.__table__  # type: ignore[assignment]
_entry: Table = models.Entry.__table__  # type: ignore[assignment]
_RETURNABLE = 2020
_SETTLED_OWED = Prepared(
    select(_entry.c.posted_at, _posting.c.amount_minor)
    .join(_entry, _entry.c.id == _posting.c.entry_id)
    .where(
        _posting.c.account == _RETURNABLE, _posting.c.clear_ref == bindparam("of_charge"),
        _entry.c.source_type != "payment",
    )
)  # fmt: skip
_DECISION = Prepared(
    select(models.Decision.fund_id)
    .where(models.Decision.payment_id == bindparam("payment_id"))
    .order_by(models.Decision.decided_at.desc(), models.Decision.id.desc())
    .limit(1)
)
