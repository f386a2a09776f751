"""What can go wrong in the books, and with the rules of who may move money."""

from __future__ import annotations

from donations.errors.base import DonationsError


class LedgerRefused(DonationsError):
    """The ledger refused an entry: %(reason)s"""

    status = 500


class PostingStopped(DonationsError):
    """Posting is stopped because the books are unsound. Events are kept. Open the page “Posting is stopped”."""

    status = 503


class PostingNotStopped(DonationsError):
    """Posting is not stopped. Load the page again to see how the books stand now."""

    status = 409


class FindingGone(DonationsError):
    """This finding has changed or is gone. Load the page again to see how the books stand now."""

    status = 409


class NotACure(DonationsError):
    """This does not correct the finding. Choose one of the corrections on the page."""

    status = 409


class CureMadeWorse(DonationsError):
    """Nothing was changed, because the books would have a new fault: %(finding)s."""

    status = 409


class EntriesFirst(DonationsError):
    """The ledger refused this correction. First correct the entries that do not balance."""

    status = 409


class NoReasonGiven(DonationsError):
    """Enter a reason. The reason is kept with the books."""

    status = 422


class StillUnsound(DonationsError):
    """Posting cannot resume yet. Findings still to correct: %(count)s."""

    status = 409


class NothingToDecide(DonationsError):
    """There is no charge %(charge)s, or the fund %(fund)s belongs to no appeal. Look both up and try again."""

    status = 404


class NotTwoCounters(DonationsError):
    """Cash is counted by two people. Write the names of both."""

    status = 422


class AlreadyDone(DonationsError):
    """Somebody has done this already. Load the page again to see how it stands now."""

    status = 409


class SentBefore(DonationsError):
    """This form was sent before, with something else in it, and what it said then is kept. Begin a new one for this."""

    status = 409


class NotYourOwn(DonationsError):
    """Another treasurer must accept this gift, because you recorded it."""

    status = 403


class YourNameIsOnIt(DonationsError):
    """Another treasurer must accept this pay-in, because your name stands on it."""

    status = 403


class NotToBeCorrected(DonationsError):
    """What was accepted is at the bank already, or came another way. Decline this; ask for the difference alone."""

    status = 409


class SlipDiffers(DonationsError):
    """The gifts chosen are %(count)s and come to %(total)s, and the slip says something else. Count again."""

    status = 409


class NotForThisLine(DonationsError):
    """This does not fit the bank line: %(fault)s. Choose something else, or undo what it was matched to before."""

    status = 409


class NotEnoughInFund(DonationsError):
    """The fund has %(free)s available, and this needs %(asked)s. Ask for less, or wait until more has come in."""

    status = 409


class NotInTheBank(NotEnoughInFund):
    """Only %(there)s of this fund is in this bank account and not committed, and this needs %(asked)s.
    At Stripe: %(at_stripe)s. In transit to the bank: %(in_transit)s. Cash and cheques: %(in_hand)s.
    In other accounts: %(elsewhere)s. Money can be used once a bank statement shows it in the account."""


class TooMuchToWriteOff(DonationsError):
    """At most %(most)s may be written off at once. Find out where the rest is, or ask who set the limit."""

    status = 409


class NeedsAnother(DonationsError):
    """Somebody else must do this: neither who asked for it, nor who is paid, may approve it."""

    status = 403


class AccessTooNew(DonationsError):
    """Somebody else must approve this: one of you two gave the other access here less than %(days)s days ago."""

    status = 403


class PeriodNotReady(DonationsError):
    """This period cannot be closed yet: %(fault)s."""

    status = 409


class FileNotTaken(DonationsError):
    """This file is not taken. It must be a PDF, a PNG or a JPEG of at most 10 MB."""

    status = 422


class FileGone(DonationsError):
    """This file is not here any more. Please choose it once more."""

    status = 404
