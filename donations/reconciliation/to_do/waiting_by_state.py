"""What waits by its own state: disputes, queues, statement lines, things to accept or approve. What waits because money
lies on a clearing account is in clearing_balances.py."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, Text, and_, cast, exists, func, literal, or_

from donations import models
from donations.reconciliation.disputes import CLOSED, GIVEN_BACK
from donations.reconciliation.to_do.query_shape import (
    day,
    dismissed_since,
    items,
    line_matched,
    matched,
    moment,
    not_dismissed,
)
from donations.stripe_statuses import DisputeStatus, PayoutStatus, RefundStatus


def _table(model: Any) -> Table:
    made: Table = model.__table__
    return made


_payment, _payout, _dispute = _table(models.Payment), _table(models.Payout), _table(models.Dispute)
_refund, _attempt, _warning = _table(models.Refund), _table(models.RefundAttempt), _table(models.FraudWarning)
_event, _mail, _job = _table(models.StripeEvent), _table(models.Mail), _table(models.Job)
_line, _match, _donation = _table(models.StatementLine), _table(models.Match), _table(models.Donation)
_offline, _branch_return, _classification = (
    _table(models.OfflineDonation),
    _table(models.BranchReturn),
    _table(models.Classification),
)
_correction, _restoration = _table(models.Correction), _table(models.Restoration)
_question, _rule = _table(models.StatementLineQuestion), _table(models.ApprovalRule)
_change, _request = _table(models.StaffChange), _table(models.OfflineRequest)
_payment_request, _adjustment = _table(models.PaymentRequest), _table(models.Adjustment)
_period, _signature = _table(models.Period), _table(models.PeriodSignature)
_DECIDED = DisputeStatus.all_that(lambda status: status.decides_a_warning)
_ON_ITS_WAY = RefundStatus.all_that(lambda status: status.is_on_its_way)
_COME_BACK = PayoutStatus.all_that(lambda status: status.has_come_back)
_BY_HAND = ("cash", "cheque")
# A warning is answered by a refund, or has become a dispute.
_answered = or_(
    _payment.c.amount_minor <= GIVEN_BACK,
    exists().where(_attempt.c.payment_id == _payment.c.id, _attempt.c.state == "asked"),
    exists().where(_dispute.c.payment_id == _payment.c.id, _dispute.c.status.in_(_DECIDED)),
)
_job_ref = _job.c.name
# The person who signs first leaves the period waiting for the second one; one that was opened again waits for both.
_was_signed = exists().where(_signature.c.period_id == _period.c.id)
_of_donation = {"minor": _donation.c.amount_minor, "currency": _donation.c.currency}


def _of_offline_donations(kind: str, **more: Any) -> Any:
    found = items(kind, _offline.c.id, place=_offline.c.state, note=_offline.c.method, **_of_donation, **more)
    return found.join(_donation, _donation.c.id == _offline.c.donation_id)


def _of_row(kind: str, table: Table, **more: Any) -> Any:
    return items(kind, table.c.id, minor=table.c.amount_minor, currency=table.c.currency, **more)


ROWS = (
    _of_row("dispute", _dispute, note=_dispute.c.reason, since=_dispute.c.created_at, due_by=_dispute.c.due_by)
    .where(_dispute.c.status.not_in(CLOSED)),
    items(
        "warning", _warning.c.id, place=_payment.c.charge_id, note=_warning.c.fraud_type,
        minor=_payment.c.amount_minor, currency=_payment.c.currency, since=_warning.c.created_at,
    )
    .join(_payment, _payment.c.id == _warning.c.payment_id)
    .where(_warning.c.actionable, ~_answered, not_dismissed("warning", _warning.c.id)),
    items("event", _event.c.id, note=_event.c.type, since=_event.c.received_at)
    .where(_event.c.state == "parked", not_dismissed("event", _event.c.id)),
    items("mail", _mail.c.id, note=_mail.c.kind, since=_mail.c.created_at)
    .where(or_(_mail.c.state == "parked", and_(_mail.c.state == "due", _mail.c.created_at < moment("day_before"))))
    .where(not_dismissed("mail", _mail.c.id), not_dismissed("held_mail", _mail.c.id)),
    items("held_mail", _mail.c.id, note=_mail.c.kind, since=_mail.c.created_at).where(_mail.c.state == "held"),
    items("locked_mail", _mail.c.id, note=_mail.c.kind, since=_mail.c.created_at).where(_mail.c.state == "locked"),
    items("locked_request", literal("all"), since=func.min(_request.c.asked_at)).having(func.count() > 0),
    items("restored", _restoration.c.id, since=_restoration.c.restored_at)
    .where(not_dismissed("restored", _restoration.c.id)),
    items("estimated", _donation.c.id, since=_donation.c.created_at, **_of_donation)
    .where(_donation.c.purpose_estimated),
    items("job", _job_ref, note=_job.c.last_error, since=_job.c.last_run_at)
    .where(_job.c.last_error.is_not(None), ~dismissed_since("job", _job_ref, moment("day_before"))),
    _of_row("payout", _payout, on_day=_payout.c.arrival_on)
    .where(_payout.c.status.not_in(_COME_BACK), _payout.c.arrival_on < day("payout_before"))
    .where(~matched("payout", _payout.c.id)),
    _of_row("pay_in", _branch_return, since=_branch_return.c.sent_at).where(_branch_return.c.state == "new"),
    _of_row("line", _line, on_day=_line.c.booked_on).where(~line_matched(_line.c.id)),
    _of_row("same_line", _question, note=_question.c.reason, on_day=_question.c.booked_on)
    .where(_question.c.state == "open"),
    _of_row("unidentified", _line, on_day=_line.c.booked_on).where(line_matched(_line.c.id, "unidentified")),
    items(
        "gift", _payment.c.charge_id, minor=_payment.c.amount_minor, currency=_payment.c.currency,
        note=_payment.c.method, since=_payment.c.succeeded_at,
    ).where(
        _payment.c.succeeded_at < moment("fee_before"), _payment.c.failed_at.is_(None),
        _payment.c.recorded_transaction_id.is_(None),
    ),
    items(
        "refund_attempt", _attempt.c.id, place=_payment.c.charge_id, minor=_attempt.c.amount_minor,
        currency=_attempt.c.currency, since=_attempt.c.requested_at,
    )
    .join(_payment, _payment.c.id == _attempt.c.payment_id)
    .where(_attempt.c.state == "asked", _attempt.c.requested_at < moment("day_before")),
    items(
        "refund_waiting", _refund.c.id, place=_payment.c.charge_id, note=_refund.c.pending_reason,
        minor=_refund.c.amount_minor, currency=_refund.c.currency, since=_refund.c.created_at,
    )
    .join(_payment, _payment.c.id == _refund.c.payment_id)
    .where(_refund.c.status.in_(_ON_ITS_WAY))
    .where(or_(_refund.c.created_at < moment("week_before"), _refund.c.pending_reason == "insufficient_funds")),
    _of_offline_donations("cash", on_day=_offline.c.received_on).where(_offline.c.state == "recorded"),
    _of_offline_donations("to_pay_in", since=_offline.c.accepted_at)
    .where(_offline.c.state == "accepted", _offline.c.paying_in_slip_id.is_(None), _offline.c.method.in_(_BY_HAND))
    .where(_offline.c.accepted_at < moment("week_before"), ~matched("bounced", _offline.c.id)),
    _of_offline_donations("expected", on_day=_offline.c.received_on)
    .where(_offline.c.state == "expected", _offline.c.received_on < day("expected_before"))
    .where(~matched("offline_gift", _offline.c.id)),
    _of_row("disbursement", _payment_request, note=_payment_request.c.state, since=_payment_request.c.requested_at)
    .where(or_(
        _payment_request.c.state.in_(("requested", "approved")),
        and_(_payment_request.c.state == "sent", _payment_request.c.sent_at < moment("week_before")),
    )),
    _of_row("adjustment", _adjustment, note=_adjustment.c.kind, since=_adjustment.c.requested_at)
    .where(_adjustment.c.state == "requested"),
    items("classification", _classification.c.id, note=cast(_classification.c.account, Text),
          since=_classification.c.requested_at)
    .where(_classification.c.state == "requested"),
    items("cure", _correction.c.id, note=_correction.c.kind, since=_correction.c.requested_at)
    .where(_correction.c.state == "requested"),
    items("approval_rule", _rule.c.id, since=_rule.c.requested_at).where(_rule.c.state == "requested"),
    items("staff_change", _change.c.id, note=_change.c.kind, since=_change.c.asked_at)
    .where(_change.c.state == "waiting"),
    items("period", _period.c.id, on_day=_period.c.ends_on).where(_period.c.state == "open", _was_signed),
)  # fmt: skip
