"""One true account history, and how a bank tells of it: in several formats, with the habits of banks. Payments of one
collective entry come as one amount, or each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import escape
from typing import NamedTuple

FORMS = ("csv", "other csv", "ofx", "mt940", "camt.052", "camt.053", "camt.053 details", "camt.054", "qif")
IDS = ("unique", "trivial", "counter", "same", "fresh")
START = date(2026, 3, 1)


class Payment(NamedTuple):
    """What truly happened. `entry` is the number of the collective entry it came in, 0 for none."""

    number: int
    on: date
    minor: int
    name: str
    text: str
    entry: int


class Row(NamedTuple):
    """One amount as a file tells of it; `parts` are the payments of a collective entry."""

    on: date
    minor: int
    name: str
    text: str
    ref: str
    parts: tuple[Payment, ...] = ()


@dataclass(frozen=True)
class Export:
    """A file that is fetched: its days, the bank's wording by now (0 to 2), whether it is fetched at noon of the last
    day, and the kind of its numbers. `download` counts the files."""

    form: str
    first: date
    last: date
    version: int
    at_noon: bool
    ids: str
    download: int

    def payments(self, history: Sequence[Payment]) -> list[Payment]:
        """What the file tells of."""
        inside = [one for one in history if self.first <= one.on <= self.last]
        if self.at_noon:
            inside = [one for one in inside if one.on < self.last or (one.entry or one.number) % 2]
        return [one for one in inside if one.entry] if self.form == "camt.054" else inside

    def write(self, history: Sequence[Payment]) -> bytes:
        rows = list(self._rows(self.payments(history)))
        later = [
            Row(self.last + timedelta(days=1), one.minor, one.name, "date in the future", "")
            for one in history
            if not one.entry and one.on == self.last + timedelta(days=2)
        ]
        return _WRITERS[self.form.partition(" d")[0]](rows, later, self).encode()

    def _rows(self, payments: list[Payment]) -> Iterator[Row]:
        for nth, one in enumerate(payments, 1):
            if not one.entry:
                yield self._worded(Row(one.on, one.minor, one.name, one.text, self._id(one.number, nth)))
            elif one == next(each for each in payments if each.entry == one.entry):
                parts = tuple(each for each in payments if each.entry == one.entry)
                total = sum(part.minor for part in parts)
                yield Row(one.on, total, "", "Collective credit", self._id(1000 + one.entry, nth), parts)

    def _id(self, number: int, nth: int) -> str:
        return {
            "unique": f"BK{number:07}X", "trivial": "NONREF", "counter": str(nth), "same": "SAME",
            "fresh": f"D{self.download}N{nth:05}",
        }[self.ids]  # fmt: skip

    def _worded(self, row: Row) -> Row:
        if self.version == 1:
            return row._replace(text=f"{row.text} #oak")
        return row._replace(name=row.name.upper(), text=row.text.replace("Gift", "Present")) if self.version else row


def collective(history: Sequence[Payment]) -> Iterator[list[Payment]]:
    """The payments of each collective entry."""
    for entry in sorted({one.entry for one in history} - {0}):
        yield [one for one in history if one.entry == entry]


def _amount(minor: int, point: str = ".") -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}{point}{abs(minor) % 100:02}"


def _csv(rows: list[Row], later: list[Row], _: Export) -> str:
    lines = ["Date;Name;Reference;Transaction ID;Status;Amount"]
    for status, told in (("Booked", rows), ("Pending", later)):
        lines += [
            f"{one.on:%d.%m.%Y};{one.name};{one.text};{one.ref};{status};{_amount(one.minor, ',')}" for one in told
        ]
    return "\n".join(lines) + "\n"


def _other_csv(rows: list[Row], later: list[Row], _: Export) -> str:
    lines = ["Booking date,Details,Direction,Progress,Value"]
    for status, told in (("booked", rows), ("pending", later)):
        lines += [
            f"{one.on},{one.name} {one.text},{_direction(one)},{status},{_amount(abs(one.minor))}" for one in told
        ]
    return "\n".join(lines) + "\n"


def _direction(row: Row) -> str:
    return "credit" if row.minor > 0 else "debit"


def _ofx(rows: list[Row], later: list[Row], export: Export) -> str:
    told = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{one.on:%Y%m%d}<TRNAMT>{_amount(one.minor)}<FITID>{one.ref}"
        f"<NAME>{one.name}<MEMO>{one.text}</STMTTRN>\n"
        for one in rows
    )
    noise = "".join(f"<!-- <STMTTRN><TRNAMT>{_amount(one.minor)}</STMTTRN> -->\n" for one in later)
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP\n"
        f"<BANKTRANLIST><DTSTART>{export.first:%Y%m%d}<DTEND>{export.last:%Y%m%d}\n{noise}{told}</BANKTRANLIST>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )


def _mt940(rows: list[Row], _later: list[Row], export: Export) -> str:
    transactions = "".join(
        f":61:{one.on:%y%m%d}{one.on:%m%d}{'C' if one.minor > 0 else 'D'}{_amount(abs(one.minor), ',')}NTRFNONREF"
        f"{f'//{one.ref}' if one.ref != 'NONREF' else ''}\n:86:{f'166?20{one.text}?32{one.name}'}\n"
        for one in rows
    )
    total = sum(one.minor for one in rows)
    closing = f"{'C' if total >= 0 else 'D'}{export.last:%y%m%d}GBP{_amount(abs(total), ',')}"
    return f":20:STMT\n:25:\n:28C:1/1\n:60F:C{export.first:%y%m%d}GBP0,00\n{transactions}:62F:{closing}\n-\n"


def _camt(rows: list[Row], later: list[Row], export: Export) -> str:
    container, unit = {
        "camt.052": ("BkToCstmrAcctRpt", "Rpt"), "camt.053": ("BkToCstmrStmt", "Stmt"),
        "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[export.form[:8]]  # fmt: skip
    with_parts = export.form in ("camt.053 details", "camt.054")
    entries = "".join(_entry(one, "BOOK", with_parts, export) for one in rows)
    entries += "".join(_entry(one, "PDNG", False, export) for one in later)
    return f"<Document><{container}><{unit}><Acct><Ccy>GBP</Ccy></Acct>{entries}</{unit}></{container}></Document>"


def _entry(row: Row, status: str, with_parts: bool, export: Export) -> str:
    parts = [
        replace(export, ids="trivial")._worded(Row(part.on, part.minor, part.name, part.text, ""))
        for part in row.parts
    ] if with_parts and row.parts else [] if row.parts else [row]  # fmt: skip
    details = "".join(
        f"<TxDtls><Amt Ccy='GBP'>{_amount(abs(part.minor))}</Amt>"
        f"<RltdPties><{_other(part)}><Nm>{escape(part.name)}</Nm></{_other(part)}></RltdPties><RmtInf><Ustrd>{escape(part.text)}</Ustrd></RmtInf></TxDtls>"
        for part in parts
    )
    return (
        f"<Ntry><Amt Ccy='GBP'>{_amount(abs(row.minor))}</Amt><CdtDbtInd>{'CRDT' if row.minor > 0 else 'DBIT'}"
        f"</CdtDbtInd><Sts>{status}</Sts><BookgDt><Dt>{row.on}</Dt></BookgDt><AcctSvcrRef>{row.ref}</AcctSvcrRef>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _other(row: Row) -> str:
    return "Dbtr" if row.minor > 0 else "Cdtr"


def _qif(rows: list[Row], _later: list[Row], _: Export) -> str:
    return "!Type:Bank\n" + "".join(f"D{one.on}\nT{_amount(one.minor)}\nP{one.name}\nM{one.text}\n^\n" for one in rows)


_WRITERS = {
    "csv": _csv, "other csv": _other_csv, "ofx": _ofx, "mt940": _mt940, "camt.052": _camt, "camt.053": _camt,
    "camt.054": _camt, "qif": _qif,
}  # fmt: skip
