"""Card testing: whether a visitor who asks for a payment page must first prove some work or wait, by what happened in
their network and everywhere lately. Declined cards count for more than volume, because many people share one address.
A refusal is never final. All figures are read from charges and openings; a network is known by a keyed hash, for a
day."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, and_, bindparam, case, func, or_, select, text
from sqlalchemy.engine import Connection

from donations import networks, privacy
from donations.errors import PaymentPageWait, ProofOfWorkNeeded
from donations.models import CheckoutAttempt, CheckoutOpening, Donation, Payment
from donations.models.base import new_id
from donations.models.donation import UNPAID_STATES

REMEMBERED = timedelta(hours=1)
LATELY, MINUTE = timedelta(minutes=10), timedelta(minutes=1)
# The shield goes up for all when more than 40 % of the last 20 charges were declined, and stays up until that has been
# untrue for ten minutes: a few honest payments in a row must not open the door while an attack goes on.
SHIELD_CHARGES, SHIELD_DECLINES = 20, 8
MAX_EXAMINED = 200  # charges, the last ones
DECLINES_HERE = 3  # of a network within the hour, if they are more than its payments
UNPAID_HERE, UNPAID_ALL = 20, 30  # payment pages opened within ten minutes and not paid
# With the shield up: payment pages in a minute, of which so many for networks where more was declined than paid.
MAX_PER_MINUTE, MAX_OF_DECLINED = 60, 30
MAX_WITHOUT_PROOF = 6  # in a minute, from those who waited because they have no JavaScript
# Where the minute is full, waits end at moments spread over so long, so that not all come back in the same second.
SPREAD, SPREAD_OF_DECLINED = MINUTE, 3 * MINUTE
DECLINES_OF_ONE = 5  # then the payment page of a donation is closed


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks for a payment page: a network, and whether they sent a proof of work or waited instead."""

    network: bytes
    proved: bool = False
    waited: bool = False


@dataclass(frozen=True, slots=True)
class Shield:
    """Charges in a row, 20 at most, and how many of them were declined: of the last of the hour, or of those at any
    moment of the last ten minutes, whichever were declined more."""

    declined: int
    charges: int

    @property
    def is_up(self) -> bool:
        return self.declined > SHIELD_DECLINES


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a network: charges of the last hour, payment pages opened lately, and the shield."""

    shield: bool
    declined: int
    paid: int
    unpaid_here: int
    unpaid_all: int

    @property
    def has_declines(self) -> bool:
        """Whether more cards were declined here than paid."""
        return self.declined >= DECLINES_HERE and self.declined > self.paid

    @property
    def limits_amounts(self) -> bool:
        """Whether only the proposed amounts are taken. Volume alone, as after a newsletter, limits nothing."""
        return self.shield or self.has_declines

    @property
    def asks_for_proof(self) -> bool:
        return self.limits_amounts or self.unpaid_here >= UNPAID_HERE or self.unpaid_all >= UNPAID_ALL

    @property
    def most_a_minute(self) -> int:
        """Payment pages for this network: one, and more where people have paid."""
        return 1 + 2 * max(0, self.paid - self.declined)


def network_of(address: str | None) -> bytes:
    """A keyed hash of the network an address is in."""
    return privacy.lookup_hash(networks.prefix_of(address), "donor network")


def standing(conn: Connection, network: bytes, at: datetime) -> Standing:
    """The present state. Reads only."""
    asked = {"network": network, "since": at - REMEMBERED, "lately": at - LATELY}
    declined, paid = conn.execute(_CHARGES_HERE, asked).one()
    unpaid_here, unpaid_all = conn.execute(_UNPAID, asked).one()
    return Standing(shield(conn, at).is_up, declined, paid, unpaid_here, unpaid_all)


def shield(conn: Connection, at: datetime) -> Shield:
    """How the last charges went. Once so many were declined, everybody is asked for proof of work."""
    declined, charges = conn.execute(_MOST_DECLINED, {"since": at - REMEMBERED, "lately": at - LATELY}).one()
    return Shield(int(declined or 0), min(charges, SHIELD_CHARGES))


def check(conn: Connection, visitor: Visitor, at: datetime) -> Standing:
    """Raises ProofOfWorkNeeded, or PaymentPageWait where it is not this visitor's turn. Reads only."""
    now = standing(conn, visitor.network, at)
    if not now.asks_for_proof:
        return now
    if not (visitor.proved or visitor.waited):
        raise ProofOfWorkNeeded()
    asked = {"network": visitor.network, "minute": at - MINUTE}
    here, everywhere, unproved, oldest_here, oldest = conn.execute(_LAST_MINUTE, asked).one()
    if not visitor.proved and unproved >= MAX_WITHOUT_PROOF:
        raise PaymentPageWait(seconds=_seconds_until(oldest, at))
    if (now.limits_amounts or now.declined > now.paid) and here >= now.most_a_minute:
        raise PaymentPageWait(seconds=_seconds_until(oldest_here, at))
    most, spread = (MAX_OF_DECLINED, SPREAD_OF_DECLINED) if now.declined > now.paid else (MAX_PER_MINUTE, SPREAD)
    if now.shield and everywhere >= most:
        raise PaymentPageWait(seconds=_seconds_until(oldest, at) + secrets.randbelow(spread.seconds))
    return now


