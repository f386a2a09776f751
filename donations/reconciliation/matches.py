"""Matches of statement lines: made by a rule or a person, checked against their target, posted at once, and undone by a
new row, never by an edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, text, update
from sqlalchemy.engine import Connection

from donations import giving
from donations.errors import AlreadyDone, NotForThisLine
from donations.i18n import N_
from donations.models import Donation, Match, OfflineDonation, PayingInSlip, PaymentRequest, Payout, StatementLine
from donations.models.base import new_id
from donations.reconciliation import statement_line_entries

# The reason code of a donation recorded from the line itself.
FROM_THE_LINE = "new_gift"


@dataclass(frozen=True, slots=True)
class Said:
    """One part of a line: `target` is a payout's id, or the number of a donation, paying-in slip or payment request;
    `amount_minor` is signed as the line. `fund_id` for bank charges and the like."""

    kind: str
    amount_minor: int
    target: str | None = None
    fund_id: int | None = None
    score: int | None = None
    reasons: tuple[str, ...] = field(default=())


def confirm(conn: Connection, line_id: int, said: Sequence[Said], *, rule: str, actor: str, at: datetime) -> None:
    """Match a whole line, in one part or several, and post it. Ends its suggested matches. Raises
    NotForThisLine where a part does not fit its target or the parts do not add up to the line, AlreadyDone if the line
    is matched already; then nothing is written."""
    line = conn.execute(_LOCK, {"of_line": line_id}).one()
    if conn.execute(_CONFIRMED, {"of_line": line_id}).first() is not None:
        raise AlreadyDone()
    if sum(part.amount_minor for part in said) != line.amount_minor:
        raise NotForThisLine(fault=N_("the selected items do not add up to the line"))
    for part in said:
        fault = _FITS[part.kind](conn, line, part)
        if fault:
            raise NotForThisLine(fault=fault)
    conn.execute(_END_PROPOSALS, {"of_line": line_id, "who": actor, "moment": at})
    conn.execute(insert(Match), [_row(line_id, part, "confirmed", rule, actor, at) for part in said])
    _move_payment_requests(conn, said, "sent", "paid")
    _book(conn, line_id, said, at)


def propose(conn: Connection, line_id: int, said: Sequence[Said], *, rule: str, at: datetime) -> None:
    """Keep a proposal for a person to look at; earlier ones for the line are over."""
    conn.execute(_END_PROPOSALS, {"of_line": line_id, "who": "rules", "moment": at})
    if said:
        conn.execute(insert(Match), [_row(line_id, part, "proposed", rule, "rules", at) for part in said])


def undo(conn: Connection, line_id: int, *, actor: str, at: datetime) -> None:
    """Undo a line's match: its entry is reversed, and its donations follow; one that was recorded from the line is
    cancelled. Raises AlreadyDone if it is not matched, NotForThisLine while more was refunded of its donation than
    would be left; then nothing that the caller's unit should keep is written."""
    conn.execute(_LOCK, {"of_line": line_id}).one()
    confirmed = conn.execute(_CONFIRMED, {"of_line": line_id}).all()
    if not confirmed:
        raise AlreadyDone()
    conn.execute(_UNDO, {"of_line": line_id, "who": actor, "moment": at})
    _move_payment_requests(conn, confirmed, "paid", "sent")
    _book(conn, line_id, confirmed, at)
    _check_not_refunded(conn, confirmed)
    # A donation that was recorded from the line is expected by no one.
    for part in confirmed:
        if part.kind == "offline_gift" and FROM_THE_LINE in part.reasons:
            giving.offline_donations.cancel(conn, int(part.target), actor=actor, at=at)


def reopen_unidentified(conn: Connection, line_id: int, *, actor: str, at: datetime) -> bool:
    """Open a line that was set aside as unidentified, so that it can be matched to what it is after all. Returns
    whether it was; a line with any other match stays as it is."""
    confirmed = conn.execute(_CONFIRMED, {"of_line": line_id}).all()
    if not confirmed or any(part.kind != "unidentified" for part in confirmed):
        return False
    undo(conn, line_id, actor=actor, at=at)
    return True


