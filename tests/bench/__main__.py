"""`make bench`: webhook ingestion against the floor, what the ledger's check costs (`ledger`), and what looking at
totals and pages costs (`totals`) or the treasury (`dashboard`), on SQLite and PostgreSQL; what paper costs (`paper`).
Exit code 1 where a mark is missed."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from donations import appeals, create_app, database, ledger
from donations.cli.stage import free_port
from donations.extensions import db
from donations.models import Appeal, Entry, Mail, Receipt, StripeEvent
from tests.bench import abuse as of_abuse
from tests.bench import bodies, books
from tests.bench import dashboard as of_dashboard
from tests.bench import embeds as of_embeds
from tests.bench import ledger as of_ledger
from tests.bench import matching as of_matching
from tests.bench import paper as of_paper
from tests.bench import statements as of_statements
from tests.bench import totals as of_totals
from tests.fixtures.databases import ROOT, Cluster, Files, make_tables
from tests.fixtures.settings import WEBHOOK_SECRET, environ_for
from tests.needs import postgresql_binaries

MIN_SHARE, DUPLICATES_FASTER = 0.35, 2.0
CONNECTIONS, PROCESSES, THREADS = 8, 2, 4
Figures = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=list(MEASURES), default="webhooks")
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--lines", type=int, default=100_000, help="of each bank statement, or to match")
    parser.add_argument("--kinds", nargs="+", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    missed = of_ledger.converge() if asked.what == "ledger" else []
    measured = MEASURES[asked.what]
    size = asked.lines if asked.what in ("statements", "matching") else asked.events
    with tempfile.TemporaryDirectory(prefix="ff-bench-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        for kind in ["sqlite"] if asked.what == "paper" else asked.kinds:  # Paper asks no database for much.
            missed += measured(kind, size, Path(folder))
    for line in missed:
        print(f"MISSED: {line}")
    sys.exit(bool(missed))


def measure(kind: str, events: int, folder: Path) -> list[str]:
    """Floor, ours, duplicates, forged, floor again. Returns the marks that were missed."""
    with servers_for(kind, folder) as server:
        url, floor_url = prepared(server), server.create(None)
        sent = folder / f"{kind}.bodies"
        sent.write_bytes(b"\n".join(event_bodies(url, events)))
        floors = [run_floor(floor_url, sent, fresh=True)]
        with serving("wsgi:app", environ_for(url)) as port:
            ours = load(port, WEBHOOK_SECRET, sent)
            duplicates = load(port, WEBHOOK_SECRET, sent)
            before = rows(url)
            forged = load(port, "whsec_of_somebody_else", sent)
        after = rows(url)
        floors.append(run_floor(server.create(None), sent, fresh=True))
    floor = sum(each["rate"] for each in floors) / len(floors)
    report(kind, floor, floors, ours, duplicates, forged)
    return judge(kind, events, floor, ours, duplicates, before, after)


def measure_ledger(kind: str, events: int, folder: Path) -> list[str]:
    """The check of a million postings by itself, webhooks by themselves, and both at once."""
    with servers_for(kind, folder) as server:
        url = prepared(server)
        with inside(url):
            books.fill()
        sent = event_bodies(url, 2 * events)
        calm_sent, held_sent = folder / f"{kind}.calm", folder / f"{kind}.held"
        calm_sent.write_bytes(b"\n".join(sent[:events]))
        held_sent.write_bytes(b"\n".join(sent[events:]))
        alone = of_ledger.asked(url)
        with serving("wsgi:app", environ_for(url)) as port, ThreadPoolExecutor(1) as pool:
            calm = load(port, WEBHOOK_SECRET, calm_sent)
            asking = pool.submit(of_ledger.asked, url)
            held = load(port, WEBHOOK_SECRET, held_sent)
            busy = asking.result()
    return of_ledger.judge(kind, alone, busy, calm, held)


def measure_totals(kind: str, _events: int, folder: Path) -> list[str]:
    """Totals and pages, with many appeals and a million postings behind them."""
    with servers_for(kind, folder) as server:
        url = prepared(server)
        with inside(url):
            of_totals.fill()
        with serving("wsgi:app", environ_for(url)) as port:
            return of_totals.measure(kind, port, serving, folder)


def measure_dashboard(kind: str, _events: int, folder: Path) -> list[str]:
    """The treasury's first page, with a million postings behind it."""
    with servers_for(kind, folder) as server:
        url = prepared(server)
        with inside(url):
            cookie = of_dashboard.fill()
        return of_dashboard.measure(kind, cookie, environ_for(url), serving)


def measure_embeds(kind: str, _events: int, folder: Path) -> list[str]:
    """Viewers through nginx, while donations arrive."""
    with servers_for(kind, folder) as server:
        url = prepared(server)
        sent = folder / f"{kind}.gifts"
        sent.write_bytes(b"\n".join(event_bodies(url, of_embeds.gifts())))
        return of_embeds.measure(kind, WEBHOOK_SECRET, sent, environ_for(url), serving, folder)


def measure_paper(kind: str, _events: int, folder: Path) -> list[str]:
    with servers_for(kind, folder) as server, inside(prepared(server)):
        return of_paper.measure()


