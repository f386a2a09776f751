"""A loss is final for a receipt: an appeal brings nothing back before it is won, and what is won has a new receipt, in
whatever order all of it is heard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from flask import Flask

from donations import facts, giving, ledger
from donations.database import write_unit
from donations.extensions import db
from donations.facts import Charge, Dispute
from donations.models import Appeal, Receipt
from tests import events
from tests.events import fresh
from tests.factories import NOON, a_donation, gbp

ENDINGS: dict[str, list[int]] = {"lost": [], "appeal_under_review": [], "won": [3000]}
Said = Charge | Dispute


def begun() -> tuple[str, int]:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("30.00"))
        return donation.reference, donation.id


def a_story(reference: str, ending: str) -> list[Said]:
    """A donation of 30.00 that a dispute takes, which is lost and appealed, and how that ends."""
    charge, dispute_id = events.a_charge(reference, gbp("30.00")), events.new_id("dp")
    moved = events.a_transaction(charge.charge_id, gbp("30.00"), 0, at=NOON + timedelta(hours=3))
    back = replace(moved, id=events.new_id("txn"), source_id=dispute_id, reporting_category="dispute_reversal")
    taken = replace(
        moved, source_id=dispute_id, reporting_category="dispute", created_at=NOON, amount_minor=-3000, net_minor=-3000
    )
    moves = (taken, back) if ending == "won" else (taken,)
    words = ("needs_response", "lost", "appeal_needs_response", ending)
    return [charge, *(
        Dispute(
            dispute_id, charge.charge_id, gbp("30.00"), word, "fraudulent", NOON, NOON + timedelta(minutes=number),
            transactions=moves if number == 3 else (taken,), closed_at=NOON if word in ("lost", "won") else None,
        )
        for number, word in enumerate(words)
    )]  # fmt: skip


def hear(told: Sequence[Said]) -> None:
    for fact in told:
        with write_unit() as conn:
            record = facts.record_dispute if isinstance(fact, Dispute) else facts.record_charge
            giving.settle(conn, record(conn, fact, at=NOON), at=NOON)  # type: ignore[operator]


def receipts_of(donation_id: int) -> list[tuple[str, int]]:
    fresh()
    found = db.session.query(Receipt).filter_by(donation_id=donation_id).order_by(Receipt.number)
    return [(one.state, one.amount_minor) for one in found]


def sound() -> bool:
    fresh()
    return ledger.check(db.session.connection(), NOON).sound


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_appeal_brings_no_receipt_back_before_it_is_won(app: Flask, ending: str) -> None:
    # given a donation whose dispute is lost
    reference, donation_id = begun()
    told = a_story(reference, ending)
    hear(told[:2])
    assert receipts_of(donation_id) == [("live", 3000)]  # in dispute, it is live
    hear(told[2:3])
    assert receipts_of(donation_id) == [("void", 3000)]
    # when the loss is appealed, then nothing returns
    hear(told[3:4])
    assert (receipts_of(donation_id), sound()) == ([("void", 3000)], True)
    # and how it ends decides: what is won has a new receipt
    hear(told[4:])
    won = [("live", minor) for minor in ENDINGS[ending]]
    assert (receipts_of(donation_id), sound()) == ([("void", 3000), *won], True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_in_whatever_order_a_loss_and_its_appeal_are_heard_of_the_receipts_end_alike(
    app: Flask, ending: str, proving: bool
) -> None:
    every = list(permutations(range(5)))
    for order in every if proving else every[::13]:
        reference, donation_id = begun()
        told = a_story(reference, ending)
        hear([told[place] for place in order])
        live = [minor for state, minor in receipts_of(donation_id) if state == "live"]
        assert live == ENDINGS[ending], order
    assert sound()
