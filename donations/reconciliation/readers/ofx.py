"""OFX 1 (SGML, where values have no closing tag) and OFX 2 (XML): both are read by the same tags. Nothing in them
refers to anything outside, and a document type is refused."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from donations.errors import DonationsError
from donations.money import Money
from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.encoding import text_of
from donations.reconciliation.readers.types import (
    FIX_LINE,
    MAX_STATEMENTS,
    MAX_TEXT_LENGTH,
    N_,
    Draft,
    ReadLine,
    ReadStatements,
    broken,
    check_count,
    money,
    unreadable,
)

_ASIDE = rb"(?:\s|<!--.*?-->|<\?xml[^>]*\?>)*"
RECOGNISED = re.compile(rb"^" + _ASIDE + rb"(OFXHEADER\s*:|<OFX\s*>|<\?OFX)", re.IGNORECASE | re.DOTALL)
_DECLARED = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_HEADER = re.compile(rb"\s*(OFXHEADER|ENCODING|CHARSET)\s*:\s*([A-Za-z0-9._-]+)")
_STATEMENT = re.compile(r"<((?:CC)?STMTRS)>")
_VALUES = re.compile(r"<([A-Z][A-Z0-9.]*)>[ \t\r\n]*([^<\r\n]*)")
_PARTS = re.compile(r"<(BANKACCTFROM|CCACCTFROM|LEDGERBAL)>(.*?)</\1>", re.DOTALL)
# What an XML parser gives out as text, and what it passes over: comments and instructions are no data.
_NO_DATA = re.compile(r"<!\[CDATA\[(?P<data>.*?)\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)


def read(data: bytes) -> ReadStatements:
    """Raises BadStatement, BadStatementLine or StatementTooLarge."""
    text = _text(data)
    if "<!" in text and re.search(r"<!(DOCTYPE|ENTITY|ELEMENT)", text, re.IGNORECASE):
        raise unreadable(N_("the file has its own document type, which no bank uses"))
    if "<!" in text or "<?" in text:
        text = _NO_DATA.sub(_without, text)
    if "</OFX>" not in text:
        raise broken(text.count("\n") + 1, text[-60:].strip(), N_("the file is damaged or cut off here"))
    drafts: list[Draft] = []
    lines = Lines(text)
    for start, end in _statements(text):
        if len(drafts) >= MAX_STATEMENTS:
            raise unreadable(N_("the file has more statements than we accept at once"))
        drafts.append(_statement(text, start, end, lines))
    if not drafts or text.count("<STMTTRN>") != lines.movements:
        raise unreadable(N_("the file contains no statement, or an incomplete one"))
    form = "OFX 2" if data[:200].lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<?") else "OFX 1"
    return ReadStatements(form, tuple(draft.done() for draft in drafts))


def _without(match: re.Match[str]) -> str:
    """The data, or as many ends of lines as there were, so that lines keep their numbers."""
    data = match["data"]
    return "\n" * match[0].count("\n") if data is None else html.escape(data, quote=False)


def _text(data: bytes) -> str:
    declared = _DECLARED.search(data[:1000])
    if declared:
        return text_of(data, declared[1].decode("ascii"))
    head = {name.upper(): value.upper().decode("ascii") for name, value in _HEADER.findall(data[:1000])}
    if head.get(b"ENCODING") == "UTF-8":
        return text_of(data, "utf-8")
    # Many banks write UTF-8 under a header that says otherwise, so the charset named counts only where UTF-8 fails.
    charset = head.get(b"CHARSET", "").removeprefix("WINDOWS-").removeprefix("CP")
    if charset.startswith("125"):
        return text_of(data, instead=f"cp{charset}")
    return text_of(data, instead=charset if "8859" in charset else "")


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Where the inside of each statement begins and ends. Looked for, not matched: a lazy match takes three times as
    long."""
    at = 0
    while match := _STATEMENT.search(text, at):
        at = text.find(f"</{match[1]}>", match.end())
        if at < 0:
            raise unreadable(N_("the file contains no statement, or an incomplete one"))
        yield match.end(), at


