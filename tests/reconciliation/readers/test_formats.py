"""Each format read into our types: the example files, and what banks do differently."""

from __future__ import annotations

import pytest

from donations.money import Money
from donations.reconciliation.readers import ColumnMap
from tests.factories import gbp
from tests.reconciliation.readers.examples import example, minors, only, read, said

CAMT = example("camt053.xml").decode()
MT940 = example("mt940.sta").decode()


def test_a_camt_entry_becomes_a_line_and_one_of_several_payments_a_line_each() -> None:
    # given a statement with a donation, two donations in one entry, a charge, and one that is not booked
    # when
    statement = only(CAMT)
    # then
    assert (statement.account, statement.opening, statement.closing) == (
        "GB29NWBK60161331926819", gbp("100.00"), gbp("163.80"),
    )  # fmt: skip
    assert [said(line) for line in statement.lines] == [
        ("2026-03-02", 2000, "REF1", "Maya Example", "GB33BUKB20201555555555", "Gift for Ana and her family"),
        ("2026-03-02", 3000, "REF2", "Иван Пример", "", "A1"),
        ("2026-03-02", 2000, "REF2", "", "", "A2"),
        ("2026-03-03", -620, "", "", "", "Charge & fee"),
    ]
    assert statement.pending == 1


@pytest.mark.parametrize("version", ["001.01", "001.02", "001.04", "001.13"])
@pytest.mark.parametrize(
    ("form", "container", "unit"),
    [
        ("camt.052", "BkToCstmrAcctRpt", "Rpt"), ("camt.053", "BkToCstmrStmt", "Stmt"),
        ("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    ],
)  # fmt: skip
def test_every_version_and_kind_of_camt_is_read(version: str, form: str, container: str, unit: str) -> None:
    # given
    text = CAMT.replace("BkToCstmrStmt", container).replace("Stmt>", f"{unit}>").replace("053.001.08", f"05x.{version}")
    text = text.replace("<", "<d:").replace("<d:/", "</d:").replace("<d:?", "<?").replace("xmlns=", "xmlns:d=")
    # when
    found = read(text)
    # then
    assert (found.format, minors(found.statements[0])) == (form, [2000, 3000, 2000, -620])


def test_payments_that_do_not_come_to_their_camt_entry_stay_one_line() -> None:
    statement = only(CAMT.replace('<Amt Ccy="GBP">30.00</Amt>', '<Amt Ccy="GBP">30.01</Amt>'))
    assert minors(statement) == [2000, 5000, -620]


@pytest.mark.parametrize(
    ("currency", "written", "minor"), [("JPY", "1500", 1500), ("KWD", "1.250", 1250), ("ISK", "10", 1000)]
)
def test_currencies_without_and_with_three_decimals(currency: str, written: str, minor: int) -> None:
    entry = (
        f'<Ntry><Amt Ccy="{currency}">{written}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
        "<BookgDt><Dt>2026-03-02</Dt></BookgDt></Ntry>"
    )
    statement = only(f"<Document><BkToCstmrStmt><Stmt>{entry}</Stmt></BkToCstmrStmt></Document>")
    assert statement.lines[0].amount == Money(minor, currency)


def test_mt940_knows_its_marks_its_pages_and_its_structured_texts() -> None:
    # when two pages of one statement are read
    first, second = read(MT940).statements
    # then a reversed credit went out, a reversed debit came back, and a day is in the year nearest to its value date
    assert [said(line) for line in first.lines] == [
        ("2026-03-02", 2050, "B1", "Maja Beispiel geb. Muster", "DE89370400440532013000",
         "EREF+NOTPROVIDED SVWZ+Gabe fuer Ana ABCD-1234"),
        ("2026-03-02", -500, "B2", "", "", "Storno"),
        ("2026-01-02", -120, "B3", "", "", "FEE bank fee"),
    ]  # fmt: skip
    assert [said(line) for line in second.lines] == [
        ("2026-03-03", 480, "", "J VOORBEELD", "NL91ABNA0417164300", "Voor Ana E77")
    ]
    assert first.closing == second.opening == Money(101430, "EUR")


def test_mt942_leaves_out_what_is_only_expected() -> None:
    found = read(example("mt942.sta"))
    assert (found.format, minors(found.statements[0]), found.statements[0].pending) == ("MT942", [2000], 1)


def test_ofx_of_both_versions() -> None:
    first, second = read(example("bank1.ofx")), read(example("bank2.ofx"))
    assert (first.format, second.format) == ("OFX 1", "OFX 2")
    assert [said(line) for line in first.statements[0].lines] == [
        ("2026-03-02", 2050, "F1", "Maya & Co", "", "Gift & love"),
        ("2026-03-03", -500, "F2", "", "", "1001"),
    ]
    assert said(second.statements[0].lines[0]) == ("2026-03-02", 1200, "X1", "Иван Пример", "", "Для Ани <3")
    assert first.statements[0].closing == gbp("115.50")


@pytest.mark.parametrize(("charset", "encoding"), [("1252", "cp1252"), ("1251", "cp1251"), ("1252", "utf-8")])
def test_ofx_of_a_declared_charset_and_of_one_that_says_it_wrongly(charset: str, encoding: str) -> None:
    name = "Иван" if charset == "1251" else "Zoë"
    text = example("bank1.ofx").decode().replace("Maya & Co", name).replace("CHARSET:1252", f"CHARSET:{charset}")
    assert only(text.encode(encoding)).lines[0].name == name


def test_qif_takes_the_order_of_its_days_from_all_of_them() -> None:
    statement = only(example("bank.qif"))
    assert [said(line) for line in statement.lines] == [
        ("2026-03-02", 102050, "", "Maya Example", "", "Gift for Ana"),
        ("2026-03-14", -500, "", "Bank", "", "1001"),
    ]


def test_a_table_with_one_signed_column_below_a_title() -> None:
    found = read(example("signed.csv"))
    statement = found.statements[0]
    assert [said(line) for line in statement.lines] == [
        ("2026-03-13", 102050, "", "Maya Example", "", "Gift; for Ana"),
        ("2026-03-02", -500, "", "Bank", "", "Fee"),
    ]
    # The newest line is on top, so the balances are read from below.
    assert (statement.opening, statement.closing) == (gbp("105.00"), gbp("1120.50"))
    assert found.column_map is not None
    assert (found.column_map.date, found.column_map.dates, found.column_map.decimal) == (
        "Booking date",
        "dmy",
        ",",
    )


def test_a_table_with_debits_and_credits_of_a_bank_we_know() -> None:
    found = read(example("lloyds.csv"))
    assert found.column_map is not None
    assert (found.column_map.bank, minors(found.statements[0])) == ("Lloyds Bank", [-500, 2050])
    assert found.statements[0].account == "31926819"


def test_a_table_with_a_column_for_the_sign() -> None:
    statement = only(example("ing_nl.csv"), currency="EUR")
    assert (minors(statement), statement.lines[0].account) == ([102050, -500], "NL20INGB0001234567")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
def test_a_table_in_every_usual_encoding(encoding: str) -> None:
    text = "Дата операции;Описание;Сумма\r\n13.03.2026;Взнос для Ани;20,50\r\n"
    assert said(only(text.encode(encoding), currency="RUB").lines[0])[5] == "Взнос для Ани"


def test_western_letters_are_not_taken_for_russian_ones() -> None:
    text = "Date;Name;Amount\r\n13.03.2026;Zoë Größe Café;20,50\r\n"
    assert only(text.encode("cp1252")).lines[0].name == "Zoë Größe Café"


def test_a_table_without_headings_is_read_by_the_numbers_of_its_columns() -> None:
    columns = ColumnMap(date="1", amount="3", text=("2",))
    assert minors(only("2026-03-02|Gift|20.50\n2026-03-03|Fee|-1\n", columns)) == [2050, -100]


def test_lines_that_are_not_booked_and_fees_taken_off(
) -> None:  # fmt: skip
    text = (
        "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance\n"
        "TRANSFER,Current,2026-03-01 10:00:00,2026-03-02 10:00:00,Gift,20.00,0.50,GBP,COMPLETED,119.50\n"
        "TRANSFER,Current,2026-03-03 10:00:00,,Later,5.00,0.00,GBP,PENDING,\n"
    )
    statement = only(text)
    assert (minors(statement), statement.pending, statement.opening) == ([1950], 1, gbp("100.00"))
