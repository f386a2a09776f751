"""Pure rules: from all facts known of a payment, or of a balance transaction that stands alone, the entries that must
exist. No database, no Stripe, no clock. The rows named are those of the worked examples in docs/ledger.md."""

from donations.bookkeeping.accounts import PUBLIC_ACCOUNTS
from donations.bookkeeping.entries import Line, Wanted
from donations.bookkeeping.movements import entry_for
from donations.bookkeeping.payments import OF_A_CHARGE, Standing, entries_for, standing_of
from donations.bookkeeping.shares import settled_amount

__all__ = [
    "OF_A_CHARGE",
    "PUBLIC_ACCOUNTS",
    "Line",
    "Standing",
    "Wanted",
    "entries_for",
    "entry_for",
    "settled_amount",
    "standing_of",
]
