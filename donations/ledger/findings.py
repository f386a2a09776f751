"""What the check of the ledger answers with: faults, what was accepted, what is still open. No queries here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from donations.ledger.acceptances import Acceptance

# A fault in one of these would be made worse by posting on.
GRAVE = ("I1", "I2", "I10", "I11", "I12", "I13")


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: which invariant, and in words what is wrong with what. `subject` names the thing, as `entry:7:3:GBP`
    does; `figure` is what exactly was found of it; `facts` are the same as values by name, amounts in minor units."""

    invariant: str
    said: str
    subject: str = ""
    figure: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_grave(self) -> bool:
        return self.invariant.split()[0] in GRAVE

    @property
    def code(self) -> str:
        """Ten characters that name exactly this finding in an address or on a command line."""
        return hashlib.sha256(f"{self.invariant}|{self.subject}|{self.figure}".encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Report:
    """All faults, those that people have accepted as they are (no faults any more), the items still open (not
    faults), and the trial balance in minor units by account and currency."""

    findings: tuple[Finding, ...]
    open_items: tuple[str, ...]
    trial_balance: dict[tuple[int, str], int]
    entries: int
    postings: int
    accepted: tuple[tuple[Finding, Acceptance], ...] = ()

    @property
    def sound(self) -> bool:
        return not self.findings

    @property
    def grave(self) -> tuple[Finding, ...]:
        """The faults that stop posting."""
        return tuple(finding for finding in self.findings if finding.is_grave)
