"""What the treasurer's first page and its parts cost with a million postings behind them, nothing kept from the look
before; beside a page of the same frame that asks almost nothing. Returns the marks that were missed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from donations import staff, tokens
from donations.database import write_unit
from donations.reconciliation import balance_snapshots
from donations.staff import second_factor, sessions
from tests.bench import books
from tests.bench.totals import Figures, look

P95_MS = 250.0
VIEWS = 40
PAGE, PARTIALS = "/treasury/", ("/treasury/_open-items", "/treasury/_funds", "/treasury/_income")
FLOOR = "/treasury/periods"
Serving = Callable[[str, dict[str, str]], AbstractContextManager[int]]


def fill() -> str:
    """A million postings as the worker has marked them, and a treasurer who has signed in. Returns their cookie."""
    books.fill()
    with write_unit() as conn:
        balance_snapshots.keep(conn, balance_snapshots.calculate(conn, at=datetime.now(UTC)))
    with write_unit() as conn:
        at = datetime.now(UTC)
        person = staff.invite(conn, "bench@example.org", ["treasurer"], language="en", by="cli:bench", at=at)
        secret = second_factor.prepare_totp(person)
        second_factor.confirm_totp(conn, person, second_factor.codes().code(secret, at), at=at)
        staff.join(conn, tokens.for_invitation(person.id, person.link_key), "Bench", "a bench of a million", at=at)
    with write_unit():
        _, key = sessions.begin(person, stage="full", place=b"x", browser="bench", at=datetime.now(UTC))
    return f"Cookie: staff=s.{key}"


def measure(kind: str, cookie: str, environ: dict[str, str], serving: Serving) -> list[str]:
    missed = []
    with serving("tests.bench.cold:app", environ) as port:
        for path in (FLOOR, PAGE, *PARTIALS):
            figures = _look(port, path, cookie)
            name = f"{path} (the floor)" if path == FLOOR else path
            print(f"{kind}: {name}: p50 {figures['p50_ms']:.0f} ms, p95 {figures['p95_ms']:.0f} ms")
            if path != FLOOR and figures["p95_ms"] > P95_MS:
                missed.append(f"{kind}: {path} with a million postings: p95 at most {P95_MS:.0f} ms")
    return missed


def _look(port: int, path: str, cookie: str) -> Figures:
    look(port, 1, 5, path, cookie)
    figures = look(port, 1, VIEWS, path, cookie)
    assert set(figures["statuses"]) == {"200"}, figures
    return figures
