"""The to-do list: everything that waits for a person. kinds.py says which kinds there are and what each account and
state is; rests.py and rows.py find them; listing.py puts them together, for the pages and for the close."""

from donations.reconciliation.to_do.acting import dismiss, retry
from donations.reconciliation.to_do.kinds import KINDS, AtClose, Kind
from donations.reconciliation.to_do.listing import PAGE_LENGTH, SHOWN, OpenItem, OpenItems, find, of_kind, open_items

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
