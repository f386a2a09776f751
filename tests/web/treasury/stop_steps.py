"""What the tests of a posting stop share: a ledger broken past its guards, the stop found by the worker, and a
treasurer who corrects what the page shows, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from donations import ledger
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import PostingStop, StripeEvent
from donations.web.page import now
from donations.worker.ledger_checks import check_ledger
from donations.worker.queues import handle_events
from tests.events import fresh
from tests.web.staff.conftest import Browser

PAGE = "/treasury/posting-stop"
GUARDED = ("posting", "entry", "receipt", "audit", "correction", "receipt_gap")
Link = tuple[str, str]


def corrupt(*statements: str) -> None:
    """Run them as the owner of the database could: its guards are removed, and restored afterwards."""
    with write_unit() as conn, _unguarded(conn):
        for statement in statements:
            assert conn.execute(text(statement)).rowcount, statement


@contextmanager
def _unguarded(conn: Connection) -> Iterator[None]:
    if conn.dialect.name == "postgresql":
        for table in GUARDED:
            conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield
        conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for table in GUARDED:
            conn.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        return
    kept = conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _ in kept:
        conn.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _, sql in kept:
        conn.exec_driver_sql(sql)


def stopped() -> str:
    """The worker checks the ledger, and stops posting. Returns the reason."""
    check_ledger(now())
    fresh()
    halt = db.session.get(PostingStop, 1)
    assert halt is not None
    return halt.reason


def grave() -> list[str]:
    """The invariants that do not hold, and stop posting."""
    with snapshot() as conn:
        return sorted({finding.invariant for finding in ledger.grave(conn)})


def accepted() -> list[str]:
    with snapshot() as conn:
        return sorted({finding.invariant for finding, _ in ledger.check(conn, now()).accepted})


def links(browser: Browser, kind: str = "") -> list[str]:
    """The corrections that the page offers, in its order."""
    found = [unescape(one) for one in re.findall(r'href="(/treasury/posting-stop/[^"]+)"', browser.get(PAGE).text)]
    return [one for one in found if one.partition("?")[0].endswith(f"/{kind}") or not kind]


def press(browser: Browser, link: str, reason: str = "Found in the monthly check", **typed: str) -> TestResponse:
    """Open a correction and send its form as it was shown."""
    shown = browser.get(link)
    assert shown.status_code == 200, link
    key = re.findall(r'name="form_key" value="([^"]+)"', shown.text)[0]
    return browser.post(link, form_key=key, reason=reason, **typed)


def correct_all(browser: Browser) -> list[str]:
    """Press the first correction that the page offers, again and again, until none is left. Returns their kinds."""
    pressed: list[str] = []
    while offered := links(browser):
        assert len(pressed) < 20, grave()
        answer = press(browser, offered[0])
        assert answer.status_code == 303, re.findall(r'<li><a href="#\w+">([^<]+)', answer.text)
        pressed.append(offered[0].partition("?")[0].rpartition("/")[2])
    return pressed


def health(client: FlaskClient) -> tuple[int, list[str]]:
    answer: Any = client.get("/healthz")
    return answer.status_code, [fault for fault in answer.json.get("faults", []) if fault.startswith("posting")]


def event_state(event_id: str) -> str:
    fresh()
    return db.session.get_one(StripeEvent, event_id).state


def handle_what_waits() -> None:
    while handle_events(now() + timedelta(seconds=1)):
        pass


def acts(*names: str) -> Sequence[str]:
    fresh()
    rows = db.session.execute(text("SELECT act FROM audit ORDER BY id")).scalars()
    return [one for one in rows if one in names or not names]
