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
    """A pending donation to the appeal's first fund, or over the funds of `split` (slug: minor units), added and
    flushed, not committed."""
    split = columns.pop("split", None)
    amount = amount or (Money(sum(split.values()), appeal.currency) if split else gbp("20.00"))
    parts = split or {appeal.funds[0].slug: amount.minor}
    funds = {fund.slug: fund.id for fund in appeal.funds}
    reference = columns.pop("reference", new_reference())
    given: dict[str, Any] = {
        "source": "card",
        "language": "en",
        "fee_bearer": appeal.fee_bearer,
        "terms": {"organisation": "Solidarity Fighting Fund", "appeal_title": "", "fund_names": [], "restriction": ""},
        "donor_id": new_reference(),
        "email_sealed": privacy.seal("maya@example.org", f"donation:{reference}:email"),
        "email_hash": privacy.lookup_hash("maya@example.org", "email"),
        "personal_until": privacy.donor_data_until(at.date()),
        "created_at": at,
        "allocations": [Allocation(fund_id=funds[slug], amount_minor=minor) for slug, minor in parts.items()],
        **columns,
    }
    donation = Donation(
        reference=reference, appeal_id=appeal.id, amount_minor=amount.minor, currency=amount.currency, **given
    )
    db.session.add(donation)
    db.session.flush()
    return donation
