"""Labels of the ledger for people: columns, accounts, states, kinds. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from donations.paper import stripe_labels
from donations.paper.amounts_in_words import METHODS as PAYMENT_METHODS
from donations.reconciliation import posting_stop
from donations.stripe_statuses import DisputeStatus, PayoutStatus, RefundStatus
from donations.web.treasury import to_do_labels

# In the order of balances.COLUMNS.
COLUMNS = {
    "raised": _l("Raised"),
    "moved": _l("Opening balance and transfers"),
    "fees": _l("Fees"),
    "paid_out": _l("Paid out"),
    "other": _l("Other"),
    "held": _l("Balance"),
    "at_stripe": _l("At Stripe"),
    "in_transit": _l("In transit"),
    "in_hand": _l("In hand"),
    "in_bank": _l("In bank"),
    "owed": _l("Owed or unidentified"),
    "in_dispute": _l("In dispute"),
    "committed": _l("Committed"),
    "free": _l("Available"),
}
ACCOUNTS = {
    1000: _l("Bank account"),
    1010: _l("Cash in hand"),
    1020: _l("Cheques in hand"),
    1030: _l("Paid in, in transit to the bank"),
    1040: _l("Paid out, in transit from the bank"),
    1100: _l("Stripe balance"),
    1105: _l("Card payments and refunds in transit"),
    1110: _l("Reserves held by Stripe"),
    1120: _l("Stripe payouts in transit"),
    1130: _l("Withheld for disputes"),
    2010: _l("Unidentified receipts"),
    2020: _l("Donations to refund"),
    2100: _l("Approved, not paid out yet"),
    2990: _l("Unclassified Stripe transactions"),
    3000: _l("Opening balance"),
    3100: _l("Transfers between funds"),
    3900: _l("Currency exchange"),
    4000: _l("Card donations"),
    4010: _l("Cash, cheque and bank donations"),
    4050: _l("Refunds"),
    4060: _l("Disputes lost"),
    4070: _l("Payments that failed after arriving"),
    5000: _l("Processing fees"),
    5010: _l("Dispute fees"),
    5020: _l("Stripe account fees"),
    5030: _l("Exchange and dispute differences"),
    5040: _l("Bank charges"),
    5100: _l("Payments from funds"),
    5900: _l("Written off"),
}
MATCHES = {
    "payout": _l("Stripe payout"),
    "offline_gift": _l("Donation by bank"),
    "slip": _l("Paying-in slip"),
    "disbursement": _l("Payment from a fund"),
    "bounced": _l("Bounced cheque"),
    "offline_refund": _l("Donation refunded by bank transfer"),
    "returned": _l("Card donation refunded by bank transfer"),
    "charge": _l("Bank charge"),
    "own_account": _l("Transfer between our own accounts"),
    "stripe_topup": _l("Stripe balance top-up"),
    "unidentified": _l("Unidentified receipt"),
}
METHODS = {
    "cash": _l("Cash"),
    "cheque": _l("Cheque"),
    "bank": _l("Bank transfer"),
    "standing_order": _l("Standing order"),
}
OFFLINE_DONATION_STATES = {
    "expected": _l("expected"),
    "arrived": _l("arrived"),
    "recorded": _l("to accept"),
    "accepted": _l("accepted"),
    "bounced": _l("bounced"),
    "cancelled": _l("cancelled"),
}
LINE_STANDINGS = {"unmatched": _l("unmatched"), "unidentified": _l("unidentified"), "matched": _l("matched")}
CLASSIFICATION_STATES = {
    "requested": _l("waiting for approval"),
    "made": _l("approved"),
    "refused": _l("rejected"),
    "replaced": _lp("assignment", "replaced"),
}
PAYMENT_REQUEST_STATES = {
    "requested": _l("requested"),
    "approved": _l("approved"),
    "sent": _l("sent to bank"),
    "paid": _l("cleared"),
    "refused": _l("rejected"),
    "cancelled": _l("withdrawn"),
}
ADJUSTMENTS = {
    "transfer": _l("Transfer between funds"),
    "opening": _l("Opening balance"),
    "write_off": _l("Write-off"),
    "kept": _l("Kept donation"),
}
ADJUSTMENT_STATES = {"requested": _l("waiting for a second person"), "made": _l("recorded"), "refused": _l("rejected")}
PAYOUT_STATES = {
    PayoutStatus.PENDING: _l("to be sent"),
    PayoutStatus.IN_TRANSIT: _l("in transit"),
    PayoutStatus.PAID: _l("paid"),
    PayoutStatus.FAILED: _l("failed"),
    PayoutStatus.CANCELED: _lp("payout", "cancelled"),
    PayoutStatus.UNKNOWN: _l("unknown status"),
}
PAYOUT_PARTS = {
    "gross": _l("Donations"),
    "refunds": _l("Refunds"),
    "disputes": _l("Disputes"),
    "fees": _l("Fees"),
    "reserves": _l("Reserves"),
    "other": _l("Other transactions"),
    "unexplained": _l("Unexplained"),
}
DONATION_STATES = {
    "pending": _l("not paid yet"),
    "processing": _l("in transit"),
    "paid": _l("received"),
    "part_refunded": _l("partly refunded"),
    "refunded": _l("refunded"),
    "disputed": _l("in dispute"),
    "lost": _l("dispute lost"),
    "failed": _l("failed"),
    "abandoned": _l("not paid"),
}
BRANCH_RETURN_STATES = {
    "new": _l("to accept"),
    "accepted": _lp("return", "accepted"),
    "declined": _lp("return", "rejected"),
    "replaced": _lp("return", "replaced"),
}
BRANCH_RETURN_KINDS = {
    "collection": _l("Collection"),
    "paper_sales": _l("Newspaper sales"),
    "stall": _l("Stall"),
    "raffle": _l("Raffle"),
    "standing_orders": _l("Standing orders"),
}
APPEAL_STATES = {"draft": _l("draft"), "open": _l("open"), "paused": _l("paused"), "closed": _l("closed")}
RECEIPT_EVENTS = {
    "voided": _l("Voided"),
    "replaced": _l("Replaced"),
    "printed": _l("Printed by the donor"),
    "reprinted": _l("Copy printed"),
}
RECEIPT_CAUSES = {
    "refunded": _l("refunded"),
    "lost": _l("reversed by the bank"),
    "refunded_and_lost": _l("refunded and reversed by the bank"),
    "failed": _l("the payment failed"),
    "more": _l("another part arrived"),
    "corrected": _l("corrected by the team"),
    "moved": _l("transferred to another fund"),
}
RECEIPT_STATES = {"live": _l("valid"), "replaced": _lp("receipt", "replaced"), "void": _l("void")}
REFUND_STATES = {
    RefundStatus.PENDING: _l("in transit"),
    RefundStatus.REQUIRES_ACTION: _l("waiting for the donor’s bank details"),
    RefundStatus.SUCCEEDED: _l("refunded"),
    RefundStatus.FAILED: _l("refund failed"),
    RefundStatus.CANCELED: _l("cancelled"),
    RefundStatus.UNKNOWN: _l("unknown status"),
}
PENDING_REASONS = {
    "processing": _l("being processed by Stripe"),
    "insufficient_funds": _l("the Stripe balance is too low, so top it up in Stripe"),
    "charge_pending": _l("the payment itself has not arrived yet"),
}
REFUND_REASONS = {
    "requested_by_customer": _l("Donor’s request"),
    "duplicate": _l("Duplicate donation"),
    "fraudulent": _l("Suspected fraud"),
}
REFUND_HINTS = {
    "requested_by_customer": _l("A mistake, a wrong amount or a change of mind."),
    "duplicate": _l("The same donation arrived twice."),
    "fraudulent": _l("Stripe will then trust this card less."),
}
ATTEMPT_STATES = {"asked": _l("Stripe has not answered yet"), "refused": _l("Stripe refused the refund")}
DISPUTE_STATES = {
    DisputeStatus.NEEDS_RESPONSE: _l("response needed"),
    DisputeStatus.UNDER_REVIEW: _l("under review"),
    DisputeStatus.WON: _l("won"),
    DisputeStatus.LOST: _l("lost"),
    DisputeStatus.WARNING_NEEDS_RESPONSE: _l("dispute inquiry: response needed"),
    DisputeStatus.WARNING_UNDER_REVIEW: _l("dispute inquiry: under review"),
    DisputeStatus.WARNING_CLOSED: _l("dispute inquiry closed"),
    DisputeStatus.APPEAL_NEEDS_RESPONSE: _l("response needed again"),
    DisputeStatus.APPEAL_UNDER_REVIEW: _l("under review again"),
    DisputeStatus.PREVENTED: _l("prevented"),
    DisputeStatus.UNKNOWN: _l("unknown status"),
}
# Which of them are good, and which need attention.
DISPUTE_TONES = {
    DisputeStatus.WON: "good", **dict.fromkeys(DisputeStatus.all_that(lambda one: one.awaits_response), "paused"),
}  # fmt: skip
REFUND_TONES = {
    RefundStatus.SUCCEEDED: "good", **dict.fromkeys(RefundStatus.all_that(lambda one: one.has_failed), "paused"),
}  # fmt: skip
PAYOUT_TONES = dict.fromkeys(PayoutStatus.all_that(lambda one: one.has_come_back), "paused")


# Why a payment with the reference of a donation is not its payment, by facts.Stray.
STRAYS = {
    "other_currency": _l("This payment has the reference of a donation in another currency."),
    "other_account": _l(
        "This payment was taken for another Stripe account, with the reference of one of our donations."
    ),
    "paid_already": _l("This payment has the reference of a donation that another payment has paid."),
}


# What is to be seen on a line of a statement (reconciliation/statement_lines/comparison.py).
LINE_REASONS = {
    "twin": _l("same day and amount as an imported line"),
    "moved": _l("same text and amount as a line a few days before or after"),
    "number": _l("the bank used this number for another line"),
    "entry": _l("part of a batch with a different total"),
    "future": _l("date in the future"),
    "old": _l("more than 2 years old"),
}


# By the kind of a to-do item: what the word of its own kind is called.
TO_DO_NOTES: Mapping[str, Mapping[Any, Any]] = {
    "disbursement": PAYMENT_REQUEST_STATES,
    "adjustment": ADJUSTMENTS,
    **dict.fromkeys(("cash", "to_pay_in", "expected"), METHODS),
    "dispute": stripe_labels.DISPUTE_REASONS,
    "warning": stripe_labels.FRAUD_TYPES,
    **dict.fromkeys(("movement", "unlinked"), stripe_labels.TRANSACTION_TYPES),
    **dict.fromkeys(("receipt", "gift"), PAYMENT_METHODS),
    "refund_waiting": PENDING_REASONS,
    "same_line": LINE_REASONS,
    **dict.fromkeys(("mail", "held_mail", "locked_mail"), to_do_labels.MAILS),
    "staff_change": to_do_labels.STAFF_CHANGES,
    "cure": {name: _l(kind.button) for name, kind in posting_stop.KINDS.items()},
}


def known() -> Mapping[str, Mapping[Any, Any]]:
    """All of them, for the templates."""
    found = {
        **vars(stripe_labels),
        **globals(),
        "OPEN_ITEMS": to_do_labels.OPEN_ITEMS,
        "TO_DO_HINTS": to_do_labels.HINTS,
    }
    return {name.lower(): labels for name, labels in found.items() if name.isupper()}
