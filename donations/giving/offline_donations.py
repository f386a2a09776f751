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
from donations.giving.new_donation import NewDonation, parts_of, sealed_parts
from donations.giving.states import COUNTED_STATES, DonationFacts, state_of
from donations.giving.terms import terms_of
from donations.models import Allocation, Appeal, Donation, Fund, Match, OfflineDonation, Organisation
from donations.models.base import new_id, new_reference
from donations.money import Money, apportion
from donations.periods import is_final, period_of

BY_HAND = offline_receipts.BY_HAND


@dataclass(frozen=True, slots=True)
class OfflineDetails:
    """What a treasurer records besides the donation itself. `counted_by` are two people for cash."""

    method: str
    received_on: date
    counted_by: tuple[str, ...] = ()
    denominations: dict[str, int] = field(default_factory=dict)
    cheque_number: str = ""
    reference_code: str = ""
    payer_hash: bytes | None = None


def record(
    appeal: Appeal, new: NewDonation, offline_details: OfflineDetails, *, actor: str, at: datetime
) -> OfflineDonation:
    """Record an offline donation as it was received, not counted yet; a transfer or standing order is expected. The
    same form sent again is the same donation. Raises NotTwoCounters, and SentBefore if it says something else now; then
    nothing is written."""
    counters = {name.strip().casefold() for name in offline_details.counted_by if name.strip()}
    if offline_details.method == "cash" and len(counters) < 2:
        raise NotTwoCounters()
    key = privacy.lookup_hash(f"{appeal.slug}:{new.nonce}", "offline form").hex()
    known = db.session.scalar(select(OfflineDonation).join(Donation).where(Donation.form_key == key))
    if known is not None:
        _check_same(known, new, offline_details)
        return known
    row = OfflineDonation(
        id=new_id(),
        donation=_new_donation(appeal, new, offline_details, key, at),
        method=offline_details.method,
        state="recorded" if offline_details.method in BY_HAND else "expected",
        received_on=offline_details.received_on,
        reference_code=offline_details.reference_code or None,
        cheque_number=offline_details.cheque_number or None,
        payer_hash=offline_details.payer_hash,
        counted_by=list(offline_details.counted_by),
        denominations=offline_details.denominations,
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
    offline = _lock(offline_donation_id)
    if offline.state != "recorded":
        raise AlreadyDone()
    is_own = offline.recorded_by == actor
    if needs_another():
        if is_own:
            raise NotYourOwn()
        approvals.check_second(offline.recorded_by, by=actor, at=at)
    offline.state, offline.accepted_by, offline.accepted_at = "accepted", actor, at
    db.session.flush()
    book(conn, offline, at=at)
    return is_own


def correct(conn: Connection, offline_donation_id: int, amount: Money, method: str, *, at: datetime) -> None:
    """Another amount was received than was accepted: the ledger converges on the right one, and the receipt is
    replaced. Raises NotToBeCorrected once it is on a paying-in slip, a statement line names it, or where cash was to be
    a transfer, or the other way round."""
    offline = _lock(offline_donation_id)
    is_by_hand = offline.method in BY_HAND
    counted = offline.donation.amount_minor if is_by_hand else 0
    is_untouched = offline.paying_in_slip_id is None and standing_of(conn, offline.id).remaining.minor == counted
    if offline.state not in ("accepted", "expected") or not is_untouched or (method in BY_HAND) != is_by_hand:
        raise NotToBeCorrected()
    donation, weights = offline.donation, [one.amount_minor for one in offline.donation.allocations]
    parts = apportion(amount.minor, weights)
    if not all(parts):  # So little that a fund would get nothing of it.
        raise NotToBeCorrected()
    for one, part in zip(donation.allocations, parts, strict=True):
        one.amount_minor = part
    donation.amount_minor, donation.source, offline.method = amount.minor, method, method
    db.session.flush()
    if is_by_hand:
        book(conn, offline, at=at)


def move(conn: Connection, offline_donation_id: int, fund: Fund, *, at: datetime) -> None:
    """It was meant for another fund: appeal, allocation and terms become that fund's, and its own entry follows. What
    is on a paying-in slip or a statement line is entered again by the caller (reconciliation.donation_moves). Raises
    NotToBeCorrected for one that was cancelled, or a fund that is no appeal's."""
    offline = _lock(offline_donation_id)
    if offline.state == "cancelled" or fund.appeal_id is None:
        raise NotToBeCorrected()
    donation = db.session.get_one(Donation, offline.donation_id, with_for_update={"key_share": True})
    earmark(conn, donation, fund, at=at)
    if offline.state == "accepted":
        book(conn, offline, at=at)


def needs_another() -> bool:
    """Whether another treasurer must accept what this person recorded: true once two treasurers could."""
    return staff.count_active("treasurer") > 1


def cancel(conn: Connection, offline_donation_id: int, *, actor: str, at: datetime) -> None:
    """It was recorded by mistake, or never came. What was accepted is not cancelled but refunded or moved. Raises
    AlreadyDone, and MatchedBefore while a statement line says that it came."""
    offline = _lock(offline_donation_id)
    if offline.state not in ("recorded", "expected"):
        raise AlreadyDone()
    if conn.execute(_MATCHED, {"of_target": str(offline_donation_id)}).first() is not None:
        raise MatchedBefore()
    offline.state, offline.accepted_by = "cancelled", actor
    db.session.flush()
    follow(conn, [offline.id], [], at=at)


def _check_same(known: OfflineDonation, new: NewDonation, offline_details: OfflineDetails) -> None:
    """Check that the form holds the same values as when it was first sent. The name is not compared: it may have been
    erased."""
    then = (known.donation.amount, known.method, known.received_on, known.cheque_number or "")
    if then != (new.amount, offline_details.method, offline_details.received_on, offline_details.cheque_number):
        raise SentBefore()
    funds = {one.fund_id for one in known.donation.allocations}
    if new.fund is not None and funds != {new.fund.id}:
        raise SentBefore()


def book(conn: Connection, offline: OfflineDonation, *, at: datetime) -> None:
    """Converge the ledger on the row of an accepted donation."""
    house = facts.load_house(conn)
    zone = ZoneInfo(house.timezone)
    donation = offline.donation
    parts = [(one.fund_id, one.amount_minor) for one in donation.allocations]
    received_at = datetime.combine(offline.received_on, time(12), tzinfo=zone)
    with following(conn, [offline.id], at=at) as posted:
        posted += ledger.converge(
            conn,
            ("offline_gift", offline.id),
            entries.entry_of_donation(offline.id, offline.method, parts, donation.currency, received_at),
            at=at,
            day_of=lambda moment: moment.astimezone(zone).date(),
            closed_until=house.closed_until,
            actor="treasury",
        )


@contextmanager
def following(conn: Connection, ids: Sequence[int], *, at: datetime) -> Iterator[list[ledger.Posted]]:
    """Lock the `donation` rows of offline donations. The caller lists what it posts inside; the consequences follow at
    the end."""
    for donation_id in sorted(conn.scalars(_DONATIONS, {"donations": list(ids)}).all()):
        conn.execute(_LOCK_DONATION, {"of_donation": donation_id})
    posted: list[ledger.Posted] = []
    yield posted
    follow(conn, ids, posted, at=at)


def follow(conn: Connection, ids: Sequence[int], posted: Sequence[ledger.Posted], *, at: datetime) -> None:
    """State and count of each donation, then the totals, then the receipts: locked in this order."""
    counted: dict[tuple[int, date], int] = {}
    standings = {offline_donation_id: standing_of(conn, offline_donation_id) for offline_donation_id in ids}
    rows = {
        offline_donation_id: conn.execute(_OFFLINE_DONATION, {"of_gift": offline_donation_id}).one()
        for offline_donation_id in ids
    }
    for offline_donation_id, offline in rows.items():
        day = posted[0].entry_date if posted else offline.received_on
        for key, change in _count(conn, offline, standings[offline_donation_id], day, at).items():
            counted[key] = counted.get(key, 0) + change
    totals.apply(conn, posted, counted=counted, homes={}, at=at)
    for offline_donation_id, offline in rows.items():
        offline_receipts.acknowledge(conn, offline_donation_id, offline, standings[offline_donation_id], at=at)


def standing_of(conn: Connection, offline_donation_id: int) -> Standing:
    """The value of an offline donation: what was accepted or came by bank, less what bounced and what was refunded."""
    offline = conn.execute(_OFFLINE_DONATION, {"of_gift": offline_donation_id}).one()
    matched = {row.kind: int(row.minor) for row in conn.execute(_MATCHED, {"of_target": str(offline_donation_id)})}
    by_hand = offline.amount_minor if offline.method in BY_HAND and offline.offline_state == "accepted" else 0
    return Standing(
        received=Money(by_hand + matched.get("offline_gift", 0), offline.currency),
        refunded=Money(-matched.get("offline_refund", 0), offline.currency),
        lost=Money(-matched.get("bounced", 0), offline.currency),
    )


def _count(conn: Connection, offline: Any, standing: Standing, day: date, at: datetime) -> dict[tuple[int, date], int]:
    """Bring a donation's state, and whether it counts as given, up to date. Returns the changes of its appeal's
    count."""
    received = standing.received.minor > 0
    known = DonationFacts(payments=((True, False),) if received else (), attempts=(), given=standing)
    state = "abandoned" if offline.offline_state == "cancelled" else state_of(known)
    was, counted_in = offline.counted_in, offline.counted_in
    if state not in COUNTED_STATES:
        counted_in = was if is_final(offline.period, was, Organisation.get().day_of(at)) else None
    elif counted_in is None:
        counted_in = period_of(offline.period, day)
    if (state, counted_in) != (offline.state, was):
        new = {"state": state, "counted_in": counted_in, "settled_at": offline.settled_at or (at if received else None)}
        conn.execute(update(_donation).where(_donation.c.id == offline.id).values(**new))
    changes = {(offline.appeal_id, was): -1, (offline.appeal_id, counted_in): 1} if was != counted_in else {}
    return {(appeal_id, start): change for (appeal_id, start), change in changes.items() if start is not None}


def acknowledge_due(conn: Connection, donation_id: int, *, at: datetime) -> None:
    """Bring the receipt of a donation up to date, because what the team has changed can no longer be undone."""
    facts.load_house(conn)
    conn.execute(_LOCK_DONATION, {"of_donation": donation_id})
    offline_donation_id = int(conn.execute(_OFFLINE_DONATION_OF, {"of_donation": donation_id}).scalar_one())
    offline = conn.execute(_OFFLINE_DONATION, {"of_gift": offline_donation_id}).one()
    offline_receipts.acknowledge_due(conn, offline_donation_id, offline, standing_of(conn, offline_donation_id), at=at)


def _new_donation(
    appeal: Appeal, new: NewDonation, offline_details: OfflineDetails, key: str, at: datetime
) -> Donation:
    organisation, reference = Organisation.get(), new_reference()
    parts = parts_of(appeal, new)
    return Donation(
        reference=reference,
        appeal_id=appeal.id,
        area_id=new.area_id,
        form_key=key,
        source=offline_details.method,
        state="pending",
        amount_minor=new.amount.minor,
        currency=new.amount.currency,
        interval="once",
        language=new.language,
        display=new.display,
        fee_bearer=appeal.fee_bearer,
        wording_id=wordings.version_on(appeal.id, offline_details.received_on),
        terms=terms_of(organisation, appeal, [fund for fund, _ in parts], new.language),
        donor_id=new_reference(),
        personal_until=privacy.donor_data_until(organisation.day_of(at)),
        created_at=at,
        allocations=[Allocation(fund_id=fund.id, amount_minor=part) for fund, part in parts],
        **sealed_parts(reference, new),
    )


def _lock(offline_donation_id: int) -> OfflineDonation:
    return db.session.get_one(OfflineDonation, offline_donation_id, with_for_update=True)


_donation: Table = Donation.__table__  # type: ignore[assignment]
_offline: Table = OfflineDonation.__table__  # type: ignore[assignment]
_match: Table = Match.__table__  # type: ignore[assignment]
_DONATIONS = select(_offline.c.donation_id).where(_offline.c.id.in_(bindparam("donations", expanding=True)))
_LOCK_DONATION = (
    select(_donation.c.id).where(_donation.c.id == bindparam("of_donation")).with_for_update(key_share=True)
)
_OFFLINE_DONATION = (
    select(_donation, _offline.c.method, _offline.c.state.label("offline_state"), _offline.c.received_on, Appeal.period)
    .join(_offline, _offline.c.donation_id == _donation.c.id)
    .join(Appeal, Appeal.id == _donation.c.appeal_id)
    .where(_offline.c.id == bindparam("of_gift"))
)
_MATCHED = (
    select(_match.c.kind, func.sum(_match.c.amount_minor).label("minor"))
    .where(_match.c.target == bindparam("of_target"), _match.c.state == "confirmed")
    .where(_match.c.kind.in_(("offline_gift", "bounced", "offline_refund")))
    .group_by(_match.c.kind)
)
_OFFLINE_DONATION_OF = select(_offline.c.id).where(_offline.c.donation_id == bindparam("of_donation"))
