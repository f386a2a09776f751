"""Statement lines for the person who reviews them: what each says, the suggested matches, the possible matches by hand.
Reads only; matching is in matching/, posting in matches.py and statement_line_entries.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, Table, Text, and_, bindparam, case, cast, exists, func, literal, select, union_all
from sqlalchemy.engine import Connection

from donations import privacy
from donations.models import (
    BankAccount,
    Donation,
    Entry,
    Match,
    OfflineDonation,
    PayingInSlip,
    PaymentRequest,
    Payout,
    Posting,
    Receipt,
    ReceiptChange,
    StatementLine,
)
from donations.models.base import BigInt
from donations.reconciliation import matching
from donations.reconciliation.matches import FROM_THE_LINE
from donations.reconciliation.matching import Proposal
from donations.reconciliation.statement_line_entries import OF_A_DONATION
from donations.reconciliation.statement_lines import details as line_details
from donations.stripe_statuses import PayoutStatus

PAGE_LENGTH, MAX_TARGETS = 25, 40


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as a person reads it. `details` is empty where they were erased."""

    id: int
    account: str
    booked_on: date
    minor: int
    currency: str
    details: dict[str, Any]
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A thing that a line may be, by hand. `minor` is what is open of it, signed as a line would be."""

    kind: str
    ref: str
    minor: int
    currency: str
    on: date
    words: str
    fits: bool


def lines(
    conn: Connection, standing: str = "unmatched", page: int = 1, account_id: int | None = None
) -> tuple[list[Shown], int]:
    """A page of the lines in one state, each with its suggested matches; and how many there are. Those without a match
    and the unidentified ones, the oldest first; those with a match, the newest first."""
    asked = _LINES.where(_STANDING[standing]).order_by(*_order_of(standing))
    if account_id is not None:
        asked = asked.where(_line.c.bank_account_id == account_id)
    count = conn.execute(select(func.count()).select_from(asked.subquery())).scalar_one()
    rows = conn.execute(asked.limit(PAGE_LENGTH).offset((page - 1) * PAGE_LENGTH)).all()
    proposals = matching.proposals_of(conn, [row.id for row in rows]) if rows else {}
    return [_shown(row, proposals.get(row.id, ())) for row in rows], count


def find(conn: Connection, line_id: int) -> Shown | None:
    row = conn.execute(_LINES.where(_line.c.id == line_id)).first()
    if row is None:
        return None
    return _shown(row, matching.proposals_of(conn, [line_id]).get(line_id, ()))


def _order_of(standing: str) -> tuple[Any, ...]:
    columns = (_line.c.booked_on, _line.c.id)
    return tuple(one.desc() for one in columns) if standing == "matched" else columns


def history(conn: Connection, line_id: int) -> list[Any]:
    """Every match and suggestion a line ever had, by a person or a rule, the newest first."""
    return list(
        conn.execute(
            select(_match)
            .where(_match.c.statement_line_id == line_id, _match.c.state.in_(("confirmed", "undone")))
            .order_by(_match.c.made_at.desc(), _match.c.id)
        )
    )


def receipts_of(conn: Connection, line_id: int) -> list[Any]:
    """The valid receipts of the donations that a line is, or was: their number, whether their donor has an address
    that is mailed, whether the donation is cancelled with its match, and when the receipt follows, if it waits."""
    return list(conn.execute(_RECEIPTS, {"of_line": line_id}))


def targets(conn: Connection, shown: Shown) -> list[Target]:
    """What the line may be, by hand: things of its currency and its side that are still open; those of its amount
    first."""
    rows = conn.execute(
        select(_targets, (_targets.c.minor == shown.minor).label("fits"))
        .where(_targets.c.currency == shown.currency)
        .where(_targets.c.minor > 0 if shown.minor > 0 else _targets.c.minor < 0)
        .order_by(_targets.c.minor != shown.minor, _targets.c.on_day.desc(), _targets.c.ref)
        .limit(MAX_TARGETS)
    )
    return [
        Target(row.kind, row.ref, int(row.minor), row.currency, row.on_day, row.words or "", bool(row.fits))
        for row in rows
    ]


def named(conn: Connection, pairs: Iterable[tuple[str, str | None]]) -> dict[tuple[str, str], str]:
    """Who a donation is from, where that is known: by (kind, target). Other things are named by their number."""
    wanted = [int(ref) for kind, ref in pairs if ref and kind in _OF_A_DONATION and ref.isdecimal()]
    if not wanted:
        return {}
    rows = conn.execute(_NAMES.where(_offline.c.id.in_(wanted))).all()
    names = {str(row.id): _name(row) for row in rows}
    return {(kind, ref): name for kind in _OF_A_DONATION for ref, name in names.items() if name}


def is_unidentified(past: Sequence[Any]) -> bool:
    """Whether the line was set aside as unidentified, by its history: then it can be matched to what it is."""
    confirmed = [row for row in past if row.state == "confirmed"]
    return bool(confirmed) and all(row.kind == "unidentified" for row in confirmed)


def _shown(row: Any, proposals: Sequence[Proposal]) -> Shown:
    return Shown(
        row.id, row.account, row.booked_on, row.amount_minor, row.currency, _details(row), tuple(proposals)
    )  # fmt: skip


def _details(row: Any) -> dict[str, Any]:
    said = line_details.opened(row.details_sealed, line_details.identity(row.id))
    return {name: found for name, found in said.items() if found}


def _name(row: Any) -> str:
    return privacy.unseal_or_empty(row.name_sealed, f"donation:{row.reference}:name")


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_OF_A_DONATION = ("offline_gift", "bounced", "offline_refund")
_line, _match, _account = _table(StatementLine), _table(Match), _table(BankAccount)
_offline, _donation, _payout = _table(OfflineDonation), _table(Donation), _table(Payout)
_slip, _payment_request = _table(PayingInSlip), _table(PaymentRequest)
_posting, _entry = _table(Posting), _table(Entry)
_confirmed = exists().where(_match.c.statement_line_id == _line.c.id, _match.c.state == "confirmed")
_unidentified = exists().where(
    _match.c.statement_line_id == _line.c.id, _match.c.state == "confirmed", _match.c.kind == "unidentified"
)
_STANDING: dict[str, Any] = {
    "unmatched": ~_confirmed, "unidentified": _unidentified, "matched": and_(_confirmed, ~_unidentified),
}  # fmt: skip
STANDINGS = tuple(_STANDING)
_LINES = (
    select(
        _line.c.id, _line.c.booked_on, _line.c.amount_minor, _line.c.currency, _line.c.details_sealed,
        _account.c.name.label("account"),
    )
    .join(_account, _account.c.id == _line.c.bank_account_id)
)  # fmt: skip
_NAMES = select(_offline.c.id, _donation.c.reference, _donation.c.name_sealed).join(
    _donation, _donation.c.id == _offline.c.donation_id
)


def _taken(kind: str, target: Any) -> Any:
    return exists().where(_match.c.kind == kind, _match.c.target == target, _match.c.state == "confirmed")


def _kind(kind: Any, ref: Any, minor: Any, currency: Any, on: Any, words: Any) -> Select[Any]:
    named = literal(kind) if isinstance(kind, str) else kind
    return select(
        named.label("kind"), cast(ref, Text).label("ref"), minor.label("minor"), currency.label("currency"),
        on.label("on_day"), cast(words, Text).label("words"),
    )  # fmt: skip


def _of_offline(kind: str, sign: int, words: Any) -> Select[Any]:
    return _kind(
        kind, _offline.c.id, sign * _donation.c.amount_minor, _donation.c.currency, _offline.c.received_on, words
    ).join(_donation, _donation.c.id == _offline.c.donation_id)


_donation_text = cast(_offline.c.id, Text)
_not_credited = (
    select(cast(func.coalesce(func.sum(_posting.c.amount_minor), 0), BigInt))
    .where(_posting.c.account == 1030, _posting.c.clear_ref == literal("slip:") + cast(_slip.c.id, Text))
    .scalar_subquery()
)
_came = case(
    (_offline.c.method.in_(("cash", "cheque")), _offline.c.state == "accepted"),
    else_=_taken("offline_gift", _donation_text),
)


def _open_on(account: int) -> Select[Any]:
    """What is open on a clearing account, by the thing that it clears."""
    return (
        select(
            _posting.c.clear_ref, _posting.c.currency, func.max(_entry.c.entry_date).label("since"),
            cast(func.sum(_posting.c.amount_minor), BigInt).label("minor"),
        )
        .join(_entry, _entry.c.id == _posting.c.entry_id)
        .where(_posting.c.account == account, _posting.c.clear_ref.is_not(None))
        .group_by(_posting.c.clear_ref, _posting.c.currency)
    )  # fmt: skip


# What is owed to supporters whose refund bounced, by the charge; what Stripe and our own accounts sent each other.
_owed = _open_on(2020).having(func.sum(_posting.c.amount_minor) < 0).subquery()
_COME_BACK = PayoutStatus.all_that(lambda status: status.has_come_back)
_in_transit = (
    _open_on(1040)
    .where(_posting.c.clear_ref.not_like("disbursement:%"))
    .having(func.sum(_posting.c.amount_minor) != 0)
    .subquery()
)
_targets = union_all(
    _of_offline("offline_gift", 1, _offline.c.reference_code)
    .where(_offline.c.method.in_(("bank", "standing_order")), _offline.c.state == "expected")
    .where(~_taken("offline_gift", _donation_text)),
    _kind("payout", _payout.c.id, _payout.c.amount_minor, _payout.c.currency, _payout.c.arrival_on, literal(""))
    .where(_payout.c.status.not_in(_COME_BACK), ~_taken("payout", _payout.c.id)),
    _kind("slip", _slip.c.id, _not_credited, _slip.c.currency, _slip.c.paid_in_on, _slip.c.number)
    .where(_slip.c.paid_in_on.is_not(None), _not_credited > 0),
    _kind(
        "disbursement", _payment_request.c.id, -_payment_request.c.amount_minor, _payment_request.c.currency,
        func.date(_payment_request.c.sent_at), _payment_request.c.payee_masked,
    ).where(_payment_request.c.state == "sent"),
    _of_offline("bounced", -1, _offline.c.cheque_number)
    .where(_offline.c.method == "cheque", _offline.c.state == "accepted")
    .where(~_taken("bounced", _donation_text)),
    _of_offline("offline_refund", -1, _offline.c.reference_code).where(_came, ~_taken("offline_refund", _donation_text))
    .where(~_taken("bounced", _donation_text)),
    _kind(
        case((_in_transit.c.minor > 0, "own_account"), else_="stripe_topup"), _in_transit.c.clear_ref,
        _in_transit.c.minor, _in_transit.c.currency, _in_transit.c.since, literal(""),
    ),
    _kind("returned", _owed.c.clear_ref, _owed.c.minor, _owed.c.currency, _owed.c.since, literal("")),
).subquery()  # fmt: skip
_receipt, _change = _table(Receipt), _table(ReceiptChange)
_of_the_line = and_(
    _match.c.target == _donation_text,
    _match.c.statement_line_id == bindparam("of_line"),
    _match.c.kind.in_(OF_A_DONATION),
)
_RECEIPTS = (
    select(
        _receipt.c.label, _donation.c.email_sealed.is_not(None).label("is_mailed"), _change.c.due_at,
        exists().where(_of_the_line, cast(_match.c.reasons, Text).contains(FROM_THE_LINE)).label("is_from_line"),
    )
    .join(_donation, _donation.c.id == _receipt.c.donation_id)
    .join(_offline, _offline.c.donation_id == _donation.c.id)
    .outerjoin(_change, _change.c.donation_id == _donation.c.id)
    .where(_receipt.c.state == "live", exists().where(_of_the_line))
    .order_by(_receipt.c.series_id, _receipt.c.number)
)  # fmt: skip
