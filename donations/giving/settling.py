"""What follows from a payment's facts, in one transaction: entries, the donation's state, the total, the receipt, the
mail. Everything is reckoned anew from all facts known, so order and repetition do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, case, literal, null, select, union_all, update
from sqlalchemy.engine import Connection

from donations import facts, ledger, receipts, totals
from donations.bookkeeping import Standing, Wanted, entries_for, standing_of
from donations.database import pipelined
from donations.extensions import db
from donations.giving.states import (
    COUNTED_STATES,
    PAYMENT_FAILED,
    RECEIVED_STATES,
    SETTLED_STATES,
    DonationFacts,
    PaymentProgress,
    progress_of,
    state_of,
)
from donations.models import CheckoutAttempt, Donation, Payment, Receipt
from donations.money import Money
from donations.periods import period_of
from donations.prepared import Prepared

ANSWER_WITHIN, NEWS_FOR = timedelta(minutes=1), timedelta(seconds=5)  # no other card is typed in so fast
RETRIED = ("waiting", "declined", "failed", "abandoned")  # not while Stripe is being asked
ASK_AFTER = timedelta(minutes=1)  # by then the event that says what became of a completed session has usually come


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a donation, for its own page. `kind` is one of waiting, checking, declined, confirming,
    processing, paid, failed, abandoned, part_refunded, refunded, disputed, lost. `settled` says that polling may
    end."""

    kind: str
    settled: bool
    can_try_again: bool
    receipt: Receipt | None


def settle(conn: Connection, known: facts.Known, *, at: datetime) -> None:
    """Bring everything that follows from a payment's facts up to date. The payment's root is locked by this
    transaction; more rows are locked in one order: the donation, totals by id, the receipt series."""
    root = facts.load_root(conn, known)
    with pipelined(conn):
        _book(conn, root, ZoneInfo(root.timezone), at=at)


def _book(conn: Connection, root: facts.Root, zone: ZoneInfo, *, at: datetime) -> None:
    wanted = entries_for(root.facts)
    posted = ledger.converge(
        conn,
        ("payment", root.payment.id),
        wanted,
        at=at,
        day_of=lambda moment: moment.astimezone(zone).date(),
        closed_until=root.closed_until,
        is_new=root.is_new,
    )
    donation = root.donation
    if donation is None:
        totals.apply(conn, posted, counted={}, homes={}, at=at)
        return
    today = at.astimezone(zone).date()
    given = None if _is_first_success(root) else _given(conn, root)
    counted = _count(conn, root, given, _gift_day(wanted, posted, today), at=at)
    homes = {fund_id: (donation.appeal_id, donation.period) for fund_id, _ in root.facts.shares}
    totals.apply(conn, posted, counted=counted, homes=homes, at=at)
    _acknowledge(conn, root, given, zone, at=at)


def restate(conn: Connection, donation_id: int, *, at: datetime) -> None:
    """Bring a donation's state up to date where no money moved: its session ended or completed. The caller holds the
    donation's lock."""
    row, known = _DONATION_NOW.one(conn, {"donation_id": donation_id}), _known(conn, donation_id)
    if progress_of(known) is PaymentProgress.RECEIVED:
        return  # What was received decides by itself; a session can no longer change it.
    _ask_if_unclear(conn, donation_id, known, at)
    state = state_of(known)
    if state != row.state:
        _write_state(conn, row, state, row.counted_in, at)


def payment_progress(donation: Donation) -> PaymentProgress:
    """How far the payment of a donation is, by all that is known now. One that is expected by another way than Checkout
    is not paid here: it counts as on its way."""
    if donation.state in RECEIVED_STATES:
        return PaymentProgress.RECEIVED
    if donation.source != "card" or donation.state == "processing":
        return PaymentProgress.ON_ITS_WAY
    return progress_of(_known(db.session.connection(), donation.id))


def outcome_of(donation: Donation, at: datetime) -> Outcome:
    """What its own page says of a donation. Its supporter may have come back from a declined card or from a better one
    after it: while Stripe is being asked, it says so, and not that nothing arrived; a decline just heard of is said."""
    kind, progress = {"pending": "waiting"}.get(donation.state, donation.state), payment_progress(donation)
    if kind in ("waiting", "processing") and progress is PaymentProgress.ON_ITS_WAY:
        kind = "processing" if _is_pending(donation) else "confirming"
    declined_at = _heard_of_decline(donation) if kind == "waiting" else None
    if declined_at is not None:
        is_news = at - declined_at < NEWS_FOR
        kind = "checking" if _is_being_asked_of(donation, at) and not is_news else "declined"
    return Outcome(
        kind=kind,
        settled=donation.state in SETTLED_STATES,
        can_try_again=kind in RETRIED and progress.may_be_tried_again and donation.appeal.takes_gifts,
        receipt=receipts.live_of(donation.id),
    )


def _is_pending(donation: Donation) -> bool:
    """Whether a bank is known to have a payment of it; before that Checkout has completed, and nothing else is known.
    What is brought by hand or transferred is expected for days too."""
    if donation.source != "card":
        return True
    pending = (Payment.charged_at.is_not(None), Payment.succeeded_at.is_(None), Payment.failed_at.is_(None))
    wanted = select(Payment.id).where(Payment.donation_id == donation.id, *pending)
    return db.session.scalar(wanted.limit(1)) is not None


