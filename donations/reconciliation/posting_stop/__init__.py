"""When the ledger failed a check and posting is stopped: the findings and how each can be corrected (kinds), what a
finding is about (affected), corrections requested, approved and made (requests, actions) under the guard of the stop
(guard), and posting resumed (resumption). See docs/decisions/0018."""

from donations.reconciliation.posting_stop.affected import Option, Subject, of_charge, options, subject_of
from donations.reconciliation.posting_stop.guard import awaiting_answer, cure, find, posted_despite_stop
from donations.reconciliation.posting_stop.kinds import EXPLAINED, KINDS, MONEY_MOVES, Explained, told
from donations.reconciliation.posting_stop.requests import (
    Asked,
    act_name,
    act_of,
    ask,
    decide,
    made,
    needs_another,
    waiting,
)
from donations.reconciliation.posting_stop.resumption import resume

__all__ = [
    "EXPLAINED", "KINDS", "MONEY_MOVES", "Asked", "Explained", "Option", "Subject", "act_name", "act_of", "ask",
    "awaiting_answer", "cure", "decide", "find", "made", "needs_another", "of_charge", "options",
    "posted_despite_stop", "resume", "subject_of", "told", "waiting",
]  # fmt: skip
