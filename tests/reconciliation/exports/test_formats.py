"""Every format holds the same ledger: read back by another program's reader, the balances are ours, by account, fund
and currency; for a period, a fund or a currency too."""

from __future__ import annotations

import io
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.ledger import closed_periods
from donations.models import Appeal, Entry, Fund
from donations.reconciliation import exports
from donations.reconciliation.exports import Scope
from donations.reconciliation.exports.entries import major
from donations.reconciliation.exports.names import Names
from tests.events import a_charge, a_transaction, fresh, hear
from tests.factories import NOON, a_donation, eur, gbp
from tests.reconciliation.exports.parsers import Balances, by_beancount, by_hledger_reader, rows_of_csv, sheets_of
from tests.reconciliation.steps import accepted

TODAY = NOON.date()
SCOPES = {
    "all": Scope(),
    "a day": Scope(since=TODAY, until=TODAY),
    "from a day": Scope(since=TODAY),
    "to a day": Scope(until=TODAY - timedelta(days=1)),
    "euros": Scope(currency="EUR"),
    "after everything": Scope(since=TODAY + timedelta(days=90)),
}


@pytest.fixture
def books(app: Flask) -> None:
    """Donations of two currencies on two days, one over two funds, their fees, a refund's worth of cash."""
    with write_unit():
        appeal = Appeal.any_by_slug("hands-off-ali")
        before = a_donation(appeal, gbp("100.00")).reference
        divided = a_donation(appeal, split={"ali-family": 2000, "sakharovo": 1001}).reference
        abroad = a_donation(appeal, eur("12.34")).reference
    for reference, amount, fee, days in ((before, gbp("100.00"), 170, 3), (divided, gbp("30.01"), 62, 0),
                                         (abroad, eur("12.34"), 41, 0)):  # fmt: skip
        at = NOON - timedelta(days=days)
        charge = a_charge(reference, amount, at=at)
        hear(charge)
        hear(a_transaction(charge.charge_id, amount, fee, at=at))
    accepted(2500)
    fresh()


def exported(format_name: str, scope: Scope) -> bytes:
    file = io.BytesIO()
    with snapshot() as conn:
        exports.write(conn, scope, format_name, file)
    return file.getvalue()


def ours(scope: Scope) -> Balances:
    """The balances at the end of the scope, by the names of plain-text accounting; what income and expenses were before
    it is equity of each fund."""
    slugs = {row.id: row.slug for row in db.session.execute(select(Fund.id, Fund.slug))}
    with snapshot() as conn:
        figures = closed_periods.trial_balance(conn, scope.until or date(9999, 1, 1))
        before = closed_periods.trial_balance(conn, scope.since - timedelta(days=1)) if scope.since else []
        names = Names(exports.extract(conn, scope).accounts)
    sums: Balances = defaultdict(Decimal)
    for sign, rows in ((1, figures), (-1, [row for row in before if row[0] >= 4000])):
        for account, fund_id, currency, minor in rows:
            if scope.fund_id in (None, fund_id) and scope.currency in (None, currency):
                sums[names.of(account, slugs[fund_id]), currency] += sign * Decimal(major(minor, currency))
                if sign < 0:
                    sums[names.forward(slugs[fund_id]), currency] += Decimal(major(minor, currency))
    return {place: amount for place, amount in sums.items() if amount}


@pytest.mark.parametrize("name", SCOPES)
def test_beancount_accepts_the_books_and_comes_to_our_balances(books: None, tmp_path: Path, name: str) -> None:
    errors, balances = by_beancount(exported("beancount", SCOPES[name]), tmp_path)
    assert errors == []
    assert balances == ours(SCOPES[name])
    assert bool(balances) == (name != "after everything" or bool(ours(SCOPES[name])))


@pytest.mark.parametrize("name", SCOPES)
def test_an_hledger_journal_comes_to_our_balances(books: None, name: str) -> None:
    assert by_hledger_reader(exported("hledger", SCOPES[name])) == ours(SCOPES[name])


@pytest.mark.parametrize("format_name", ["beancount", "hledger"])
def test_a_fund_by_itself_balances(books: None, tmp_path: Path, format_name: str) -> None:
    for slug in ("ali-family", "sakharovo", "ali"):
        scope = Scope(fund_id=db.session.scalar(select(Fund.id).where(Fund.slug == slug)))
        written = exported(format_name, scope)
        if format_name == "hledger":
            assert by_hledger_reader(written) == ours(scope)
        else:
            assert by_beancount(written, tmp_path) == ([], ours(scope))
        assert ours(scope)


def test_beancount_refuses_books_of_which_a_line_is_lost(books: None, tmp_path: Path) -> None:
    # given the file without one of its entries, which would balance all the same
    head, *entries = exported("beancount", Scope()).decode().split("\n\n")
    # when beancount reads it
    errors, _ = by_beancount("\n\n".join([head, *entries[1:]]).encode(), tmp_path)
    # then the balances at the end say so
    assert errors


def test_the_table_has_a_row_for_each_posting(books: None) -> None:
    rows = rows_of_csv(exported("csv", Scope(until=TODAY)))
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["account"], row["fund"], row["currency"]] += Decimal(row["amount"])
    assert sums["4000", "ali", "GBP"] == Decimal("-100.00")
    assert sums["4000", "sakharovo", "GBP"] == Decimal("-10.01")
    assert [row["entry_date"] for row in rows] == sorted(row["entry_date"] for row in rows)
    assert {row["number"] for row in rows} == {f"E{number}" for number in db.session.scalars(select(Entry.id))}
    first = rows[0]
    assert (first["entry_date"], first["kind"], first["account_name"]) == (
        "2026-11-18",
        "gift",
        rows[0]["account_name"],
    )
    assert any(row["clear_ref"].startswith("ch_") for row in rows)


def test_a_workbook_holds_the_rows_of_the_table_and_the_balances(books: None) -> None:
    scope = Scope(since=TODAY)
    balances, postings = sheets_of(exported("xlsx", scope))
    table = rows_of_csv(exported("csv", scope))
    assert len(postings) == len(table) + 1
    assert postings[0] == list(table[0])
    assert [row[2] for row in postings[1:]] == [row["number"] for row in table]
    assert [Decimal(row[8]) for row in postings[1:]] == [Decimal(row["amount"]) for row in table]
    assert {(row[0], row[2], row[3]): Decimal(row[6]) for row in balances[1:]}["4000", "ali", "GBP"] == -100
    assert all(Decimal(row[4]) + Decimal(row[5]) == Decimal(row[6]) for row in balances[1:])


def test_a_full_sheet_goes_on_in_the_next_without_tearing_an_entry(
    books: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("donations.reconciliation.exports.workbook.MAX_ROWS", 8)
    _, *sheets = sheets_of(exported("xlsx", Scope()))
    assert len(sheets) > 1
    assert all(len(sheet) <= 8 for sheet in sheets)
    numbers = [{row[2] for row in sheet[1:]} for sheet in sheets]
    assert not any(one & other for one, other in pairwise(numbers))


@pytest.mark.parametrize("format_name", exports.FORMATS)
def test_nothing_that_somebody_wrote_is_in_an_export(books: None, format_name: str) -> None:
    written = exported(format_name, Scope())
    assert b"Maya" not in written
    assert b"tara" not in written
    assert b"theo" not in written
