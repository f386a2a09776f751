"""The to-do list: everything that waits for a person. kinds.py lists the kinds and classifies every account and state;
clearing_balances.py and waiting_by_state.py find them. lists.py puts them together, for the pages and for the close."""

from donations.reconciliation.to_do.actions import dismiss, retry
from donations.reconciliation.to_do.kinds import KINDS, AtClose, Kind
from donations.reconciliation.to_do.lists import PAGE_LENGTH, SHOWN, OpenItem, OpenItems, find, of_kind, open_items

__all__ = [
    "KINDS",
    "PAGE_LENGTH",
    "SHOWN",
    "AtClose",
    "Kind",
    "OpenItem",
    "OpenItems",
    "dismiss",
    "find",
    "of_kind",
    "open_items",
    "retry",
]
