"""Expected failures of the ledger, and of the rules about who may move money."""

from __future__ import annotations

from donations.errors.base import DonationsError


class LedgerRefused(DonationsError):
    """The ledger refused an entry: %(reason)s"""

    status = 500


class PostingStopped(DonationsError):
    """Recording is stopped because a ledger check failed. Events are kept. Open the page “Recording is stopped”."""

    status = 503


class PostingNotStopped(DonationsError):
    """Recording is not stopped. Reload the page to see the current state of the ledger."""

    status = 409


class FindingGone(DonationsError):
    """This finding has changed or is gone. Reload the page to see the current state of the ledger."""

    status = 409


class NotACorrection(DonationsError):
    """This does not correct the finding. Choose one of the corrections on the page."""

    status = 409


class CorrectionMadeWorse(DonationsError):
    """Nothing was changed, because the ledger would have a new error: %(finding)s."""

    status = 409


class EntriesFirst(DonationsError):
    """The ledger refused this correction. First correct the entries that do not balance."""

    status = 409


class NoReasonGiven(DonationsError):
    """Enter a reason. The reason is kept with the accounts."""

    status = 422


class StillUnsound(DonationsError):
    """Recording cannot resume yet: %(count)s finding is still to correct."""

    status = 409
    plural = "Recording cannot resume yet: %(count)s findings are still to correct."


class NothingToDecide(DonationsError):
    """There is no payment %(charge)s, or the fund %(fund)s belongs to no appeal. Check both and try again."""

    status = 404


class NotTwoCounters(DonationsError):
    """Two people must count cash. Enter the names of both."""

    status = 422


class AlreadyDone(DonationsError):
    """This has already been done. Reload the page to see the current state."""

    status = 409


class SentBefore(DonationsError):
    """This form was sent before with different content, which is kept. Open a new form for this."""

    status = 409


class NotYourOwn(DonationsError):
    """Another treasurer must accept this donation, because you recorded it."""

    status = 403


class YourNameIsOnIt(DonationsError):
    """Another treasurer must accept this return, because your name is on it."""

    status = 403


class NotToBeCorrected(DonationsError):
    """The accepted money is already at the bank or arrived another way. Reject this, and ask for the
    difference only."""

    status = 409


class PayingInSlipDiffers(DonationsError):
    """You selected %(count)s donation, %(total)s in all. The paying-in slip says something else. Count again."""

    status = 409
    plural = "You selected %(count)s donations, %(total)s in all. The paying-in slip says something else. Count again."


class NotForThisLine(DonationsError):
    """This does not fit the statement line: %(fault)s. Choose something else, or undo the earlier match."""

    status = 409


class NotEnoughInFund(DonationsError):
    """The fund has %(free)s available, but this needs %(asked)s. Request less, or wait for more money to arrive."""

    status = 409


class NotInTheBank(NotEnoughInFund):
    """This fund has only %(there)s in this bank account that is not committed, but this needs %(asked)s. At Stripe:
    %(at_stripe)s. In transit to the bank: %(in_transit)s. Cash and cheques: %(in_hand)s. In other accounts:
    %(elsewhere)s. You can use money once a bank statement shows it in the account."""


class TooMuchToWriteOff(DonationsError):
    """You can write off at most %(most)s at a time. Find out where the rest is, or ask the person who set the limit."""

    status = 409


class NeedsAnother(DonationsError):
    """Another person must approve this: not the person who requested it, and not the payee."""

    status = 403


class AccessTooNew(DonationsError):
    """Another person must approve this: one of you gave the other access less than %(days)s days ago."""

    status = 403


class PeriodNotReady(DonationsError):
    """This period cannot be closed yet: %(fault)s."""

    status = 409


class FileNotTaken(DonationsError):
    """This file was not accepted. Choose a PDF, PNG or JPEG file of at most 10 MB."""

    status = 422


class FileGone(DonationsError):
    """This file is no longer here. Please choose the file again."""

    status = 404
