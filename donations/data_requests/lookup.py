"""What is kept of the owner of an email address, found by the keyed hashes of it, and where there is none by opening a
bounded number of sealed values. Reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, or_, select

from donations import outbox, privacy, receipts
from donations.data_requests import payments
from donations.data_requests.payments import ToldByStripe, is_same
from donations.errors import BadSeal
from donations.extensions import db
from donations.giving import messages
from donations.models import (
    Donation,
    DonationCheck,
    Mail,
    Match,
    MessageDecision,
    OfflineDonation,
    Receipt,
    Staff,
    StatementLine,
    Subscriber,
)
from donations.money import Money

_OF_OFFLINE_DONATIONS = ("offline_gift", "bounced", "offline_refund")
MAX_OPENED = 5000  # sealed values of one kind that are opened to look for an address, the newest first


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    label: str
    state: str
    amount: Money
    issued_at: datetime
    name: str | None


@dataclass(frozen=True, slots=True)
class KeptDonation:
    """A donation with what its donor typed. `goes_on` is the day on which that is erased by itself."""

    id: int
    reference: str
    given_at: datetime
    amount: Money
    appeal: dict[str, str]
    funds: tuple[dict[str, str], ...]
    source: str
    state: str
    display: str
    name: str
    email: str
    message: str
    message_state: str
    goes_on: date
    receipts: tuple[KeptReceipt, ...]
    statement_lines: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeptSubscriber:
    id: int
    appeal: dict[str, str]
    state: str
    asked_at: datetime
    goes_on: date | None


@dataclass(frozen=True, slots=True)
class KeptMail:
    id: int
    kind: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A donation form that was filled in and not sent: it goes within a day."""

    id: int
    filled_in_at: datetime
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that is kept of an address. `is_staff`: an account of the team has it."""

    email: str
    donations: tuple[KeptDonation, ...] = ()
    subscriptions: tuple[KeptSubscriber, ...] = ()
    told_by_stripe: tuple[ToldByStripe, ...] = ()
    mails: tuple[KeptMail, ...] = ()
    forms: tuple[KeptForm, ...] = ()
    is_staff: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.can_be_erased or self.is_staff)

    @property
    def can_be_erased(self) -> bool:
        return bool(self.donations or self.subscriptions or self.told_by_stripe or self.mails or self.forms)


def is_known(email: str) -> bool:
    """Whether anything is kept of an address."""
    return not find(email).is_empty


def find(email: str) -> Kept:
    """All that is kept of an address now."""
    told = tuple(payments.told_of(email))
    donations = _donations(email, {one.reference for one in told if one.reference})
    return Kept(
        email=email,
        donations=tuple(_donation(one) for one in donations),
        subscriptions=tuple(_subscriptions(email)),
        told_by_stripe=told,
        mails=tuple(_mails(email)),
        forms=tuple(_forms(email)),
        is_staff=_has(select(Staff.id).where(Staff.email_hash.in_(privacy.lookup_hashes(email, "staff email")))),
    )


def _donations(email: str, references: set[str]) -> Iterable[Donation]:
    """Those it was typed for, and those that it was typed for at Stripe only."""
    by_hash = Donation.email_hash.in_(privacy.lookup_hashes(email, "email"))
    at_stripe = Donation.email_hash.is_(None) & Donation.reference.in_(references)
    return db.session.scalars(select(Donation).where(or_(by_hash, at_stripe)).order_by(Donation.created_at)).all()


def _donation(row: Donation) -> KeptDonation:
    decision = db.session.get(MessageDecision, row.id)
    issued = select(Receipt).where(Receipt.donation_id == row.id).order_by(*receipts.IN_ORDER)
    return KeptDonation(
        id=row.id, reference=row.reference, given_at=row.settled_at or row.created_at, amount=row.amount,
        appeal=row.appeal.title, source=row.source, state=row.state, display=row.display, goes_on=row.personal_until,
        funds=tuple(part.name for part in row.appeal.funds if part.id in {one.fund_id for one in row.allocations}),
        name=messages.opened(row, "name"), email=messages.opened(row, "email"), message=messages.opened(row, "message"),
        message_state=decision.verdict if decision is not None else "waiting",
        receipts=tuple(_receipt(one) for one in db.session.scalars(issued)),
        statement_lines=tuple(_statement_lines(row.id)),
    )  # fmt: skip


def _receipt(row: Receipt) -> KeptReceipt:
    try:
        name = receipts.person_of(row)
    except BadSeal:
        name = None
    return KeptReceipt(row.label, row.state, Money(row.amount_minor, row.currency), row.issued_at, name)


def _statement_lines(donation_id: int) -> Iterator[dict[str, str]]:
    """The statement lines of the transfers that brought a donation, and nothing else."""
    offline_donations = select(OfflineDonation.id).where(OfflineDonation.donation_id == donation_id)
    targets = [str(one) for one in db.session.scalars(offline_donations)]
    is_theirs = and_(Match.kind.in_(_OF_OFFLINE_DONATIONS), Match.target.in_(targets))
    confirmed = select(Match.statement_line_id).where(Match.state == "confirmed")
    theirs, others = confirmed.where(is_theirs), confirmed.where(or_(Match.target.is_(None), ~is_theirs))
    lines = select(StatementLine).where(StatementLine.id.in_(theirs), StatementLine.id.not_in(others))
    for line in db.session.scalars(lines.where(StatementLine.details_sealed.is_not(None))):
        words = privacy.unseal_or_empty(line.details_sealed, f"bank_line:{line.id}:details")
        if words:
            yield {"booked_on": line.booked_on.isoformat(), **{k: str(v) for k, v in json.loads(words).items() if v}}


def _subscriptions(email: str) -> Iterator[KeptSubscriber]:
    of_address = Subscriber.email_hash.in_(privacy.lookup_hashes(email, "following"))
    for row in db.session.scalars(select(Subscriber).where(of_address).order_by(Subscriber.id)):
        yield KeptSubscriber(row.id, row.appeal.title, row.state, row.asked_at, row.personal_until)


def _mails(email: str) -> Iterator[KeptMail]:
    """Those that are not sent: a mail that was sent keeps no address. The one that brings the link is none of them."""
    unsent = select(Mail).where(Mail.recipient_sealed.is_not(None), Mail.kind != "data_link")
    for row in db.session.scalars(unsent.order_by(Mail.created_at.desc()).limit(MAX_OPENED)):
        if is_same(privacy.unseal_or_empty(row.recipient_sealed, outbox.identity(row.dedupe_key)), email):
            yield KeptMail(row.id, row.kind, row.state, row.created_at)


def _forms(email: str) -> Iterator[KeptForm]:
    for row in db.session.scalars(select(DonationCheck).order_by(DonationCheck.created_at.desc()).limit(MAX_OPENED)):
        typed = privacy.unseal_or_empty(row.fields_sealed, f"donation_check:{row.code}:fields")
        fields = json.loads(typed) if typed else {}
        if is_same(str(fields.get("email", "")), email):
            yield KeptForm(row.id, row.created_at, fields)


def _has(asked: object) -> bool:
    return db.session.scalar(asked.limit(1)) is not None  # type: ignore[attr-defined]
