"""Bank statements of any length to measure with: the same invented donations in each format, with balances that add
up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

FORMATS = ("camt", "mt940", "ofx", "csv")
START = date(2026, 1, 1)


def gifts(count: int) -> Iterator[tuple[int, date, int, str, str, str]]:
    """(number, day, pence, name, account, text)"""
    for number in range(count):
        yield (
            number, START + timedelta(days=number * 300 // count),
            500 + number % 97 * 50, f"Maya Example {number % 4000}",
            f"GB33BUKB20201555{number % 4000:06}", f"Gift for Ana REF ABCD-{number:06}",
        )  # fmt: skip


def made(form: str, count: int) -> bytes:
    total = sum(gift[2] for gift in gifts(count))
    return {"camt": _camt, "mt940": _mt940, "ofx": _ofx, "csv": _csv}[form](count, total).encode()


def _camt(count: int, total: int) -> str:
    def balance(kind: str, minor: int, day: date) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='GBP'>{minor / 100:.2f}</Amt>"
            f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
        )

    entries = "\n".join(
        f"<Ntry><NtryRef>{number}</NtryRef><Amt Ccy='GBP'>{minor / 100:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        f"<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>20260{number:09}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd>"
        "<SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED"
        f"</EndToEndId></Refs><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr><DbtrAcct><Id><IBAN>{account}</IBAN></Id>"
        f"</DbtrAcct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for number, day, minor, name, account, text in gifts(count)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">'
        "<BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id><Ccy>GBP</Ccy></Acct>"
        f"{balance('OPBD', 10000, START)}{balance('CLBD', 10000 + total, START + timedelta(days=300))}"
        f"{entries}</Stmt></BkToCstmrStmt></Document>"
    )


def _mt940(count: int, total: int) -> str:
    transactions = "\r\n".join(
        f":61:{day:%y%m%d%m%d}C{minor // 100},{minor % 100:02}NTRFNONREF//B{number:012}\r\n"
        f":86:166?00GUTSCHRIFT?20{text}?31{account}?32{name}"
        for number, day, minor, name, account, text in gifts(count)
    )
    closing = 10000 + total
    return (
        ":20:STARTUMS\r\n:25:GB29NWBK60161331926819\r\n:28C:1/1\r\n:60F:C260101GBP100,00\r\n"
        f"{transactions}\r\n:62F:C261028GBP{closing // 100},{closing % 100:02}\r\n-\r\n"
    )


def _ofx(count: int, total: int) -> str:
    transactions = "\n".join(
        f"<STMTTRN>\n<TRNTYPE>CREDIT\n<DTPOSTED>{day:%Y%m%d}120000\n<TRNAMT>{minor / 100:.2f}\n<FITID>{number:012}\n"
        f"<NAME>{name}\n<BANKACCTTO>\n<BANKID>202015\n<ACCTID>{account}\n<ACCTTYPE>CHECKING\n</BANKACCTTO>\n"
        f"<MEMO>{text}\n</STMTTRN>"
        for number, day, minor, name, account, text in gifts(count)
    )
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
        "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n<BANKMSGSRSV1>\n<STMTTRNRS>\n<TRNUID>1\n<STMTRS>\n<CURDEF>GBP\n"
        "<BANKACCTFROM>\n<BANKID>601613\n<ACCTID>31926819\n<ACCTTYPE>CHECKING\n</BANKACCTFROM>\n<BANKTRANLIST>\n"
        f"<DTSTART>20260101\n<DTEND>20261028\n{transactions}\n</BANKTRANLIST>\n<LEDGERBAL>\n"
        f"<BALAMT>{(10000 + total) / 100:.2f}\n<DTASOF>20261028\n</LEDGERBAL>\n</STMTRS>\n</STMTTRNRS>\n"
        "</BANKMSGSRSV1>\n</OFX>\n"
    )


def _csv(count: int, total: int) -> str:
    balance = 10000
    rows = []
    for number, day, minor, name, account, text in gifts(count):
        balance += minor
        rows.append(f'{day:%d.%m.%Y},"{name}",{account},"{text}",{number:012},{minor / 100:.2f},{balance / 100:.2f}')
    assert balance == 10000 + total
    return "Date,Name,Counterparty account,Reference,Transaction ID,Amount,Balance\r\n" + "\r\n".join(rows) + "\r\n"
