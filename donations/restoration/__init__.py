"""A database that was restored from a copy: the mark it gets (marking), and the donations it has lost, made again from
what Stripe was told of them (told, recovering). No Stripe here: who calls this asks."""

from donations.restoration import listing
from donations.restoration.marking import latest, mark_restored, note_caught_up
from donations.restoration.recovering import Found, look_again, lost_payments, recover
from donations.restoration.told import metadata_of

__all__ = [
    "Found",
    "latest",
    "listing",
    "look_again",
    "lost_payments",
    "mark_restored",
    "metadata_of",
    "note_caught_up",
    "recover",
]
