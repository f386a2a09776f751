"""Recalculate the stored totals and counts from the ledger and the donations, where they have come to differ. A
correction of a posting stop: while posting goes on they are moved with each posting, and never recalculated."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy.engine import Connection

from donations import ledger
from donations.totals.stored_totals import add_to_funds, homes_of, raise_versions


def recalculate(conn: Connection, *, at: datetime) -> int:
    """Store what the postings come to and how many donations there are. Returns how many stored figures were wrong. The
    caller holds the lock of the stop, so that nothing is posted meanwhile."""
    moved = {key: posted - stored for key, stored, posted in ledger.stored_totals(conn)}
    counted: dict[tuple[int, date], int] = defaultdict(int)
    wrong = len(moved)
    for appeal_id, start, said, actual in ledger.counts(conn):
        counted[appeal_id, start] += actual - said
        wrong += 1
    homes = homes_of(conn, {fund_id for fund_id, _, _ in moved})
    for fund_id, start, _ in moved:
        if fund_id in homes:
            counted[homes[fund_id][0], start] += 0
    add_to_funds(conn, moved)
    if counted:
        raise_versions(conn, counted, at)
    return wrong
