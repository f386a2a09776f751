"""A database that was restored from a copy: the mark it gets (mark), and the donations it has lost, made again from
what Stripe was told of them (metadata, recovery). No Stripe here: who calls this asks."""

from donations.restoration import lists
from donations.restoration.mark import latest, mark_restored, note_caught_up
from donations.restoration.metadata import metadata_of
from donations.restoration.recovery import Found, look_again, lost_payments, recover

__all__ = [
    "Found",
    "latest",
    "lists",
    "look_again",
    "lost_payments",
    "mark_restored",
    "metadata_of",
    "note_caught_up",
    "recover",
]
