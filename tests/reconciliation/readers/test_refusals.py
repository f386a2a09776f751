"""What cannot be read for certain is refused with its line, and never taken for nothing."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from donations.errors import (
    BadStatement,
    BadStatementLine,
    DonationsError,
    StatementAskedFor,
    StatementTooLarge,
)
from donations.reconciliation.readers import ColumnMap, types
from tests.reconciliation.readers.examples import FILES, example, minors, only, read

NUMBER_OF_FAULT = [
    ("camt053.xml", '<Amt Ccy="GBP">6.20</Amt>', '<Amt Ccy="GBP">6,2x</Amt>', 27),
    ("camt053.xml", '<Amt Ccy="GBP">6.20</Amt>', '<Amt Ccy="GBP"></Amt>', 26),
    ("camt053.xml", "<Dt>2026-03-03</Dt></BookgDt>", "<Dt>2026-02-30</Dt></BookgDt>", 28),
    ("camt053.xml", "<CdtDbtInd>DBIT</CdtDbtInd><Rv", "<CdtDbtInd>DEBIT</CdtDbtInd><Rv", 26),
    ("mt940.sta", "RC5,00", "RCfive", 9),
    ("mt940.sta", "C20,50", "C20,505", 6),
    ("mt940.sta", ":61:260302RC", ":61:261302RC", 9),
    ("mt940.sta", "C260301EUR1000,00", "C260301EUR", 5),
    ("mt942.sta", ":61:2603020302EC7,00NTRFNONREF//I2\n:90D:0EUR0,\n:90C:1EUR20,00", ":90C:1EUR21,00", 8),
    ("bank1.ofx", "<TRNAMT>20,50", "<TRNAMT>twenty", 24),
    ("bank1.ofx", "<TRNAMT>20,50", "", 24),
    ("bank1.ofx", "<DTPOSTED>20260303", "<DTPOSTED>2026030", 32),
    ("bank.qif", "T-5.00", "T-5.O0", 8),
    ("bank.qif", "D03/14/2026", "D14/14/2026", 7),
    ("bank.qif", "T-5.00\n", "", 11 - 1),
    ("signed.csv", '"5,00-"', '"5,00x"', 6),
    ("signed.csv", '"02.03.2026"', '"30.02.2026"', 6),
    ("signed.csv", '"5,00-"', '""', 6),
    ("signed.csv", '"1.120,50"', '"1.120,51"', 6),
    ("signed.csv", ';"Fee"', ';"Fee', 6),
    ("signed.csv", ';"Fee"', ';"Fee";"more"', 6),
    ("lloyds.csv", "FEE,5.00,,", "FEE,5.00,5.00,", 2),
    ("lloyds.csv", "FEE,5.00,,", "FEE,,,", 2),
    ("ing_nl.csv", '"Af"', '"?"', 3),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good", "bad", "line"), NUMBER_OF_FAULT)
def test_a_line_that_cannot_be_read_refuses_the_file_and_is_named(name: str, good: str, bad: str, line: int) -> None:
    # given a file with one fault
    text = example(name).decode()
    assert good in text
    # when
    with pytest.raises(BadStatementLine) as refused:
        read(text.replace(good, bad, 1))
    # then
    assert refused.value.facts["line"] == line


@pytest.mark.parametrize("name", [file.name for file in FILES])
def test_a_file_that_is_cut_off_is_refused_or_whole_in_what_it_says(name: str) -> None:
    # given what the whole file says
    data = example(name)
    whole = [line for statement in read(data).statements for line in statement.lines]
    for length in range(len(data)):
        # when it is cut off anywhere
        try:
            found = read(data[:length])
        except DonationsError:
            continue
        # then no amount is another than it was, and formats that say where they end are not taken for whole
        lines = [line for statement in found.statements for line in statement.lines]
        assert [line.amount for line in lines] == [line.amount for line in whole[: len(lines)]], length
        assert length > len(data) - 40 or found.format in ("MT940", "MT942", "QIF", "CSV"), length


BOMB = '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
TYPES = [f"<!DOCTYPE d [{BOMB}]>", '<!DOCTYPE d SYSTEM "file:///etc/passwd">', "<!DOCTYPE d>"]


@pytest.mark.parametrize("document_type", TYPES)
@pytest.mark.parametrize(("name", "root"), [("camt053.xml", "<Document"), ("bank2.ofx", "<OFX>")])
def test_a_good_statement_with_a_document_type_is_refused(name: str, root: str, document_type: str) -> None:
    text = example(name).decode().replace(root, document_type + root, 1)
    with pytest.raises(BadStatement) as refused:
        read(text.replace("Gift for Ana", "&i;") if "ENTITY" in document_type else text)
    assert refused.value.facts["fault"] == "the file has its own document type, which no bank uses"


def test_xml_nested_too_deeply_and_other_xml_are_refused() -> None:
    for text in ("<a>" * 100_000, "<html><body/></html>", "<Document><BkToCstmrStmt/></Document", "<x/><y/>"):
        with pytest.raises(DonationsError):
            read(text)


def _zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("camt053.xml", example("camt053.xml"))
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _zipped(), gzip.compress(example("camt053.xml")), b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0" + bytes(600), b"", b" \n",
        bytes(range(256)) * 10, b"Date,Amount\n2026-01-02,1.00\x00\n", b"Hello, here is nothing",
        b"Date,Text\n2026-01-02,x\n", "Date,Amount\n2026-01-02,\xff\n".encode("cp1252") + "€é".encode(),
    ],
)  # fmt: skip
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(DonationsError):
        read(data)


def test_good_utf8_that_was_damaged_is_not_taken_for_other_letters() -> None:
    data = "Date;Name;Amount\n13.03.2026;Zoë;1,00\n13.03.2026;Zo".encode() + b"\xeb;1,00\n"
    with pytest.raises(BadStatementLine) as refused:
        read(data)
    assert refused.value.facts["line"] == 3


def test_days_and_decimals_that_could_be_two_things_are_asked_for_and_answered() -> None:
    # given
    text = "Date;Amount\n01/02/2026;1.234\n"
    with pytest.raises(StatementAskedFor):
        only(text)
    with pytest.raises(StatementAskedFor):
        only(text, ColumnMap(dates="dmy"))
    # when they are entered
    statement = only(text, ColumnMap(dates="dmy", decimal=","))
    # then
    assert (minors(statement), str(statement.starts_on)) == ([123400], "2026-02-01")


def test_a_map_that_does_not_fit_the_table_is_refused() -> None:
    with pytest.raises(BadStatement):
        only("Date;Amount\n13.02.2026;1,00\n", ColumnMap(date="Day", amount="Amount"))


def test_files_with_too_many_bytes_or_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(types, "MAX_LINES", 1)
    for file in FILES:
        if file.name not in ("bank2.ofx",):  # It holds one line only.
            with pytest.raises(StatementTooLarge):
                read(file.read_bytes())
    with pytest.raises(StatementTooLarge):
        read(bytes(types.MAX_BYTES + 1))
