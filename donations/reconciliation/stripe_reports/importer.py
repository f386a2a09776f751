"""Import a report into the facts and the ledger, through the same functions as webhooks and listings. Known facts must
agree with it; importing twice changes nothing. The caller's transaction holds all of it or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.engine import Connection

from donations import facts
from donations.bookkeeping import PAYOUT_CATEGORIES
from donations.errors import ReportDiffers
from donations.facts import BalanceTransaction
from donations.models import BalanceTransaction as BalanceTransactionRow
from donations.models import Payout
from donations.money import Money
from donations.reconciliation import balance_transactions
from donations.reconciliation.stripe_reports.parser import Report, Said
from donations.stripe_statuses import PayoutStatus

_SAME = ("currency", "reporting_category", "source_id", "amount_minor", "fee_minor", "net_minor")


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of an import. `incomplete` are the payouts whose members are not all known yet, `unknown` those named
    as the payout of a balance transaction and otherwise unknown."""

    report: str
    transactions: int
    known: int
    payouts: int
    incomplete: tuple[str, ...]
    unknown: tuple[str, ...]


def import_report(
    conn: Connection, report: Report, *, at: datetime, progress: Callable[[int], None] | None = None
) -> Taken:
    """Record and post everything new in a report. Raises ReportDiffers, with the line, where it contradicts what is
    known; PostingStopped while posting is stopped."""
    progress = progress or (lambda _: None)
    new = _new(conn, report.transactions)
    for line, payout in report.payouts:
        _compare_payout(conn, line, payout)
        facts.record_payout(conn, payout)
    for said in sorted(new, key=lambda each: (each.transaction.created_at, each.transaction.id)):
        balance_transactions.book_transaction(conn, said.transaction, at=at)
        progress(1)
    named = _join(conn, report.transactions)
    listed = {payout_id: _list_members(conn, payout_id) for payout_id in named | {one.id for _, one in report.payouts}}
    for payout_id in sorted(listed):
        balance_transactions.book_payout(conn, payout_id, at=at)
    return Taken(
        report=report.name,
        transactions=len(new),
        known=len(report.transactions) - len(new),
        payouts=len(report.payouts),
        incomplete=tuple(sorted(payout_id for payout_id, whole in listed.items() if whole is False)),
        unknown=tuple(sorted(payout_id for payout_id, whole in listed.items() if whole is None)),
    )


def _new(conn: Connection, found: Sequence[Said]) -> list[Said]:
    """Those not known yet. Raises ReportDiffers for one that contradicts what is known."""
    new = []
    for said in found:
        row = conn.execute(_KNOWN, {"of_movement": said.transaction.id}).first()
        if row is None:
            new.append(said)
            continue
        differing = next((name for name in _SAME if getattr(row, name) != getattr(said.transaction, name)), None)
        if differing is not None:
            raise _differs(said.line, said.transaction.id, _shown(said.transaction, differing), _shown(row, differing))
    return new


def _compare_payout(conn: Connection, line: int, payout: facts.Payout) -> None:
    row = conn.execute(_PAYOUT, {"of_payout": payout.id}).first()
    if row is not None and (row.amount_minor, row.currency) != (payout.amount_minor, payout.currency):
        raise _differs(line, payout.id, _shown(payout, "amount_minor"), _shown(row, "amount_minor"))


def _join(conn: Connection, found: Sequence[Said]) -> set[str]:
    """Record the payout of each balance transaction. Returns the payouts that were named. A failed payout has no
    members any more: they are in the next one."""
    named: dict[str, list[str]] = {}
    for said in found:
        if said.payout_id is None or said.transaction.reporting_category in PAYOUT_CATEGORIES:
            continue
        if _came_back(conn, said.payout_id):
            continue
        kept = conn.execute(_KNOWN, {"of_movement": said.transaction.id}).one().payout_id
        if kept not in (None, said.payout_id) and not _came_back(conn, kept):
            raise _differs(said.line, said.transaction.id, said.payout_id, kept)
        named.setdefault(said.payout_id, []).append(said.transaction.id)
    for payout_id, members in named.items():
        conn.execute(_JOIN, [{"of_movement": member, "into": payout_id} for member in members])
    return set(named)


def _came_back(conn: Connection, payout_id: str) -> bool:
    row = conn.execute(_PAYOUT, {"of_payout": payout_id}).first()
    return row is not None and PayoutStatus.of(row.status).has_come_back


def _list_members(conn: Connection, payout_id: str) -> bool | None:
    """Record that a payout's members are complete, which they are when they add up to its amount: a report may cover
    only a part. None for a payout of which nothing else is known, True also where Stripe names no members."""
    row = conn.execute(_PAYOUT, {"of_payout": payout_id}).first()
    if row is None:
        return None
    if row.members_listed or not row.automatic or row.amount_minor <= 0 or PayoutStatus.of(row.status).has_come_back:
        return True
    members = conn.execute(_MEMBERS, {"of_payout": payout_id}).all()
    if sum(member.net_minor for member in members if member.currency == row.currency) != row.amount_minor:
        return False
    facts.record_members(conn, payout_id, [member.id for member in members])
    return True


def _differs(line: int, what: str, said: str, known: str) -> ReportDiffers:
    return ReportDiffers(line=line, id=what, said=said, known=known)


def _shown(row: BalanceTransaction | Any, name: str) -> str:
    value = getattr(row, name)
    if name.endswith("_minor"):
        return f"{name.removesuffix('_minor')} {Money(value, row.currency).plain()} {row.currency}"
    return f"{name} {value or '-'}"


_transaction: Table = BalanceTransactionRow.__table__  # type: ignore[assignment]
_payout: Table = Payout.__table__  # type: ignore[assignment]
_KNOWN = select(_transaction).where(_transaction.c.id == bindparam("of_movement"))
_PAYOUT = select(_payout).where(_payout.c.id == bindparam("of_payout"))
_MEMBERS = select(_transaction.c.id, _transaction.c.net_minor, _transaction.c.currency).where(
    _transaction.c.payout_id == bindparam("of_payout"),
    func.coalesce(_transaction.c.source_id, "") != bindparam("of_payout"),
)
_JOIN = _transaction.update().where(_transaction.c.id == bindparam("of_movement")).values(payout_id=bindparam("into"))
