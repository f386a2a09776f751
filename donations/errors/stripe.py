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
    """Our payment service already has this request with other details. Please try again."""


class RefundRefused(DonationsError):
    """Stripe refused this refund (%(code)s). Nothing was refunded."""

    status = 409


class NothingToRefund(DonationsError):
    """There is nothing to refund: this payment has not succeeded, or it failed later."""

    status = 409


class RefundInDispute(DonationsError):
    """The donor’s bank has disputed this donation, so we cannot refund it. Respond to the dispute in Stripe, or accept
    it there."""

    status = 409


class RefundTooLarge(DonationsError):
    """You can still refund %(left)s of this donation. Enter a smaller amount."""

    status = 409


class BadSignature(DonationsError):
    """The signature of this event matches none of our secrets."""


class StaleSignature(DonationsError):
    """The signature is valid but old: a clock is wrong, or someone is replaying old events."""


class BadEvent(DonationsError):
    """We cannot read this event."""


class EventTooLarge(DonationsError):
    """This event is larger than we accept."""

    status = 413


class BadReport(DonationsError):
    """This report of Stripe's could not be read, and nothing was imported: %(fault)s. %(fix)s"""

    status = 422


class BadReportLine(DonationsError):
    """Line %(line)s of this report of Stripe's (%(column)s: "%(text)s"): %(fault)s. Nothing was imported. %(fix)s"""

    status = 422


class ReportLacksColumns(DonationsError):
    """This Stripe report lacks columns that we need: %(columns)s. Nothing was imported. Select all columns when you
    download the report."""

    status = 422


class ReportDiffers(DonationsError):
    """Line %(line)s of this report, %(id)s, says: %(said)s. Our records say: %(known)s. Nothing was imported. Find out
    which is right before you continue."""

    status = 409
