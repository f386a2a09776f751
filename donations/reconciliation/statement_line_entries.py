"""Post statement lines: the confirmed matches of a line decide its entry, and the donations that depend on it
follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, select, text, update
from sqlalchemy.engine import Connection

from donations import facts, giving, ledger
from donations.bookkeeping import LineFacts, MatchedPart, Parts, entry_of_line
from donations.models import Allocation, Match, OfflineDonation, PaymentRequest, StatementLine
from donations.money import apportion
from donations.reconciliation import payout_allocation

# Matches by which money of an offline donation came, bounced or was refunded.
OF_A_DONATION = ("offline_gift", "bounced", "offline_refund")


def book_line(conn: Connection, line_id: int, *, at: datetime) -> None:
    """Converge the ledger on the confirmed matches of a statement line, and bring its donations' states, counts and
    receipts up to date. Locks the line, then its offline donations' `donation` rows, then totals, then the receipt
    series."""
    house = facts.load_house(conn)
    line = conn.execute(_LOCK, {"of_line": line_id}).one()
    matches = conn.execute(_OF_LINE, {"of_line": line_id}).all()
    confirmed = [match for match in matches if match.state == "confirmed"]
    zone = ZoneInfo(house.timezone)
    told = LineFacts(
        key=f"bank:{line.bank_account_id}:{line.dedupe_key.hex()}:{line.occurrence}",
        bank_ref=f"bank:{line.bank_account_id}",
        amount_minor=line.amount_minor,
        currency=line.currency,
        booked_at=datetime.combine(line.booked_on, time(12), tzinfo=zone),
        matched=tuple(_part(conn, house, line, match) for match in confirmed),
    )
    donations = sorted({int(match.target) for match in matches if match.kind in OF_A_DONATION})
    with giving.offline_donations.following(conn, donations, at=at) as posted:
        posted += ledger.converge(
            conn,
            ("bank_line", line.id),
            entry_of_line(told),
            at=at,
            day_of=lambda moment: moment.astimezone(zone).date(),
            closed_until=house.closed_until,
            actor="treasury",
        )


def book_matched(conn: Connection, kind: str, target: str, *, at: datetime) -> None:
    """Post again the lines that were matched to a target, because what is known of it has changed."""
    for line_id in conn.scalars(_LINES_OF, {"of_kind": kind, "of_target": target}).all():
        book_line(conn, line_id, at=at)


def undo_automatic(conn: Connection, kind: str, target: str, *, by: str, at: datetime) -> None:
    """End the matches to a thing that no person made."""
    conn.execute(_UNDO, {"of_kind": kind, "of_target": target, "who": by, "moment": at})
    for line_id in conn.scalars(_LINES_ONCE_OF, {"of_kind": kind, "of_target": target}).all():
        book_line(conn, line_id, at=at)


def _part(conn: Connection, house: Any, line: Any, match: Any) -> MatchedPart:
    parts, ref = _WAYS[match.kind](conn, house, line, match)
    return MatchedPart(match.kind, ref, tuple((fund, minor) for fund, minor in parts if minor))


Way = tuple[Parts, str | None]


def _by_payout(conn: Connection, house: Any, _line: Any, match: Any) -> Way:
    """Row 7, by the same split as the payout; what a line has that the payout's parts have not is in suspense."""
    payout = payout_allocation.lock_payout(conn, match.target)
    parts = list(payout_allocation.parts_of(conn, payout))
    turn = 1 if payout is not None and match.amount_minor * payout.amount_minor > 0 else -1
    signed = [(fund, turn * minor) for fund, minor in parts]
    signed.append((house.suspense_fund_id, match.amount_minor - sum(minor for _, minor in signed)))
    return signed, match.target


def _by_donation(conn: Connection, _house: Any, _line: Any, match: Any) -> Way:
    shares = conn.execute(_ALLOCATED, {"of_gift": int(match.target)}).all()
    return _laid_over(match.amount_minor, shares), f"gift:{match.target}"


def _by_slip(conn: Connection, house: Any, line: Any, match: Any) -> Way:
    """Row 10: a paying-in slip is a line from nothing to its whole amount; each credit takes the next stretch of it."""
    shares = conn.execute(_ON_SLIP, {"of_slip": int(match.target)}).all()
    if not shares:
        return [(house.suspense_fund_id, match.amount_minor)], f"slip:{match.target}"
    before = int(conn.execute(_TAKEN, {"of_target": match.target, "of_match": match.id}).scalar_one())
    start, end = _laid_over(before, shares), _laid_over(before + match.amount_minor, shares)
    parts = [(fund, minor - had) for (fund, minor), (_, had) in zip(end, start, strict=True)]
    return parts, f"slip:{match.target}"


