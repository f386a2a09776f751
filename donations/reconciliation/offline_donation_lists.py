"""Offline donations and paying-in slips for the pages that list them: which wait to be accepted, to be paid in, to
come. Reads only; the life of a donation is in giving/offline_donations.py, paying-in slips are posted in
paying_in_slips.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, Text, and_, case, cast, func, literal, select
from sqlalchemy.engine import Connection

from donations import privacy
from donations.models import Appeal, BankAccount, Donation, Match, OfflineDonation, PayingInSlip, Posting

PAGE_LENGTH, MAX_PER_SLIP = 50, 500
BY_HAND = ("cash", "cheque")
# The standing of a donation: its own state combined with its statement lines. One whose line is matched has arrived;
# one that bounced is in no total any more.
STANDINGS = ("recorded", "expected", "arrived", "accepted", "bounced", "cancelled")


@dataclass(frozen=True, slots=True)
class OfflineDonationShown:
    """A donation as a list shows it. `name` is empty where it is unknown or was erased."""

    id: int
    method: str
    state: str
    minor: int
    currency: str
    appeal: dict[str, str]
    name: str
    row: Any


def in_state(conn: Connection, state: str, page: int = 1) -> list[OfflineDonationShown]:
    """Donations of one standing (STANDINGS), the newest first: a page and one more."""
    asked = _OFFLINE_DONATIONS.where(_standing == state).order_by(_offline.c.recorded_at.desc(), _offline.c.id.desc())
    return _shown(conn, asked.limit(PAGE_LENGTH + 1).offset((page - 1) * PAGE_LENGTH))


def counts(conn: Connection) -> dict[str, int]:
    """How many donations each of STANDINGS has."""
    rows = conn.execute(select(_standing, func.count()).group_by(_standing))
    return {state: int(count) for state, count in rows}


def recorded_by(conn: Connection, actor: str, method: str, most: int = 10) -> list[OfflineDonationShown]:
    """The last that this person recorded of a kind, so that a batch can be checked against the paper."""
    asked = _OFFLINE_DONATIONS.where(_offline.c.recorded_by == actor, _offline.c.method == method)
    return _shown(conn, asked.order_by(_offline.c.recorded_at.desc(), _offline.c.id.desc()).limit(most))


def to_pay_in(conn: Connection, currency: str) -> list[OfflineDonationShown]:
    """Accepted cash and cheques that are on no paying-in slip yet."""
    asked = _OFFLINE_DONATIONS.where(
        _offline.c.state == "accepted", _offline.c.paying_in_slip_id.is_(None), _offline.c.method.in_(BY_HAND)
    )
    asked = asked.where(_donation.c.currency == currency, _standing == "accepted")
    return _shown(conn, asked.order_by(_offline.c.method, _offline.c.received_on, _offline.c.id).limit(MAX_PER_SLIP))


def on_slip(conn: Connection, paying_in_slip_id: int) -> list[OfflineDonationShown]:
    return _shown(
        conn,
        _OFFLINE_DONATIONS.where(_offline.c.paying_in_slip_id == paying_in_slip_id).order_by(
            _offline.c.method, _offline.c.id
        ),
    )


def slips(conn: Connection, page: int = 1) -> list[Any]:
    """Paying-in slips, the newest first, each with what the bank has not credited: a page and one more."""
    return list(conn.execute(_SLIPS.limit(PAGE_LENGTH + 1).offset((page - 1) * PAGE_LENGTH)))


def _shown(conn: Connection, asked: Select[Any]) -> list[OfflineDonationShown]:
    return [
        OfflineDonationShown(row.id, row.method, row.state, row.amount_minor, row.currency, row.title, _name(row), row)
        for row in conn.execute(asked)
    ]


def _name(row: Any) -> str:
    return privacy.unseal_or_empty(row.name_sealed, f"donation:{row.donation}:name")


_offline: Table = OfflineDonation.__table__  # type: ignore[assignment]
_donation: Table = Donation.__table__  # type: ignore[assignment]
_appeal: Table = Appeal.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_slip: Table = PayingInSlip.__table__  # type: ignore[assignment]
_posting: Table = Posting.__table__  # type: ignore[assignment]
_account: Table = BankAccount.__table__  # type: ignore[assignment]


def _has_line(kind: str) -> Any:
    said = (_match.c.kind == kind, _match.c.target == cast(_offline.c.id, Text), _match.c.state == "confirmed")
    return select(_match.c.id).where(*said).exists()


_standing = case(
    (_has_line("bounced"), "bounced"),
    (and_(_offline.c.state == "expected", _has_line("offline_gift")), "arrived"),
    else_=_offline.c.state,
)
_OFFLINE_DONATIONS = (
    select(
        _offline.c.id, _offline.c.method, _offline.c.state, _offline.c.received_on,
        _offline.c.reference_code, _offline.c.cheque_number, _offline.c.counted_by, _offline.c.recorded_by,
        _offline.c.recorded_at, _offline.c.accepted_by, _offline.c.paying_in_slip_id, _donation.c.amount_minor,
        _donation.c.currency, _donation.c.reference.label("donation"),
        _donation.c.name_sealed, _appeal.c.title,
    )
    .join(_donation, _donation.c.id == _offline.c.donation_id)
    .join(_appeal, _appeal.c.id == _donation.c.appeal_id)
)  # fmt: skip
_SLIPS = (
    select(
        _slip,
        _account.c.name.label("account"),
        select(func.coalesce(func.sum(_posting.c.amount_minor), 0))
        .where(_posting.c.account == 1030, _posting.c.clear_ref == literal("slip:") + cast(_slip.c.id, Text))
        .scalar_subquery()
        .label("short"),
    )
    .join(_account, _account.c.id == _slip.c.bank_account_id)
    .order_by(_slip.c.id.desc())
)
