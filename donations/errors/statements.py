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


class StatementLooksKnown(DonationsError):
    """%(count)s lines look like lines that are here already, under another number (the first: %(first)s). Nothing was
    imported. Look at each; if they are different money, import the file once more and say so."""

    status = 409


class BankAccountUnclear(DonationsError):
    """We cannot tell which bank account is meant: %(fault)s. %(mend)s"""

    status = 409
