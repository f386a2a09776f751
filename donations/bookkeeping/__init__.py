"""Pure rules: from all facts known of a payment, a balance transaction without a payment, a statement line or a
treasurer's action, the entries that must exist. No database, no Stripe, no clock. The rows named are those of
docs/ledger.md."""

from donations.bookkeeping import adjustments, offline_donations, payment_requests
from donations.bookkeeping.accounts import CLEARING, OF_AN_UNKNOWN_TRANSACTION
from donations.bookkeeping.balance_transactions import entry_for, is_of_unknown_kind
from donations.bookkeeping.bank import LineFacts, MatchedPart, entry_of_line
from donations.bookkeeping.entries import Line, Wanted
from donations.bookkeeping.payments import OF_A_CHARGE, Standing, entries_for, standing_of
from donations.bookkeeping.payouts import PAYOUT_CATEGORIES, Parts, entry_of_payout
from donations.bookkeeping.public_accounts import PUBLIC_ACCOUNTS
from donations.bookkeeping.shares import settled_amount

__all__ = [
    "CLEARING",
    "OF_AN_UNKNOWN_TRANSACTION",
    "OF_A_CHARGE",
    "PAYOUT_CATEGORIES",
    "PUBLIC_ACCOUNTS",
    "Line",
    "LineFacts",
    "MatchedPart",
    "Parts",
    "Standing",
    "Wanted",
    "adjustments",
    "entries_for",
    "entry_for",
    "entry_of_line",
    "entry_of_payout",
    "is_of_unknown_kind",
    "offline_donations",
    "payment_requests",
    "settled_amount",
    "standing_of",
]
