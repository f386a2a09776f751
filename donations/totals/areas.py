"""The amount raised by each area of an appeal: the public accounts of the ledger over donations with that area. What of
it is public, and the expected progress of an area, is in appeals.scoreboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, literal, select, union_all

from donations.bookkeeping import PUBLIC_ACCOUNTS
from donations.extensions import db
from donations.models import Appeal, Area, Donation, Entry, Fund, OfflineDonation, Payment, Posting
from donations.periods import NO_PERIOD, period_end


def all_of(appeal: Appeal) -> Sequence[Area]:
    """Every area that the appeal has or had, in its order."""
    return db.session.scalars(select(Area).where(Area.appeal_id == appeal.id).order_by(Area.position, Area.id)).all()


def calculate(appeal: Appeal, start: date) -> dict[int, int]:
    """Minor units of the appeal's own currency by area id, exact, in the period that starts then. Not for the public of
    a discreet appeal."""
    ids = [area.id for area in all_of(appeal)]
    if not ids:
        return {}
    last = date.max if appeal.period is None else period_end(appeal.period, start)
    asked = {"areas": ids, "of_appeal": appeal.id, "first": start if appeal.period else NO_PERIOD, "last": last}
    rows = db.session.execute(_BY_AREA, {**asked, "of_currency": appeal.currency, "accounts": sorted(PUBLIC_ACCOUNTS)})
    found = {area_id: int(minor) for area_id, minor in rows}
    return {area_id: found.get(area_id, 0) for area_id in ids}


def _of_the_public(asked: Any) -> Any:
    return asked.where(
        Donation.area_id.in_(bindparam("areas", expanding=True)),
        Posting.account.in_(bindparam("accounts", expanding=True)),
        Posting.currency == bindparam("of_currency"),
        Posting.fund_id.in_(select(Fund.id).where(Fund.appeal_id == bindparam("of_appeal"))),
        Entry.entry_date.between(bindparam("first"), bindparam("last")),
    )


# A donation's money is entered under its payment, under itself once cash is accepted, or on a statement line that names
# it.
_BY_CARD = (
    select(Donation.area_id, Posting.amount_minor)
    .join(Payment, Payment.donation_id == Donation.id)
    .join(Entry, (Entry.source_type == "payment") & (Entry.source_id == Payment.id))
    .join(Posting, Posting.entry_id == Entry.id)
)
_BY_HAND = (
    select(Donation.area_id, Posting.amount_minor)
    .join(OfflineDonation, OfflineDonation.donation_id == Donation.id)
    .join(Entry, (Entry.source_type == "offline_gift") & (Entry.source_id == OfflineDonation.id))
    .join(Posting, Posting.entry_id == Entry.id)
)
_BY_BANK = (
    select(Donation.area_id, Posting.amount_minor)
    .join(OfflineDonation, OfflineDonation.donation_id == Donation.id)
    .join(Posting, Posting.clear_ref == literal("gift:") + cast(OfflineDonation.id, Text))
    .join(Entry, Entry.id == Posting.entry_id)
)
_ALL = union_all(*(_of_the_public(each) for each in (_BY_CARD, _BY_HAND, _BY_BANK))).subquery()
_BY_AREA = select(_ALL.c.area_id, -func.sum(_ALL.c.amount_minor)).group_by(_ALL.c.area_id)
