"""How long personal data is kept, and its erasure when the date has come. The ledger, receipt numbers and the hashes
that name entries stay: only personal data goes. docs/personal-data.md lists every column of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, Text, and_, cast, delete, exists, func, or_, select, true, update
from sqlalchemy.engine import Connection

from donations import models, privacy
from donations.models import Organisation
from donations.models.donation import UNPAID_STATES

BATCH = 500
SESSIONS_KEPT, THROTTLES_KEPT = timedelta(days=90), timedelta(days=30)
REFUSED_ADDRESSES_KEPT = timedelta(days=30)  # after the mail server refused them for good
UNPAID_EVENTS_KEPT, OPENINGS_KEPT = timedelta(days=1), timedelta(days=1)
ASKED_KEPT = timedelta(days=90)  # a question sealed under the locked offline key
# A payment page is over by then; one that Stripe has not answered for is looked at before it is given up.
UNPAID_DONATIONS_KEPT = timedelta(hours=23, minutes=30)
# So long one that was begun may still be paid, as by bank debit or transfer; its donor is told then.
AWAITED = timedelta(days=30)
# Longer than a job may be late: what is due for two days shows that it does not run.
OVERDUE_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Rule:
    """Columns of a table that go together: set to NULL, or to their value in `blank` where they must have one;
    without any the whole row is deleted. `due` gives the condition for a moment and the organisation's day at it.
    `job` carries it out: another than `erasure` where more has to follow than the columns."""

    name: str
    table: Table
    erased: tuple[str, ...]
    due: Callable[[datetime, date], ColumnElement[bool]]
    blank: Mapping[str, object] = field(default_factory=dict)
    among: ColumnElement[bool] = field(default_factory=true)  # the rows that it is about
    job: str = "erasure"

    @property
    def kept(self) -> ColumnElement[bool]:
        """The condition that something of it is there."""
        if not self.erased:
            return self.among
        blank = (cast(self.table.c[name], Text) != str(value) for name, value in self.blank.items())
        return and_(self.among, or_(*(self.table.c[name].is_not(None) for name in self.erased), *blank))


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows of a rule hold something, and how many of them should not any more."""

    name: str
    kept: int
    overdue: int
    job: str


def erase(conn: Connection, rule: Rule, at: datetime) -> int:
    """Erase the next of what is due by a rule, at most BATCH rows. Returns how many."""
    key = next(iter(rule.table.primary_key.columns))
    due = and_(rule.kept, rule.due(at, _day(conn, at)))
    found = conn.execute(select(key).where(due).order_by(key).limit(BATCH)).scalars().all()
    _carry_out(conn, rule, found)
    return len(found)


def _carry_out(conn: Connection, rule: Rule, found: Sequence[Any]) -> None:
    key = next(iter(rule.table.primary_key.columns))
    if found and rule.erased:
        conn.execute(update(rule.table).where(key.in_(found)).values({**dict.fromkeys(rule.erased), **rule.blank}))
    elif found:
        conn.execute(delete(rule.table).where(key.in_(found)))


def batches(ids: Sequence[Any]) -> list[Sequence[Any]]:
    """Keys in parts of BATCH: a statement takes no more of them at once."""
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]


def erase_rows(conn: Connection, at: datetime, rows: Mapping[Table, Sequence[Any]]) -> None:
    """Carry out at once, for these rows alone (keys by table), what the job `erasure` would do with its next run. What
    is not due, because it is still needed, stays."""
    day = _day(conn, at)
    for rule in RULES:
        ids = rows.get(rule.table, ()) if rule.job == "erasure" else ()
        key = next(iter(rule.table.primary_key.columns))
        for some in batches(ids):
            asked = select(key).where(rule.kept, rule.due(at, day), key.in_(some))
            _carry_out(conn, rule, list(conn.scalars(asked)))


