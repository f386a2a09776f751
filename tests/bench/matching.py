"""What matching costs, in processor time: lines against as many open donations, most of them of a few amounts, looked
at and decided; and what posting one match costs. In a process of its own: `python -m tests.bench.matching URL
LINES`."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from donations import create_app, privacy, references
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import Allocation, Appeal, BankAccount, Donation, OfflineDonation, Statement, StatementLine
from donations.reconciliation import matching
from tests.fixtures.databases import ROOT, Cluster, Files
from tests.fixtures.settings import environ_for

MAX_SECONDS, MAX_TIMES, FEWER, BOOKED = 30.0, 12.0, 10, 300
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
AMOUNTS = (500, 1000, 1500, 2000, 2500, 3000, 5000, 10_000)
FIRST = "Maya Ben Ann Omar Юлия Пётр Lena José Ivan Noor".split()
Figures = dict[str, Any]
CHUNK = 2000


def measure(kind: str, lines: int, server: Files | Cluster, template: str) -> list[str]:
    """A tenth of the lines against a tenth of the donations, then all. Returns the marks that were missed."""
    few, all_ = (_run(server, template, count) for count in (lines // FEWER, lines))
    times = all_["decided"] / few["decided"]
    for figures in (few, all_):
        print(
            f"{kind}: {figures['lines']} lines against {figures['gifts']} open gifts: {figures['decided']:.1f} s to"
            f" look and decide ({figures['certain']} certain, {figures['proposed']} proposed), {figures['kept']:.1f} s"
            f" to keep the proposals; booking {figures['booked_ms']:.1f} ms a line; {figures['peak_mb']:.0f} MB"
        )
    print(f"{kind}: ten times the rows in {times:.1f} times the time")
    marks = {
        f"{kind}: {lines} lines matched in {MAX_SECONDS:.0f} s": all_["decided"] + all_["kept"] <= MAX_SECONDS,
        f"{kind}: ten times the rows in {MAX_TIMES:.0f} times the time": times <= MAX_TIMES,
        f"{kind}: every line by its code is certain": all_["certain"] == all_["coded"],
    }
    return [mark for mark, met in marks.items() if not met]


def _run(server: Files | Cluster, template: str, lines: int) -> Figures:
    url = server.create(template)
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.bench.matching", url, str(lines)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT, env=environ)
    server.drop(url)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def main() -> None:
    url, lines = sys.argv[1], int(sys.argv[2])
    app = create_app(environ_for(url))
    with app.app_context():
        coded = fill(lines)
        figures = {"lines": lines, "gifts": lines, "coded": coded, **_asked()}
        db.session.remove()
        db.engine.dispose()
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps({**figures, "peak_mb": int(peak.split()[1]) / 1024}))


def _asked() -> Figures:
    began = time.process_time()
    with snapshot() as conn:
        decisions = matching.plan(conn)
    decided = time.process_time() - began
    certain = sum(one.certain is not None for one in decisions)
    proposed = sum(bool(one.proposed) for one in decisions)
    del decisions
    began = time.process_time()
    done = matching.run(write_unit, snapshot, at=AT, most=0)
    assert done.proposed == proposed, "what was planned was not kept"
    kept = time.process_time() - began - decided
    began = time.process_time()
    booked = matching.run(write_unit, snapshot, at=AT, most=BOOKED).confirmed
    booked_ms = max(0.0, time.process_time() - began - decided) * 1000 / max(booked, 1)
    return {"decided": decided, "certain": certain, "proposed": proposed, "kept": kept, "booked_ms": booked_ms}


def fill(count: int) -> int:
    """Donations expected from people of whom some share names, and a line for each: four of ten with the donation's
    code, two with the payer's account, two with the name, the rest unknown. Returns how many have a code."""
    chance = random.Random(11)
    with write_unit() as conn:
        appeal = db.session.scalars(select(Appeal).where(Appeal.slug == "hands-off-ali")).one()
        appeal_id, fund_id = appeal.id, appeal.funds[0].id
        db.session.add(BankAccount(id=1, name="Current account", currency="GBP"))
        db.session.flush()
        db.session.add(Statement(
            id=1, bank_account_id=1, file_name="", file_sha256="", format="", lines_new=count, lines_known=0,
            imported_by="bench", imported_at=AT,
        ))  # fmt: skip
        db.session.flush()
        seal, hashed = privacy.sealer(), privacy.hasher("bank payer")
        people = [_person(chance, number, count) for number in range(1, count + 1)]
        for start in range(0, count, CHUNK):
            some = people[start : start + CHUNK]
            for model, rows in _gifts(some, seal, hashed, appeal_id, fund_id):
                conn.execute(insert(model), rows)
            conn.execute(insert(StatementLine), list(_lines(some, seal, hashed, count)))
    return sum(person["how"] == "code" for person in people)


def _person(chance: random.Random, number: int, count: int) -> Figures:
    return {
        "id": number,
        "name": f"{chance.choice(FIRST)} {chance.choice(FIRST)}son{chance.randrange(count // 20 + 1)}",
        "amount": chance.choice(AMOUNTS),
        "account": f"DE{number:020}",
        "how": chance.choices(("code", "account", "name", "nothing"), (4, 2, 2, 2))[0],
        "on": date(2026, 11, 20) - timedelta(days=chance.randrange(60)),
    }


def _gifts(some: list[Figures], seal: Any, hashed: Any, appeal_id: int, fund_id: int) -> Iterator[tuple[Any, Any]]:
    shared = {
        "appeal_id": appeal_id, "source": "bank", "state": "pending", "currency": "GBP", "interval": "once",
        "language": "en", "display": "secret", "fee_bearer": "fund", "personal_until": date(2032, 1, 1),
        "created_at": AT,
        "terms": {"organisation": "", "appeal_title": "", "fund_names": [], "restriction": ""},
    }  # fmt: skip
    yield Donation, [
        {
            "id": one["id"], "reference": f"bench{one['id']}", "donor_id": f"donor{one['id']}",
            "amount_minor": one["amount"], "name_sealed": seal(one["name"], f"donation:bench{one['id']}:name"),
            **shared,
        }
        for one in some
    ]  # fmt: skip
    yield Allocation, [{"donation_id": one["id"], "fund_id": fund_id, "amount_minor": one["amount"]} for one in some]
    yield OfflineDonation, [
        {
            "id": one["id"], "donation_id": one["id"], "method": "bank", "state": "expected",
            "received_on": one["on"], "payer_hash": hashed(one["account"]), "recorded_by": "bench",
            "recorded_at": AT, "counted_by": [], "denominations": {},
        }
        for one in some
    ]  # fmt: skip


def _lines(some: list[Figures], seal: Any, hashed: Any, count: int) -> Iterator[Figures]:
    for one in some:
        number, how = one["id"], one["how"]
        said = {
            "name": one["name"].upper() if how == "name" else "SOMEBODY ELSE",
            "account": one["account"] if how == "account" else "",
            "text": f"FASTER PAYMENT {references.code_of_gift(number) if how == 'code' else 'OFFERING FOR A FRIEND'}",
            "native_id": f"N{number}",
        }
        line_id = count + number
        yield {
            "id": line_id, "bank_account_id": 1, "statement_id": 1, "position": number, "booked_on": one["on"],
            "amount_minor": one["amount"], "currency": "GBP",
            "details_sealed": seal(json.dumps(said), f"bank_line:{line_id}:details"),
            "payer_hash": hashed(one["account"]) if how == "account" else None,
            "personal_until": date(2032, 1, 1), "dedupe_key": str(number).encode(), "occurrence": 1,
        }  # fmt: skip


if __name__ == "__main__":
    main()
