"""Every report has the same figures for the same ledger, whatever was posted: the treasury's first page, the statement
of funds, the table, the workbook, and what beancount and hledger themselves calculate from their files, for any
days."""

from __future__ import annotations

import csv
import io
import random
import re
import subprocess
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import data
from flask import Flask

from donations import ledger
from donations.bookkeeping import Line, Wanted
from donations.bookkeeping.accounts import CLEARING, Group, accounts_of
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import Account, Fund
from donations.reconciliation import balances, exports, fund_statement
from donations.reconciliation.exports import Scope
from donations.reconciliation.exports.entries import major
from donations.reconciliation.fund_statement import FundStatement
from tests.factories import NOON
from tests.needs import program
from tests.reconciliation.exports.parsers import rows_of_csv, sheets_of

DAYS = 120
FIRST = NOON - timedelta(days=DAYS)
FLOWS = tuple(group for group in Group if not group.holds_money and group is not Group.COMMITTED)
Flows = dict[tuple[str, str, int], Decimal]  # by (fund's slug, currency, account)


@pytest.fixture(params=range(3))
def books(app: Flask, request: pytest.FixtureRequest) -> random.Random:
    """Entries between any accounts of the chart, in two currencies, also of unidentified money, of transfers, and of a
    fund that ends with nothing in any account."""
    chance = random.Random(request.param)
    accounts = [one for one in db.session.scalars(db.select(Account.code)) if one != 3100]
    funds = [fund.id for fund in db.session.scalars(db.select(Fund).order_by(Fund.id))]
    *used, emptied = funds[:7]
    for number in range(80):
        currency = chance.choice(("GBP", "GBP", "EUR"))
        minor = chance.randint(1, 90_000)
        one, other = chance.sample(accounts, 2)
        fund, target = chance.sample(used, 2)
        if number % 8 == 0:  # a transfer: out of one fund's bank money into another's
            lines = (
                _line(3100, fund, currency, minor), _line(1000, fund, currency, -minor),
                _line(1000, target, currency, minor), _line(3100, target, currency, -minor),
            )  # fmt: skip
        else:
            lines = (_line(one, fund, currency, minor), _line(other, fund, currency, -minor))
        _book(number, FIRST + timedelta(days=chance.randint(0, DAYS)), lines)
    spent = (_line(4010, emptied, "GBP", -500), _line(1010, emptied, "GBP", 500))
    _book(900, FIRST, spent)
    _book(901, NOON, tuple(_line(line.account, emptied, "GBP", -line.minor) for line in spent))
    return chance


def _line(account: int, fund_id: int, currency: str, minor: int) -> Line:
    return Line(account, fund_id, currency, minor, "any:1" if account in CLEARING or account == 1000 else None)


def _book(number: int, at: datetime, lines: tuple[Line, ...]) -> None:
    with write_unit() as conn:
        wanted = [Wanted(f"any:{number}", "any", at, lines)]
        ledger.converge(
            conn, ("payment", number + 1), wanted, at=NOON, day_of=datetime.date, closed_until=None, actor="tests"
        )


def days(chance: random.Random) -> tuple[date, date]:
    first, last = sorted(chance.randint(-5, DAYS + 5) for _ in range(2))
    return (FIRST + timedelta(days=first)).date(), (FIRST + timedelta(days=last)).date()


def slugs() -> dict[int, str]:
    return {fund.id: fund.slug for fund in db.session.scalars(db.select(Fund))}


def stated(since: date, until: date) -> dict[tuple[int, str], FundStatement]:
    with snapshot() as conn:
        return {(each.fund_id, each.currency): each for each in fund_statement.of_period(conn, since, until)}


def exported(format_name: str, scope: Scope) -> bytes:
    file = io.BytesIO()
    with snapshot() as conn:
        exports.write(conn, scope, format_name, file)
    return file.getvalue()


def test_each_account_of_the_chart_is_in_exactly_one_group(app: Flask) -> None:
    chart = sorted(db.session.scalars(db.select(Account.code)))
    assert sorted(account for group in Group for account in group.value) == chart
    assert all(account in Group.of(account).value for account in chart)


def test_a_row_of_the_first_page_adds_up_and_says_what_the_statement_of_funds_says(books: random.Random) -> None:
    with snapshot() as conn:
        rows = {(row.fund_id, row.currency): row.figures for row in balances.of_funds(conn)}
    statements = stated(date(2000, 1, 1), date(2999, 1, 1))
    assert rows.keys() == statements.keys()
    for place, row in rows.items():
        statement = statements[place]
        flows, places = statement.flows, statement.places
        assert row["raised"] + row["moved"] - row["fees"] - row["paid_out"] + row["other"] == row["held"]
        names = ("at_stripe", "in_transit", "in_hand", "in_bank", "owed")
        assert row["held"] == sum(row[name] for name in names) == statement.closing - row["in_dispute"]
        assert {name: row[name] for name in (*names, "in_dispute")} == {
            name: places[name] for name in (*names, "in_dispute")
        }
        given = flows["online"] + flows["offline"] + flows["refunds"] + flows["chargebacks"]
        assert row["raised"] == given - places["in_dispute"]
        assert (row["fees"], row["paid_out"], row["other"]) == (-flows["fees"], -flows["disbursed"], flows["other"])
        assert row["moved"] == statement.opening + flows["transfers_in"] + flows["transfers_out"]
        assert row["committed"] == statement.committed


