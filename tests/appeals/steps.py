"""What the tests of loading have in common: load, be refused, look at every row, put money into a fund."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from donations import appeals, database
from donations.appeals import LoadReport
from donations.errors import BadAppealsFile
from donations.extensions import db
from donations.models import Appeal, Fund
from tests.house import ROOT

DEMO = (ROOT / "appeals.toml").read_text(encoding="utf-8")
ALL_TABLES = ("organisation", "appeal", "fund", "appeal_event", "area")


def load(file_text: str, at: datetime) -> LoadReport:
    with database.write_unit():
        return appeals.load(file_text, at)


def refused(file_text: str, at: datetime) -> list[str]:
    """The faults of a file that is refused."""
    with pytest.raises(BadAppealsFile) as refusal:
        load(file_text, at)
    return str(refusal.value.facts["faults"]).strip().split("\n")


def rows() -> dict[str, list[Any]]:
    """Everything a load writes."""
    db.session.rollback()
    return {
        name: sorted(db.session.execute(select(db.metadata.tables[name])).all(), key=repr)
        for name in (*ALL_TABLES, "appeal_total")
    }


def changed(old: str, new: str) -> str:
    assert old in DEMO, old
    return DEMO.replace(old, new, 1)


def one(slug: str) -> Appeal:
    db.session.rollback()
    return Appeal.any_by_slug(slug)


def give(fund_slug: str) -> None:
    """Put money into a fund, in plain SQL."""
    fund = db.session.scalar(select(Fund.id).where(Fund.slug == fund_slug))
    with database.write_unit() as conn:
        for line, (account, amount) in enumerate([(1105, 2000), (4000, -2000)]):
            conn.execute(
                text("INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor)"
                     " VALUES (1, :line, :account, :fund, 'GBP', :amount)"),
                {"line": line, "account": account, "fund": fund, "amount": amount},
            )  # fmt: skip
        conn.execute(
            text("INSERT INTO entry (id, entry_date, fact_date, posted_at, kind, idem_key, revision, actor, memo,"
                 " source_type, source_id) VALUES (1, '2026-11-21', '2026-11-21', '2026-11-21 12:00:00', 'gift', 'k',"
                 " 1, 'test', '', 'payment', 1)"),
        )  # fmt: skip
