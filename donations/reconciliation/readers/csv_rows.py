"""One row of a CSV statement becomes one line: where its columns are, which way its money went, whether it is booked,
and whether its running balance follows from the row before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from donations.errors import BadStatementLine
from donations.money import CURRENCIES, Money
from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.column_maps import BOOKED, NO_COLUMN, NOT_BOOKED, ColumnMap, plainly
from donations.reconciliation.readers.types import FIX_LINE, N_, Draft, ReadLine, broken, money

Row = list[str]
IN = frozenset(
    "c cr credit credited + h haben bij in k kredit crdt приход кредит ct uznanie crédit credito gutschrift eingang"
    " deposit income incoming received".split()
) | {"money in", "paid in"}
OUT = frozenset(
    "d dr debit debited - s soll af out dbit расход дебет dt db debet débit debito lastschrift ausgang withdrawal"
    " expense outgoing sent".split()
) | {"money out", "paid out"}
# Rows of a table that are no statement lines, by their text in the column of days.
TOTALS = frozenset(
    "total totals sum summe gesamt saldo balance totaal solde итого endsaldo anfangssaldo kontostand".split()
) | {"opening balance", "closing balance", "total général", "всего"}
NOTHING = frozenset("-–—")  # a dash means an empty cell


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each column is, from 0; -1 where there is none."""

    date: int
    value_date: int
    amount: int
    debit: int
    credit: int
    sign: int
    fee: int
    currency: int
    name: int
    account: int
    id: int
    balance: int
    own_account: int
    state: int
    text: tuple[int, ...]

    @classmethod
    def found(cls, columns: ColumnMap, headings: Row) -> Columns:
        """Raises BadStatementLine for a heading or number that is not there."""
        places: dict[str, int] = {}
        width = len(headings)
        for place, heading in enumerate(headings):
            places.setdefault(plainly(heading), place)
        one = {
            word: _place(places, getattr(columns, word), width) for word in cls.__dataclass_fields__ if word != "text"
        }  # fmt: skip
        return cls(
            **one, text=tuple(_place(places, heading, width) for heading in columns.text if heading != NO_COLUMN)
        )

    @property
    def figures(self) -> tuple[int, ...]:
        """The columns of amounts."""
        return tuple(each for each in (self.amount, self.debit, self.credit) if each >= 0)

    @property
    def used(self) -> frozenset[int]:
        """All columns that something is taken from."""
        one = {getattr(self, word) for word in self.__dataclass_fields__ if word != "text"}
        return frozenset({*one, *self.text} - {-1})


def _place(places: dict[str, int], heading: str, width: int) -> int:
    if heading in ("", NO_COLUMN) or (plainly(heading) not in places and heading in CURRENCIES):
        return -1  # Not a column: nothing, or a currency that holds for the whole file.
    if plainly(heading) not in places and heading.isascii() and heading.isdecimal() and 0 < int(heading[:4]) <= width:
        return int(heading) - 1
    if plainly(heading) not in places:
        raise broken(1, heading, N_("there is no such column"), N_("Check the headings again."))
    return places[plainly(heading)]