def progress(conn: Connection, at: datetime) -> Iterator[Progress]:
    """How far each rule is."""
    late = at - OVERDUE_AFTER
    day = _day(conn, late)
    for rule in RULES:
        due = and_(rule.kept, rule.due(late, day))
        kept, overdue = (
            conn.scalar(select(func.count()).select_from(rule.table).where(which)) or 0 for which in (rule.kept, due)
        )
        yield Progress(rule.name, kept, overdue, rule.job)


def evidence_named(conn: Connection) -> set[str]:
    """The SHA-256 of every evidence that is still kept."""
    named = select(_spent.c.evidence_sha256).where(_spent.c.evidence_type.is_not(None))
    return {name for name in conn.execute(named).scalars() if name}


def findings(conn: Connection, at: datetime) -> Iterator[tuple[str, str, str]]:
    """(level, what, sentence) for `donations doctor`."""
    late = [one for one in progress(conn, at) if one.overdue]
    for one in late:
        says = (
            f"{one.overdue} of {one.name} should have been erased by now. Start the worker: the job `{one.job}` does it"
        )
        yield "fault", "personal data", says
    if not late:
        yield "ok", "personal data", "nothing is kept beyond its date"


def _day(conn: Connection, at: datetime) -> date:
    zone = conn.scalar(select(Organisation.timezone))
    return at.astimezone(ZoneInfo(zone)).date() if zone else at.date()


def _table(model: type[models.base.Model]) -> Table:
    return model.__table__  # type: ignore[return-value]


def _by_day(model: type[models.base.Model], column: str = "personal_until") -> Callable[..., ColumnElement[bool]]:
    return lambda _at, today: _table(model).c[column] < today


_donation, _receipt, _offline = _table(models.Donation), _table(models.Receipt), _table(models.OfflineDonation)
_event, _line, _learnt = _table(models.StripeEvent), _table(models.StatementLine), _table(models.MatchRule)
_spent, _session, _throttle = _table(models.PaymentRequest), _table(models.StaffSession), _table(models.Throttle)
_mail, _check, _form = _table(models.Mail), _table(models.DonationCheck), _table(models.KeptForm)
_unlock, _asked = _table(models.OfflineUnlock), _table(models.OfflineRequest)
_opening, _attempt = _table(models.CheckoutOpening), _table(models.CheckoutAttempt)
_OVER = ("paid", "refused", "cancelled")  # states of a payment request


def _of_donation(table: Table) -> Callable[..., ColumnElement[bool]]:
    return lambda _at, today: exists().where(_donation.c.id == table.c.donation_id, _donation.c.personal_until < today)


def _is_awaited(at: datetime) -> ColumnElement[bool]:
    """Whether its money may still come: then its donor gets the receipt first, also after a request for erasure."""
    return and_(_donation.c.state.in_((*UNPAID_STATES, "processing")), _donation.c.emptied_at.is_(None),
                _donation.c.created_at > at - AWAITED)  # fmt: skip


def _donor_data_ago(at: datetime) -> datetime:
    return at - timedelta(days=privacy.DONOR_DATA_DAYS)


_UNPAID = and_(_donation.c.state.in_(UNPAID_STATES), _donation.c.source == "card")


def _is_given_up(at: datetime, _today: date) -> ColumnElement[bool]:
    """One whose payment page may be open, or has brought a payment that is still to come, is left as it is."""
    may_be_paid = or_(
        _attempt.c.state == "open",
        and_(_attempt.c.state == "complete", _attempt.c.payment_failed_at.is_(None)),
        and_(_attempt.c.state == "starting", _attempt.c.expires_at > at),
    )
    return and_(
        _UNPAID, _donation.c.emptied_at.is_(None), _donation.c.created_at < at - UNPAID_DONATIONS_KEPT,
        ~exists().where(_attempt.c.donation_id == _donation.c.id, may_be_paid),
    )  # fmt: skip


