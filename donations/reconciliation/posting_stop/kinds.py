"""The grave invariants in words: what each finding says, what it means, and the cures for it. The texts are marked for
the catalogs and translated where they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from donations.ledger import Finding
from donations.money import Money
from donations.reconciliation.readers.marking import N_


@dataclass(frozen=True, slots=True)
class Explained:
    """A kind of finding: its title with the facts in it, what it means, and which cures are offered, the best first."""

    title: str
    meaning: str
    cures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A cure: its button, which is its heading too, and what happens when it is pressed."""

    button: str
    effect: str


# These move money or write it off: they need a second person where the organisation asks for two.
MONEY_MOVES = frozenset({"reverse", "refund", "assign", "accept"})
_RECEIPT = ("reissue", "refund", "assign")
EXPLAINED: dict[str, Explained] = {
    "I1": Explained(
        N_("Entry %(entry)s does not balance: it is out by %(minor)s"),
        N_("An entry takes from one account what it gives to another. This one does not, so it was"
           " changed in the database after it was posted, past this application. Find out who has access"
           " to the database."),
        ("accept",),
    ),
    "I1 sealed": Explained(
        N_("Entry %(entry)s has too few postings: %(postings)s"),
        N_("An entry has at least two postings. Postings of this one were deleted in the database, past"
           " this application. Find out who has access to the database."),
        ("accept",),
    ),
    "I2": Explained(
        N_("All entries together do not balance: %(minor)s in fund %(fund)s"),
        N_("The books as a whole are out by what single entries are out by. Deal with those entries, and"
           " this is gone."),
        (),
    ),
    "I10": Explained(
        N_("The total of fund %(fund)s is stored as %(stored)s, and %(posted)s was posted"),
        N_("Totals are kept ready for the public pages and follow each entry. This one no longer says"
           " what the ledger says. The ledger counts."),
        ("recalculate",),
    ),
    "I10 count": Explained(
        N_("Appeal %(appeal)s shows %(stored)s donations, and there are %(counted)s"),
        N_("The number of donations is kept ready for the public pages. This one no longer says how many"
           " there are."),
        ("recalculate",),
    ),
    "I11 gaps": Explained(
        N_("Receipt series %(series)s: numbers taken %(taken)s, receipts kept %(known)s, last number"
           " %(last)s"),
        N_("Receipt numbers have no gaps, so that nobody can hide one. Here receipts are missing, or the"
           " counter is wrong. A lost number is recorded as void and never given again."),
        ("record_lost",),
    ),
    "I11 amount": Explained(
        N_("Receipt %(receipt)s says %(stated)s, and %(received)s was received"),
        N_("A receipt says what we received. Reissue it from the payments, or first refund or move a"
           " payment that does not belong to this donation."),
        _RECEIPT,
    ),
    "I11 missing": Explained(
        N_("Payment %(charge)s was received and has no receipt"),
        N_("Every donation we received has one valid receipt. Issue it from the payments, or refund or"
           " move the payment."),
        _RECEIPT,
    ),
    "I11 remaining": Explained(
        N_("Donation %(donation)s: its receipt does not say what remains after refunds and disputes"),
        N_("Money of this donation was refunded or lost to a dispute, and its valid receipt does not say"
           " what remains."),
        _RECEIPT,
    ),
    "I11 offline": Explained(
        N_("Offline donation %(gift)s: its receipt says %(stated)s, and %(remaining)s remains"),
        N_("A receipt says what was accepted or came to the bank, less what was refunded. This one does not."),
        ("reissue",),
    ),
    "I12": Explained(
        N_("Booked more than once: %(key)s (%(live)s entries)"),
        N_("Each thing that happened is booked once. This one is in the books more than once. Reverse the"
           " entries that are too many: the one you leave is checked against the facts."),
        ("reverse",),
    ),
    "I13": Explained(
        N_("The audit log is broken at entry %(act)s"),
        N_("The audit log is a chain in which each entry seals the one before. It was changed in the"
           " database, past this application, and what stood there cannot be restored. Find out who has"
           " access to the database."),
        ("accept",),
    ),
}  # fmt: skip
KINDS: dict[str, Kind] = {
    "recalculate": Kind(
        N_("Recalculate totals"),
        N_("The stored totals and counts are made anew from the ledger. Public pages show the right"
           " figures at once."),
    ),
    "reissue": Kind(
        N_("Reissue receipt"),
        N_("The receipt is made anew from the payments we know of: replaced, issued or made void. The"
           " donor gets an email if there is an address. The wrong receipt keeps its number."),
    ),
    "record_lost": Kind(
        N_("Record lost numbers"),
        N_("Every missing number of the series is recorded as lost and void, with your reason. New"
           " receipts take the numbers after the last one."),
    ),
    "reverse": Kind(
        N_("Reverse entry"),
        N_("The entry is reversed on the day it was booked, or on the first open day. Totals follow."
           " Nothing is deleted."),
    ),
    "refund": Kind(
        N_("Refund payment"),
        N_("All that is left of this payment goes back to the card or account it came from. A refund"
           " cannot be undone. Stripe keeps its fee."),
    ),
    "assign": Kind(
        N_("Assign payment"),
        N_("The whole payment belongs to the fund you choose. Entries, totals and the receipt follow."),
    ),
    "accept": Kind(
        N_("Accept finding"),
        N_("You sign that this is known and stays as it is. Only exactly this finding is accepted. It is"
           " kept for ever and stays in every check of the books. An entry that does not balance is taken"
           " back, its difference stands on account 5900, and what the facts call for is booked again."),
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
