"""The same facts in every order, and again and again, end in the same ledger, total, state, receipt and mail."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import inbox, ledger, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.facts import BalanceTransaction
from donations.models import Appeal, Donation, Receipt
from donations.worker import stripe_sync
from tests import events
from tests.events import a_transaction, balances, fresh, live_lines
from tests.factories import NOON, a_donation, gbp


class Story:
    """One donation and everything that will be heard of it, each fact twice: as the same event, or as another."""

    SPLIT: ClassVar = {"ali": 1800, "ali-family": 600, "sakharovo": 600}

    def __init__(self) -> None:
        with write_unit():
            donation = a_donation(Appeal.any_by_slug("hands-off-ali"), split=self.SPLIT)
            self.session_id = events.an_attempt(donation).session_id
            self.donation_id, self.reference = donation.id, donation.reference
        charge = events.charge(self.reference, 3000)
        self.charge_id, self.bt_id = charge["id"], events.new_id("txn")
        updated = {**charge, "balance_transaction": self.bt_id}
        self.transaction = a_transaction(self.charge_id, gbp("30.00"), 62, id=self.bt_id)
        session = events.session(self.reference, id=self.session_id)
        self.facts: list[tuple[str, Any]] = [
            ("charge.succeeded", events.event("charge.succeeded", charge)),
            ("charge.updated", events.event("charge.updated", updated)),
            ("listed", self.transaction),
            ("checkout.session.completed", events.event("checkout.session.completed", session)),
        ]

    def hear(self, order: tuple[int, ...], *, renamed: bool) -> None:
        """Hear the facts by number; the second time as another event about the same thing, if `renamed`."""
        heard: set[int] = set()
        for number in order:
            _, fact = self.facts[number]
            if isinstance(fact, BalanceTransaction):
                stripe_sync.book_transaction(fact, NOON)
            else:
                said = {**fact, "id": events.new_id("evt")} if renamed and number in heard else fact
                told = stripe_gateway.parse_event(events.as_text(said))
                assert inbox.receive(told, events.as_text(said).encode(), at=NOON) in ("handled", "duplicate")
            heard.add(number)

    def outcome(self) -> dict[str, Any]:
        """Everything that must be the same whatever the order was, without the names that differ between stories."""
        fresh()
        own = {
            (*key[:3], "the charge" if key[3] == self.charge_id else key[3]): minor
            for key, minor in balances([self.charge_id]).items()
        }
        donation = db.session.get_one(Donation, self.donation_id)
        receipts = db.session.scalars(select(Receipt).where(Receipt.donation_id == self.donation_id)).all()
        mails = db.session.execute(
            text("SELECT count(*) FROM mail m JOIN receipt r ON r.id = m.receipt_id WHERE r.donation_id = :donation"),
            {"donation": self.donation_id},
        ).scalar_one()
        lines = live_lines(donation)
        return {
            "balances": own,
            "entries": sorted(line for entry in lines.values() for line in entry),
            "state": donation.state,
            "counted": donation.counted_in is not None,
            "attempt": donation.attempts[0].state,
            "receipts": [(receipt.state, receipt.amount_minor, receipt.currency) for receipt in receipts],
            "mails": mails,
        }


def stored_total() -> tuple[dict[str, int], int]:
    funds = db.session.execute(text("SELECT f.slug, t.raised_minor FROM fund_total t JOIN fund f ON f.id = t.fund_id"))
    return {slug: int(minor) for slug, minor in funds}, int(
        db.session.execute(text("SELECT coalesce(sum(donations), 0) FROM appeal_total")).scalar_one()
    )


EXPECTED = {
    "balances": {
        (1100, "ali", "GBP", None): 1763,
        (5000, "ali", "GBP", None): 37,
        (4000, "ali", "GBP", None): -1800,
        (1100, "ali-family", "GBP", None): 587,
        (5000, "ali-family", "GBP", None): 13,
        (4000, "ali-family", "GBP", None): -600,
        (1100, "sakharovo", "GBP", None): 588,
        (5000, "sakharovo", "GBP", None): 12,
        (4000, "sakharovo", "GBP", None): -600,
    },
    "state": "paid",
    "counted": True,
    "attempt": "complete",
    "receipts": [("live", 3000, "GBP")],
    "mails": 1,
}


def orders(proving: bool) -> list[tuple[int, ...]]:
    """All orders of the four facts, each doubled in several ways; when proving, all 2,520 orders of the eight
    reports."""
    if proving:
        return sorted(set(permutations((0, 0, 1, 1, 2, 2, 3, 3))))
    dice = random.Random(20261121)
    shuffled = [tuple(dice.sample((0, 0, 1, 1, 2, 2, 3, 3), 8)) for _ in range(24)]
    return [order * 2 for order in permutations(range(4))] + shuffled


@pytest.mark.parametrize("renamed", [False, True], ids=["the same events again", "as other events"])
def test_every_order_and_repetition_of_the_same_facts_ends_the_same(app: Flask, proving: bool, renamed: bool) -> None:
    for told, order in enumerate(orders(proving), start=1):
        # given a donation, when its facts are heard in this order
        story = Story()
        story.hear(order, renamed=renamed)
        # then it ends as always, and so does the total
        outcome = story.outcome()
        assert {name: outcome[name] for name in EXPECTED} == EXPECTED, order
        assert len(outcome["entries"]) == 6 + 9, order
        funds, gifts = stored_total()
        assert funds == {slug: minor * told for slug, minor in Story.SPLIT.items()}, order
        assert gifts == told, order
    report = ledger.check(db.session.connection(), NOON)
    assert report.findings == ()
    assert report.open_items == ()
