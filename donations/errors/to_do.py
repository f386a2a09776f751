"""What can go wrong with the to-do list: money without a purpose, decisions about it, things that were dismissed."""

from __future__ import annotations

from donations.errors.base import DonationsError


class NotUnclassified(DonationsError):
    """This Stripe transaction needs no decision, because its type is known. Nothing was changed."""

    status = 409


class MatchedBefore(DonationsError):
    """A statement line is matched to this. Undo that match first, then try again. Nothing was changed."""

    status = 409


class DecisionWaiting(DonationsError):
    """A decision about this is waiting for approval. Approve or reject that one first. Nothing was changed."""

    status = 409


class OpenItemsNotAccepted(DonationsError):
    """Some items of this period are still open. Tick the box and enter a reason, or deal with them first."""

    status = 409


class NotArrivedYet(DonationsError):
    """This money is still expected, so there is nothing to write off yet. Match its statement line first, then write
    off the difference. Nothing was changed."""

    status = 409


class CannotBeRetried(DonationsError):
    """This cannot be tried again, because the data for it is no longer kept. Dismiss the item and enter a reason."""

    status = 409
