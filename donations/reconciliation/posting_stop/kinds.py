"""The grave invariants as texts: what each finding says, what it means, and its possible corrections. The texts are
marked for the catalogs and translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from donations.i18n import N_
from donations.ledger import Finding
from donations.money import Money


@dataclass(frozen=True, slots=True)
class Explained:
    """A kind of finding: its title with the facts in it, what it means, and which corrections are offered, the best
    first."""

    title: str
    meaning: str
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A correction: its button, which is its heading too, and what happens when it is pressed."""

    button: str
    effect: str


# These move money or write it off: they need a second person where the organisation asks for two.
MONEY_MOVES = frozenset({"reverse", "refund", "assign", "accept"})
_RECEIPT = ("reissue", "refund", "assign")
EXPLAINED: dict[str, Explained] = {
    "I1": Explained(
        N_("Entry %(entry)s does not balance: it is out by %(minor)s"),
        N_("Every entry must balance. This one was changed in the database after it was recorded, outside "
"this application. Check who has access to the database."),
        ("accept",),
    ),
    "I1 sealed": Explained(
        N_("Entry %(entry)s has too few lines: %(postings)s"),
        N_("Every entry has at least 2 lines. Lines of this entry were deleted in the database, outside "
"this application. Check who has access to the database."),
        ("accept",),
    ),
    "I2": Explained(
        N_("All entries together do not balance: %(minor)s in fund %(fund)s"),
        N_("This is the sum of the entries that do not balance. Correct those entries first."),
        (),
    ),
    "I10": Explained(
        N_("Fund %(fund)s: stored total %(stored)s, total in the ledger %(posted)s"),
        N_("Public pages show stored totals, which change with every entry. This stored total differs from "
"the ledger. The ledger is right."),
        ("recalculate",),
    ),
    "I10 count": Explained(
        N_("Appeal %(appeal)s: donations shown %(stored)s, donations we have %(counted)s"),
        N_("Public pages show a stored number of donations. This number differs from the donations we have."),
        ("recalculate",),
    ),
    "I11 gaps": Explained(
        N_("Receipt series %(series)s: numbers issued %(taken)s, receipts kept %(known)s, last number "
"%(last)s"),
        N_("Receipt numbers have no gaps. Here receipts are missing, or the counter is wrong. A lost number"
           " is recorded as void and never used again."),
        ("record_lost",),
    ),
    "I11 amount": Explained(
        N_("Receipt %(receipt)s says %(stated)s, but %(received)s was received"),
        N_("A receipt must state what we received. Reissue the receipt. If a payment does not belong to this"
           " donation, refund it or assign it to another fund first."),
        _RECEIPT,
    ),
    "I11 missing": Explained(
        N_("Payment %(charge)s was received but has no receipt"),
        N_("Every donation we received has one valid receipt. Reissue the receipt, or refund or assign the"
           " payment."),
        _RECEIPT,
    ),
    "I11 remaining": Explained(
        N_("Donation %(donation)s: its receipt does not state what remains after refunds and disputes"),
        N_("Part of this donation was refunded or lost to a dispute, and the valid receipt does not state"
           " what remains."),
        _RECEIPT,
    ),
    "I11 offline": Explained(
        N_("Offline donation %(gift)s: its receipt says %(stated)s, and %(remaining)s remains"),
        N_("A receipt must state what was accepted or reached the bank, less refunds. This receipt states "
"something else."),
        ("reissue",),
    ),
    "I12": Explained(
        N_("Recorded more than once: %(key)s (%(live)s entries)"),
        N_("Everything is recorded once. This is in the ledger more than once. Reverse the extra entries. "
"The remaining entry is then compared with the facts."),
        ("reverse",),
    ),
    "I13": Explained(
        N_("The audit log is broken at entry %(act)s"),
        N_("Each log entry protects the one before. The log was changed in the database, outside this "
"application, and cannot be restored. Check who has access to the database."),
        ("accept",),
    ),
}  # fmt: skip
KINDS: dict[str, Kind] = {
    "recalculate": Kind(
        N_("Recalculate totals"),
        N_("The stored totals and counts are calculated again from the ledger. Public pages show the right"
           " figures at once."),
    ),
    "reissue": Kind(
        N_("Reissue receipt"),
        N_("The receipt is reissued from the payments we know of: as a replacement, as a new receipt or as "
"void. We email the donor if we have an email address. The wrong receipt keeps its number."),
    ),
    "record_lost": Kind(
        N_("Record lost numbers"),
        N_("Every missing number of the series is recorded as lost and void, with your reason. New receipts"
           " continue after the last number."),
    ),
    "reverse": Kind(
        N_("Reverse entry"),
        N_("The entry is reversed on the day it was recorded, or on the first open day. Totals change too. "
"Nothing is deleted."),
    ),
    "refund": Kind(
        N_("Refund payment"),
        N_("The full remaining amount of this payment goes back to the card or account it came from. A "
"refund cannot be undone. Stripe keeps its fee."),
    ),
    "assign": Kind(
        N_("Assign payment"),
        N_("The whole payment goes to the fund you select. Entries, totals and the receipt change too."),
    ),
    "accept": Kind(
        N_("Accept finding"),
        N_("You sign that this finding is known and stays as it is. Only exactly this finding is accepted, "
"for ever, and every ledger check lists it. An entry that does not balance is reversed. Its "
"difference stays on ledger account 5900, and the entry is recorded again from the facts."),
    ),
}  # fmt: skip


def told(finding: Finding) -> Mapping[str, Any]:
    """The facts of a finding as its title shows them: minor units made Money, where their currency is known."""
    facts = dict(finding.facts)
    currency = facts.get("currency")
    for name in ("minor", "stored", "posted", "stated", "received", "remaining"):
        if name in facts and currency is not None:
            facts[name] = Money(int(facts[name]), str(currency))
    return facts
