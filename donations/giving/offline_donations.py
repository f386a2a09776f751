"""The life of an offline donation: recorded by a treasurer, accepted, paid in, bounced or refunded. What it comes to
follows from what was accepted and from the statement lines matched to it; state, count and receipt follow that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.engine import Connection

from donations import approvals, facts, ledger, privacy, staff, totals
from donations.appeals import wordings
from donations.bookkeeping import Standing
from donations.bookkeeping import offline_donations as entries
from donations.errors import AlreadyDone, MatchedBefore, NotToBeCorrected, NotTwoCounters, NotYourOwn, SentBefore
from donations.extensions import db
from donations.giving import offline_receipts
from donations.giving.fund_assignment import earmark
from donations.giving.new_donation import Gift, parts_of, sealed_parts, terms_of
from donations.giving.states import COUNTED_STATES, DonationFacts, state_of
from donations.models import Allocation, Appeal, Donation, Fund, Match, OfflineDonation, Organisation
from donations.models.base import new_id, new_reference
from donations.money import Money, apportion
from donations.periods import is_final, period_of

BY_HAND = offline_receipts.BY_HAND


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a treasurer records besides the donation itself. `counted_by` are two people for cash."""

    method: str
    received_on: date
    counted_by: tuple[str, ...] = ()
    denominations: dict[str, int] = field(default_factory=dict)
    cheque_number: str = ""
    reference_code: str = ""
    payer_hash: bytes | None = None


