"""Matching by rules: which donation, payout, paying-in slip or payment each unmatched statement line is. What is
certain is confirmed, the rest is suggested with a score and its reasons (docs/matching.md). What a confirmed match
posts is in matches.py and statement_line_entries.py."""

from donations.reconciliation.matching.matching_run import Outcome, plan, run
from donations.reconciliation.matching.payer_rules import Offer, accept_offer, offers, refuse_offer
from donations.reconciliation.matching.reason_labels import in_words
from donations.reconciliation.matching.review import Proposal, accept, proposals_of, record_as_donation, refuse

__all__ = [
    "Offer",
    "Outcome",
    "Proposal",
    "accept",
    "accept_offer",
    "in_words",
    "offers",
    "plan",
    "proposals_of",
    "record_as_donation",
    "refuse",
    "refuse_offer",
    "run",
]
