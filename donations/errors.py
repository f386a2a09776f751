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


class StaffKnown(DonationsError):
    """Somebody with this e-mail address is here already."""

    status = 409


class WrongRole(DonationsError):
    """Your role does not open this. Whoever is an admin here can change that."""

    status = 403


class NoSuchStaff(DonationsError):
    """There is nobody here with this address or number."""

    status = 404


class NotInThisState(DonationsError):
    """This cannot be done to somebody who is %(state)s."""

    status = 409


class LastAdmin(DonationsError):
    """This is the last admin. Make somebody else an admin first."""

    status = 409


class PasswordTooShort(DonationsError):
    """A password has at least %(least)s characters. A sentence of a few words is good."""

    status = 422


class PasswordTooLong(DonationsError):
    """A password has at most %(most)s characters."""

    status = 422


class PasswordTooSimple(DonationsError):
    """This password is easy to guess. Take one with more different characters, and not your own address."""

    status = 422


class TryLater(DonationsError):
    """Too many attempts have failed. Please wait %(seconds)s seconds and try again."""

    status = 429


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


class NotTwoCounters(DonationsError):
    """Cash is counted by two people. Write the names of both."""

    status = 422


class AlreadyDone(DonationsError):
    """Somebody has done this already. Load the page again to see how it stands now."""

    status = 409


class SlipDiffers(DonationsError):
    """The gifts chosen are %(count)s and come to %(total)s, and the slip says something else. Count again."""

    status = 409


class NotForThisLine(DonationsError):
    """This does not fit the bank line: %(fault)s. Choose something else, or undo what it was matched to before."""

    status = 409


class NotEnoughInFund(DonationsError):
    """The fund has %(free)s free, and this needs %(asked)s. Ask for less, or wait until more has come in."""

    status = 409


class TooMuchToWriteOff(DonationsError):
    """At most %(most)s may be written off at once. Find out where the rest is, or ask who set the limit."""

    status = 409


class NeedsAnother(DonationsError):
    """Somebody else must do this: neither who asked for it, nor who is paid, may approve it."""

    status = 403


class PeriodNotReady(DonationsError):
    """This period cannot be closed yet: %(fault)s."""

    status = 409


class BadStatement(DonationsError):
    """This bank statement could not be read, and nothing was imported: %(fault)s. %(mend)s"""

    status = 422


class BadStatementLine(DonationsError):
    """Line %(line)s of this bank statement, "%(text)s", could not be read: %(fault)s. Nothing was imported. %(mend)s"""

    status = 422


class StatementTooLarge(DonationsError):
    """This bank statement is larger than we take: %(most)s. Ask your bank for shorter periods, one file for each."""

    status = 413


class StatementAskedFor(DonationsError):
    """This bank statement can be read in two ways, and nothing was imported: %(fault)s (%(text)s). %(mend)s"""

    status = 422


class StatementOffBalance(DonationsError):
    """The statement of %(account)s does not add up: opening %(opening)s, its lines %(lines)s, closing %(closing)s. It
    is off by %(difference)s, so nothing was imported. Fetch it from your bank again, whole."""

    status = 422


class StatementOfAnotherAccount(DonationsError):
    """This is a statement of the account ending in %(named)s, not of %(account)s. Nothing was imported."""

    status = 409


class StatementLooksKnown(DonationsError):
    """%(count)s lines look like lines that are here already, under another number (the first: %(first)s). Nothing was
    imported. Look at each; if they are different money, import the file once more and say so."""

    status = 409


class BankAccountUnclear(DonationsError):
    """We cannot tell which bank account is meant: %(fault)s. %(mend)s"""

    status = 409