def open_page(conn: Connection, visitor: Visitor, donation_id: int, at: datetime) -> None:
    """Check once more, now one after the other, and count the payment page that is opened. Raises what check raises;
    then nothing is written."""
    if conn.dialect.name == "postgresql":  # SQLite's writers take turns as it is.
        conn.execute(_TAKE_TURNS, {"key": _TURN})
    check(conn, visitor, at)
    new = {"network_hash": visitor.network, "proved": visitor.proved, "opened_at": at}
    conn.execute(_opening.insert().values(id=new_id(), donation_id=donation_id, **new))


def over_declined(conn: Connection, limit: int) -> list[tuple[int, str]]:
    """(attempt, session) of payment pages on which so many cards were declined that they must be closed."""
    return [(int(row.id), str(row.session_id)) for row in conn.execute(_OVER_DECLINED.limit(limit))]


def _seconds_until(oldest: datetime | None, at: datetime) -> int:
    """When the oldest opening of the last minute no longer counts."""
    if oldest is None:
        return 1
    return max(1, -(-(oldest + MINUTE - at) // timedelta(seconds=1)))


_opening: Table = CheckoutOpening.__table__  # type: ignore[assignment]
_payment: Table = Payment.__table__  # type: ignore[assignment]
_donation: Table = Donation.__table__  # type: ignore[assignment]
_attempt: Table = CheckoutAttempt.__table__  # type: ignore[assignment]
_DECLINED = and_(_payment.c.failed_at.is_not(None), _payment.c.succeeded_at.is_(None))
_PAID = _payment.c.succeeded_at.is_not(None)
_IS_OURS = and_(_payment.c.donation_id.is_not(None), _payment.c.charged_at > bindparam("since"), or_(_DECLINED, _PAID))
# Of each of the last charges of the hour, the declines among the twenty that end with it.
_LAST = (
    select(_payment.c.id, _payment.c.charged_at, case((_DECLINED, 1), else_=0).label("declined"))
    .where(_IS_OURS)
    .order_by(_payment.c.charged_at.desc(), _payment.c.id.desc())
    .limit(MAX_EXAMINED)
    .subquery()
)
_IN_A_ROW = select(
    _LAST.c.charged_at,
    func.row_number().over(order_by=(_LAST.c.charged_at.desc(), _LAST.c.id.desc())).label("nth"),
    func.sum(_LAST.c.declined)
    .over(order_by=(_LAST.c.charged_at, _LAST.c.id), rows=(1 - SHIELD_CHARGES, 0))
    .label("declined"),
).subquery()
# The last one counts whenever it was, the others while they are of the last minutes.
_MOST_DECLINED = select(
    func.max(_IN_A_ROW.c.declined).filter(or_(_IN_A_ROW.c.nth == 1, _IN_A_ROW.c.charged_at > bindparam("lately"))),
    func.count(),
).select_from(_IN_A_ROW)
_OPENED_HERE = select(_opening.c.donation_id).where(_opening.c.network_hash == bindparam("network"))
_CHARGES_HERE = select(func.count().filter(_DECLINED), func.count().filter(_PAID)).where(
    _IS_OURS, _payment.c.donation_id.in_(_OPENED_HERE)
)
_UNPAID = (
    select(
        func.count(_donation.c.id.distinct()).filter(_opening.c.network_hash == bindparam("network")),
        func.count(_donation.c.id.distinct()),
    )
    .join_from(_opening, _donation, _donation.c.id == _opening.c.donation_id)
    .where(_opening.c.opened_at > bindparam("lately"), _donation.c.state.in_(UNPAID_STATES))
)
_HERE = _opening.c.network_hash == bindparam("network")
_LAST_MINUTE = select(
    func.count().filter(_HERE),
    func.count(),
    func.count().filter(_opening.c.proved.is_(False)),
    func.min(_opening.c.opened_at).filter(_HERE),
    func.min(_opening.c.opened_at),
).where(_opening.c.opened_at > bindparam("minute"))
_OVER_DECLINED = (
    select(_attempt.c.id, _attempt.c.session_id)
    .join(_payment, and_(_payment.c.donation_id == _attempt.c.donation_id, _DECLINED))
    .where(_attempt.c.donation_id.in_(select(_opening.c.donation_id)))  # of the last day: the others are over
    .where(_attempt.c.state == "open", _attempt.c.session_id.is_not(None))
    .group_by(_attempt.c.id, _attempt.c.session_id, _attempt.c.number)
    # A donation that is tried again has as many declines more. Counted, not dated: Stripe's clock is another one.
    .having(func.count() >= DECLINES_OF_ONE * _attempt.c.number)
)
_TAKE_TURNS, _TURN = text("SELECT pg_advisory_xact_lock(:key)"), 0x6361726474657374
