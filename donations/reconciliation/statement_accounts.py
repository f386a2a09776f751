"""Whose statement is it? The number that a file names, held against what is known of our bank accounts. Only keyed
hashes of numbers are kept, so one written in two ways (IBAN, or bank code and number) is known by its end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import privacy
from donations.errors import BankAccountUnclear, StatementOfAnotherAccount
from donations.models import BankAccount
from donations.reconciliation.readers import ReadStatement, ReadStatements
from donations.reconciliation.readers.types import N_

PURPOSE = "bank account"
FROM_FILE, FROM_PERSON = "file", "person"  # who told us the number of an account
SHORTEST = 6  # characters of an account number that are enough to identify it


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known of a bank account, as plain values: the row itself may be read again in between."""

    id: int
    name: str
    currency: str
    hash: bytes | None
    end: str | None

    @classmethod
    def of(cls, account: BankAccount) -> Identity:
        return cls(account.id, account.name, account.currency, account.identifier_hash, account.identifier_end)

    def is_named(self, written: str) -> bool:
        """Whether this number is the account's. A longer number that ends with ours is, and one that is no IBAN is
        where its last four agree, because ours may be the IBAN around it."""
        number = plain_number(written)
        if self.hash is None or not number:
            return True
        ends = {privacy.lookup_hash(number[at:], PURPOSE) for at in range(max(1, len(number) - SHORTEST + 1))}
        return self.hash in ends or (not number[:2].isalpha() and number[-4:] == self.end)

    def learnt(self, statements: tuple[ReadStatement, ...]) -> dict[str, object]:
        """Columns that the first statement teaches."""
        named = next((plain_number(each.account) for each in statements if each.account), "")
        if self.hash is not None or not named:
            return {}
        return {**identifying(named), "number_from": FROM_FILE}


def identifying(number: str) -> dict[str, object]:
    """The columns of a bank account that hold its number."""
    plain = plain_number(number)
    hashed = privacy.lookup_hash(plain, PURPOSE)
    return {"identifier_hash": hashed, "identifier_end": plain[-4:], "number_from": FROM_PERSON}


def plain_number(written: str) -> str:
    """Letters and figures only. German MT940 files put the currency behind the number."""
    number = "".join(character for character in written if character.isalnum()).upper()
    if number[-3:].isalpha() and number[:-3].isdecimal():
        number = number[:-3]
    return number


def own_statements(
    conn: Connection, identity: Identity, read: ReadStatements, *, only_own: bool
) -> tuple[ReadStatement, ...]:
    """The statements of this account. Raises StatementOfAnotherAccount if any is of another one, unless `only_own`:
    then if none is ours."""
    if identity.hash is None:
        _refuse_what_is_known(conn, identity, read)
    own = tuple(each for each in read.statements if identity.is_named(each.account))
    foreign = [each for each in read.statements if not identity.is_named(each.account)]
    if foreign and not (only_own and own):
        raise StatementOfAnotherAccount(named=plain_number(foreign[0].account)[-4:], account=identity.name)
    return own


def _refuse_what_is_known(conn: Connection, identity: Identity, read: ReadStatements) -> None:
    """An account whose number we do not know yet must not learn that of another, or one of several."""
    named = list({plain_number(each.account): None for each in read.statements if each.account})
    if len(named) > 1:
        raise BankAccountUnclear(
            fault=N_("the file holds statements of several accounts"),
            fix=N_("First give each account its number: donations bank add-account NAME --number NUMBER"),
        )
    if named and (other := account_named(conn, named[0])) is not None and other != identity.id:
        raise StatementOfAnotherAccount(named=named[0][-4:], account=identity.name)


def account_named(conn: Connection, number: str) -> int | None:
    """The id of the account with this number, if we have it."""
    table = BankAccount
    rows = conn.execute(select(table.id, table.name, table.currency, table.identifier_hash, table.identifier_end))
    known = [Identity(*row) for row in rows if row.identifier_hash is not None]
    return next((each.id for each in known if each.is_named(number)), None)
