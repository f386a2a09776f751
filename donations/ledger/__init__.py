"""The books: their only writer (converging), and the questions that must always have the same answer (checks)."""

from donations.ledger.checks import Finding, Report, check
from donations.ledger.converging import Posted, converge

__all__ = ["Finding", "Posted", "Report", "check", "converge"]