def _heard_of_decline(donation: Donation) -> datetime | None:
    return db.session.scalar(
        select(Payment.first_seen_at)
        .where(Payment.donation_id == donation.id, Payment.failed_at.is_not(None))
        .order_by(Payment.first_seen_at.desc())
        .limit(1)
    )


def _is_being_asked_of(donation: Donation, at: datetime) -> bool:
    """Whether a look at an open session is due. One that is long overdue is not waited for: the worker may be away."""
    return any(
        attempt.state == "open" and attempt.look_at is not None and at - ANSWER_WITHIN <= attempt.look_at <= at
        for attempt in donation.attempts
    )


def _gift_day(wanted: Sequence[Wanted], posted: Sequence[ledger.Posted], today: date) -> date | None:
    """The day a recognised gift counts on; None while this payment is not recognised, like a declined one of a donation
    that another payment has paid."""
    if not any(want.kind == "gift" for want in wanted):
        return None
    return next((one.entry_date for one in posted if one.kind == "gift"), today)


def _given(conn: Connection, root: facts.Root) -> Standing:
    """What all payments of the donation come to, in the gift's own currency."""
    standings = [standing_of(each) for each in (root.facts, *facts.load_others(conn, root))]
    return Standing(
        received=sum(each.received for each in standings),
        refunded=sum(each.refunded for each in standings),
        lost=sum(each.lost for each in standings),
        disputed=any(each.disputed for each in standings),
    )


def _count(
    conn: Connection, root: facts.Root, given: Standing | None, gift_day: date | None, *, at: datetime
) -> dict[tuple[int, date], int]:
    """Bring a donation's state, and whether it counts as given, up to date. Gives the changes of the appeal's count."""
    donation = root.donation
    assert donation is not None
    # A first payment that succeeded decides by itself: nothing else that is known could change the state.
    state = "paid" if given is None else _state(conn, donation.id, given, at)
    was, counted_in = donation.counted_in, donation.counted_in
    if state not in COUNTED_STATES:
        counted_in = None
    elif counted_in is None and gift_day is not None:
        counted_in = period_of(donation.period, gift_day)
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
    known = replace(_known(conn, donation_id), given=given)
    _ask_if_unclear(conn, donation_id, known, at)
    return state_of(known)


def _ask_if_unclear(conn: Connection, donation_id: int, known: DonationFacts, at: datetime) -> None:
    """Where Checkout has completed and every payment heard of has failed, either the one it completed with failed too,
    or nothing was heard of it yet: the worker asks Stripe which."""
    failed = bool(known.payments) and all(failed for _, failed in known.payments)
    if failed and progress_of(known) is PaymentProgress.ON_ITS_WAY:
        _ASK_ABOUT_COMPLETED.run(conn, {"of_donation": donation_id, "new_look_at": at + ASK_AFTER})


def _known(conn: Connection, donation_id: int) -> DonationFacts:
    payments: list[tuple[bool, bool]] = []
    attempts: list[str] = []
    for attempt, succeeded_at, failed_at in _WHAT_IS_KNOWN.all(conn, {"donation_id": donation_id}):
        if attempt is None:
            payments.append((succeeded_at is not None, failed_at is not None))
        else:
            attempts.append(attempt)
    return DonationFacts(tuple(payments), tuple(attempts))


def _is_first_success(root: facts.Root) -> bool:
    """A payment heard of for the first time, which succeeded, of a donation that had received nothing before."""
    known, donation = root.facts, root.donation
    nothing_before = (
        donation is not None and donation.settled_at is None and donation.state in ("pending", "processing")
    )
    return root.is_new and nothing_before and known.succeeded_at is not None and known.failed_at is None


def _acknowledge(conn: Connection, root: facts.Root, given: Standing | None, zone: ZoneInfo, *, at: datetime) -> None:
    """The receipt for what remains of the gift."""
    donation, known = root.donation, root.facts
    assert donation is not None
    live = None if given is None else _LIVE_RECEIPT.first(conn, {"donation_id": donation.id})
    remaining = known.amount.minor if given is None and known.amount is not None else given.remaining if given else 0
    if known.amount is None:
        return
    said = receipts.Acknowledged(
        amount=Money(remaining, known.amount.currency),
        received_on=(known.succeeded_at or at).astimezone(zone).date().isoformat(),
        issued_on=at.astimezone(zone).date().isoformat(),
        method=root.payment.method or "card",
    )
    receipts.acknowledge(conn, donation, said, live, at=at)


_donation: Table = Donation.__table__  # type: ignore[assignment]
_DONATION_NOW = Prepared(
    select(_donation.c.id, _donation.c.state, _donation.c.counted_in, _donation.c.settled_at).where(
        _donation.c.id == bindparam("donation_id")
    )
)
_KNOWN: Any = union_all(
    select(null().label("attempt"), Payment.succeeded_at, Payment.failed_at).where(
        Payment.donation_id == bindparam("donation_id"), Payment.charged_at.is_not(None)
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
_LIVE_RECEIPT = Prepared(
    select(Receipt.id, Receipt.label, Receipt.amount_minor, Receipt.currency).where(
        Receipt.donation_id == bindparam("donation_id"), Receipt.state == "live"
    )
)
_SET_STATE = Prepared(
    update(_donation)
    .where(_donation.c.id == bindparam("of_donation"))
    .values(
        state=bindparam("new_state"), counted_in=bindparam("new_counted_in"), settled_at=bindparam("new_settled_at")
    )
)
