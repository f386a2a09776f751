"""Everything that is expected to go wrong. The docstring of a class is the sentence a person reads (it is
translated by its text), `status` is what the web answers with. No logic lives here."""

from __future__ import annotations

import inspect
from typing import Any


class DonationsError(Exception):
    """Something went wrong. Please try again."""

    status = 400

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence % facts if facts else self.sentence)

    @property
    def sentence(self) -> str:
        """The untranslated sentence, with %(name)s where a fact goes."""
        return inspect.cleandoc(type(self).__doc__ or "")


class BadSetting(DonationsError):
    """%(setting)s: %(fault)s. %(mend)s"""

    status = 500


class BadAmount(DonationsError):
    """We could not read this amount. Write it in figures, like 20 or 20.50."""

    status = 422


class TooManyDecimals(DonationsError):
    """%(currency)s has %(decimals)s decimal places here. Write a figure like %(example)s."""

    status = 422


class AmountTooSmall(DonationsError):
    """The smallest gift we can take is %(minimum)s, because of what each payment costs."""

    status = 422


class AmountTooLarge(DonationsError):
    """The largest gift a card can carry is %(maximum)s. For more, please write to us."""

    status = 422


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
    """The appeal %(slug)s is %(state)s: it cannot be changed to %(wanted)s."""

    status = 409


class BadAppealsFile(DonationsError):
    """The appeals file was refused and nothing was changed: %(faults)s"""

    status = 422


class UnknownFund(DonationsError):
    """This appeal has no such fund. Choose one from the list."""

    status = 422


class BadLink(DonationsError):
    """This link is not complete or is no longer valid."""

    status = 404


class BadSeal(DonationsError):
    """Sealed data could not be opened: its key is missing or the data was changed."""

    status = 500


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


class MailServerDown(DonationsError):
    """The mail server did not take this mail: %(reason)s"""

    status = 503


class LedgerRefused(DonationsError):
    """The ledger refused an entry: %(reason)s"""

    status = 500


class DatabaseNotReady(DonationsError):
    """The database is not ready: %(fault)s. %(mend)s"""

    status = 503


class PostingStopped(DonationsError):
    """Posting is stopped: the books were found unsound. Events are kept. After the cure: `donations ledger resume`."""

    status = 503


class NothingToDecide(DonationsError):
    """There is no charge %(charge)s, or the fund %(fund)s belongs to no appeal. Look both up and try again."""

    status = 404


class NoSuchMessage(DonationsError):
    """There is no message with the reference %(reference)s from a gift that was received and not given back."""

    status = 404
