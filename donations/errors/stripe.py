"""What can go wrong between Stripe and us."""

from __future__ import annotations

from donations.errors.base import DonationsError


class PaymentServiceDown(DonationsError):
    """The payment service does not answer at the moment. Nothing was charged. Please try again in a minute."""

    status = 503


class PaymentServiceRefused(DonationsError):
    """The payment service refused to start this payment. Nothing was charged."""

    status = 502


class BadSignature(DonationsError):
    """The signature of this event does not fit any of our secrets."""


class StaleSignature(DonationsError):
    """The signature is good but old: a clock is wrong, or somebody replays old events."""


class BadEvent(DonationsError):
    """This is not an event we can read."""


class EventTooLarge(DonationsError):
    """This event is larger than we accept."""

    status = 413
