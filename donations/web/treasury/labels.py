"""What the books call things, in words that a person reads: columns, accounts, states, kinds. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

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
    1000: _l("Bank"),
    1010: _l("Cash in hand"),
    1020: _l("Cheques held"),
    1030: _l("Paid in, on its way to the bank"),
    1040: _l("Paid out, on its way from the bank"),
    1100: _l("Stripe balance"),
    1105: _l("Charges and refunds being settled"),
    1110: _l("Reserves held by Stripe"),
    1120: _l("Payouts on their way"),
    1130: _l("Withheld for disputes"),
    2010: _l("Unidentified receipts"),
    2020: _l("Gifts to be given back"),
    2100: _l("Approved, not paid out yet"),
    2990: _l("Unclassified Stripe transactions"),
    3000: _l("Opening balance"),
    3100: _l("Transfers between funds"),
    3900: _l("Exchange of currencies"),
    4000: _l("Gifts by card"),
    4010: _l("Gifts by hand and by bank"),
    4050: _l("Refunds"),
    4060: _l("Disputes lost"),
    4070: _l("Failed after they had come"),
    5000: _l("Processing fees"),
    5010: _l("Dispute fees"),
    5020: _l("Fees of the Stripe account"),
    5030: _l("Differences of exchange and disputes"),
    5040: _l("Bank charges"),
    5100: _l("Paid out to the purpose"),
    5900: _l("Written off"),
}
MATCHES = {
    "payout": _l("Payout from Stripe"),
    "offline_gift": _l("Gift by bank"),
    "slip": _l("Paying-in slip"),
    "disbursement": _l("Money paid out"),
    "bounced": _l("Cheque that bounced"),
    "offline_refund": _l("Gift given back by bank"),
    "returned": _l("Card gift given back by bank"),
    "charge": _l("Bank charge"),
    "own_account": _l("Between our own accounts"),
    "stripe_topup": _l("Top-up of the Stripe balance"),
    "unidentified": _l("Not identified"),
}
METHODS = {
    "cash": _l("Cash"),
    "cheque": _l("Cheque"),
    "bank": _l("Bank transfer"),
    "standing_order": _l("Standing order"),
}
GIFT_STATES = {
    "expected": _l("expected"),
    "arrived": _l("arrived"),
    "recorded": _l("to be accepted"),
    "accepted": _l("accepted"),
    "bounced": _l("bounced"),
    "cancelled": _l("cancelled"),
}
LINE_STANDINGS = {"unmatched": _l("unmatched"), "unidentified": _l("unidentified"), "matched": _l("matched")}
CLASSIFICATION_STATES = {
    "requested": _l("waits for approval"),
    "made": _l("approved"),
    "refused": _l("rejected"),
    "replaced": _l("replaced"),
}
DISBURSEMENT_STATES = {
    "requested": _l("asked for"),
    "approved": _l("approved"),
    "sent": _l("sent"),
    "paid": _l("in the bank"),
    "refused": _l("refused"),
    "cancelled": _l("taken back"),
}
ADJUSTMENTS = {
    "transfer": _l("Transfer between funds"),
    "opening": _l("Opening balance"),
    "write_off": _l("Write-off"),
    "kept": _l("Gift that may be kept"),
}
ADJUSTMENT_STATES = {"requested": _l("waits for a second person"), "made": _l("booked"), "refused": _l("refused")}
PAYOUT_STATES = {
    PayoutStatus.PENDING: _l("to be sent"),
    PayoutStatus.IN_TRANSIT: _l("on its way"),
    PayoutStatus.PAID: _l("paid"),
    PayoutStatus.FAILED: _l("failed"),
    PayoutStatus.CANCELED: _l("cancelled"),
}
PAYOUT_PARTS = {
    "gross": _l("Gifts"),
    "refunds": _l("Refunds"),
    "disputes": _l("Disputes"),
    "fees": _l("Fees"),
    "reserves": _l("Reserves"),
    "other": _l("Other movements"),
    "unexplained": _l("Unexplained"),
}
DONATION_STATES = {
    "pending": _l("not paid yet"),
    "processing": _l("on its way"),
    "paid": _l("received"),
    "part_refunded": _l("given back in part"),
    "refunded": _l("given back"),
    "disputed": _l("in dispute"),
    "lost": _l("lost in a dispute"),
    "failed": _l("failed"),
    "abandoned": _l("not paid"),
}
PAY_IN_STATES = {
    "new": _l("to be accepted"),
    "accepted": _l("accepted"),
    "declined": _l("declined"),
    "replaced": _l("replaced"),
}
PAY_IN_KINDS = {
    "collection": _l("Collection"),
    "paper_sales": _l("Paper sales"),
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
    "more": _l("more arrived"),
    "corrected": _l("corrected by the team"),
    "moved": _l("moved to another fund"),
}
RECEIPT_STATES = {"live": _l("valid"), "replaced": _l("replaced"), "void": _l("void")}
REFUND_STATES = {
    RefundStatus.PENDING: _l("on its way"),
    RefundStatus.REQUIRES_ACTION: _l("waits for the supporter’s bank details"),
    RefundStatus.SUCCEEDED: _l("given back"),
    RefundStatus.FAILED: _l("came back"),
    RefundStatus.CANCELED: _l("taken back"),
}
PENDING_REASONS = {
    "processing": _l("Stripe is processing it"),
    "insufficient_funds": _l("the Stripe balance is too low: pay money in at Stripe"),
    "charge_pending": _l("the payment itself has not arrived yet"),
}
REFUND_REASONS = {
    "requested_by_customer": _l("The supporter asked for it"),
    "duplicate": _l("It was given twice"),
    "fraudulent": _l("It looks like fraud"),
}
REFUND_HINTS = {
    "requested_by_customer": _l("By mistake, a wrong amount, a change of mind."),
    "duplicate": _l("The same gift came a second time."),
    "fraudulent": _l("Stripe will then trust this card less."),
}
ATTEMPT_STATES = {"asked": _l("Stripe has not answered yet"), "refused": _l("Stripe refused it")}
DISPUTE_STATES = {
    DisputeStatus.NEEDS_RESPONSE: _l("needs an answer"),
    DisputeStatus.UNDER_REVIEW: _l("the bank looks at it"),
    DisputeStatus.WON: _l("won"),
    DisputeStatus.LOST: _l("lost"),
    DisputeStatus.WARNING_NEEDS_RESPONSE: _l("inquiry: needs an answer"),
    DisputeStatus.WARNING_UNDER_REVIEW: _l("inquiry: the bank looks at it"),
    DisputeStatus.WARNING_CLOSED: _l("inquiry closed"),
    DisputeStatus.APPEAL_NEEDS_RESPONSE: _l("needs an answer once more"),
    DisputeStatus.APPEAL_UNDER_REVIEW: _l("the bank looks at it once more"),
    DisputeStatus.PREVENTED: _l("prevented"),
}
# What of them is good, and what asks for somebody's attention.
DISPUTE_TONES = {
    DisputeStatus.WON: "good", **dict.fromkeys(DisputeStatus.all_that(lambda one: one.awaits_response), "paused"),
}  # fmt: skip
REFUND_TONES = {
    RefundStatus.SUCCEEDED: "good", **dict.fromkeys(RefundStatus.all_that(lambda one: one.has_failed), "paused"),
}  # fmt: skip
PAYOUT_TONES = dict.fromkeys(PayoutStatus.all_that(lambda one: one.has_come_back), "paused")


# Why a payment with the reference of a donation is not its payment, by facts.Stray.
STRAYS = {
    "other_currency": _l("This payment carries the reference of a donation in another currency."),
    "other_account": _l("This payment was taken for another Stripe account, with the reference of a donation of ours."),
    "paid_already": _l("This payment carries the reference of a donation that another payment has paid."),
}


# What is to be seen on a line of a statement (statement_lines/comparison.py).
LINE_REASONS = {
    "twin": _l("same day and amount as a line that is here"),
    "moved": _l("same words and amount as a line a few days away"),
    "number": _l("the bank gave this number to another line"),
    "entry": _l("belongs to a collective entry of another amount"),
    "future": _l("still to come"),
    "old": _l("more than two years old"),
}


def known() -> Mapping[str, Mapping[object, object]]:
    """All of them, for the templates."""
    here = {name.lower(): found for name, found in globals().items() if name.isupper()}
    return {**here, "open_items": to_do_labels.OPEN_ITEMS, "to_do_hints": to_do_labels.HINTS}
