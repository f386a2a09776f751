"""The names that supporters let be shown beside their latest donations. Only of donations that count, never for a
discreet appeal, where the moment of a donation must stay private."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from donations.extensions import db
from donations.giving import messages
from donations.giving.states import COUNTED_STATES
from donations.models import Appeal, Donation
from donations.money import Money


@dataclass(frozen=True, slots=True)
class NamedDonation:
    """`signed` is a name or initials, as its supporter chose."""

    signed: str
    amount: Money


def latest(appeal: Appeal, most: int) -> tuple[NamedDonation, ...]:
    """The latest donations whose supporters chose to be shown, newest first."""
    if appeal.discreet or appeal.visibility != "shown":
        return ()
    donations = db.session.scalars(
        select(Donation)
        .where(Donation.appeal_id == appeal.id, Donation.display != "secret", Donation.state.in_(COUNTED_STATES))
        .where(Donation.name_sealed.is_not(None))
        .order_by(Donation.settled_at.desc(), Donation.id.desc())
        .limit(most)
    )
    named = (NamedDonation(messages.signed(donation), donation.amount) for donation in donations)
    return tuple(donation for donation in named if donation.signed)
