"""Closing a period: what must be done before, the signatures, and the trial balance that is kept. Afterwards the
database itself refuses entries dated inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, func, inspect, select, text
from sqlalchemy.engine import Connection

from donations import approvals, ledger
from donations.errors import AlreadyDone, OpenItemsNotAccepted, PeriodNotReady
from donations.extensions import db
from donations.i18n import N_
from donations.ledger import closed_periods
from donations.models import Entry, Organisation, Period, PeriodBalance, PeriodSignature
from donations.money import Money
from donations.reconciliation import to_do
from donations.reconciliation.to_do import AtClose, OpenItems


@dataclass(frozen=True, slots=True)
class Blocker:
    """One obstacle to closing: a sentence with %(name)s where a fact goes, translated where it is shown."""

    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.facts


@dataclass(frozen=True, slots=True)
class Checklist:
    """The obstacles to closing; the items of the period still open, with their age, which the signatory must accept or
    which are only named; and everything that the accounts carry forward."""

    blockers: tuple[Blocker, ...]
    to_accept: tuple[OpenItems, ...]
    named: tuple[OpenItems, ...]
    open_items: tuple[str, ...]
    signed_by: tuple[str, ...]
    signatures_needed: int


def preview(ends_on: date) -> Period:
    """The period that ends on that day: from the day after the last one, or from the first entry. The one there is, if
    someone has signed one; otherwise one that is written nowhere, so looking at it changes nothing. Raises
    PeriodNotReady if it would end before it starts."""
    known = db.session.scalar(select(Period).where(Period.ends_on == ends_on))
    if known is not None:
        return known
    last = db.session.scalar(select(func.max(Period.ends_on)))
    first = db.session.scalar(select(func.min(Entry.entry_date)))
    starts_on = last + timedelta(days=1) if last else first or ends_on
    if starts_on > ends_on:
        raise PeriodNotReady(
            fault=Blocker(_BEFORE, {"day": last}) if last else N_("the period would start after its last day")
        )
    return Period(starts_on=starts_on, ends_on=ends_on, state="open")


def prepare(ends_on: date) -> Period:
    """The same, written: call it to sign. Raises PeriodNotReady."""
    db.session.execute(select(Organisation.id).with_for_update())  # Two who sign at once sign one period.
    period = preview(ends_on)
    db.session.add(period)
    db.session.flush()
    return period


def checklist(conn: Connection, period: Period, at: datetime) -> Checklist:
    """All invariants green, nothing unclassified, no proposal unreviewed; what of the period is open is listed."""
    report = ledger.check(conn, at)
    told = {"ends_on": period.ends_on}
    blockers = [Blocker(_UNSOUND, {"finding": f"{one.invariant}: {one.said}"}) for one in report.findings]
    for currency, minor in conn.execute(_UNCLASSIFIED, told):
        blockers.append(Blocker(_UNNAMED, {"amount": f"{Money(int(minor), currency).plain()} {currency}"}))
    count = conn.execute(_UNREVIEWED, told).scalar_one()
    if count:
        blockers.append(Blocker(_PROPOSED, {"count": count}))
    if period.ends_on > Organisation.get().day_of(at):
        blockers.append(Blocker(_NOT_OVER, {"day": period.ends_on}))
    signed = _signatures(period)
    waiting = to_do.open_items(conn, at, until=period.ends_on)
    return Checklist(
        tuple(blockers),
        tuple(one for one in waiting if one.rules.at_close is AtClose.ACCEPTED),
        # Who has signed waits for the other signature; that is no reason not to give it.
        tuple(one for one in waiting if one.rules.at_close is AtClose.NAMED and one.kind != "period"),
        report.open_items,
        signed,
        approvals.required(),
    )


def signed_things(conn: Connection, period: Period, at: datetime) -> list[object]:
    """What a signature is given to: the days, the balances to the last of them, and what stays open."""
    waiting = to_do.open_items(conn, at, until=period.ends_on)
    return [
        period.starts_on,
        period.ends_on,
        period.state,
        closed_periods.hash_of(closed_periods.trial_balance(conn, period.ends_on)),
        [one for one in waiting if one.rules.at_close is AtClose.ACCEPTED],
    ]


def sign(conn: Connection, period: Period, *, actor: str, at: datetime, accepted: str = "") -> bool:
    """Sign the close; with the last signature that is needed the period is closed. `accepted` is the reason why open
    items may stay open, kept with the signature. Returns whether it is closed. Raises PeriodNotReady while there are
    obstacles, OpenItemsNotAccepted where items are open and no reason is entered, AlreadyDone if it is closed or this
    person has signed."""
    db.session.refresh(period, with_for_update=True)
    found = checklist(conn, period, at)
    if period.state == "closed" or actor in found.signed_by:
        raise AlreadyDone()
    approvals.check_second(*found.signed_by, by=actor, at=at)
    if found.blockers:
        raise PeriodNotReady(fault=found.blockers[0])  # The page of the period lists all of them.
    if found.to_accept and not accepted:
        raise OpenItemsNotAccepted()
    reason = accepted if found.to_accept else ""
    db.session.add(PeriodSignature(period_id=period.id, act="close", actor=actor, reason=reason, at=at))
    db.session.flush()
    if len(found.signed_by) + 1 < found.signatures_needed:
        return False
    figures = closed_periods.trial_balance(conn, period.ends_on)
    kept = PeriodBalance(period_id=period.id, closed_at=at, figures=figures, sha256=closed_periods.hash_of(figures))
    db.session.add(kept)
    period.state = "closed"
    db.session.flush()
    return True


def reopen(period: Period, *, actor: str, reason: str, at: datetime) -> None:
    """Open a closed period again, which stays to be read. Raises AlreadyDone if it is open."""
    db.session.refresh(period, with_for_update=True)
    if period.state != "closed":
        raise AlreadyDone()
    period.state = "open"
    db.session.add(PeriodSignature(period_id=period.id, act="reopen", actor=actor, reason=reason, at=at))
    db.session.flush()


def changed_since_closed(conn: Connection) -> list[Period]:
    """I14: the closed periods whose trial balance is no longer the one that was signed."""
    return [db.session.get_one(Period, number) for number in closed_periods.changed(conn)]


def _signatures(period: Period) -> tuple[str, ...]:
    """The signatories since the period was last reopened; none where it is only looked at."""
    if not inspect(period).persistent:
        return ()
    rows = db.session.execute(
        select(PeriodSignature.act, PeriodSignature.actor)
        .where(PeriodSignature.period_id == period.id)
        .order_by(PeriodSignature.id)
    )
    signed: list[str] = []
    for act, actor in rows:
        signed = [] if act == "reopen" else [*signed, actor]
    return tuple(signed)


_UNSOUND = N_("a ledger check failed: %(finding)s")
_UNNAMED = N_("unclassified Stripe transactions: %(amount)s (account 2990)")
_PROPOSED = N_("statement lines with a suggested match to review: %(count)s")
_BEFORE = N_("the last signed period ends on %(day)s, so choose a later day")
_NOT_OVER = N_("the last day of the period, %(day)s, is not over yet")
_UNTIL = bindparam("ends_on", type_=Entry.entry_date.type)
_UNCLASSIFIED = text(
    "SELECT p.currency, sum(p.amount_minor) FROM posting p JOIN entry e ON e.id = p.entry_id"
    " WHERE p.account = 2990 AND e.entry_date <= :ends_on GROUP BY p.currency HAVING sum(p.amount_minor) <> 0"
).bindparams(_UNTIL)
_UNREVIEWED = text(
    "SELECT count(DISTINCT m.statement_line_id) FROM match m JOIN statement_line l ON l.id = m.statement_line_id"
    " WHERE m.state = 'proposed' AND l.booked_on <= :ends_on"
).bindparams(_UNTIL)