_TOLD_OF_NOTHING = and_(_event.c.type.in_(privacy.UNPAID_EVENTS), _event.c.state == "handled")
_PAYLOAD = ("payload_sealed", "payload_until", "email_hash")
TYPED = ("name_sealed", "email_sealed", "email_hash", "message_sealed", "signed_sealed")
UNPAID_DONATIONS = Rule("what was typed for donations that were not paid", _donation, TYPED, _is_given_up,
                        among=_UNPAID, job="empty-unpaid")  # fmt: skip
# Every date there is. What goes first is what goes soonest.
RULES = (
    UNPAID_DONATIONS,
    Rule("donations that were typed and not sent yet", _check, (), lambda at, _today: _check.c.expires_at <= at),
    Rule("forms of the team that came too late", _form, (), lambda at, _today: _form.c.expires_at <= at),
    Rule("networks that payment pages were opened from", _opening, (),
         lambda at, _today: _opening.c.opened_at < at - OPENINGS_KEPT),
    # That they came stays known, so that none is handled twice. The date is in the index, the moment is exact.
    Rule("events that told of no money", _event, _PAYLOAD,
         lambda at, today: or_(_event.c.payload_until < today, and_(
             _event.c.payload_until <= at.date(), _event.c.received_at <= at - UNPAID_EVENTS_KEPT)),
         among=_TOLD_OF_NOTHING),
    # An unhandled one is still needed, and is on the to-do list.
    Rule("raw events of Stripe", _event, _PAYLOAD,
         lambda _at, today: and_(_event.c.payload_until < today, _event.c.state != "due"), among=~_TOLD_OF_NOTHING),
    Rule("names on receipts", _receipt, ("person_sealed",), _of_donation(_receipt)),
    Rule("payers' accounts and counters of offline donations", _offline, ("payer_hash",), _of_donation(_offline),
         blank={"counted_by": []}),
    Rule("names, addresses and messages of donors", _donation,
         TYPED, lambda at, today: and_(_donation.c.personal_until < today, ~_is_awaited(at))),
    Rule("bank lines", _line, ("details_sealed", "payer_hash"), _by_day(models.StatementLine)),
    Rule("earlier words of bank lines", _table(models.StatementLineVersion), ("details_sealed",),
         _by_day(models.StatementLineVersion)),
    Rule("bank lines in doubt", _table(models.StatementLineQuestion), ("details_sealed",),
         _by_day(models.StatementLineQuestion)),
    Rule("matching rules by payer", _learnt, (),
         lambda at, _today: and_(_learnt.c.accepted_at < _donor_data_ago(at),
                                 ~exists().where(_line.c.payer_hash == _learnt.c.payer_hash))),
    Rule("branch returns", _table(models.BranchReturn), ("words_sealed",), _by_day(models.BranchReturn)),
    # The hash of the evidence stays, as proof of what it was; its file goes with its type.
    Rule("payees", _spent, ("payee_sealed", "evidence_name", "evidence_type"),
         lambda at, _today: and_(_spent.c.requested_at < _donor_data_ago(at), _spent.c.state.in_(_OVER)),
         blank={"payee_masked": "…"}),
    # The mails stay, and stay on the to-do list.
    Rule("addresses of emails", _mail, ("recipient_sealed",),
         lambda at, _today: and_(_mail.c.state == "parked", _mail.c.next_attempt_at < at - REFUSED_ADDRESSES_KEPT)),
    Rule("addresses of subscribers", _table(models.Subscriber), ("email_sealed", "email_hash", "personal_until"),
         _by_day(models.Subscriber), job="forget-followers"),
    Rule("unlocked offline keys", _unlock, (), lambda at, _today: _unlock.c.until <= at),
    Rule("questions that wait for the offline key", _asked, (), lambda at, _today: _asked.c.asked_at < at - ASKED_KEPT),
    Rule("sessions of staff", _session, (), lambda at, _today: _session.c.made_at < at - SESSIONS_KEPT),
    Rule("brakes on signing in", _throttle, (), lambda at, _today: _throttle.c.failed_at < at - THROTTLES_KEPT),
)  # fmt: skip
