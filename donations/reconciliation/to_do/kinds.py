"""Which kinds of things wait for a person, in the order of the list, what each means for the close of a period, and for
every account and every state of a row whether something waits there. A test holds that none is missing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from donations.bookkeeping import accounts
from donations.stripe_statuses import DisputeStatus, PayoutStatus, RefundStatus


class AtClose(Enum):
    """What an open item of a period means for its close: it BLOCKS; it is ACCEPTED by who signs, with a reason; or it
    is NAMED and carried forward."""

    BLOCKS = "blocks"
    ACCEPTED = "accepted"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Kind:
    """`may_retry` and `may_dismiss`: what a person may do from the list itself; the others have a page of their own."""

    name: str
    at_close: AtClose
    may_retry: bool = False
    may_dismiss: bool = False


_ALL = (
    # What has a deadline, and what keeps other things from being entered.
    Kind("dispute", AtClose.NAMED),
    Kind("warning", AtClose.NAMED, may_dismiss=True),
    Kind("event", AtClose.ACCEPTED, may_retry=True, may_dismiss=True),
    Kind("movement", AtClose.BLOCKS),
    Kind("unlinked", AtClose.ACCEPTED, may_retry=True),
    # Money that has no purpose or did not arrive.
    Kind("receipt", AtClose.ACCEPTED),
    Kind("unidentified", AtClose.ACCEPTED),
    Kind("estimated", AtClose.NAMED),
    Kind("refund", AtClose.ACCEPTED),
    Kind("refund_attempt", AtClose.NAMED),
    Kind("refund_waiting", AtClose.NAMED),
    Kind("overdrawn", AtClose.ACCEPTED),
    Kind("suspense", AtClose.ACCEPTED),
    # Money on its way that stays away.
    Kind("payout", AtClose.ACCEPTED, may_retry=True),
    Kind("payout_rest", AtClose.ACCEPTED, may_retry=True),
    Kind("slip", AtClose.ACCEPTED),
    Kind("line", AtClose.ACCEPTED),
    Kind("same_line", AtClose.ACCEPTED),
    Kind("gift", AtClose.ACCEPTED, may_retry=True),
    Kind("settlement", AtClose.ACCEPTED),
    Kind("withheld", AtClose.ACCEPTED),
    Kind("transit", AtClose.ACCEPTED),
    # What a person must accept, approve or carry.
    Kind("pay_in", AtClose.ACCEPTED),
    Kind("cash", AtClose.ACCEPTED),
    Kind("to_pay_in", AtClose.NAMED),
    Kind("expected", AtClose.NAMED),
    Kind("disbursement", AtClose.NAMED),
    Kind("adjustment", AtClose.NAMED),
    Kind("classification", AtClose.NAMED),
    Kind("cure", AtClose.NAMED),
    Kind("approval_rule", AtClose.NAMED),
    Kind("staff_change", AtClose.NAMED),
    Kind("period", AtClose.NAMED),
    # The program's own queues.
    Kind("mail", AtClose.NAMED, may_retry=True, may_dismiss=True),
    Kind("held_mail", AtClose.NAMED, may_retry=True, may_dismiss=True),
    Kind("locked_mail", AtClose.NAMED),
    Kind("locked_request", AtClose.NAMED),
    Kind("restored", AtClose.NAMED, may_dismiss=True),
    Kind("job", AtClose.NAMED, may_retry=True, may_dismiss=True),
)
KINDS = {kind.name: kind for kind in _ALL}

# The kinds under which what lies on a clearing account is listed.
ACCOUNTS: dict[int, tuple[str, ...]] = {
    accounts.PAYING_IN: ("slip",),
    accounts.PAYMENTS_IN_TRANSIT: ("disbursement", "transit"),
    accounts.IN_SETTLEMENT: ("gift", "settlement"),
    accounts.PAYOUTS_IN_TRANSIT: ("payout", "transit"),
    accounts.DISPUTED: ("dispute", "withheld"),
    accounts.UNIDENTIFIED: ("receipt", "unidentified"),
    accounts.RETURNABLE: ("refund",),
    accounts.DISBURSEMENTS_UNPAID: ("disbursement",),
    accounts.UNCLASSIFIED: ("movement",),
}

# SETTLED: nothing waits. BY_ITSELF: the program, Stripe, a bank or a donor acts next; what takes too long is listed
# under a kind of its own. ELSEWHERE: it waits for someone whose work is not the treasury's (organisers, invitees).
SETTLED, BY_ITSELF, ELSEWHERE = "settled", "by itself", "elsewhere"


def _settled(*states: str) -> dict[str, str]:
    return dict.fromkeys(states, SETTLED)


# Every state of every table that has one, by table and state: one of the three constants above, or the kind that lists
# it.
STATES: dict[str, dict[str, str]] = {
    "adjustment": {"requested": "adjustment", **_settled("made", "refused")},
    "appeal": {"draft": ELSEWHERE, **_settled("open", "paused", "closed")},
    "approval_rule": {"requested": "approval_rule", **_settled("made", "refused")},
    "checkout_attempt": {"starting": BY_ITSELF, "open": BY_ITSELF, **_settled("complete", "expired")},
    "classification": {"requested": "classification", **_settled("made", "refused", "replaced")},
    "correction": {"requested": "cure", **_settled("made", "refused")},
    "payment_request": {
        **dict.fromkeys(("requested", "approved", "sent"), "disbursement"),
        **_settled("paid", "refused", "cancelled"),
    },
    "dispute": {
        **dict.fromkeys(DisputeStatus.all_that(lambda status: not status.is_closed), "dispute"),
        **_settled(*DisputeStatus.all_that(lambda status: status.is_closed)),
    },
    "donation": {
        "pending": BY_ITSELF, "processing": BY_ITSELF, "disputed": "dispute",
        **_settled("paid", "part_refunded", "refunded", "lost", "failed", "abandoned"),
    },
    "statement_line_question": {"open": "same_line", **_settled("same", "another")},
    "mail": {"due": "mail", "parked": "mail", "held": "held_mail", "locked": "locked_mail", "sent": SETTLED},
    "match": {"proposed": "line", "confirmed": "unidentified", **_settled("refused", "undone")},
    "offline_donation": {
        "expected": "expected", "recorded": "cash", "accepted": "to_pay_in", "cancelled": SETTLED,
    },
    "branch_return": {"new": "pay_in", **_settled("replaced", "accepted", "declined")},
    "payout": {
        **dict.fromkeys(PayoutStatus.all_that(lambda status: not status.has_come_back), "payout"),
        **_settled(*PayoutStatus.all_that(lambda status: status.has_come_back)),
    },
    "period": {"open": "period", "closed": SETTLED},
    "receipt": _settled("live", "replaced", "void"),
    "refund": {
        **dict.fromkeys(RefundStatus.all_that(lambda status: status.is_on_its_way), "refund_waiting"),
        RefundStatus.FAILED: "refund", **_settled(RefundStatus.SUCCEEDED, RefundStatus.CANCELED),
    },
    "refund_attempt": {"asked": "refund_attempt", **_settled("made", "refused")},
    "staff_change": {"waiting": "staff_change", **_settled("made", "refused")},
    "staff": {"invited": ELSEWHERE, **_settled("active", "disabled")},
    "stripe_event": {"due": BY_ITSELF, "parked": "event", **_settled("handled", "ignored")},
    "subscriber": {"asked": ELSEWHERE, **_settled("confirmed", "ended")},
}  # fmt: skip
