"""The books: their only writer (converging), entries taken back (reversal), and the questions that must always have the
same answer (checks), with what people have accepted of them (acceptances)."""

from donations.ledger.acceptances import Acceptance, broken_act
from donations.ledger.checks import GRAVE_INVARIANTS, INVARIANTS, check, counts, grave, stored_totals
from donations.ledger.converging import Posted, converge
from donations.ledger.findings import GRAVE, Finding, Report
from donations.ledger.reversal import has_tampered, live_entries, reverse_entry

__all__ = [
    "GRAVE", "GRAVE_INVARIANTS", "INVARIANTS", "Acceptance", "Finding", "Posted", "Report", "broken_act", "check",
    "converge", "counts", "grave", "has_tampered", "live_entries", "reverse_entry", "stored_totals",
]  # fmt: skip