def measure_statements(kind: str, lines: int, folder: Path) -> list[str]:
    """Bank statements of every format imported, against parsing and inserting alone."""
    with servers_for(kind, folder) as server:
        return of_statements.measure(kind, lines, folder, server, prepared(server))


def measure_matching(kind: str, lines: int, folder: Path) -> list[str]:
    """Statement lines against as many open donations."""
    with servers_for(kind, folder) as server:
        return of_matching.measure(kind, lines, server, prepared(server))


def measure_abuse(kind: str, _events: int, folder: Path) -> list[str]:
    """A night of card testing beside honest supporters."""
    with servers_for(kind, folder) as server:
        return of_abuse.measure(kind, server.create(None), folder)


def judge(
    kind: str, events: int, floor: float, ours: Figures, duplicates: Figures, before: Figures, after: Figures
) -> list[str]:
    marks = {
        f"{kind}: ours at least {MIN_SHARE:.0%} of the floor": ours["rate"] >= MIN_SHARE * floor,
        f"{kind}: duplicates at least {DUPLICATES_FASTER} times as fast": duplicates["rate"]
        >= DUPLICATES_FASTER * ours["rate"],
        f"{kind}: each event kept, booked, receipted, mailed once, the books sound": after
        == {"events": events, "entries": events, "receipts": events, "mails": events, "sound": True},
        f"{kind}: forged posts write nothing": before == after,
    }
    return [mark for mark, met in marks.items() if not met]


def report(kind: str, floor: float, floors: list[Figures], ours: Figures, duplicates: Figures, forged: Figures) -> None:
    print(f"{kind}: floor {floor:.0f}/s, the mean of", " and ".join(f"{each['rate']:.0f}" for each in floors))
    for name, figures in (("ours", ours), ("duplicates", duplicates), ("forged", forged)):
        print(
            f"{kind}: {name:10} {figures['rate']:6.0f}/s = {figures['rate'] / floor:4.0%} of the floor;"
            f" p50 {figures['p50_ms']:.1f} ms, p99 {figures['p99_ms']:.1f} ms, most {figures['max_ms']:.0f} ms;"
            f" answers {figures['statuses']}"
        )


@contextmanager
def servers_for(kind: str, folder: Path) -> Iterator[Files | Cluster]:
    """Databases that are durable: every commit reaches the disk, as it would for real."""
    if kind == "sqlite":
        yield Files(folder)
        return
    place = folder / "postgresql"
    place.mkdir()
    cluster = Cluster(place, postgresql_binaries(), durable=True)
    try:
        yield cluster
    finally:
        cluster.stop()


def prepared(server: Files | Cluster) -> str:
    url = server.create(None)
    with inside(url):
        make_tables()
        with database.write_unit():
            appeals.load((ROOT / "appeals.toml").read_text(encoding="utf-8"), at=datetime.now(UTC))
    return url


def event_bodies(url: str, count: int) -> list[bytes]:
    with inside(url):
        references = bodies.begin_donations(Appeal.by_slug("fighting-fund"), count)
    return [bodies.charge_succeeded(reference, number) for number, reference in enumerate(references)]


def rows(url: str) -> Figures:
    with inside(url):
        counts = {
            name: db.session.scalar(select(func.count()).select_from(model))
            for name, model in (("events", StripeEvent), ("entries", Entry), ("receipts", Receipt), ("mails", Mail))
        }
        return {**counts, "sound": ledger.check(db.session.connection(), datetime.now(UTC)).sound}


@contextmanager
def inside(url: str) -> Iterator[None]:
    app = create_app(environ_for(url))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def run_floor(url: str, sent: Path, *, fresh: bool) -> Figures:
    target = url if url.startswith("sqlite") else url.replace("postgresql+psycopg", "postgresql")
    environ = {"FLOOR_SECRET": WEBHOOK_SECRET, "FLOOR_DATABASE": target}
    if fresh:
        make = [sys.executable, "-c", "from tests.bench.floor import make_tables; make_tables()"]
        subprocess.run(make, env={**machine(), **environ}, cwd=ROOT, check=True)
    with serving("tests.bench.floor:app", environ) as port:
        return load(port, WEBHOOK_SECRET, sent)


@contextmanager
def serving(target: str, environ: dict[str, str]) -> Iterator[int]:
    """The target under granian, as `donations serve` runs it."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--log-level", "error"),
        *("--workers", str(PROCESSES), "--blocking-threads", str(THREADS), target),
    ]
    process = subprocess.Popen(command, env={**machine(), **environ}, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_until_it_answers(port: int) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def load(port: int, secret: str, sent: Path) -> Figures:
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(CONNECTIONS), secret, str(sent)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def machine() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}


MEASURES = {
    "webhooks": measure,
    "ledger": measure_ledger,
    "totals": measure_totals,
    "dashboard": measure_dashboard,
    "embeds": measure_embeds,
    "paper": measure_paper,
    "statements": measure_statements,
    "matching": measure_matching,
    "abuse": measure_abuse,
}

if __name__ == "__main__":
    main()
