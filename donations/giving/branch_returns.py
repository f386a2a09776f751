"""The life of a branch return: submitted by a branch through its link, revised by a later version, and accepted into
the ledger as an offline donation, or declined. Once accepted it is a donation like any other, see
offline_donations.py."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from donations import privacy, references, tokens
from donations.errors import (
    AlreadyDone,
    BadLink,
    NotTwoCounters,
    ReasonNeeded,
    SentBefore,
    TooManyBranchReturns,
    YourNameIsOnIt,
)
from donations.extensions import db
from donations.giving import offline_donations
from donations.giving.new_donation import NewDonation
from donations.models import Area, BranchReturn, Entry, OfflineDonation, Organisation
from donations.models.base import MAX_ID, new_id
from donations.money import Money

PAGE_LENGTH = 50
MAX_PER_HOUR = 60  # of one branch: a link in wrong hands must not bury the treasurer's list


@dataclass(frozen=True, slots=True)
class Words:
    """The personal data of a branch return: who counted, who submitted, the notes by kind of line. Sealed together."""

    handed_in_by: str
    counters: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        return {name.strip().casefold() for name in (self.handed_in_by, *self.counters) if name.strip()}


@dataclass(frozen=True, slots=True)
class SubmittedReturn:
    """A branch return as a branch writes it. `lines` are minor units by kind; `nonce` is the form's."""

    method: str
    from_on: date
    to_on: date
    lines: Mapping[str, int]
    words: Words
    language: str
    nonce: str

    @property
    def minor(self) -> int:
        return sum(self.lines.values())


def make_link(area: Area) -> str:
    """A new link for the branch of an area; the one before stops working. Returns its token."""
    area.link_nonce = secrets.token_urlsafe(12)
    return tokens.for_branch_return(area.id, area.link_nonce)


def token_of(area: Area) -> str | None:
    return tokens.for_branch_return(area.id, area.link_nonce) if area.link_nonce else None


def area_of(token: str) -> Area:
    """Whose link it is. Raises BadLink for one that was revoked, of an area off the list, or of a hidden appeal."""
    area_id, nonce = tokens.read_branch_return(token)
    area = db.session.get(Area, min(area_id, MAX_ID))
    if area is None or not area.is_listed or area.link_nonce != nonce:
        raise BadLink()
    if area.appeal.state == "draft" or area.appeal.visibility in ("dark", "holding_page"):
        raise BadLink()
    return area


def submit(area: Area, told: SubmittedReturn, *, revises: BranchReturn | None = None, at: datetime) -> BranchReturn:
    """A new branch return, or a new version of one. The same form sent again is the same branch return. Raises
    NotTwoCounters for cash, SentBefore if the form says something else now, AlreadyDone if there is a later version
    already, and TooManyBranchReturns."""
    if told.method == "cash" and len({name.strip().casefold() for name in told.words.counters if name.strip()}) < 2:
        raise NotTwoCounters()
    key = privacy.lookup_hash(f"{area.id}:{told.nonce}", "pay-in form").hex()
    known = db.session.scalar(select(BranchReturn).where(BranchReturn.form_key == key))
    if known is not None:
        return _same(known, told)
    if revises is not None:
        db.session.refresh(revises, with_for_update=True)
    _check_rate(area, at)
    row = _new(area, told, key, revises, at)
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        first = db.session.scalar(select(BranchReturn).where(BranchReturn.form_key == key))
        if first is None:  # Someone else has revised this version meanwhile.
            raise AlreadyDone() from None
        return _same(first, told)
    if revises is not None and revises.state == "new":
        revises.state = "replaced"
    db.session.flush()
    return row


def _check_rate(area: Area, at: datetime) -> None:
    sent = select(func.count()).where(BranchReturn.area_id == area.id, BranchReturn.sent_at > at - timedelta(hours=1))
    if db.session.execute(sent).scalar_one() >= MAX_PER_HOUR:
        raise TooManyBranchReturns(most=MAX_PER_HOUR)


def accept(
    conn: Connection, branch_return_id: int, *, actor: str, name: str, at: datetime
) -> tuple[BranchReturn, bool]:
    """Accept a return into the ledger: as a donation of its own or, for a later version, by the difference from the
    version accepted before. Cash and cheques count at once, a transfer when the statement line is matched. `name` is
    what the person is called; returns whether it is on the branch return, which only a sole treasurer may accept.
    Raises AlreadyDone for one that is not the latest or is decided, YourNameIsOnIt, NotToBeCorrected once its money is
    at the bank."""
    row = _lock(branch_return_id)
    if row.state != "new":
        raise AlreadyDone()
    words = names_and_notes(row)
    is_own = words is not None and name.strip().casefold() in words.names
    if is_own and offline_donations.needs_another():
        raise YourNameIsOnIt()
    before = accepted_before(row)
    if before is None or before.offline_donation_id is None:
        row.offline_donation_id = _record(conn, row, actor=actor, at=at).id
    else:
        offline_donations.correct(conn, before.offline_donation_id, row.amount, row.method, at=at)
        before.state, row.offline_donation_id = "replaced", before.offline_donation_id
    row.state, row.decided_by, row.decided_at = "accepted", actor, at
    row.booked_on = _booked_on(row.offline_donation_id)
    db.session.flush()
    return row, is_own


