"""Matching by rules: which gift, payout, slip or payment each unmatched bank line is. What is certain is confirmed, the
rest is proposed with a score and its reasons (docs/matching.md). What a confirmed match books, matches.py and lines.py
say."""

from donations.reconciliation.matching.answering import Proposal, accept, proposals_of, refuse, take_as_gift
from donations.reconciliation.matching.learning import Offer, accept_offer, offers, refuse_offer
from donations.reconciliation.matching.running import Outcome, plan, run
from donations.reconciliation.matching.words import in_words

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
    "refuse",
    "refuse_offer",
    "run",
    "take_as_gift",
]
