"""camt.052, camt.053 and camt.054 of every version: elements are known by their local names, so the namespace does not
matter. The file is never made into a tree: memory is bounded by its lines, whatever it holds.

defusedxml's parser guards (no DTD, no entities, nothing from outside); its tree is not built, because our handlers on
the same parser take a third of the time (docs/decisions/0013-own-statement-readers.md)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from xml.parsers.expat import ExpatError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from donations.reconciliation.readers import amounts
from donations.reconciliation.readers.camt_entries import Record, opening_and_closing, see_to_account, take_entry
from donations.reconciliation.readers.types import (
    FETCH_AGAIN,
    MAX_STATEMENTS,
    MAX_TEXT_LENGTH,
    N_,
    Draft,
    ReadStatements,
    broken,
    check_count,
    unreadable,
)
from donations.reconciliation.readers.types import FIX_LINE as FIX

MAX_DEPTH, MAX_DETAILS = 40, 20_000
CHUNK = 64 * 1024
_SAYS_UTF16 = re.compile(rb"\s*<\?xml[^>]*encoding=[\"']utf-?16", re.IGNORECASE)
_FORMS = {"BkToCstmrStmt": "camt.053", "BkToCstmrAcctRpt": "camt.052", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_PARTY = {"Nm": "{0}name", "Pty": {"Nm": "{0}name"}}
_OTHERS = {"Id": {"IBAN": "{0}account", "Othr": {"Id": "{0}account"}}}
_DETAILS = {
    "Refs": {"EndToEndId": "end_to_end", "AcctSvcrRef": "native_id", "ChqNb": "cheque", "MndtId": "mandate"},
    "Amt": "amount", "AmtDtls": {"TxAmt": {"Amt": "other_amount"}}, "CdtDbtInd": "side",
    "RltdPties": {
        "Dbtr": _PARTY, "DbtrAcct": _OTHERS, "Cdtr": _PARTY, "CdtrAcct": _OTHERS,
        "UltmtDbtr": _PARTY, "UltmtCdtr": _PARTY,
    },
    "RmtInf": {"Ustrd": "text+", "Strd": {
        "RfrdDocInf": {"Nb": "text+"}, "CdtrRefInf": {"Ref": "text+"}, "AddtlRmtInf": "text+",
    }},
    "AddtlTxInf": "more",
}  # fmt: skip
_DAY = {"Dt": "{0}", "DtTm": "{0}"}
_ENTRY = {
    "Amt": "amount", "CdtDbtInd": "side", "Sts": {"": "status", "Cd": "status", "Prtry": "status"},
    "BookgDt": _DAY, "ValDt": _DAY, "AcctSvcrRef": "native_id", "AddtlNtryInf": "more",
    "NtryDtls": {"TxDtls": _DETAILS},
}  # fmt: skip
_STATEMENT = {
    "Acct": {"Id": {"IBAN": "account", "Othr": {"Id": "account"}}, "Ccy": "currency"},
    "FrToDt": {"FrDtTm": "from", "ToDtTm": "to", "FrDt": "from", "ToDt": "to"},
    "Bal": {"Tp": {"CdOrPrtry": {"Cd": "type"}}, "Amt": "amount", "CdtDbtInd": "side", "Dt": _DAY},
    "Ntry": _ENTRY,
}  # fmt: skip
_AMOUNTS, _DAYS = {"amount", "other_amount"}, {"BookgDt", "ValDt", "Dt", "from", "to"}


# Parts whose leaves are kept under the part's own name.
_NAMED = {
    "Dbtr": "Dbtr",
    "DbtrAcct": "Dbtr",
    "Cdtr": "Cdtr",
    "CdtrAcct": "Cdtr",
    "UltmtDbtr": "UltmtDbtr",
    "UltmtCdtr": "UltmtCdtr",
} | {name: name for name in ("BookgDt", "ValDt", "Dt")}


def _wanted(shape: dict[str, Any], parent: str = "") -> dict[str, Any]:
    """The elements we take, as a tree of dicts; under "" the name by which a leaf is kept."""
    made: dict[str, Any] = {}
    for name, inner in shape.items():
        if name == "":
            made[""] = inner
        elif isinstance(inner, str):
            made[name] = {"": inner.format(parent)}
        else:
            made[name] = _wanted(inner, _NAMED.get(name, parent))
    return made


_TREE = {
    "Document": {
        container: {unit: _wanted(_STATEMENT)}
        for container, unit in zip(_FORMS, ("Stmt", "Rpt", "Ntfctn"), strict=True)
    }
}


def read(data: bytes) -> ReadStatements:
    """Raises BadStatement, BadStatementLine or StatementTooLarge."""
    reading = _Reading()
    # Programs made with .NET declare UTF-16 over bytes that are UTF-8.
    encoding = "utf-8" if _SAYS_UTF16.match(data) and b"\0" not in data[:200] else None
    parser = DefusedXMLParser(encoding=encoding, forbid_dtd=True)
    reading.attach(parser.parser)
    view = memoryview(data)
    try:
        for start in range(0, len(data), CHUNK):
            parser.parser.Parse(view[start : start + CHUNK], False)
        parser.parser.Parse(b"", True)
    except DefusedXmlException as error:
        raise unreadable(N_("the file has its own document type, which no bank uses")) from error
    except (ExpatError, ValueError, LookupError) as error:
        fault = N_("the file is damaged or cut off here")
        raise broken(parser.parser.CurrentLineNumber, str(error), fault, FETCH_AGAIN) from error
    if not reading.form:
        raise unreadable(N_("the file is XML, but not camt.052, camt.053, camt.054 or OFX"))
    return ReadStatements(reading.form, tuple(draft.done() for draft in reading.drafts))


class _Reading:
    """Where the parser is, and what it has found so far."""

    def __init__(self) -> None:
        self.form = ""
        self.drafts: list[Draft] = []
        self.lines = 0
        self.entries = 0

    def attach(self, parser: Any) -> None:
        """Make the parser call us. One closure for each kind of event: these run millions of times."""
        stack: list[Any] = [_TREE]
        names: dict[str, str] = {}
        text: list[str] = []
        record = Record()
        _prepare(parser)

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal record
            local = names.get(name) or _remember(names, name)
            # In a gateway's envelope the document is nested deeper.
            wanted = stack[-1].get(local) if stack[-1] else None if self.form else _TREE.get(local)
            stack.append(wanted)
            if wanted is None:
                _check_depth(len(stack))
                return
            kept = wanted.get("")
            if kept is not None:
                text.clear()
                parser.CharacterDataHandler = text.append
                if "Ccy" in attributes:
                    record.fields[f"{kept} currency"] = attributes["Ccy"]
            elif local in _STARTS:
                record = self.begin(local, record, parser.CurrentLineNumber)

        def end(name: str) -> None:
            nonlocal record
            wanted = stack.pop()
            if wanted is None:
                return
            kept = wanted.get("")
            if kept is not None:
                parser.CharacterDataHandler = None
                _keep(record, kept, "".join(text).strip(), parser)
                text.clear()
            elif names[name] in _ENDS:
                record = self.finish(names[name], record)

        parser.StartElementHandler, parser.EndElementHandler = start, end

    def begin(self, name: str, record: Record, line: int) -> Record:
        """A part begins whose leaves are kept together."""
        if name in _FORMS:
            self.form = _FORMS[name]
            return record
        if name in ("Stmt", "Rpt", "Ntfctn"):
            if len(self.drafts) >= MAX_STATEMENTS:
                raise unreadable(N_("the file has more statements than we accept at once"))
            self.drafts.append(Draft())
            return Record(line)
        if name == "Ntry":
            self.entries += 1
            see_to_account(self.drafts[-1], record)
            return Record(line, outer=record, place=self.entries)
        return Record(line, outer=record)

    def finish(self, name: str, record: Record) -> Record:
        """A part ends: make of it what it is."""
        outer = record.outer
        draft = self.drafts[-1]
        if name in ("TxDtls", "Bal"):
            assert outer is not None, "a statement stands around it"
            outer.details.append(record)
            if len(outer.details) > MAX_DETAILS:
                raise broken(record.line, name, N_("this record has more parts than we accept"))
            return outer
        if name == "Ntry":
            assert outer is not None, "a statement stands around it"
            self.lines += take_entry(draft, record)
            check_count(self.lines)
            return outer
        see_to_account(draft, record)
        draft.starts_on, draft.ends_on = record.days.get("from"), record.days.get("to")
        draft.opening, draft.closing = opening_and_closing(self.form, draft, record)
        return Record(0)


_ENDS = {"Stmt", "Rpt", "Ntfctn", "Ntry", "TxDtls", "Bal"}
_STARTS = _ENDS | set(_FORMS)


def _prepare(parser: Any) -> None:
    """Only what we ask for is called. defusedxml's guards are other handlers, and stay."""
    parser.buffer_text, parser.ordered_attributes = True, False
    parser.CharacterDataHandler = parser.DefaultHandlerExpand = None
    parser.CommentHandler = parser.ProcessingInstructionHandler = None


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise unreadable(N_("the parts of the file are nested deeper than in a statement"))


