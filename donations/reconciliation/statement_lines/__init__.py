"""Lines of statements as a multiset: what identifies each, which lines of a file are here already, and what follows."""

from __future__ import annotations

from donations.reconciliation.statement_lines.comparison import Compared, Verdict
from donations.reconciliation.statement_lines.evidence import complete as complete_evidence
from donations.reconciliation.statement_lines.identity import compare
from donations.reconciliation.statement_lines.insert import write

__all__ = ["Compared", "Verdict", "compare", "complete_evidence", "write"]
