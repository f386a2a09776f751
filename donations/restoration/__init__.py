"""A database that was restored from a copy: the mark it gets, and which mails may have gone before. What it does not
know any more is recovered from Stripe."""

from donations.restoration.marking import latest, mark_restored

__all__ = ["latest", "mark_restored"]
