"""The ledger: its only writer (convergence), reversing entries (reversal), and the invariants that must always hold
(checks), with the findings that people have accepted (acceptances)."""

from donations.ledger.acceptances import Acceptance, broken_act
from donations.ledger.checks import GRAVE_INVARIANTS, INVARIANTS, check, counts, grave, stored_totals
from donations.ledger.convergence import Posted, converge
from donations.ledger.findings import GRAVE, Finding, Report
from donations.ledger.reversal import has_tampered, live_entries, reverse_entry

__all__ = [
    "GRAVE", "GRAVE_INVARIANTS", "INVARIANTS", "Acceptance", "Finding", "Posted", "Report", "broken_act", "check",
    "converge", "counts", "grave", "has_tampered", "live_entries", "reverse_entry", "stored_totals",
]  # fmt: skip