def _remember(names: dict[str, str], name: str) -> str:
    """The name without its namespace. A file with thousands of different names is no statement."""
    if len(names) > 2000:
        raise unreadable(N_("the file is XML, but not camt.052, camt.053, camt.054 or OFX"))
    local = names[name] = name.rpartition("}")[2]
    return local


def _keep(record: Record, kept: str, found: str, parser: Any) -> None:
    if not found:
        return
    if len(found) > MAX_TEXT_LENGTH:
        raise broken(parser.CurrentLineNumber, found, N_("this text is too long"))
    if kept == "text+":
        record.texts.append(found)
        if len(record.texts) > 200:
            raise broken(parser.CurrentLineNumber, found, N_("this text is too long"))
    elif kept in _DAYS:
        record.days[kept] = _day(found, parser)
    else:
        if kept in _AMOUNTS:
            _check_amount(found, record.fields.get(f"{kept} currency", ""), parser)
        record.fields.setdefault(kept, found)


def _day(found: str, parser: Any) -> date:
    try:
        return amounts.iso_day(found)
    except amounts.NotRead as error:
        raise broken(parser.CurrentLineNumber, found, N_("this is not a date"), FIX) from error


def _check_amount(found: str, currency: str, parser: Any) -> None:
    """Here the line is known. What is read now is read again later, from memory."""
    try:
        if amounts.minor(found, amounts.known_currency(currency) if currency else "KWD") < 0:
            raise amounts.NotRead(found)
    except amounts.NotRead as error:
        shown = f"{found} {currency}"
        raise broken(
            parser.CurrentLineNumber, shown, N_("this is not an amount, or not in this currency"), FIX
        ) from error
