"""What it costs to look: the total's fragment against a bare view that sends the same bytes, and the pages of appeals
with five thousand appeals and a million postings behind them. Returns the marks that were missed."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from donations.database import write_unit
from donations.models import Appeal, Fund
from tests.bench import books

MIN_SHARE, PAGE_P95_MS = 0.60, 30.0
APPEALS, CONNECTIONS, LOOKS, VIEWS = 5000, 8, 12_000, 400
ROOT = Path(__file__).parents[2]
TOTAL, PAGE = "/appeals/hands-off-ali/total", "/appeals/hands-off-ali"
GZIP = "Accept-Encoding: gzip"
Figures = dict[str, Any]
Serving = Callable[[str, dict[str, str]], AbstractContextManager[int]]


def fill() -> None:
    """A million postings behind one appeal, and five thousand appeals beside it."""
    books.fill()
    with write_unit() as conn:
        numbers = range(10_000, 10_000 + APPEALS)
        said = {"state": "open", "visibility": "shown", "currency": "GBP", "fee_bearer": "fund", "goal_minor": 100_000}
        conn.execute(
            insert(Appeal),
            [
                {
                    "id": number, "slug": f"bench-{number}", "position": number, "title": {"en": f"Appeal {number}"},
                    "discreet": number % 5 == 0, **said,
                }
                for number in numbers
            ],
        )  # fmt: skip
        conn.execute(
            insert(Fund),
            [
                {"appeal_id": number, "slug": f"bench-{number}-{part}", "kind": "campaign", "name": {"en": "Fund"}}
                for number in numbers
                for part in (1, 2)
            ],
        )


def measure(kind: str, port: int, serving: Serving, folder: Path) -> list[str]:
    """Ours, the bare view, ours again; then the pages."""
    given, etag = _as_sent(port, folder / f"{kind}.answer")
    missed = []
    with serving("tests.bench.bare:app", {"BARE_ANSWER": str(given)}) as bare:
        for name, headers, status in (("200", (GZIP,), 200), ("304", (GZIP, f"If-None-Match: {etag}"), 304)):
            turns = [(ours, look(ours, CONNECTIONS, LOOKS, TOTAL, *headers)) for ours in (port, bare, port, bare)]
            assert all(set(figures["statuses"]) == {str(status)} for _, figures in turns), turns
            rates = {of: sum(figures["rate"] for each, figures in turns if each == of) / 2 for of in (port, bare)}
            share = rates[port] / rates[bare]
            print(f"{kind}: total, {name}: {rates[port]:.0f}/s = {share:.0%} of the bare view's {rates[bare]:.0f}/s")
            if share < MIN_SHARE:
                missed.append(f"{kind}: total, {name}: at least {MIN_SHARE:.0%} of a bare view")
    if _page(kind, port, PAGE)["p95_ms"] > PAGE_P95_MS:
        missed.append(f"{kind}: {PAGE}: p95 at most {PAGE_P95_MS:.0f} ms")
    _page(kind, port, "/")  # It has no mark of its own, but must not be slow either.
    return missed


def _page(kind: str, port: int, path: str) -> Figures:
    look(port, 1, 20, path, GZIP)
    alone, busy = look(port, 1, VIEWS, path, GZIP), look(port, 4, VIEWS, path, GZIP)
    for name, figures in (("one connection", alone), ("four", busy)):
        print(
            f"{kind}: {path} by {name}: p50 {figures['p50_ms']:.1f} ms, p95 {figures['p95_ms']:.1f} ms,"
            f" {figures['rate']:.0f}/s; answers {figures['statuses']}"
        )
    return alone


def look(port: int, connections: int, times: int, path: str, *headers: str) -> Figures:
    command = [sys.executable, "-m", "tests.bench.readers", str(port), str(connections), str(times), path, *headers]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def _as_sent(port: int, file: Path) -> tuple[Path, str]:
    """Our answer, written down for the bare view to send. Returns the file and the ETag."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", TOTAL, headers={"Accept-Encoding": "gzip"})
    answer = line.getresponse()
    body, etag = answer.read(), answer.headers["ETag"]
    of_the_server = ("content-length", "server", "date", "connection", "transfer-encoding")
    headers = [pair for pair in answer.getheaders() if pair[0].lower() not in of_the_server]
    line.close()
    file.write_text(json.dumps({"body": body.hex(), "headers": headers, "etag": etag}), encoding="utf-8")
    return file, etag
