"""The mirrors: what Stripe or a treasurer says happened (said), written forward only under the lock of the payment's
root (writing), and read back all together (reading). Nothing is booked here."""

from donations.facts import strays
from donations.facts.reading import load_house, load_of_donations, load_of_payment, load_root, posting_despite_stop
from donations.facts.said import (
    Charge,
    Checkout,
    Classified,
    Dispute,
    FraudWarning,
    Known,
    Movement,
    PaymentFacts,
    Payout,
    Refund,
    Root,
    Stray,
    Thing,
)
from donations.facts.upserts import MOVEMENT_COLUMNS
from donations.facts.writing import (
    lock_root,
    record_charge,
    record_decision,
    record_dispute,
    record_members,
    record_movement,
    record_payout,
    record_refund,
    record_warning,
)

__all__ = [
    "MOVEMENT_COLUMNS",
    "Charge",
    "Checkout",
    "Classified",
    "Dispute",
    "FraudWarning",
    "Known",
    "Movement",
    "PaymentFacts",
    "Payout",
    "Refund",
    "Root",
    "Stray",
    "Thing",
    "load_house",
    "load_of_donations",
    "load_of_payment",
    "load_root",
    "lock_root",
    "posting_despite_stop",
    "record_charge",
    "record_decision",
    "record_dispute",
    "record_members",
    "record_movement",
    "record_payout",
    "record_refund",
    "record_warning",
    "strays",
]  # fmt: skip
