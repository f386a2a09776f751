"""The branch returns of the demo's month, made by the same verbs as through their links: most of it accepted, one
rejected, some still waiting for the treasurer. No invented people: no names."""

from __future__ import annotations

from datetime import datetime, timedelta

from donations import audit
from donations.database import write_unit
from donations.extensions import db
from donations.giving import branch_returns
from donations.giving.branch_returns import SubmittedReturn, Words
from donations.models import Appeal, BranchReturn, Staff

COUNTED_BY = ("Branch treasurer", "Branch secretary")
# Region, days ago, how it came, minor units by kind, what became of it.
SUBMITTED: tuple[tuple[str, int, str, dict[str, int], str], ...] = (
    ("Wales", 30, "cash", {"collection": 62000, "raffle": 31550, "paper_sales": 54000}, "accepted"),
    ("London", 28, "cash", {"collection": 118400, "paper_sales": 76250}, "accepted"),
    ("West Midlands", 21, "cash", {"stall": 41200, "paper_sales": 63800, "collection": 58000}, "accepted"),
    ("Yorkshire", 17, "cheque", {"collection": 70000}, "accepted"),
    ("Wales", 12, "cash", {"collection": 52000, "stall": 23025}, "accepted"),
    ("East Midlands", 8, "cash", {"paper_sales": 18350, "raffle": 9200}, "accepted"),
    ("Bristol and the South West", 5, "cash", {"collection": 4180}, "declined"),
    ("London", 3, "bank", {"standing_orders": 24000}, "new"),
    ("Yorkshire", 1, "cash", {"stall": 8845, "paper_sales": 12600}, "new"),
)


def submit(now: datetime, treasurer: Staff) -> None:
    """All of the month, and a link for each branch."""
    with write_unit():
        for area in Appeal.by_slug("fighting-fund").areas:
            branch_returns.make_link(area)
    for place, (region, days, method, lines, became) in enumerate(SUBMITTED):
        at = now - timedelta(days=days)
        number = _send(region, method, lines, at, place)
        if became != "new":
            _decide(number, became, treasurer, at + timedelta(hours=5))


def _send(region: str, method: str, lines: dict[str, int], at: datetime, place: int) -> int:
    with write_unit():
        area = next(one for one in Appeal.by_slug("fighting-fund").areas if one.name == region)
        words = Words("Branch treasurer", COUNTED_BY if method == "cash" else ())
        days = {"from_on": (at - timedelta(days=7)).date(), "to_on": at.date()}
        told = SubmittedReturn(method=method, lines=lines, words=words, language="en", nonce=f"demo {place}", **days)
        return branch_returns.submit(area, told, at=at).id


def _decide(number: int, became: str, treasurer: Staff, at: datetime) -> None:
    with write_unit() as conn:
        if became == "accepted":
            branch_returns.accept(conn, number, actor=treasurer.actor, name="", at=at)
        else:
            branch_returns.decline(
                number, reason="The bag held 40.80: please count again.", actor=treasurer.actor, at=at
            )
        audit.record(conn, treasurer.actor, f"pay_in.{became}", f"pay_in:{number}", at=at)
    assert db.session.get_one(BranchReturn, number).state == became
