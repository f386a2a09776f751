"""What follows from a payment's facts, in one transaction: entries, the donation's state, the total, the receipt, the
mail. Everything is calculated again from all facts known, so order and repetition do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, case, literal, null, select, union_all, update
from sqlalchemy.engine import Connection

from donations import alarms, facts, ledger, receipts, totals
from donations.bookkeeping import Standing, Wanted, entries_for, standing_of
from donations.database import pipelined
from donations.giving.states import (
    COUNTED_STATES,
    PAYMENT_FAILED,
    SETTLED_STATES,
    DonationFacts,
    PaymentProgress,
    progress_of,
    state_of,
)
from donations.models import CheckoutAttempt, Donation, Payment, StrayPayment
from donations.periods import is_final, period_of
from donations.prepared import Prepared

ASK_AFTER = timedelta(minutes=1)  # by then the event that says what became of a completed session has usually come


def settle(conn: Connection, known: facts.Known, *, at: datetime) -> None:
    """Bring everything that follows from a payment's facts up to date. The payment's root is locked by this
    transaction; more rows are locked in one order: the donation, totals by id, the receipt series."""
    root = facts.load_root(conn, known)
    with pipelined(conn):
        _book(conn, root, ZoneInfo(root.timezone), at=at)


def _book(conn: Connection, root: facts.Root, zone: ZoneInfo, *, at: datetime) -> None:
    """News of one payment may change which payment of the donation counts, so its others are booked with it;
    the lock of the donation makes sure that no one else does so now."""
    counting, stray = _Booked(), _Booked()
    for one in (root.facts, *root.others):
        booked = stray if one.payment_id in root.strays else counting
        wanted = entries_for(one)
        booked.wanted += wanted
        booked.posted += ledger.converge(
            conn,
            ("payment", one.payment_id),
            wanted,
            at=at,
            day_of=lambda moment: moment.astimezone(zone).date(),
            closed_until=root.closed_until,
            is_new=root.is_new and one is root.facts,
        )
    posted, donation = counting.posted + stray.posted, root.donation
    if donation is None:
        totals.apply(conn, posted, counted={}, homes={}, at=at)
        return
    if not root.is_first_success:
        _hold_strays(conn, root, at=at)
    today = at.astimezone(zone).date()
    given = None if root.is_first_success else _given(root)
    donation_day = _donation_day(counting.wanted, counting.posted, today)
    counted = _count(conn, root, given, donation_day, today, at=at)
    homes = {fund_id: (donation.appeal_id, donation.period) for fund_id, _ in root.facts.shares}
    totals.apply(conn, posted, counted=counted, homes=homes, at=at)
    _acknowledge(conn, root, given, zone, at=at)


def acknowledge_due(conn: Connection, donation_id: int, *, at: datetime) -> None:
    """Bring the receipt of a donation up to date, because what the team has changed can no longer be undone."""
    charge_id = str(conn.execute(_A_CHARGE, {"donation_id": donation_id}).scalar_one())
    root = facts.load_root(conn, facts.lock_root(conn, charge_id, at=at))
    _acknowledge(conn, root, _given(root), ZoneInfo(root.timezone), at=at, is_due=True)


@dataclass(slots=True)
class _Booked:
    """The entries that payments call for, and the lines that were posted for them just now."""

    wanted: list[Wanted] = field(default_factory=list)
    posted: list[ledger.Posted] = field(default_factory=list)


def _hold_strays(conn: Connection, root: facts.Root, *, at: datetime) -> None:
    """Keep which charges wait for a person, and tell the treasurers of each once."""
    assert root.donation is not None
    charges = {one.payment_id: one for one in (root.facts, *root.others)}
    for payment_id in facts.stray_payments.keep(conn, root.donation.id, dict(root.strays), at=at):
        alarms.sound_stray_charge(conn, charges[payment_id], root.strays[payment_id], at=at)


def restate(conn: Connection, donation_id: int, *, at: datetime) -> None:
    """Bring a donation's state up to date where no money moved: its session ended or completed. The caller holds the
    donation's lock."""
    row, known = _DONATION_NOW.one(conn, {"donation_id": donation_id}), known_of(conn, donation_id)
    if progress_of(known) is PaymentProgress.RECEIVED:
        return  # What was received decides by itself; a session can no longer change it.
    _ask_if_unclear(conn, donation_id, known, at)
    state = state_of(known)
    if state != row.state:
        _write_state(conn, row, state, row.counted_in, at)


