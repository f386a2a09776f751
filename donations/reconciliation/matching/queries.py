"""The questions that matching asks the database, as Core statements. What the answers mean, open_items.py
and payer_rules.py say."""

from __future__ import annotations

from sqlalchemy import Table, Text, bindparam, cast, exists, func, select

from donations.models import (
    Allocation,
    Appeal,
    Donation,
    Fund,
    Match,
    OfflineDonation,
    PayingInSlip,
    PaymentRequest,
    StatementLine,
)
from donations.models.match import MatchRule
from donations.models.payout import Payout
from donations.stripe_statuses import PayoutStatus

line: Table = StatementLine.__table__  # type: ignore[assignment]
match: Table = Match.__table__  # type: ignore[assignment]
rule: Table = MatchRule.__table__  # type: ignore[assignment]
_offline: Table = OfflineDonation.__table__  # type: ignore[assignment]
_donation: Table = Donation.__table__  # type: ignore[assignment]
_slip: Table = PayingInSlip.__table__  # type: ignore[assignment]
_payment_request: Table = PaymentRequest.__table__  # type: ignore[assignment]
_payout: Table = Payout.__table__  # type: ignore[assignment]

_confirmed = exists().where(match.c.statement_line_id == line.c.id, match.c.state == "confirmed")
_text_of_donation = cast(_offline.c.id, Text)

LINES = (
    select(
        line.c.id, line.c.bank_account_id, line.c.booked_on, line.c.amount_minor, line.c.currency, line.c.payer_hash,
        line.c.details_sealed,
    )
    .where(~_confirmed)
    .order_by(line.c.id)
)  # fmt: skip
ANSWERS = select(
    match.c.statement_line_id, match.c.kind, match.c.target, match.c.state, match.c.actor, match.c.made_at,
    match.c.ended_by, match.c.ended_at, match.c.reasons,
).where(
    match.c.state.in_(("refused", "undone")), match.c.ended_by.not_in(bindparam("nobody", expanding=True))
)  # fmt: skip
PROPOSED = (
    select(match)
    .where(match.c.state == "proposed")
    .order_by(match.c.statement_line_id, match.c.id)
)  # fmt: skip
APPEAL_FUNDS = select(Fund.appeal_id, Fund.id).join(Appeal, Appeal.id == Fund.appeal_id).where(Appeal.state != "draft")
FUND_NAMES = select(Fund.id, Fund.appeal_id, Fund.slug, Fund.kind, Fund.name, Appeal.title).join(
    Appeal, Appeal.id == Fund.appeal_id
)
# Those by bank that no line is. One that the rules recorded and a person undid must not be found again.
_matched_ids = select(match.c.target).where(match.c.kind == "offline_gift", match.c.state == "confirmed")
_of_bank = (
    _offline.c.method.in_(("bank", "standing_order")),
    _offline.c.state == "expected",
    _offline.c.recorded_by != "rules",
)
DONATIONS = (
    select(
        _offline.c.id, _offline.c.donation_id, _offline.c.reference_code, _offline.c.payer_hash, _offline.c.received_on,
        _donation.c.amount_minor, _donation.c.currency, _donation.c.appeal_id, _donation.c.email_hash,
        _donation.c.name_sealed, _donation.c.reference,
    )
    .join(_donation, _donation.c.id == _offline.c.donation_id)
    .where(*_of_bank, _text_of_donation.not_in(_matched_ids))
    .order_by(_offline.c.id)
)  # fmt: skip
OFFLINE_DONATION_FUNDS = (
    select(Allocation.donation_id, Allocation.fund_id)
    .join(_offline, _offline.c.donation_id == Allocation.donation_id)
    .where(*_of_bank)
)
_credited = (
    select(func.coalesce(func.sum(match.c.amount_minor), 0))
    .where(match.c.kind == "slip", match.c.state == "confirmed", match.c.target == cast(_slip.c.id, Text))
    .scalar_subquery()
)
SLIPS = select(_slip, _credited.label("credited")).where(_slip.c.paid_in_on.is_not(None)).order_by(_slip.c.id)
PAYMENTS = select(_payment_request).where(_payment_request.c.state == "sent").order_by(_payment_request.c.id)
_taken_back = exists().where(
    match.c.kind.in_(("bounced", "offline_refund")), match.c.state == "confirmed", match.c.target == _text_of_donation
)
CHEQUES = (
    select(
        _offline.c.id, _offline.c.cheque_number, _offline.c.received_on, _donation.c.amount_minor, _donation.c.currency,
        _donation.c.name_sealed, _donation.c.reference,
    )
    .join(_donation, _donation.c.id == _offline.c.donation_id)
    .where(_offline.c.method == "cheque", _offline.c.state == "accepted", ~_taken_back)
    .order_by(_offline.c.id)
)  # fmt: skip
PAYOUTS = (
    select(_payout.c.id, _payout.c.amount_minor, _payout.c.currency, _payout.c.arrival_on, _payout.c.trace_id)
    .where(_payout.c.status.not_in(PayoutStatus.all_that(lambda status: status.has_come_back)))
    .where(_payout.c.id.not_in(
        select(match.c.target).where(match.c.kind == "payout", match.c.state == "confirmed")
    ))
    .order_by(_payout.c.id)
)  # fmt: skip
# Donations that the rules recorded for a line, and that no line is any more.
ORPHANS = select(_offline.c.id).where(
    _offline.c.method == "bank", _offline.c.state == "expected", _offline.c.recorded_by == "rules",
    _text_of_donation.not_in(_matched_ids),
).order_by(_offline.c.id)  # fmt: skip
# What was confirmed of lines from payers: who they are, what they usually give and to which fund, and by whose word.
HISTORY = (
    select(
        line.c.payer_hash, match.c.statement_line_id, match.c.kind, match.c.actor, match.c.amount_minor,
        _donation.c.id.label("of"), _donation.c.email_hash,
    )
    .join_from(match, line, line.c.id == match.c.statement_line_id)
    .outerjoin(_offline, (match.c.kind == "offline_gift") & (_text_of_donation == match.c.target))
    .outerjoin(_donation, _donation.c.id == _offline.c.donation_id)
    .where(match.c.state == "confirmed", match.c.kind.in_(("offline_gift", "charge")))
    .where(line.c.payer_hash.is_not(None))
    .order_by(match.c.id)
)  # fmt: skip
HISTORY_FUNDS = (
    select(Allocation.donation_id, Allocation.fund_id)
    .join(_offline, _offline.c.donation_id == Allocation.donation_id)
    .join(match, (match.c.target == _text_of_donation) & (match.c.kind == "offline_gift"))
    .where(match.c.state == "confirmed")
)
RULES = select(rule.c.payer_hash, rule.c.fund_id).where(~rule.c.is_refused)
# Accepted or refused: not to be offered again.
ANSWERED_RULES = select(rule.c.payer_hash, rule.c.fund_id)
