"""What is sealed with the offline key, and from when on: data no longer needed for daily work. The rest stays under the
machine's own key; docs/offline-key.md lists it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, exists, false, func, or_, select

from donations import models
from donations.data_keys.columns import is_sealed_offline
from donations.giving.states import COUNTED_STATES
from donations.models.donation import UNPAID_STATES

# Of a donation that brought no receipt by then none will come, or it will be issued as a later one is.
WITHOUT_RECEIPT = timedelta(days=1)
Condition = Callable[[datetime], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Sealed columns of a table that go under the offline key together, once `is_settled` holds of their row at a
    moment, and come back when it does not hold any more, or `is_needed` does. `hashes` (by column) are emptied with
    them: with the machine's key they could be asked for a name."""

    name: str
    table: Table
    columns: tuple[str, ...]
    hashes: Mapping[str, str]
    is_settled: Condition
    is_needed: Condition = field(default=lambda _at: false())

    def to_seal(self, at: datetime) -> ColumnElement[bool]:
        return and_(~self.table.c.under_offline_key, self.is_settled(at))

    def to_reopen(self, at: datetime) -> ColumnElement[bool]:
        """Sealed, and needed again: a match was undone, a mail waits, its donor has asked."""
        return and_(self.table.c.under_offline_key, or_(~self.is_settled(at), self.is_needed(at)))

    @property
    def holds(self) -> ColumnElement[bool]:
        """Whether there is anything in the row."""
        return or_(*(self.table.c[name].is_not(None) for name in self.columns))


def _table(model: type[models.base.Model]) -> Table:
    return model.__table__  # type: ignore[return-value]


_donation, _receipt, _mail = _table(models.Donation), _table(models.Receipt), _table(models.Mail)
_change, _event, _line = _table(models.ReceiptChange), _table(models.StripeEvent), _table(models.StatementLine)
_version, _question, _match = (
    _table(models.StatementLineVersion),
    _table(models.StatementLineQuestion),
    _table(models.Match),
)
_account, _decision, _appeal = _table(models.BankAccount), _table(models.MessageDecision), _table(models.Appeal)


def _is_settled(at: datetime) -> ColumnElement[bool]:
    """Its money came, or will not come any more; its receipt was mailed, nothing about it is on its way, and its donor
    has not asked for it. What a card did not pay is erased after a day."""
    of_it, mailed = _receipt.alias(), _receipt.alias()
    has_receipt = exists().where(of_it.c.donation_id == _donation.c.id)
    waits = and_(_mail.c.state != "sent", or_(_mail.c.recipient_sealed.is_not(None), _mail.c.state == "locked"))
    mail_waits = exists().where(_mail.c.receipt_id == mailed.c.id, mailed.c.donation_id == _donation.c.id, waits)
    came = _donation.c.state.not_in((*UNPAID_STATES, "processing"))
    return and_(
        or_(came, and_(_donation.c.state == "abandoned", _donation.c.source != "card")),
        or_(has_receipt, func.coalesce(_donation.c.settled_at, _donation.c.created_at) < at - WITHOUT_RECEIPT),
        ~mail_waits,
        ~exists().where(_change.c.donation_id == _donation.c.id),
        or_(_donation.c.opened_until.is_(None), _donation.c.opened_until <= at),
    )


def _is_of_settled_donation(at: datetime) -> ColumnElement[bool]:
    return exists().where(_donation.c.id == _receipt.c.donation_id, _is_settled(at))


def _needs_its_message(_at: datetime) -> ColumnElement[bool]:
    """It was hidden and sealed, and waits for a decision again: the donation was moved to another appeal."""
    return and_(is_sealed_offline(_donation.c.message_sealed), MESSAGE_STAYS)


def _is_handled(at: datetime) -> ColumnElement[bool]:
    is_open = and_(_event.c.opened_until.is_not(None), _event.c.opened_until > at)
    return and_(_event.c.state.not_in(("due", "parked")), ~is_open)


def _is_matched(_at: datetime) -> ColumnElement[bool]:
    """Fully matched, with nothing left for a person to decide. The bank's own number must be stored beside it: it
    cannot be found in sealed text."""
    of_line = (_match.c.statement_line_id == _line.c.id, _match.c.kind != "unidentified")
    matched = select(func.coalesce(func.sum(_match.c.amount_minor), 0)).where(*of_line, _match.c.state == "confirmed")
    doubted = exists().where(_question.c.statement_line_id == _line.c.id, _question.c.state == "open")
    proposed = exists().where(_match.c.statement_line_id == _line.c.id, _match.c.state == "proposed")
    noted = exists().where(_account.c.id == _line.c.bank_account_id, _account.c.evidence_complete)
    return and_(matched.scalar_subquery() == _line.c.amount_minor, ~doubted, ~proposed, noted)


def _is_of_matched_line(table: Table) -> Condition:
    return lambda at: exists().where(_line.c.id == table.c.statement_line_id, _is_matched(at))


def _is_answered(at: datetime) -> ColumnElement[bool]:
    return and_(_question.c.state != "open", _is_of_matched_line(_question)(at))


_counts = _donation.c.state.in_(COUNTED_STATES)
_is_hidden = exists().where(
    _decision.c.donation_id == _donation.c.id, _decision.c.appeal_id == _donation.c.appeal_id,
    _decision.c.verdict == "hidden",
)  # fmt: skip
# A message that waits for a decision, or is shown: the page shows it, and who decides reads it.
MESSAGE_STAYS = and_(_donation.c.message_sealed.is_not(None), _counts, ~_is_hidden)
# How its donor lets a donation be signed is shown with its message, and beside it where appeals are not discreet.
IS_SIGNED = or_(
    MESSAGE_STAYS, and_(_counts, exists().where(_appeal.c.id == _donation.c.appeal_id, ~_appeal.c.discreet))
)
RULES = (
    Rule("donations", _donation, ("name_sealed", "email_sealed", "message_sealed"), {"email_sealed": "email_hash"},
         _is_settled, _needs_its_message),
    Rule("names on receipts", _receipt, ("person_sealed",), {}, _is_of_settled_donation),
    Rule("events of Stripe", _event, ("payload_sealed",), {"payload_sealed": "email_hash"}, _is_handled),
    Rule("statement lines", _line, ("details_sealed",), {"details_sealed": "payer_hash"}, _is_matched),
    Rule("earlier words of statement lines", _version, ("details_sealed",), {}, _is_of_matched_line(_version)),
    Rule("statement lines that were in doubt", _question, ("details_sealed",), {}, _is_answered),
)  # fmt: skip
