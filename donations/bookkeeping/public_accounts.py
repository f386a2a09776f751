"""What counts in the public total of an appeal (docs/ledger.md)."""

from __future__ import annotations

from donations.bookkeeping.accounts import (
    CHARGEBACKS,
    DISPUTED,
    DONATIONS_OFFLINE,
    DONATIONS_ONLINE,
    FAILED_LATER,
    REFUNDS,
)

# What the public total is made of: income of these accounts, less what is withheld in disputes.
PUBLIC_ACCOUNTS = frozenset({DONATIONS_ONLINE, DONATIONS_OFFLINE, REFUNDS, CHARGEBACKS, FAILED_LATER, DISPUTED})