def record(appeal: Appeal, gift: Gift, handed_in: HandedIn, *, actor: str, at: datetime) -> OfflineDonation:
    """Record an offline donation as it was received, not counted yet; a transfer or standing order is expected. The
    same form sent again is the same donation. Raises NotTwoCounters, and SentBefore if it says something else now; then
    nothing is written."""
    counters = {name.strip().casefold() for name in handed_in.counted_by if name.strip()}
    if handed_in.method == "cash" and len(counters) < 2:
        raise NotTwoCounters()
    key = privacy.lookup_hash(f"{appeal.slug}:{gift.nonce}", "offline form").hex()
    known = db.session.scalar(select(OfflineDonation).join(Donation).where(Donation.form_key == key))
    if known is not None:
        _check_same(known, gift, handed_in)
        return known
    row = OfflineDonation(
        id=new_id(),
        donation=_new_donation(appeal, gift, handed_in, key, at),
        method=handed_in.method,
        state="recorded" if handed_in.method in BY_HAND else "expected",
        received_on=handed_in.received_on,
        reference_code=handed_in.reference_code or None,
        cheque_number=handed_in.cheque_number or None,
        payer_hash=handed_in.payer_hash,
        counted_by=list(handed_in.counted_by),
        denominations=handed_in.denominations,
        recorded_by=actor,
        recorded_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def accept(conn: Connection, offline_donation_id: int, *, actor: str, at: datetime) -> bool:
    """Cash or a cheque counts from now on: row 10. Returns whether the same person recorded and accepted it, which only
    a sole treasurer may do. Raises NotYourOwn for the person who recorded it where there is another treasurer,
    AlreadyDone if it was accepted or cancelled before."""
    gift = _lock(offline_donation_id)
    if gift.state != "recorded":
        raise AlreadyDone()
    is_own = gift.recorded_by == actor
    if needs_another():
        if is_own:
            raise NotYourOwn()
        approvals.check_second(gift.recorded_by, by=actor, at=at)
    gift.state, gift.accepted_by, gift.accepted_at = "accepted", actor, at
    db.session.flush()
    book(conn, gift, at=at)
    return is_own


def correct(conn: Connection, offline_donation_id: int, amount: Money, method: str, *, at: datetime) -> None:
    """Another amount was received than was accepted: the ledger converges on the right one, and the receipt is
    replaced. Raises NotToBeCorrected once it is on a paying-in slip, a statement line names it, or where cash was to be
    a transfer, or the other way round."""
    gift = _lock(offline_donation_id)
    is_by_hand = gift.method in BY_HAND
    counted = gift.donation.amount_minor if is_by_hand else 0
    is_untouched = gift.paying_in_slip_id is None and standing_of(conn, gift.id).remaining.minor == counted
    if gift.state not in ("accepted", "expected") or not is_untouched or (method in BY_HAND) != is_by_hand:
        raise NotToBeCorrected()
    donation, weights = gift.donation, [one.amount_minor for one in gift.donation.allocations]
    parts = apportion(amount.minor, weights)
    if not all(parts):  # So little that a fund would get nothing of it.
        raise NotToBeCorrected()
    for one, part in zip(donation.allocations, parts, strict=True):
        one.amount_minor = part
    donation.amount_minor, donation.source, gift.method = amount.minor, method, method
    db.session.flush()
    if is_by_hand:
        book(conn, gift, at=at)


def move(conn: Connection, offline_donation_id: int, fund: Fund, *, at: datetime) -> None:
    """It was meant for another fund: appeal, allocation and terms become that fund's, and its own entry follows. What
    is on a paying-in slip or a statement line is entered again by the caller (reconciliation.donation_moves). Raises
    NotToBeCorrected for one that was cancelled, or a fund that is no appeal's."""
    gift = _lock(offline_donation_id)
    if gift.state == "cancelled" or fund.appeal_id is None:
        raise NotToBeCorrected()
    donation = db.session.get_one(Donation, gift.donation_id, with_for_update={"key_share": True})
    earmark(conn, donation, fund, at=at)
    if gift.state == "accepted":
        book(conn, gift, at=at)


def needs_another() -> bool:
    """Whether another treasurer must accept what this person recorded: true once two treasurers could."""
    return staff.count_active("treasurer") > 1


def cancel(conn: Connection, offline_donation_id: int, *, actor: str, at: datetime) -> None:
    """It was recorded by mistake, or never came. What was accepted is not cancelled but refunded or moved. Raises
    AlreadyDone, and MatchedBefore while a statement line says that it came."""
    gift = _lock(offline_donation_id)
    if gift.state not in ("recorded", "expected"):
        raise AlreadyDone()
    if conn.execute(_MATCHED, {"of_target": str(offline_donation_id)}).first() is not None:
        raise MatchedBefore()
    gift.state, gift.accepted_by = "cancelled", actor
    db.session.flush()
    follow(conn, [gift.id], [], at=at)


def _check_same(known: OfflineDonation, gift: Gift, handed_in: HandedIn) -> None:
    """Check that the form holds the same values as when it was first sent. The name is not compared: it may have been
    erased."""
    then = (known.donation.amount, known.method, known.received_on, known.cheque_number or "")
    if then != (gift.amount, handed_in.method, handed_in.received_on, handed_in.cheque_number):
        raise SentBefore()
    funds = {one.fund_id for one in known.donation.allocations}
    if gift.fund is not None and funds != {gift.fund.id}:
        raise SentBefore()


def book(conn: Connection, gift: OfflineDonation, *, at: datetime) -> None:
    """Converge the ledger on the row of an accepted donation."""
    house = facts.load_house(conn)
    zone = ZoneInfo(house.timezone)
    donation = gift.donation
    parts = [(one.fund_id, one.amount_minor) for one in donation.allocations]
    received_at = datetime.combine(gift.received_on, time(12), tzinfo=zone)
    with following(conn, [gift.id], at=at) as posted:
        posted += ledger.converge(
            conn,
            ("offline_gift", gift.id),
            entries.entry_of_donation(gift.id, gift.method, parts, donation.currency, received_at),
            at=at,
            day_of=lambda moment: moment.astimezone(zone).date(),
            closed_until=house.closed_until,
            actor="treasury",
        )


@contextmanager
def following(conn: Connection, gift_ids: Sequence[int], *, at: datetime) -> Iterator[list[ledger.Posted]]:
    """Lock the `donation` rows of offline donations. The caller lists what it posts inside; the consequences follow at
    the end."""
    for donation_id in sorted(conn.scalars(_DONATIONS, {"gifts": list(gift_ids)}).all()):
        conn.execute(_LOCK_DONATION, {"of_donation": donation_id})
    posted: list[ledger.Posted] = []
    yield posted
    follow(conn, gift_ids, posted, at=at)


def follow(conn: Connection, gift_ids: Sequence[int], posted: Sequence[ledger.Posted], *, at: datetime) -> None:
    """State and count of each donation, then the totals, then the receipts: locked in this order."""
    counted: dict[tuple[int, date], int] = {}
    standings = {offline_donation_id: standing_of(conn, offline_donation_id) for offline_donation_id in gift_ids}
    rows = {
        offline_donation_id: conn.execute(_GIFT, {"of_gift": offline_donation_id}).one()
        for offline_donation_id in gift_ids
    }
    for offline_donation_id, gift in rows.items():
        day = posted[0].entry_date if posted else gift.received_on
        for key, change in _count(conn, gift, standings[offline_donation_id], day, at).items():
            counted[key] = counted.get(key, 0) + change
    totals.apply(conn, posted, counted=counted, homes={}, at=at)
    for offline_donation_id, gift in rows.items():
        offline_receipts.acknowledge(conn, offline_donation_id, gift, standings[offline_donation_id], at=at)


def standing_of(conn: Connection, offline_donation_id: int) -> Standing:
    """The value of an offline donation: what was accepted or came by bank, less what bounced and what was refunded."""
    gift = conn.execute(_GIFT, {"of_gift": offline_donation_id}).one()
    matched = {row.kind: int(row.minor) for row in conn.execute(_MATCHED, {"of_target": str(offline_donation_id)})}
    by_hand = gift.amount_minor if gift.method in BY_HAND and gift.gift_state == "accepted" else 0
    return Standing(
        received=Money(by_hand + matched.get("offline_gift", 0), gift.currency),
        refunded=Money(-matched.get("offline_refund", 0), gift.currency),
        lost=Money(-matched.get("bounced", 0), gift.currency),
    )


def _count(conn: Connection, gift: Any, standing: Standing, day: date, at: datetime) -> dict[tuple[int, date], int]:
    """Bring a donation's state, and whether it counts as given, up to date. Returns the changes of its appeal's
    count."""
    received = standing.received.minor > 0
    known = DonationFacts(payments=((True, False),) if received else (), attempts=(), given=standing)
    state = "abandoned" if gift.gift_state == "cancelled" else state_of(known)
    was, counted_in = gift.counted_in, gift.counted_in
    if state not in COUNTED_STATES:
        counted_in = was if is_final(gift.period, was, Organisation.get().day_of(at)) else None
    elif counted_in is None:
        counted_in = period_of(gift.period, day)
    if (state, counted_in) != (gift.state, was):
        new = {"state": state, "counted_in": counted_in, "settled_at": gift.settled_at or (at if received else None)}
        conn.execute(update(_donation).where(_donation.c.id == gift.id).values(**new))
    changes = {(gift.appeal_id, was): -1, (gift.appeal_id, counted_in): 1} if was != counted_in else {}
    return {(appeal_id, start): change for (appeal_id, start), change in changes.items() if start is not None}


def acknowledge_due(conn: Connection, donation_id: int, *, at: datetime) -> None:
    """Bring the receipt of a donation up to date, because what the team has changed can no longer be undone."""
    facts.load_house(conn)
    conn.execute(_LOCK_DONATION, {"of_donation": donation_id})
    offline_donation_id = int(conn.execute(_GIFT_OF, {"of_donation": donation_id}).scalar_one())
    gift = conn.execute(_GIFT, {"of_gift": offline_donation_id}).one()
    offline_receipts.acknowledge_due(conn, offline_donation_id, gift, standing_of(conn, offline_donation_id), at=at)


def _new_donation(appeal: Appeal, gift: Gift, handed_in: HandedIn, key: str, at: datetime) -> Donation:
    organisation, reference = Organisation.get(), new_reference()
    parts = parts_of(appeal, gift)
    return Donation(
        reference=reference,
        appeal_id=appeal.id,
        area_id=gift.area_id,
        form_key=key,
        source=handed_in.method,
        state="pending",
        amount_minor=gift.amount.minor,
        currency=gift.amount.currency,
        interval="once",
        language=gift.language,
        display=gift.display,
        fee_bearer=appeal.fee_bearer,
        wording_id=wordings.version_on(appeal.id, handed_in.received_on),
        terms=terms_of(organisation, appeal, [fund for fund, _ in parts], gift.language),
        donor_id=new_reference(),
        personal_until=privacy.donor_data_until(organisation.day_of(at)),
        created_at=at,
        allocations=[Allocation(fund_id=fund.id, amount_minor=part) for fund, part in parts],
        **sealed_parts(reference, gift),
    )


def _lock(offline_donation_id: int) -> OfflineDonation:
    return db.session.get_one(OfflineDonation, offline_donation_id, with_for_update=True)


_donation: Table = Donation.__table__  # type: ignore[assignment]
_gift: Table = OfflineDonation.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_DONATIONS = select(_gift.c.donation_id).where(_gift.c.id.in_(bindparam("gifts", expanding=True)))
_LOCK_DONATION = (
    select(_donation.c.id).where(_donation.c.id == bindparam("of_donation")).with_for_update(key_share=True)
)
_GIFT = (
    select(_donation, _gift.c.method, _gift.c.state.label("gift_state"), _gift.c.received_on, Appeal.period)
    .join(_gift, _gift.c.donation_id == _donation.c.id)
    .join(Appeal, Appeal.id == _donation.c.appeal_id)
    .where(_gift.c.id == bindparam("of_gift"))
)
_MATCHED = (
    select(_match.c.kind, func.sum(_match.c.amount_minor).label("minor"))
    .where(_match.c.target == bindparam("of_target"), _match.c.state == "confirmed")
    .where(_match.c.kind.in_(("offline_gift", "bounced", "offline_refund")))
    .group_by(_match.c.kind)
)
_GIFT_OF = select(_gift.c.id).where(_gift.c.donation_id == bindparam("of_donation"))
