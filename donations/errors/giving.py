"""Expected failures of appeals, amounts, donations and messages."""

from __future__ import annotations

from donations.errors.base import DonationsError


class BadAmount(DonationsError):
    """We could not read this amount. Enter it in figures, for example 20 or 20.50."""

    status = 422


class OtherCurrency(BadAmount):
    """%(typed)s names another currency. Select the currency, and enter the amount in figures."""


class AmbiguousAmount(BadAmount):
    """Did you mean %(larger)s or %(smaller)s? Enter the amount without a separator for thousands."""


class TooManyDecimals(DonationsError):
    """%(currency)s has %(decimals)s decimal places here. Enter an amount like %(example)s."""

    status = 422


class AmountTooSmall(DonationsError):
    """The smallest donation we can take is %(minimum)s, because each payment costs us a fee."""

    status = 422


class AmountTooLarge(DonationsError):
    """The largest amount we can record is %(maximum)s."""

    status = 422


class DonationTooLarge(AmountTooLarge):
    """The largest donation we take online is %(maximum)s. To give more, please contact us."""


class CurrencyMismatch(DonationsError):
    """Amounts in %(left)s and %(right)s cannot be added."""


class UnknownCurrency(DonationsError):
    """We do not know the currency %(currency)s. Choose one from the list."""

    status = 422


class AppealNotFound(DonationsError):
    """There is no appeal at this address."""

    status = 404


class AppealPaused(DonationsError):
    """This appeal is paused and takes no donations for now."""

    status = 409


class AppealClosed(DonationsError):
    """This appeal has ended and takes no more donations."""

    status = 409


class NotAllowedInState(DonationsError):
    """Appeal %(slug)s is %(state)s and cannot be changed to %(wanted)s."""

    status = 409


class BadAppealsFile(DonationsError):
    """The appeals file was refused and nothing was changed: %(faults)s"""

    status = 422


class UnknownFund(DonationsError):
    """This appeal has no such fund. Choose one from the list."""

    status = 422


class NoSuchMessage(DonationsError):
    """There is no message with the reference %(reference)s from a donation that was received and not refunded."""

    status = 404


class NotAnAddressOfOurs(DonationsError):
    """This is not the address of an appeal on this site. Enter an address that begins with %(address)s/appeals/."""

    status = 404


class OnlyJson(DonationsError):
    """Only JSON is available here. Use format=json."""

    status = 501


class PaymentOnItsWay(DonationsError):
    """Your payment is in transit, so please do not pay again. A Direct Debit takes a few days."""

    status = 409


class PaymentReceived(DonationsError):
    """This donation has already been paid. No more money has been taken."""

    status = 409


class ReceiptNotHere(DonationsError):
    """This receipt is no longer here."""

    status = 410


class CheckNotFound(DonationsError):
    """This form is no longer here. We keep a form for one day."""

    status = 404


class CheckExpired(DonationsError):
    """This form has expired. We keep a form for one day."""

    status = 410


class CheckUsed(DonationsError):
    """This form has been used."""

    status = 410


class CheckIncomplete(DonationsError):
    """Something was missing from this form. Please send the form again. No money has been taken."""

    status = 422


class ProofOfWorkNeeded(DonationsError):
    """Before the payment page opens, we check that this is not a program."""

    status = 429


class PaymentPageWait(DonationsError):
    """Many payment pages are being opened at the moment. Yours can open in %(seconds)s second."""

    status = 429
    plural = "Many payment pages are being opened at the moment. Yours can open in %(seconds)s seconds."
    counted = "seconds"


class AmountNotProposed(DonationsError):
    """For now we take only these amounts by card: %(amounts)s. Please choose one of them."""

    status = 422


class DonationEmptied(DonationsError):
    """This donation was not paid within a day, so we have erased what you typed. Please start a new donation."""

    status = 410


class TooManyBranchReturns(DonationsError):
    """This branch has submitted %(most)s returns within an hour. Please wait an hour, or tell your treasurer."""

    status = 429
