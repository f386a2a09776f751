"""What can go wrong with bank statements."""

from __future__ import annotations

from donations.errors.base import DonationsError


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


class StatementInOtherCurrency(DonationsError):
    """%(file)s is not a statement of %(account)s, which is kept in %(own)s: line %(line)s is in %(currency)s. Nothing
    was imported. Choose the account of that currency, or ask your bank for one file for each currency."""

    status = 409


class StatementLooksKnown(DonationsError):
    """%(count)s lines may be lines that are here already (the first: %(first)s). Nothing was imported. Look at each.
    Import the file once more and say whether to decide on each later, or that they are different money."""

    status = 409


class QuestionAnswered(DonationsError):
    """This has been decided already. Nothing was changed."""

    status = 409


class ImportInUse(DonationsError):
    """This import cannot be withdrawn, because %(count)s of its lines were matched or booked. Nothing was changed. Undo
    those matches, and match each line to what it is."""

    status = 409


class ImportWithdrawn(DonationsError):
    """This import was withdrawn already. Nothing was changed."""

    status = 409


class BankAccountUnclear(DonationsError):
    """We cannot tell which bank account is meant: %(fault)s. %(mend)s"""

    status = 409
