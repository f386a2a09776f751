"""What can go wrong with bank statements."""

from __future__ import annotations

from donations.errors.base import DonationsError


class BadStatement(DonationsError):
    """This bank statement could not be read, and nothing was imported: %(fault)s. %(fix)s"""

    status = 422


class BadStatementLine(DonationsError):
    """Line %(line)s of this bank statement, "%(text)s", could not be read: %(fault)s. Nothing was imported. %(fix)s"""

    status = 422


class StatementTooLarge(DonationsError):
    """This bank statement is too large. The limit is %(most)s. Ask your bank for shorter periods, one file for each."""

    status = 413


class StatementAskedFor(DonationsError):
    """This bank statement can be read in two ways, and nothing was imported: %(fault)s (%(text)s). %(fix)s"""

    status = 422


class StatementOffBalance(DonationsError):
    """The statement of %(account)s does not add up: opening balance %(opening)s, lines %(lines)s, closing balance
    %(closing)s. The difference is %(difference)s, so nothing was imported. Download the whole statement from your
    bank again."""

    status = 422


class StatementOfAnotherAccount(DonationsError):
    """This statement is for the account ending in %(named)s, not for %(account)s. Nothing was imported."""

    status = 409


class StatementInOtherCurrency(DonationsError):
    """%(file)s is not a statement of %(account)s, which is in %(own)s: line %(line)s is in %(currency)s. Nothing was
    imported. Choose the account in that currency, or ask your bank for one file for each currency."""

    status = 409


class StatementLooksKnown(DonationsError):
    """%(count)s line may already be here (%(first)s). Nothing was imported. Check the line. Import the file again, and
    choose to decide on the line later or to treat it as different money."""

    status = 409
    plural = """%(count)s lines may already be here (the first: %(first)s). Nothing was imported. Check each line.
    Import the file again, and choose to decide on each line later or to treat them as different money."""


class QuestionAnswered(DonationsError):
    """This has already been decided. Nothing was changed."""

    status = 409


class ImportInUse(DonationsError):
    """This import cannot be withdrawn: %(count)s line was already matched or recorded. Nothing was changed. Undo this
    match, and match the line correctly."""

    status = 409
    plural = """This import cannot be withdrawn: %(count)s lines were already matched or recorded. Nothing was changed.
    Undo those matches, and match each line correctly."""


class ImportWithdrawn(DonationsError):
    """This import has already been withdrawn. Nothing was changed."""

    status = 409


class BankAccountUnclear(DonationsError):
    """We cannot tell which bank account is meant: %(fault)s. %(fix)s"""

    status = 409