def _donation_day(wanted: Sequence[Wanted], posted: Sequence[ledger.Posted], today: date) -> date | None:
    """The day a recognised donation counts on; None while this payment is not recognised, like a declined one of a
    donation that another payment has paid."""
    if not any(want.kind == "gift" for want in wanted):
        return None
    return next((one.entry_date for one in posted if one.kind == "gift"), today)


def _given(root: facts.Root) -> Standing:
    """What the payments that count come to, in the donation's own currency."""
    assert root.donation is not None
    currency = root.donation.currency
    return sum((standing_of(one, currency) for one in root.counting), Standing.nothing(currency))


def _count(
    conn: Connection, root: facts.Root, given: Standing | None, donation_day: date | None, today: date, *, at: datetime
) -> dict[tuple[int, date], int]:
    """Bring a donation's state, and whether it counts as given, up to date. Returns the changes of the appeal's count.
    In a period whose result is final it stays counted: what became of it later is counted where it happened."""
    donation = root.donation
    assert donation is not None
    # A first payment that succeeded decides by itself: nothing else that is known could change the state.
    state = "paid" if given is None else _state(conn, donation.id, given, at)
    was, counted_in = donation.counted_in, donation.counted_in
    if state not in COUNTED_STATES:
        counted_in = was if is_final(donation.period, was, today) else None
    elif counted_in is None and donation_day is not None:
        counted_in = period_of(donation.period, donation_day)
    if (state, counted_in) != (donation.state, was):
        _write_state(conn, donation, state, counted_in, at)
    if was == counted_in:
        return {}
    changes = {(donation.appeal_id, was): -1, (donation.appeal_id, counted_in): 1}
    return {(appeal_id, start): change for (appeal_id, start), change in changes.items() if start is not None}


def _write_state(conn: Connection, donation: Any, state: str, counted_in: date | None, at: datetime) -> None:
    settled_at = donation.settled_at or (at if state in SETTLED_STATES else None)
    _SET_STATE.run(
        conn,
        {
            "of_donation": donation.id,
            "new_state": state,
            "new_counted_in": counted_in,
            "new_settled_at": settled_at,
        },
    )


def _state(conn: Connection, donation_id: int, given: Standing, at: datetime) -> str:
    known = replace(known_of(conn, donation_id), given=given)
    _ask_if_unclear(conn, donation_id, known, at)
    return state_of(known)


def _ask_if_unclear(conn: Connection, donation_id: int, known: DonationFacts, at: datetime) -> None:
    """Where Checkout has completed and every payment heard of has failed, either the one it completed with failed too,
    or nothing was heard of it yet: the worker asks Stripe which."""
    failed = bool(known.payments) and all(failed for _, failed in known.payments)
    if failed and progress_of(known) is PaymentProgress.ON_ITS_WAY:
        _ASK_ABOUT_COMPLETED.run(conn, {"of_donation": donation_id, "new_look_at": at + ASK_AFTER})


def known_of(conn: Connection, donation_id: int) -> DonationFacts:
    payments: list[tuple[bool, bool]] = []
    attempts: list[str] = []
    for attempt, succeeded_at, failed_at in _WHAT_IS_KNOWN.all(conn, {"donation_id": donation_id}):
        if attempt is None:
            payments.append((succeeded_at is not None, failed_at is not None))
        else:
            attempts.append(attempt)
    return DonationFacts(tuple(payments), tuple(attempts))