class Lines:
    """Which line of the file a place is in; asked for in order, so that nothing is counted twice."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.line, self.movements = text, 0, 1, 0

    def number(self, place: int) -> int:
        self.line += self.text.count("\n", self.at, place)
        self.at = place
        return self.line


def _statement(text: str, start: int, end: int, lines: Lines) -> Draft:
    first = text.find("<STMTTRN>", start, end)
    last = text.rfind("</STMTTRN>", start, end)
    around = text[start : first if first >= 0 else end] + (text[last + 10 : end] if last >= 0 else "")
    where = lines.number(start)
    draft = Draft(pending=text.count("<STMTTRNP>", start, end))
    said = _said(_PARTS.sub("", around))
    parts = {name.removeprefix("CC").removeprefix("BANK"): _said(inner) for name, inner in _PARTS.findall(around)}
    draft.account = _account(parts.get("ACCTFROM", {}))
    try:
        draft.currency = amounts.known_currency(said.get("CURDEF", ""))
        draft.starts_on = amounts.compact_day(said["DTSTART"][:8]) if "DTSTART" in said else None
        draft.ends_on = amounts.compact_day(said["DTEND"][:8]) if "DTEND" in said else None
    except amounts.NotRead as error:
        raise broken(where, str(error), N_("this statement has no currency, or a date that is not valid")) from error
    for number, movement in _movements(text, start, end, lines):
        draft.add(_line(number, movement, draft.currency))
    balance = parts.get("LEDGERBAL", {})
    last_day = f"{max(line.booked_on for line in draft.lines):%Y%m%d}" if draft.lines else ""
    # The balance counts as the closing one only where no line of this file was booked after it.
    if "BALAMT" in balance and balance.get("DTASOF", "9")[:8] >= last_day:
        draft.closing = _amount(balance["BALAMT"], draft.currency, lines.number(end))
    return draft


def _movements(text: str, start: int, end: int, lines: Lines) -> Iterator[tuple[int, str]]:
    find = text.find
    at = find("<STMTTRN>", start, end)
    while at >= 0:
        number = lines.number(at)
        close = find("</STMTTRN>", at, end)
        after = find("<STMTTRN>", at + 9, end)
        if close < 0 or 0 <= after < close or close - at > MAX_TEXT_LENGTH:
            raise broken(number, text[at : at + 60], N_("this transaction is incomplete"))
        inner, at = text[at + 9 : close], after
        lines.movements += 1
        check_count(lines.movements)
        yield number, inner


def _line(number: int, movement: str, currency: str) -> ReadLine:
    said = dict(_VALUES.findall(movement))
    if "&" in movement:
        said = {name: _plain(value) for name, value in said.items()}
    if "CURRENCY" in said:  # Then the amount is in that currency; under ORIGCURRENCY it is in the statement's own.
        currency = said.get("CURSYM", "").strip().upper()
    try:
        booked_on = amounts.compact_day(said.get("DTPOSTED", "").strip()[:8])
        value_on = amounts.compact_day(said["DTAVAIL"].strip()[:8]) if "DTAVAIL" in said else None
    except amounts.NotRead as error:
        raise broken(number, said.get("DTPOSTED", ""), N_("this is not a date"), FIX_LINE) from error
    text, cheque, reference = said.get("MEMO", "").strip(), said.get("CHECKNUM", ""), said.get("REFNUM", "")
    if cheque or reference:
        text = " ".join(dict.fromkeys(each.strip() for each in (text, reference, cheque) if each))
    name = said.get("NAME", "") or said.get("EXTDNAME", "")
    return ReadLine(
        number, booked_on, value_on, _amount(said.get("TRNAMT", "").strip(), currency, number),
        said.get("FITID", "").strip(), name.strip(), _account(said) if "ACCTID" in said else "", text,
    )  # fmt: skip


def _account(said: dict[str, str]) -> str:
    bank, account = said.get("BANKID", "").strip(), said.get("ACCTID", "").strip()
    return f"{bank}/{account}" if bank and account and not account[:2].isalpha() else account


def _said(part: str) -> dict[str, str]:
    return {name: _plain(value) for name, value in _VALUES.findall(part)}


def _plain(value: str) -> str:
    return html.unescape(value).strip() if "&" in value else value.strip()


def _amount(text: str, currency: str, number: int) -> Money:
    try:
        return money(amounts.minor(text, currency, "," if "," in text else "."), currency)
    except (amounts.NotRead, DonationsError) as error:
        fault = N_("this is not an amount, or not in this currency")
        raise broken(number, f"{text} {currency}", fault, FIX_LINE) from error