def test_a_fund_with_any_movement_is_in_every_report(books: random.Random) -> None:
    statements, names = stated(FIRST.date(), NOON.date()), slugs()
    moved = {(names[fund_id], currency) for fund_id, currency in statements}
    with snapshot() as conn:
        assert {(names[row.fund_id], row.currency) for row in balances.of_funds(conn)} == moved
    assert {(row["fund"], row["currency"]) for row in rows_of_csv(exported("csv", Scope()))} == moved
    in_workbook, _postings = sheets_of(exported("xlsx", Scope()))
    assert {(row[2], row[3]) for row in in_workbook[1:]} == moved


def test_any_days_are_told_alike_by_the_statement_the_table_and_the_workbook(books: random.Random) -> None:
    for _ in range(6):
        since, until = days(books)
        wanted = _flows_stated(since, until)
        scope = Scope(since=since, until=until)
        table: Flows = defaultdict(Decimal)
        for row in rows_of_csv(exported("csv", scope)):
            table[row["fund"], row["currency"], int(row["account"])] -= Decimal(row["amount"])
        workbook: Flows = defaultdict(Decimal)
        for row in sheets_of(exported("xlsx", scope))[0][1:]:
            workbook[row[2], row[3], int(row[0])] -= Decimal(row[5])
        assert _by_group(table) == _by_group(workbook) == wanted, (since, until)


def test_beancount_and_hledger_reckon_the_same_from_a_part_of_the_time_as_from_the_whole(
    books: random.Random, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.journal"
    whole.write_bytes(exported("hledger", Scope()))
    for _ in range(4):
        since, until = days(books)
        wanted = _flows_stated(since, until, only=("online", "offline", "refunds", "chargebacks", "fees"))
        scope = Scope(since=since, until=until)
        part = tmp_path / "part.journal"
        part.write_bytes(exported("hledger", scope))
        from_part, from_whole = _hledger(part), _hledger(whole, "-b", f"{since}", "-e", f"{until + timedelta(days=1)}")
        assert from_part == from_whole, (since, until)
        by_beancount = _beancount(exported("beancount", scope), tmp_path)
        assert by_beancount == from_part, (since, until)
        of_groups = ("online", "offline", "refunds", "chargebacks", "fees")
        assert _by_group(from_part, only=of_groups) == wanted, (since, until)


def _flows_stated(since: date, until: date, only: tuple[str, ...] = ()) -> dict[tuple[str, str, str], Decimal]:
    """Receipts and payments of these days by the statement of funds; opening balances and transfers are left to the
    tests that read them directly."""
    found = {}
    for (fund_id, currency), statement in stated(since, until).items():
        for name in only or fund_statement.FLOWS:
            if statement.flows[name]:
                found[slugs()[fund_id], currency, name] = Decimal(major(statement.flows[name], currency))
    return found


def _by_group(found: Flows, only: tuple[str, ...] = tuple(fund_statement.FLOWS)) -> dict[tuple[str, str, str], Decimal]:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for (fund, currency, account), amount in found.items():
        for name in only:
            if account in fund_statement.FLOWS[name]:
                sums[fund, currency, name] += amount
    return {place: amount for place, amount in sums.items() if amount}


_NAME = re.compile(r"(?:Income|Expenses):(\d{4})[^:]*:(.+)")


def _hledger(journal: Path, *options: str) -> Flows:
    """The income statement: income as it was earned, costs with a minus."""
    hledger = program("hledger")
    asked = [str(hledger), "-f", str(journal), "incomestatement", "--flat", "-O", "csv", *options]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    found: Flows = defaultdict(Decimal)
    for account, *columns in csv.reader(io.StringIO(told)):
        said = _NAME.fullmatch(account)
        sign = -1 if account.startswith("Expenses") else 1
        for amount in columns[0].split(", ") if said else ():
            number, _, currency = amount.partition(" ")
            if said and currency:  # a bare 0 has none
                found[said[2].lower(), currency, int(said[1])] += sign * Decimal(number)
    return {place: amount for place, amount in found.items() if amount}


def _beancount(written: bytes, folder: Path) -> Flows:
    file = folder / "part.beancount"
    file.write_bytes(written)
    entries, errors, _ = loader.load_file(str(file))
    assert errors == []
    found: Flows = defaultdict(Decimal)
    for entry in entries:
        for posting in entry.postings if isinstance(entry, data.Transaction) else ():
            said = _NAME.fullmatch(posting.account)
            if said:
                found[said[2].lower(), posting.units.currency, int(said[1])] -= posting.units.number
    return {place: amount for place, amount in found.items() if amount}


def test_the_public_total_is_of_the_groups_that_a_row_calls_raised(app: Flask) -> None:
    groups = (Group.ONLINE, Group.OFFLINE, Group.REFUNDS, Group.CHARGEBACKS, Group.IN_DISPUTE)
    assert set(accounts_of(*groups)) == ledger.convergence.PUBLIC_ACCOUNTS