def _acknowledge(
    conn: Connection, root: facts.Root, given: Standing | None, zone: ZoneInfo, *, at: datetime, is_due: bool = False
) -> None:
    """The receipt for what remains of the donation, by the day on which the first of its money came. `is_due`: what the
    team has changed can no longer be undone."""
    donation = root.donation
    assert donation is not None
    latest = None if given is None else receipts.latest_of(conn, donation.id)
    remaining = given.remaining if given is not None else root.facts.amount
    assert remaining is not None, "a charge that succeeded has an amount"
    if latest is not None and not is_due and (latest.state, latest.amount_minor) == ("live", remaining.minor):
        return
    came = [(one.succeeded_at, one.method) for one in root.counting if one.succeeded_at and not one.failed_at]
    came_at, method = min(came, key=lambda one: one[0], default=(at, None))
    acknowledged = receipts.Acknowledged(
        amount=remaining,
        received_on=came_at.astimezone(zone).date().isoformat(),
        issued_on=at.astimezone(zone).date().isoformat(),
        method=method or "card",
        cause="more" if given is None else receipts.cause_of(given, latest, offline=False),
        began_at=root.payment.charged_at,
        caused_at=at if is_due else _last_change(root),
    )
    rule = receipts.acknowledge_due if is_due else receipts.acknowledge
    rule(conn, donation, acknowledged, latest, at=at)


def _last_change(root: facts.Root) -> datetime | None:
    """When the last thing happened that is known of the donation's payments."""
    moments: list[datetime | None] = []
    for one in (root.facts, *root.others):
        moments += [one.succeeded_at, one.failed_at, *(moved.created_at for moved in one.transactions)]
        moments += [moment for back in one.refunds for moment in (back.created_at, back.failed_at)]
        moments += [moment for lost in one.disputes for moment in (lost.created_at, lost.closed_at)]
    return max((moment for moment in moments if moment is not None), default=None)


_donation: Table = Donation.__table__  # type: ignore[assignment]
_DONATION_NOW = Prepared(
    select(_donation.c.id, _donation.c.state, _donation.c.counted_in, _donation.c.settled_at).where(
        _donation.c.id == bindparam("donation_id")
    )
)
_A_CHARGE = (
    select(Payment.charge_id)
    .where(Payment.donation_id == bindparam("donation_id"), Payment.amount_minor.is_not(None))
    .order_by(Payment.id)
    .limit(1)
)
_KNOWN: Any = union_all(
    select(null().label("attempt"), Payment.succeeded_at, Payment.failed_at).where(
        Payment.donation_id == bindparam("donation_id"),
        Payment.charged_at.is_not(None),
        Payment.id.not_in(select(StrayPayment.payment_id).where(StrayPayment.donation_id == bindparam("donation_id"))),
    ),
    select(
        case((CheckoutAttempt.payment_failed_at.is_not(None), PAYMENT_FAILED), else_=CheckoutAttempt.state),
        literal(None),
        literal(None),
    ).where(CheckoutAttempt.donation_id == bindparam("donation_id")),
)
_WHAT_IS_KNOWN = Prepared(_KNOWN)
_attempt: Table = CheckoutAttempt.__table__  # type: ignore[assignment]
_ASK_ABOUT_COMPLETED = Prepared(
    update(_attempt)
    .where(
        _attempt.c.donation_id == bindparam("of_donation"),
        _attempt.c.state == "complete",
        _attempt.c.payment_failed_at.is_(None),
        _attempt.c.session_id.is_not(None),
    )
    .values(look_at=bindparam("new_look_at"))
)
_SET_STATE = Prepared(
    update(_donation)
    .where(_donation.c.id == bindparam("of_donation"))
    .values(
        state=bindparam("new_state"), counted_in=bindparam("new_counted_in"), settled_at=bindparam("new_settled_at")
    )
)
