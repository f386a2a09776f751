"""I4: the ledger's balance at Stripe equals Stripe's own figure. Checked every hour; a difference seen twice is an
alarm, because the first check may have met money in transit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from donations import alarms, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import Job
from donations.money import Money

NAME = "balance"


def check_balance(at: datetime) -> None:
    """Compare Stripe's balance with account 1100, per currency, and remember both for the dashboard. Minor units."""
    said = stripe_gateway.balance()
    booked = {currency: int(minor) for currency, minor in db.session.execute(_AT_STRIPE)}
    differing = {
        currency: said.get(currency, 0) - booked.get(currency, 0)
        for currency in sorted(said.keys() | booked.keys())
        if said.get(currency, 0) != booked.get(currency, 0)
    }
    with write_unit() as conn:
        job = db.session.get(Job, NAME) or Job(name=NAME, due_at=at, memory={})
        db.session.add(job)
        seen_before = differing and job.memory.get("differing") == differing
        job.memory = {"at": at.isoformat(), "stripe": said, "booked": booked, "differing": differing}
        if seen_before:
            more = [Money(minor, currency) for currency, minor in differing.items()]
            alarms.sound(conn, "I4", alarms.Kind.STRIPE_BALANCE, {"more": more}, at=at)


_AT_STRIPE = text("SELECT currency, sum(amount_minor) FROM posting WHERE account = 1100 GROUP BY currency")
