"""Stripe's reports read: known by their headings, whatever else they hold; what cannot be read is refused with its line
and nothing is written."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st

from donations.database import write_unit
from donations.errors import BadReport, BadReportLine, DonationsError, ReportLacksColumns
from donations.facts import BalanceTransaction
from donations.reconciliation import stripe_reports
from donations.reconciliation.stripe_reports import Report
from tests.events import fresh, rows
from tests.reconciliation.stripe_reports.report_files import as_csv

LONDON = ZoneInfo("Europe/London")
CHARGE = {
    "balance_transaction_id": "txn_1", "created_utc": "2026-07-01 23:30:00", "available_on_utc": "2026-07-08 00:00:00",
    "currency": "gbp", "gross": "20.00", "fee": "0.62", "net": "19.38", "reporting_category": "charge",
    "source_id": "ch_1",
}  # fmt: skip
FEE = {**CHARGE, "balance_transaction_id": "txn_2", "gross": "-0.20", "fee": "0.00", "net": "-0.20",
       "reporting_category": "fee", "source_id": ""}  # fmt: skip
PAYOUT = {
    "payout_id": "po_1", "effective_at_utc": "2026-07-03 00:00:00", "currency": "gbp", "gross": "-19.18", "fee": "0.00",
    "net": "-19.18", "reporting_category": "payout", "balance_transaction_id": "txn_3", "payout_status": "paid",
    "payout_expected_arrival_date": "2026-07-03",
}  # fmt: skip


def read(data: bytes, zone: ZoneInfo = LONDON, **more: Any) -> Report:
    return stripe_reports.read(data, zone=zone, **more)


def first(row: dict[str, str]) -> BalanceTransaction:
    return read(as_csv([row])).transactions[0].transaction


def renamed(row: dict[str, str], **names: str) -> dict[str, str]:
    return {names.get(name, name): cell for name, cell in row.items()}


def test_a_row_is_the_movement_that_the_api_would_list() -> None:
    assert first(CHARGE) == BalanceTransaction(
        id="txn_1", source_id="ch_1", charge_id="ch_1", type="charge", reporting_category="charge", balance_type=None,
        amount_minor=2000, fee_minor=62, net_minor=1938, currency="GBP", exchange_rate=None,
        created_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC), available_on=date(2026, 7, 8), description=None,
    )  # fmt: skip


def test_a_fee_has_no_source() -> None:
    fee = first(FEE)
    assert (fee.source_id, fee.charge_id, fee.amount_minor) == (None, None, -20)


def test_a_refund_belongs_to_the_charge_that_its_row_names() -> None:
    refund = first({**CHARGE, "reporting_category": "refund", "source_id": "re_1", "charge_id": "ch_9"})
    assert (refund.source_id, refund.charge_id) == ("re_1", "ch_9")


@pytest.mark.parametrize(
    ("currency", "gross", "minor"),
    [("jpy", "500", 500), ("jpy", "500.00", 500), ("kwd", "1.234", 1234), ("eur", "-12.34", -1234), ("eur", "7", 700),
     ("eur", "12,34", 1234), ("isk", "1000.00", 100_000)],
)  # fmt: skip
def test_amounts_are_major_units_of_their_own_currency(currency: str, gross: str, minor: int) -> None:
    moved = first({**CHARGE, "currency": currency, "gross": gross, "net": gross, "fee": "0"})
    assert (moved.currency, moved.amount_minor) == (currency.upper(), minor)


def test_currencies_may_be_mixed() -> None:
    report = read(as_csv([CHARGE, {**FEE, "currency": "jpy", "gross": "-20", "net": "-20"}]))
    assert [(each.transaction.currency, each.transaction.amount_minor) for each in report.transactions] == [
        ("GBP", 2000), ("JPY", -20),
    ]  # fmt: skip


def test_times_are_of_the_zone_that_the_column_says() -> None:
    # In summer the account's clock in London is an hour ahead.
    local = renamed(CHARGE, created_utc="created", available_on_utc="available_on")
    assert first(local).created_at == datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    # UTC is believed where both are there.
    assert first({**CHARGE, "created": "2026-07-02 08:30:00"}).created_at == datetime(2026, 7, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2026-07-01 23:30", "2026-07-01T23:30:00Z", "2026-07-01 23:30:00.000"])
def test_times_come_in_several_forms(written: str) -> None:
    assert first({**CHARGE, "created_utc": written}).created_at == datetime(2026, 7, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rows_of_report", "name"),
    [
        ([CHARGE], "balance change from activity"),
        ([{**CHARGE, "automatic_payout_id": "po_1"}], "payout reconciliation"),
        ([PAYOUT], "payouts"),
    ],
)
def test_a_report_is_known_by_its_headings(rows_of_report: list[dict[str, str]], name: str) -> None:
    assert read(as_csv(rows_of_report)).name == name


def test_columns_in_another_order_and_columns_we_do_not_know_are_no_matter() -> None:
    turned = {"payment_metadata[area]": "=1+1", **dict(reversed(CHARGE.items())), "customer_name": 'Maya "M"\nExample'}
    assert first(turned) == first(CHARGE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends_are_no_matter(encoding: str, end: str) -> None:
    text = as_csv([CHARGE, FEE]).decode().replace("\n", end)
    assert [each.line for each in read(text.encode(encoding)).transactions] == [2, 3]


def test_a_payout_is_what_left_for_the_bank() -> None:
    [(line, payout)] = read(as_csv([PAYOUT])).payouts
    assert (line, payout.id, payout.amount_minor, payout.currency) == (2, "po_1", 1918, "GBP")
    assert (payout.status, payout.automatic, payout.reconciliation_status) == ("paid", True, "completed")
    assert (payout.arrival_on, payout.balance_transaction_id) == (date(2026, 7, 3), "txn_3")
    assert read(as_csv([PAYOUT]), manual_payouts=True).payouts[0][1].automatic is False


def test_a_payout_that_came_back_says_when() -> None:
    back = {**PAYOUT, "balance_transaction_id": "txn_4", "gross": "19.18", "net": "19.18",
            "reporting_category": "payout_reversal"}  # fmt: skip
    failed = {"payout_status": "failed", "payout_reversed_at_utc": "2026-07-06 09:00:00"}
    report = read(as_csv([{**PAYOUT, **failed}, {**back, **failed}]))
    [(_, payout)] = report.payouts
    assert (payout.status, payout.said_at) == ("failed", datetime(2026, 7, 6, 9, tzinfo=UTC))
    assert [each.transaction.amount_minor for each in report.transactions] == [-1918, 1918]


@pytest.mark.parametrize("column", sorted(set(CHARGE) - {"balance_transaction_id", "gross"}))
def test_a_column_that_is_missing_is_named(column: str) -> None:
    without = {name: cell for name, cell in CHARGE.items() if name != column}
    with pytest.raises(ReportLacksColumns, match=column):
        read(as_csv([without]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gross": ""}, "gross.*not an amount"),
        ({"gross": "1,234.50"}, "not an amount"),
        ({"gross": "20.005", "net": "19.385"}, "this amount is not possible in its currency"),
        ({"gross": "1,230"}, "this amount is not possible in its currency"),
        ({"gross": "٢٠"}, "not an amount"),
        ({"gross": "1" * 16}, "this amount is not possible in its currency"),
        ({"net": "19.39"}, "not gross less fee"),
        ({"currency": "xxx"}, "not a currency"),
        ({"created_utc": "21/11/2026"}, "not a date or time"),
        ({"created_utc": "2026-02-30 00:00:00"}, "not a date or time"),
        ({"created_utc": ""}, "not a date or time"),
        ({"balance_transaction_id": ""}, "not an ID"),
        ({"balance_transaction_id": "txn 1"}, "not an ID"),
        ({"reporting_category": ""}, "does not use this word"),
    ],
)
def test_a_cell_that_cannot_be_read_is_refused_with_its_line(change: dict[str, str], said: str) -> None:
    with pytest.raises(BadReportLine, match=said) as refused:
        read(as_csv([{**FEE, "description": "two\nlines"}, {**CHARGE, "description": "", **change}]))
    assert refused.value.facts["line"] == 4


def test_a_line_twice_is_one_and_two_that_differ_are_refused() -> None:
    assert len(read(as_csv([CHARGE, CHARGE])).transactions) == 1
    with pytest.raises(BadReportLine, match="another line"):
        read(as_csv([CHARGE, {**CHARGE, "source_id": "ch_2"}]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "headings"),
        (b"\x00\x01\x02", "not text"),
        (b"\xff\xfe\x00", "characters"),
        (b"PK\x03\x04\x80\xff", "characters"),
        (b"id,amount\n1,2\n", "headings"),
        (b"x" * (64 * 1024 * 1024 + 1), "64 MB"),
    ],
    ids=["nothing", "zeros", "half a letter", "a zip", "another table", "too large"],
)
def test_what_is_no_report_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(BadReport, match=said):
        read(data)


@pytest.mark.parametrize("cut", [b'"unclosed', b"txn_9,2026", b"a,b,c,d,e,f,g,h,i,j,k"])
def test_a_torn_line_is_refused_with_its_number(cut: bytes) -> None:
    with pytest.raises(BadReportLine) as refused:
        read(as_csv([CHARGE, FEE]) + cut)
    assert refused.value.facts["line"] == 4


CELLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["1.00", "-1", "gbp", "charge", "txn_1", "2026-07-01 00:00:00", '"', ",", "\n"]),
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(CHARGE, CELLS)), min_size=1, max_size=4), st.integers(0, 200))
@example([CHARGE], 0)
def test_garbage_is_refused_in_a_sentence(cells: list[dict[str, str]], cut: int) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(CHARGE))
    writer.writeheader()
    writer.writerows([CHARGE, *cells])
    data = text.getvalue().encode("utf-8", "surrogatepass")
    with suppress(DonationsError):  # Nothing else may come out of it.
        read(data[: len(data) - cut])


@given(st.binary(max_size=300))
@example(b"balance_transaction_id,gross\n\x0c\x1c,\xe2\x80\xa8")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(DonationsError):
        read(data)


def test_a_fault_in_the_last_line_leaves_nothing_behind(app: Flask) -> None:
    good = as_csv([CHARGE, FEE])
    bad = as_csv([CHARGE, FEE, {**FEE, "balance_transaction_id": "txn_9", "net": "1"}])
    with pytest.raises(BadReportLine), write_unit() as conn:
        stripe_reports.import_report(conn, read(bad), at=datetime(2026, 7, 2, tzinfo=UTC))
    fresh()
    assert (rows("balance_transaction"), rows("entry"), rows("payment")) == (0, 0, 0)
    with write_unit() as conn:
        stripe_reports.import_report(conn, read(good), at=datetime(2026, 7, 2, tzinfo=UTC))
    fresh()
    assert rows("balance_transaction") == 2
