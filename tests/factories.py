"""Things to test with, made with as little said as a test needs. The people in them are invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from donations import money, privacy
from donations.extensions import db
from donations.models import Allocation, Appeal, Donation
from donations.models.base import new_reference
from donations.money import Money

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def gbp(major: str) -> Money:
    return money.parse(major, "GBP")


def eur(major: str) -> Money:
    return money.parse(major, "EUR")


def a_donation(appeal: Appeal, amount: Money | None = None, *, at: datetime = NOON, **columns: Any) -> Donation:
    """A pending donation to the appeal's first fund, added and flushed, not committed."""
    amount = amount or gbp("20.00")
    reference = columns.pop("reference", new_reference())
    given: dict[str, Any] = {
        "source": "card",
        "language": "en",
        "fee_bearer": appeal.fee_bearer,
        "terms": {"surplus": appeal.surplus.get("en", "")},
        "donor_id": new_reference(),
        "email_sealed": privacy.seal("maya@example.org", f"donation:{reference}:email"),
        "email_hash": privacy.lookup_hash("maya@example.org", "email"),
        "personal_until": privacy.donor_data_until(at.date()),
        "created_at": at,
        "allocations": [Allocation(fund_id=appeal.funds[0].id, amount_minor=amount.minor)],
        **columns,
    }
    donation = Donation(
        reference=reference, appeal_id=appeal.id, amount_minor=amount.minor, currency=amount.currency, **given
    )
    db.session.add(donation)
    db.session.flush()
    return donation