def _book(conn: Connection, line_id: int, parts: Sequence[Any], at: datetime) -> None:
    statement_line_entries.book_line(conn, line_id, at=at)
    # Which stretch of a paying-in slip a line takes follows from the others.
    for slip in sorted({part.target for part in parts if part.kind == "slip"}):
        statement_line_entries.book_matched(conn, "slip", slip, at=at)


def _check_not_refunded(conn: Connection, parts: Sequence[Any]) -> None:
    for part in parts:
        if (
            part.kind == "offline_gift"
            and giving.offline_donations.standing_of(conn, int(part.target)).remaining.minor < 0
        ):
            raise NotForThisLine(fault=N_("money of this donation was refunded, so undo the match of the refund first"))


def _row(line_id: int, part: Said, state: str, rule: str, actor: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "statement_line_id": line_id,
        "kind": part.kind,
        "target": part.target,
        "fund_id": part.fund_id,
        "amount_minor": part.amount_minor,
        "state": state,
        "score": part.score,
        "reasons": list(part.reasons),
        "rule": rule,
        "actor": actor,
        "made_at": at,
    }


def _move_payment_requests(conn: Connection, parts: Sequence[Any], before: str, after: str) -> None:
    for part in parts:
        if part.kind == "disbursement":
            mine = (_payment_request.c.id == int(part.target), _payment_request.c.state == before)
            conn.execute(update(_payment_request).where(*mine).values(state=after))


def _fits_payout(conn: Connection, line: Any, part: Said) -> str:
    payout = conn.execute(select(Payout.__table__).where(Payout.id == part.target).with_for_update()).first()
    if payout is None:
        return N_("there is no such Stripe payout")
    if payout.currency != line.currency:
        return N_("the Stripe payout is in another currency")
    if abs(payout.amount_minor) != abs(part.amount_minor):
        return N_("the Stripe payout has a different amount")
    taken = _matched(conn, "payout", part.target)
    return (
        N_("the Stripe payout is already matched to another line")
        if taken + part.amount_minor not in (0, payout.amount_minor)
        else ""
    )


def _fits_donation(conn: Connection, line: Any, part: Said) -> str:
    donation = _offline_donation(conn, part)
    if donation is None or donation.method in giving.offline_donations.BY_HAND:
        return N_("there is no such donation expected by bank")
    if donation.currency != line.currency or donation.amount_minor != part.amount_minor:
        return N_("the donation has a different amount or currency")
    if donation.offline_state == "cancelled":
        return N_("the donation was cancelled")
    return N_("the donation is already matched to another line") if _matched(conn, "offline_gift", part.target) else ""


def _fits_taken_back(conn: Connection, line: Any, part: Said) -> str:
    donation = _offline_donation(conn, part)
    if donation is None or donation.currency != line.currency:
        return N_("there is no such donation in this currency")
    remaining = giving.offline_donations.standing_of(conn, donation.id).remaining.minor
    return "" if 0 < -part.amount_minor <= remaining else N_("less than this amount is left of the donation")


def _fits_slip(conn: Connection, line: Any, part: Said) -> str:
    slip = conn.execute(
        select(PayingInSlip.__table__).where(PayingInSlip.id == int(part.target or 0)).with_for_update()
    ).first()
    if slip is None or slip.currency != line.currency or slip.paid_in_on is None:
        return N_("no such paying-in slip has been paid in")
    after = _matched(conn, "slip", part.target) + part.amount_minor
    is_left = part.amount_minor <= _open(conn, 1030, f"slip:{slip.id}", line.currency)  # some may be written off
    return "" if after >= 0 and is_left else N_("the amount is more than was on the paying-in slip")


