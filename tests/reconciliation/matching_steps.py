"""What the tests of matching have in common: lines that say something, a run of the rules, what they decided."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select, text

from donations import giving, privacy
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.giving.offline_donations import OfflineDetails
from donations.models import Appeal, Match, Payout
from donations.money import Money
from donations.reconciliation import matching
from donations.reconciliation.matching import Outcome
from tests.events import fresh
from tests.factories import NOON
from tests.reconciliation.steps import TODAY, a_line

_forms = count(1)


def said(account_id: int, minor: int, text_: str = "", *, name: str = "", payer: str = "", on: date = TODAY) -> int:
    """A line of that account that says something, committed. Returns its id."""
    line_id = a_line(account_id, minor, on=on)
    details = json.dumps({"name": name, "account": payer, "text": text_, "native_id": ""}, ensure_ascii=False)
    with write_unit() as conn:
        conn.execute(
            text("UPDATE statement_line SET details_sealed = :details, payer_hash = :payer WHERE id = :line"),
            {
                "details": privacy.seal(details, f"bank_line:{line_id}:details"),
                "payer": privacy.lookup_hash(payer, "bank payer") if payer else None,
                "line": line_id,
            },
        )
    return line_id


def expected(
    minor: int, *, name: str = "", fund: str | None = "ali", slug: str = "hands-off-ali", on: date = TODAY,
    payer: str = "", code: str = "", method: str = "bank",
) -> int:  # fmt: skip
    """A donation that is to come by bank, committed. Returns its id."""
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        chosen = next((one for one in appeal.funds if one.slug == fund), None)
        gift = giving.NewDonation(
            amount=Money(minor, "GBP"), interval="once", fund=chosen, name=name, email="", message="",
            display="secret", language="en", nonce=f"expected {next(_forms)}",
        )  # fmt: skip
        known = privacy.lookup_hash(payer, "bank payer") if payer else None
        offline_details = OfflineDetails(method, on, payer_hash=known, reference_code=code)
        return giving.offline_donations.record(appeal, gift, offline_details, actor="tara", at=NOON).id


def a_payout(payout_id: str, minor: int, *, arrival: date = TODAY, trace: str | None = None) -> str:
    """A payout by hand that Stripe told of, committed."""
    with write_unit():
        db.session.add(
            Payout(
                id=payout_id, amount_minor=minor, currency="GBP", status="paid", automatic=False,
                reconciliation_status="not_applicable", trace_id=trace, created_at=NOON - timedelta(days=3),
                arrival_on=arrival, said_at=NOON,
            )
        )  # fmt: skip
    return payout_id


def run(**more: Any) -> Outcome:
    fresh()
    return matching.run(write_unit, snapshot, at=NOON, **more)


def is_now(line_id: int) -> tuple[str, list[tuple[str, str | None]]]:
    """What a line is, or is proposed to be: its state, and kind and target of each match or proposal."""
    fresh()
    rows = db.session.scalars(select(Match).where(Match.statement_line_id == line_id).order_by(Match.id)).all()
    for state in ("confirmed", "proposed"):
        found = [row for row in rows if row.state == state]
        if found:
            return state, [(row.kind, row.target) for row in found]
    return "open", []


def why(line_id: int) -> tuple[int | None, list[str]]:
    """Score and reasons of the first live match or suggestion."""
    fresh()
    rows = db.session.scalars(
        select(Match).where(Match.statement_line_id == line_id, Match.state.in_(("confirmed", "proposed")))
    )
    row = min(rows, key=lambda one: one.id)
    return row.score, row.reasons
