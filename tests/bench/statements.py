"""What importing a bank statement of 100,000 lines costs, in processor time and memory, against a floor: the fastest
parser of its format that we know, and a raw insert of the rows into the same table. Each runs in a process of its own:
`python -m tests.bench.statements URL ours|floor FORMAT FILE`."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from donations import create_app
from donations.database import write_unit
from donations.extensions import db
from donations.models import BankAccount
from donations.reconciliation import statements
from tests.bench import statement_files
from tests.fixtures.databases import ROOT, Cluster, Files
from tests.fixtures.settings import environ_for

MAX_TIMES, MAX_MB, ROUNDS = 2.0, 250.0, 3
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
Figures = dict[str, Any]
Parsed = Iterator[tuple[date, int, str, str]]


def measure(kind: str, lines: int, folder: Path, server: Files | Cluster, template: str) -> list[str]:
    """Each format, ours and the floor in turns, the best of each. Returns the marks that were missed."""
    missed = []
    for form in statement_files.FORMATS:
        file = folder / f"{form}.statement"
        file.write_bytes(statement_files.made(form, lines))
        ours, floors = [], []
        for _ in range(ROUNDS):
            for how, into in (("floor", floors), ("ours", ours)):
                url = server.create(template)
                into.append(_run(url, how, form, file))
                server.drop(url)
        missed += _judge(kind, form, lines, ours, floors)
    return missed


def _judge(kind: str, form: str, lines: int, ours: list[Figures], floors: list[Figures]) -> list[str]:
    best = min(each["seconds"] for each in ours)
    floor = min(each["seconds"] for each in floors)
    peak = max(each["peak_mb"] for each in ours)
    print(
        f"{kind}: {form:5} {lines} lines: {best:.2f} s = {best / floor:.2f} times the floor of {floor:.2f} s; read in"
        f" {min(each['read'] for each in ours):.2f} s (floor {min(each['read'] for each in floors):.2f} s);"
        f" at most {peak:.0f} MB, of which {ours[0]['before_mb']:.0f} MB before"
    )
    marks = {
        f"{kind}: {form} at most {MAX_TIMES} times the floor": best <= MAX_TIMES * floor,
        f"{kind}: {form} in at most {MAX_MB:.0f} MB": peak <= MAX_MB,
        f"{kind}: {form} every line imported": all(each["lines"] == lines for each in ours + floors),
    }
    return [mark for mark, met in marks.items() if not met]


def _run(url: str, how: str, form: str, file: Path) -> Figures:
    command = [sys.executable, "-m", "tests.bench.statements", url, how, form, str(file)]
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=environ)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    url, how, form, file = sys.argv[1:]
    app = create_app(environ_for(url))
    with app.app_context():
        with write_unit():
            db.session.add(BankAccount(id=1, name="Current account", currency="GBP"))
        before = _peak_kb()
        began = time.process_time()
        lines, read = (_ours if how == "ours" else _floor)(form, Path(file))
        seconds = time.process_time() - began
        peak = _peak_kb()
        db.session.remove()
        db.engine.dispose()
    figures = {"seconds": seconds, "read": read, "lines": lines, "peak_mb": peak / 1024, "before_mb": before / 1024}
    print(json.dumps(figures))


def _peak_kb() -> int:
    """The most this process has held in memory. What getrusage says includes the process it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


def _ours(form: str, file: Path) -> tuple[int, float]:
    began = time.process_time()
    account = db.session.get_one(BankAccount, 1)
    read = statements.read_file(file.read_bytes(), file.name, account)
    seconds = time.process_time() - began
    with write_unit() as conn:
        done = statements.import_file(conn, account, read, by="bench", at=AT)
    return done.new, seconds


def _floor(form: str, file: Path) -> tuple[int, float]:
    """Parsed, and written by the driver as it is: nothing checked, nothing sealed, nothing looked up."""
    began = time.process_time()
    # Keys by chance, as hashes are: they cost the indexes what ours cost.
    rows = [
        (number, number, day, minor, details.encode(), key.encode() + os.urandom(32), os.urandom(32))
        for number, (day, minor, key, details) in enumerate(_PARSERS[form](file), 1)
    ]
    seconds = time.process_time() - began
    mark = "?" if db.engine.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * 7)
    statement = (
        "INSERT INTO statement_line (bank_account_id, statement_id, currency, personal_until, occurrence, id,"
        f" position, booked_on, amount_minor, details_sealed, dedupe_key, payer_hash) VALUES (1, 1, 'GBP',"
        f" '2032-11-22', 1, {marks})"
    )
    if mark == "?":
        rows = [(number, place, str(day), *rest) for number, place, day, *rest in rows]  # type: ignore[misc]
    with write_unit() as conn:
        conn.exec_driver_sql(
            "INSERT INTO statement (id, bank_account_id, file_name, file_sha256, format, lines_new, lines_known,"
            " imported_by, imported_at) VALUES (1, 1, '', '', '', 0, 0, '', '2026-11-21 12:00:00')"
        )
        conn.connection.cursor().executemany(statement, rows)
    return len(rows), seconds


def _camt(file: Path) -> Parsed:
    space = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.02}"
    for _, element in ET.iterparse(file):
        if element.tag == f"{space}Ntry":
            text = element.findtext
            amount, key = text(f"{space}Amt", ""), text(f"{space}AcctSvcrRef", "")
            day = date.fromisoformat(text(f"{space}BookgDt/{space}Dt", ""))
            details = [text(f".//{space}{name}", "") for name in ("Nm", "IBAN", "Ustrd")]
            yield day, int(amount.replace(".", "")), key, json.dumps(details)
            element.clear()


_MT940 = re.compile(
    r":61:(\d{6})\d{4}C(\d+),(\d\d)NTRFNONREF//(\S+)\r\n:86:166\?00GUTSCHRIFT\?20(.*?)\?31(.*?)\?32(.*)\r"
)


def _mt940(file: Path) -> Parsed:
    for day, pounds, pence, key, *details in _MT940.findall(file.read_bytes().decode()):
        booked_on = date(2000 + int(day[:2]), int(day[2:4]), int(day[4:]))
        yield booked_on, int(pounds + pence), key, json.dumps(details)


_OFX = re.compile(
    r"<STMTTRN>\n<TRNTYPE>CREDIT\n<DTPOSTED>(\d{8})\d+\n<TRNAMT>(.*)\n<FITID>(.*)\n<NAME>(.*)\n<BANKACCTTO>\n<BANKID>.*\n"
    r"<ACCTID>(.*)\n<ACCTTYPE>.*\n</BANKACCTTO>\n<MEMO>(.*)\n</STMTTRN>"
)


def _ofx(file: Path) -> Parsed:
    for day, amount, key, *details in _OFX.findall(file.read_bytes().decode()):
        yield date.fromisoformat(day), int(amount.replace(".", "")), key, json.dumps(details)


def _csv(file: Path) -> Parsed:
    with file.open(encoding="utf-8", newline="") as opened:
        rows = csv.reader(opened)
        next(rows)
        for day, name, account, text, key, amount, _ in rows:
            booked_on = date(int(day[6:]), int(day[3:5]), int(day[:2]))
            yield booked_on, int(amount.replace(".", "")), key, json.dumps([name, account, text])


_PARSERS: dict[str, Callable[[Path], Parsed]] = {"camt": _camt, "mt940": _mt940, "ofx": _ofx, "csv": _csv}

if __name__ == "__main__":
    main()