def _fits_payment_request(conn: Connection, line: Any, part: Said) -> str:
    asked = select(PaymentRequest.__table__).where(PaymentRequest.id == int(part.target or 0))
    wanted = conn.execute(asked.with_for_update()).first()
    if wanted is None or wanted.currency != line.currency:
        return N_("there is no such payment from a fund")
    if wanted.state != "sent":
        return N_("the payment does not have the status “sent to bank”")
    return "" if wanted.amount_minor == -part.amount_minor else N_("the payment has a different amount")


def _fits_returnable(conn: Connection, line: Any, part: Said) -> str:
    owed = conn.execute(_OWED, {"of_ref": part.target, "currency": line.currency}).scalar_one()
    return "" if 0 < -part.amount_minor <= owed else N_("less than this amount is owed to this donor")


def _fits_transit(conn: Connection, line: Any, part: Said) -> str:
    """Money between Stripe and our own accounts: a transaction of Stripe's, or the other account's line."""
    if part.target is None or _open(conn, 1040, part.target, line.currency) == part.amount_minor:
        return ""
    return N_("the amount in transit is different")


def _fits_anything(_conn: Connection, _line: Any, _part: Said) -> str:
    return ""


_FITS: dict[str, Callable[[Connection, Any, Said], str]] = {
    "payout": _fits_payout,
    "offline_gift": _fits_donation,
    "bounced": _fits_taken_back,
    "offline_refund": _fits_taken_back,
    "slip": _fits_slip,
    "disbursement": _fits_payment_request,
    "returned": _fits_returnable,
    **dict.fromkeys(("own_account", "stripe_topup"), _fits_transit),
    **dict.fromkeys(("charge", "unidentified"), _fits_anything),
}


def _offline_donation(conn: Connection, part: Said) -> Any:
    return conn.execute(_OFFLINE_DONATION, {"of_gift": int(part.target or 0)}).first()


def _open(conn: Connection, account: int, ref: str, currency: str) -> int:
    """What is open of a thing on a clearing account, in minor units."""
    told = {"of_account": account, "of_ref": ref, "currency": currency}
    return int(conn.execute(_OPEN, told).scalar_one())


def _matched(conn: Connection, kind: str, target: str | None) -> int:
    return int(conn.execute(_MATCHED, {"of_kind": kind, "of_target": target}).scalar_one())


_payment_request: Table = PaymentRequest.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_line: Table = StatementLine.__table__  # type: ignore[assignment]
_LOCK = select(_line).where(_line.c.id == bindparam("of_line")).with_for_update()
_OF_LINE = _match.c.statement_line_id == bindparam("of_line")
_CONFIRMED = select(_match).where(_OF_LINE, _match.c.state == "confirmed").order_by(_match.c.id)
_ENDED: dict[str, Any] = {"ended_at": bindparam("moment"), "ended_by": bindparam("who")}
_END_PROPOSALS = update(_match).where(_OF_LINE, _match.c.state == "proposed").values(state="refused", **_ENDED)
_UNDO = update(_match).where(_OF_LINE, _match.c.state == "confirmed").values(state="undone", **_ENDED)
_MATCHED = select(func.coalesce(func.sum(_match.c.amount_minor), 0)).where(
    _match.c.kind == bindparam("of_kind"), _match.c.target == bindparam("of_target"), _match.c.state == "confirmed"
)
_OFFLINE_DONATION = (
    select(
        OfflineDonation.id,
        OfflineDonation.method,
        OfflineDonation.state.label("offline_state"),
        Donation.amount_minor,
        Donation.currency,
    )
    .join(Donation, Donation.id == OfflineDonation.donation_id)
    .where(OfflineDonation.id == bindparam("of_gift"))
    .with_for_update(of=OfflineDonation.__table__)  # Two lines at once must not both find it free.
)
_OPEN = text(
    "SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE account = :of_account AND clear_ref = :of_ref"
    " AND currency = :currency"
)
_OWED = text(
    "SELECT coalesce(-sum(amount_minor), 0) FROM posting WHERE account = 2020 AND clear_ref = :of_ref"
    " AND currency = :currency"
)