def decline(branch_return_id: int, *, reason: str, actor: str, at: datetime) -> BranchReturn:
    """Reject it: nothing is posted, and the branch reads why. Raises ReasonNeeded, AlreadyDone."""
    row = _lock(branch_return_id)
    if row.state != "new":
        raise AlreadyDone()
    if not reason:
        raise ReasonNeeded()
    row.state, row.reason, row.decided_by, row.decided_at = "declined", reason, actor, at
    db.session.flush()
    return row


def accepted_before(row: BranchReturn) -> BranchReturn | None:
    """The earlier version that is in the ledger, if one is."""
    while row.revises is not None:
        row = db.session.get_one(BranchReturn, row.revises)
        if row.state == "accepted":
            return row
    return None


def successor_of(row: BranchReturn) -> BranchReturn | None:
    return db.session.scalar(select(BranchReturn).where(BranchReturn.revises == row.id))


def of_area(area: Area, most: int = PAGE_LENGTH) -> Sequence[BranchReturn]:
    """What the branch has submitted, the newest first."""
    asked = (
        select(BranchReturn)
        .where(BranchReturn.area_id == area.id)
        .order_by(BranchReturn.sent_at.desc(), BranchReturn.id.desc())
    )
    return db.session.scalars(asked.limit(most)).all()


def in_state(state: str, page: int = 1) -> Sequence[BranchReturn]:
    """Those in a state, the newest first: a page and one more."""
    asked = (
        select(BranchReturn)
        .where(BranchReturn.state == state)
        .order_by(BranchReturn.sent_at.desc(), BranchReturn.id.desc())
    )
    return db.session.scalars(asked.limit(PAGE_LENGTH + 1).offset((page - 1) * PAGE_LENGTH)).all()


def counts() -> dict[str, int]:
    """How many are in each state."""
    return {state: int(count) for state, count in db.session.execute(_COUNTS)}


def names_and_notes(row: BranchReturn) -> Words | None:
    """The names and notes of a branch return; None where they have been erased."""
    if row.words_sealed is None:
        return None
    said = json.loads(privacy.unseal(row.words_sealed, _identity(row.id)))
    return Words(said["handed_in_by"], tuple(said["counters"]), said["notes"])


def _same(known: BranchReturn, told: SubmittedReturn) -> BranchReturn:
    then = (known.method, known.from_on, known.to_on, known.lines)
    if then != (told.method, told.from_on, told.to_on, dict(told.lines)):
        raise SentBefore()
    return known


def _new(area: Area, told: SubmittedReturn, key: str, revises: BranchReturn | None, at: datetime) -> BranchReturn:
    number, words = new_id(), told.words
    said = {"handed_in_by": words.handed_in_by, "counters": list(words.counters), "notes": dict(words.notes)}
    return BranchReturn(
        id=number,
        area_id=area.id,
        revises=revises.id if revises else None,
        version=revises.version + 1 if revises else 1,
        state="new",
        method=told.method,
        from_on=told.from_on,
        to_on=told.to_on,
        lines=dict(told.lines),
        amount_minor=told.minor,
        currency=area.appeal.currency,
        words_sealed=privacy.seal(json.dumps(said), _identity(number)),
        personal_until=privacy.donor_data_until(Organisation.get().day_of(at)),
        language=told.language,
        form_key=key,
        sent_at=at,
    )


def _record(conn: Connection, row: BranchReturn, *, actor: str, at: datetime) -> OfflineDonation:
    """A donation of the branch. The names of those who counted are sealed in the branch return, so the donation only
    refers to it."""
    new = NewDonation(
        amount=Money(row.amount_minor, row.currency), interval="once", fund=None, name=row.area.name, email="",
        message="", display="secret", language=row.language, nonce=f"pay-in {row.id}", area_id=row.area_id,
    )  # fmt: skip
    counted_by = (f"pay-in {row.id}, first", f"pay-in {row.id}, second") if row.method == "cash" else ()
    offline_details = offline_donations.OfflineDetails(row.method, row.to_on, counted_by=counted_by)
    kept = offline_donations.record(row.area.appeal, new, offline_details, actor=f"area:{row.area_id}", at=at)
    if row.method in offline_donations.BY_HAND:
        offline_donations.accept(conn, kept.id, actor=actor, at=at)
    else:
        kept.reference_code = references.code_of_offline_donation(kept.id)
    return kept


def _booked_on(offline_donation_id: int) -> date | None:
    """The day of the donation's live entry."""
    mine = (Entry.source_type == "offline_gift", Entry.source_id == offline_donation_id, Entry.reverses.is_(None))
    return db.session.scalar(select(Entry.entry_date).where(*mine).order_by(Entry.revision.desc()).limit(1))


def _lock(branch_return_id: int) -> BranchReturn:
    row = db.session.get(BranchReturn, min(branch_return_id, MAX_ID), with_for_update=True)
    if row is None:
        raise AlreadyDone()
    return row


def _identity(number: int) -> str:
    return f"pay_in:{number}:words"


_COUNTS = select(BranchReturn.state, func.count()).group_by(BranchReturn.state)