class Rows:
    """Takes the rows in order; one statement for each account that they name. `is_inverse`: the one column of amounts
    says what was spent, and what came back has a minus there."""

    def __init__(self, here: Columns, columns: ColumnMap, currency: str, *, is_inverse: bool = False) -> None:
        self.is_inverse = is_inverse
        self.here, self.decimal, self.dates = here, columns.decimal, columns.dates
        is_said = here.currency < 0 and columns.currency not in ("", NO_COLUMN)
        self.currency = columns.currency if is_said else currency
        self.days: dict[str, date] = {}
        self.drafts: dict[str, Draft] = {}
        self.balances: dict[str, _Balances] = {}
        self.debits: set[bool] = set()
        self.minor: Callable[[Row, str, int], int] = self._amount
        if here.debit >= 0 or here.credit >= 0:
            self.minor = self._debit_or_credit
        elif here.sign >= 0:
            self.minor = self._by_sign

    def take(self, number: int, row: Row) -> None:
        here = self.here
        draft = self._draft(row)
        if here.state >= 0 and not self._is_booked(row[here.state], number):
            draft.pending += 1
            return
        currency = self._currency(row[here.currency], number) if here.currency >= 0 else self.currency
        minor = self.minor(row, currency, number)
        if here.fee >= 0 and row[here.fee].strip():
            minor -= abs(self._figure(row[here.fee], currency, number))
        value = row[here.value_date].strip() if here.value_date >= 0 else ""
        amount = money(minor, currency)
        if here.balance >= 0:
            self._take_balance(draft, row[here.balance], amount, number)
        texts = [row[each].strip() for each in here.text]
        draft.currency = draft.currency or currency
        draft.add(
            ReadLine(
                number,
                self._day(row[here.date], number),
                self._day(value, number) if value else None,
                amount,
                row[here.id].strip() if here.id >= 0 else "",
                row[here.name].strip() if here.name >= 0 else "",
                row[here.account].strip() if here.account >= 0 else "",
                " ".join([each for each in texts if each]),
            )
        )

    def done(self) -> list[Draft]:
        for account, balances in self.balances.items():
            self.drafts[account].opening, self.drafts[account].closing = balances.ends()
        return list(self.drafts.values()) or [Draft(currency=self.currency)]

    def _draft(self, row: Row) -> Draft:
        account = row[self.here.own_account].strip() if self.here.own_account >= 0 else ""
        draft = self.drafts.get(account)
        if draft is None:
            draft = self.drafts[account] = Draft(account=account)
        return draft

    def _take_balance(self, draft: Draft, text: str, amount: Money, number: int) -> None:
        balances = self.balances.get(draft.account)
        if balances is None:
            balances = self.balances[draft.account] = _Balances()
        if text.strip():
            balances.take(money(self._figure(text, amount.currency, number), amount.currency), amount, number)
        else:
            balances.complete = False

    def _day(self, text: str, number: int) -> date:
        day = self.days.get(text)
        if day is None:
            try:
                day = self.days[text] = amounts.written_day(text, self.dates)
            except amounts.NotRead as error:
                raise broken(number, text, N_("this is not a date"), FIX_LINE) from error
        return day

    def _figure(self, text: str, currency: str, number: int) -> int:
        try:
            return amounts.written(text.strip(), currency, self.decimal)
        except amounts.NotRead as error:
            raise _no_amount(text, currency, number) from error

    def _amount(self, row: Row, currency: str, number: int) -> int:
        return self._figure(row[self.here.amount], currency, number)

    def _debit_or_credit(self, row: Row, currency: str, number: int) -> int:
        """One of the two is filled. Some banks write debits with a minus and some without: one file, one way."""
        debit, credit = _filled(row, self.here.debit), _filled(row, self.here.credit)
        out = self._figure(debit, currency, number) if debit.strip() else 0
        into = self._figure(credit, currency, number) if credit.strip() else 0
        if (out and into) or not (debit.strip() or credit.strip()):
            raise broken(
                number, f"{debit} {credit}", N_("this line has both a debit and a credit, or neither"), FIX_LINE
            )
        if out and self.is_inverse:
            return -out
        if out:
            self.debits.add(out < 0)
            if len(self.debits) > 1:
                raise broken(number, debit, N_("some debits in this file have a minus and some do not"), FIX_LINE)
            return -abs(out)
        return into

    def _by_sign(self, row: Row, currency: str, number: int) -> int:
        minor = self._figure(row[self.here.amount], currency, number)
        word = row[self.here.sign].strip().casefold().rstrip(".")
        if minor < 0 or (word not in IN and word not in OUT):
            raise broken(number, f"{row[self.here.amount]} {word}", N_("the sign of this amount is unknown"), FIX_LINE)
        return minor if word in IN else -minor

    def _currency(self, text: str, number: int) -> str:
        try:
            return amounts.known_currency(text) if text.strip() else self.currency
        except amounts.NotRead as error:
            raise broken(number, text, N_("this currency is not known")) from error

    def _is_booked(self, text: str, number: int) -> bool:
        word = plainly(text)
        if word in BOOKED:
            return True
        if word in NOT_BOOKED:
            return False
        fix = N_("If the bank has booked all lines, turn this column off: --map state=")
        raise broken(number, text, N_("we do not know whether this means booked by the bank"), fix)


def _filled(row: Row, place: int) -> str:
    """The cell, or "" where a dash says that it is empty."""
    text = row[place] if place >= 0 else ""
    return "" if text.strip() in NOTHING else text


def _no_amount(text: str, currency: str, number: int) -> BadStatementLine:
    return broken(number, f"{text} {currency}", N_("this is not an amount, or not in this currency"), FIX_LINE)


class _Balances:
    """Running balances, with the newest line on top or at the bottom."""

    def __init__(self) -> None:
        self.complete = True
        self.rises = self.falls = True  # the newest at the bottom; the newest on top
        self.first: tuple[Money, Money] | None = None
        self.last: tuple[Money, Money] | None = None
        self.fault = (0, "")

    def take(self, balance: Money, amount: Money, number: int) -> None:
        if self.last is not None and self.complete:
            before, moved = self.last
            if balance.currency != before.currency:
                self.complete = False
                return
            self.rises = self.rises and before.minor + amount.minor == balance.minor
            self.falls = self.falls and before.minor - moved.minor == balance.minor
            if not (self.rises or self.falls) and not self.fault[0]:
                self.fault = (number, balance.plain())
        self.first = self.first or (balance, amount)
        self.last = (balance, amount)

    def ends(self) -> tuple[Money | None, Money | None]:
        """Opening and closing balance. Raises BadStatementLine where one does not follow from the other."""
        if self.first is None or self.last is None or not self.complete:
            return None, None
        if self.rises:
            return self.first[0] - self.first[1], self.last[0]
        if self.falls:
            return self.last[0] - self.last[1], self.first[0]
        fault = N_("this balance does not follow from the line before: something is missing or was changed")
        fix = N_(
            "Download the file again. If your bank lists the lines of a day in no order, turn the balance "
            "off: --map balance="
        )
        raise broken(*self.fault, fault, fix)
