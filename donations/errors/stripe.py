"""What can go wrong between Stripe and us."""

from __future__ import annotations

from donations.errors.base import DonationsError


class PaymentServiceDown(DonationsError):
    """Our payment service is not answering. No money has been taken. Please try again in a minute."""

    status = 503


class PaymentServiceRefused(DonationsError):
    """Our payment service did not accept this payment. No money has been taken."""

    status = 502


class IdempotencyKeyUsed(PaymentServiceRefused):
    """Our payment service knows this request in other words. Please try again."""


class RefundRefused(DonationsError):
    """Stripe refused this refund (%(code)s). Nothing was given back."""

    status = 409


class NothingToRefund(DonationsError):
    """There is nothing to give back: this payment has not succeeded, or it failed afterwards."""

    status = 409


class RefundInDispute(DonationsError):
    """The supporter's bank has this gift in dispute, so we cannot give it back. Answer the dispute at Stripe, or accept
    it there."""

    status = 409


class RefundTooLarge(DonationsError):
    """Of this gift %(left)s can still be given back. Ask for less."""

    status = 409


class BadSignature(DonationsError):
    """The signature of this event does not fit any of our secrets."""


class StaleSignature(DonationsError):
    """The signature is good but old: a clock is wrong, or somebody replays old events."""


class BadEvent(DonationsError):
    """This is not an event we can read."""


class EventTooLarge(DonationsError):
    """This event is larger than we accept."""

    status = 413


class BadReport(DonationsError):
    """This report of Stripe's could not be read, and nothing was imported: %(fault)s. %(mend)s"""

    status = 422


class BadReportLine(DonationsError):
    """Line %(line)s of this report of Stripe's (%(column)s: "%(text)s"): %(fault)s. Nothing was imported. %(mend)s"""

    status = 422


class ReportLacksColumns(DonationsError):
    """This report of Stripe's lacks columns that we need: %(columns)s. Nothing was imported. Choose all columns when
    you download it."""

    status = 422


class ReportDiffers(DonationsError):
    """Line %(line)s of this report says of %(id)s: %(said)s. Here it is %(known)s. Nothing was imported. Find out which
    is right before you go on."""

    status = 409
