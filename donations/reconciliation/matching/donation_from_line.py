"""A donation that came by bank unrecorded: created from its line, for an appeal by its shares or for one fund. The
match decides what the line then posts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from donations import giving, references
from donations.extensions import db
from donations.giving.offline_donations import OfflineDetails
from donations.models import Appeal, Fund, Match, Organisation, StatementLine
from donations.money import Money
from donations.reconciliation.matching import open_items, queries

RECORDED_BY = "rules"
MAX_NAME_LENGTH = 200


def is_new(kind: str, target: str | None) -> bool:
    """Whether this proposal is of a donation that is still to be recorded."""
    return kind == "unidentified" and target is not None


def record(
    conn: Connection, line_id: int, target: str, *, at: datetime, name: str | None = None, actor: str = RECORDED_BY
) -> int:
    """Record the donation of a line, in the caller's write unit, under the payer's name at the bank unless `name` is
    set. Returns its id."""
    line = db.session.get_one(StatementLine, line_id)
    what, number = target.split(":")
    fund = db.session.get_one(Fund, int(number)) if what == "fund" else None
    appeal = fund.appeal if fund is not None else db.session.get_one(Appeal, int(number))
    assert appeal is not None, "a gift is for an appeal"
    # A line whose match was undone and that is a donation again is another donation: the first one was cancelled.
    times = conn.execute(
        select(func.count()).where(Match.statement_line_id == line_id, Match.state == "undone")
    ).scalar()
    donation = giving.NewDonation(
        amount=Money(line.amount_minor, line.currency),
        interval="once",
        fund=fund,
        name=(open_items.details_of(line).get("name", "") if name is None else name)[:MAX_NAME_LENGTH],
        email="",
        message="",
        display="secret",
        language=Organisation.get().default_language,
        nonce=f"bank line {line_id} {times}",
    )
    code = "" if fund is not None else references.code_of_appeal(appeal)
    offline_details = OfflineDetails("bank", line.booked_on, reference_code=code, payer_hash=line.payer_hash)
    return giving.offline_donations.record(appeal, donation, offline_details, actor=actor, at=at).id


def cancel_orphans(conn: Connection, *, at: datetime) -> int:
    """Cancel the donations that were created from a line and whose match was undone: they are not expected. Returns how
    many."""
    orphans = conn.scalars(queries.ORPHANS).all()
    for offline_donation_id in orphans:
        giving.offline_donations.cancel(conn, offline_donation_id, actor=RECORDED_BY, at=at)
    return len(orphans)
