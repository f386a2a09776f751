"""What each cure does. Each runs under the guard of the stop, and only for a finding that is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Table, select, union_all, update
from sqlalchemy.engine import Connection

from donations import facts, giving, ledger, receipts, totals
from donations.errors import NotACorrection
from donations.extensions import db
from donations.giving.refunds import Asked as RefundAsked
from donations.ledger import Finding
from donations.models import Correction, Donation, Fund, Receipt, ReceiptGap, ReceiptSeries
from donations.reconciliation.posting_stop.affected import Option, options, subject_of
from donations.reconciliation.posting_stop.source_entries import rebook


def option_for(conn: Connection, finding: Finding, kind: str, target: str) -> Option:
    """The cure as it is offered now. Raises NotACorrection if it is not."""
    for option in options(conn, finding):
        if (option.kind, option.target) == (kind, target):
            return option
    raise NotACorrection()


def carry_out(conn: Connection, row: Correction, finding: Finding, *, actor: str, at: datetime) -> None:
    """Carry out the correction. Raises NotACorrection if it is not offered for the finding any more, and what giving
    and the ledger refuse."""
    option = option_for(conn, finding, row.kind, row.target)
    _ACTIONS[row.kind](conn, row, finding, option, actor, at)


def _recalculate(
    conn: Connection, _row: Correction, _finding: Finding, _option: Option, _actor: str, at: datetime
) -> None:
    totals.recalculate(conn, at=at)


def _reissue(conn: Connection, _row: Correction, finding: Finding, _option: Option, actor: str, at: datetime) -> None:
    """From all payments of the donation, or from what was accepted and came to the bank. A receipt of no payment at all
    is void."""
    subject = subject_of(conn, finding)
    for source in subject.sources:
        rebook(conn, source, actor=actor, at=at)
    for charge_id in subject.charges:
        giving.settle(conn, facts.lock_root(conn, charge_id, at=at), at=at)
    if not subject.payments and not subject.sources and subject.donation_id is not None:
        donation = conn.execute(select(_donation).where(_donation.c.id == subject.donation_id)).one()
        live = conn.execute(
            select(_receipt).where(_receipt.c.donation_id == donation.id, _receipt.c.state == "live")
        ).one()
        receipts.void(conn, donation, live, "corrected", at=at)
    elif subject.donation_id is not None:  # A correction that the team may undo waits; this one is asked for now.
        giving.carry_out_change(conn, subject.donation_id, at=at)


def _record_lost(
    conn: Connection, row: Correction, finding: Finding, _option: Option, actor: str, at: datetime
) -> None:
    """Every number up to the last one taken that has no receipt is lost; the counter goes on after the last."""
    named = select(_series).where(_series.c.prefix == finding.facts["series"]).with_for_update()
    series = conn.execute(named).one()
    known = sorted(_known_numbers(conn, series.id), key=lambda one: one[0])
    last = max([series.next_number - 1, *(end for _, end in known)])
    expected = 1
    for first, end in [*known, (last + 1, last)]:
        if first > expected:
            db.session.add(
                ReceiptGap(series_id=series.id, first_number=expected, last_number=first - 1, reason=row.reason,
                           actor=actor, at=at)
            )  # fmt: skip
        expected = max(expected, end + 1)
    conn.execute(update(_series).where(_series.c.id == series.id).values(next_number=last + 1))


def _known_numbers(conn: Connection, series_id: int) -> list[tuple[int, int]]:
    """The numbers that have a receipt or are recorded as lost, as ranges."""
    kept = union_all(
        select(_receipt.c.number, _receipt.c.number).where(_receipt.c.series_id == series_id),
        select(_gap.c.first_number, _gap.c.last_number).where(_gap.c.series_id == series_id),
    )
    return [(first, last) for first, last in conn.execute(kept)]


def _reverse(conn: Connection, row: Correction, finding: Finding, _option: Option, actor: str, at: datetime) -> None:
    """The entry is reversed; the rest under its key converges on the facts."""
    entry_id = int(row.target)
    sources = subject_of(conn, finding).sources
    _take_back(conn, entry_id, actor=actor, at=at)
    if len(ledger.live_entries(conn, finding.facts["key"])) == 1:
        for source in sorted(sources):
            rebook(conn, source, actor=actor, at=at)
    totals.recalculate(conn, at=at)


def _refund(conn: Connection, row: Correction, _finding: Finding, option: Option, actor: str, at: datetime) -> None:
    """All that is left is asked for here, and carried to Stripe after the commit."""
    assert option.amount is not None
    asked = RefundAsked(f"cure:{row.id}", option.amount, "requested_by_customer", row.reason)
    row.refund_attempt_id = giving.refunds.ask(conn, row.target, asked, actor=actor, at=at).id


def _assign(conn: Connection, row: Correction, _finding: Finding, _option: Option, actor: str, at: datetime) -> None:
    fund = db.session.get(Fund, row.fund_id) if row.fund_id is not None else None
    if fund is None:
        raise NotACorrection()
    giving.assign(conn, row.target, fund, reason=row.reason, actor=actor, at=at)


def _accept(conn: Connection, _row: Correction, finding: Finding, _option: Option, actor: str, at: datetime) -> None:
    """The row itself is the acceptance. An entry that was tampered with is reversed as far as possible, and its source
    posted again, so that only the difference is left."""
    subject = subject_of(conn, finding)
    for entry_id in subject.entry_ids:
        _take_back(conn, entry_id, actor=actor, at=at)
    for source in sorted(subject.sources):
        rebook(conn, source, actor=actor, at=at)
    if subject.entry_ids:
        totals.recalculate(conn, at=at)


def _take_back(conn: Connection, entry_id: int, *, actor: str, at: datetime) -> None:
    house = facts.load_house(conn)
    today = at.astimezone(ZoneInfo(house.timezone)).date()
    ledger.reverse_entry(conn, entry_id, at=at, today=today, closed_until=house.closed_until, actor=actor)


_ACTIONS: dict[str, Callable[[Connection, Correction, Finding, Option, str, datetime], None]] = {
    "recalculate": _recalculate,
    "reissue": _reissue,
    "record_lost": _record_lost,
    "reverse": _reverse,
    "refund": _refund,
    "assign": _assign,
    "accept": _accept,
}
_donation: Table = Donation.__table__  # type: ignore[assignment]
_receipt: Table = Receipt.__table__  # type: ignore[assignment]
_series: Table = ReceiptSeries.__table__  # type: ignore[assignment]
_gap: Table = ReceiptGap.__table__  # type: ignore[assignment]