def _by_payment_request(conn: Connection, _house: Any, _line: Any, match: Any) -> Way:
    fund_id = conn.execute(_FUND_OF_PAYMENT_REQUEST, {"of_disbursement": int(match.target)}).scalar_one()
    return [(fund_id, match.amount_minor)], f"disbursement:{match.target}"


def _by_returnable(conn: Connection, _house: Any, _line: Any, match: Any) -> Way:
    """Row 4b: what is owed to the supporter of a charge, by the funds that owe it."""
    owed = conn.execute(_OWED, {"of_ref": match.target, "currency": _line.currency}).all()
    return _laid_over(match.amount_minor, owed), match.target


def _by_transit(conn: Connection, house: Any, line: Any, match: Any) -> Way:
    """The other side of money between Stripe and our accounts, by the funds that have it in transit; without a target,
    the fund that was chosen."""
    held = conn.execute(_IN_TRANSIT, {"of_ref": match.target, "currency": line.currency}).all()
    return (_laid_over(match.amount_minor, held), match.target) if held else _by_fund(conn, house, line, match)


def _by_fund(_conn: Connection, house: Any, _line: Any, match: Any) -> Way:
    fund_id = match.fund_id or house.general_fund_id or house.suspense_fund_id
    return [(fund_id, match.amount_minor)], match.target


def _unidentified(_conn: Connection, house: Any, line: Any, match: Any) -> Way:
    """Row 12: whose it is is not known yet."""
    return [(house.suspense_fund_id, match.amount_minor)], f"line:{line.id}"


_WAYS: dict[str, Callable[[Connection, Any, Any, Any], Way]] = {
    "payout": _by_payout,
    "offline_gift": _by_donation,
    "bounced": _by_donation,
    "offline_refund": _by_donation,
    "slip": _by_slip,
    "disbursement": _by_payment_request,
    "returned": _by_returnable,
    "charge": _by_fund,
    "own_account": _by_transit,
    "stripe_topup": _by_transit,
    "unidentified": _unidentified,
}


def _laid_over(minor: int, shares: Sequence[Any]) -> list[tuple[int, int]]:
    """An amount of either sign over (fund id, weight), by largest remainder."""
    sign = -1 if minor < 0 else 1
    parts = apportion(abs(minor), [int(weight) for _, weight in shares])
    return [(fund, sign * part) for (fund, _), part in zip(shares, parts, strict=True)]


_line: Table = StatementLine.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_LOCK = select(_line).where(_line.c.id == bindparam("of_line")).with_for_update()
_OF_LINE = select(_match).where(_match.c.statement_line_id == bindparam("of_line")).order_by(_match.c.id)
_OF_TARGET = (_match.c.kind == bindparam("of_kind"), _match.c.target == bindparam("of_target"))
_LINES_ONCE_OF = select(_match.c.statement_line_id).where(*_OF_TARGET).distinct().order_by(_match.c.statement_line_id)
_LINES_OF = _LINES_ONCE_OF.where(_match.c.state == "confirmed")
_UNDO = (
    update(_match)
    .where(*_OF_TARGET, _match.c.state == "confirmed", _match.c.rule == "exact")
    .values(state="undone", ended_at=bindparam("moment"), ended_by=bindparam("who"))
)
_ALLOCATED = (
    select(Allocation.fund_id, Allocation.amount_minor)
    .join(OfflineDonation, OfflineDonation.donation_id == Allocation.donation_id)
    .where(OfflineDonation.id == bindparam("of_gift"))
    .order_by(Allocation.fund_id)
)
_ON_SLIP = text(
    "SELECT a.fund_id, sum(a.amount_minor) FROM offline_donation g JOIN allocation a ON a.donation_id = g.donation_id"
    " WHERE g.paying_in_slip_id = :of_slip GROUP BY a.fund_id ORDER BY a.fund_id"
)
_TAKEN = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM match WHERE kind = 'slip' AND target = :of_target"
    " AND state = 'confirmed' AND id < :of_match"
)
_FUND_OF_PAYMENT_REQUEST = select(PaymentRequest.fund_id).where(PaymentRequest.id == bindparam("of_disbursement"))
_OWED = text(
    "SELECT fund_id, -sum(amount_minor) FROM posting WHERE account = 2020 AND clear_ref = :of_ref"
    " AND currency = :currency GROUP BY fund_id HAVING sum(amount_minor) < 0 ORDER BY fund_id"
)
# Without what lines themselves have booked: a line that is booked again must find what it found at first.
_IN_TRANSIT = text(
    "SELECT p.fund_id, abs(sum(p.amount_minor)) FROM posting p JOIN entry e ON e.id = p.entry_id"
    " WHERE p.account = 1040 AND p.clear_ref = :of_ref AND p.currency = :currency AND e.source_type <> 'bank_line'"
    " GROUP BY p.fund_id HAVING sum(p.amount_minor) <> 0 ORDER BY p.fund_id"
)
