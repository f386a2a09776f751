"""R3: whatever happens to a payment, and in whatever order, repeated or under another event's id, it is heard of: the
same balances per account, fund, currency and thing cleared, the same total, state and receipt."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from donations import inbox, ledger, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Donation, FundTotal, Receipt
from donations.worker import stripe_sync
from tests import events
from tests.events import balances, fresh
from tests.factories import NOON, a_donation
from tests.ledger.recipes import RECIPES
from tests.ledger.stories import Payment, Said

SPLIT = {"ali": 1800, "ali-family": 600, "sakharovo": 600}
Recipe = Callable[[Payment], list[Said]]


def hear(said: list[Said]) -> None:
    for kind, about, minutes in said:
        if kind == "listed":
            stripe_sync.book_transaction(stripe_gateway.transaction_of(about), NOON)
        else:
            said_at = int(NOON.timestamp()) + 60 * minutes
            told = events.as_text(events.event(kind, about, created=said_at))
            assert inbox.receive(stripe_gateway.parse_event(told), told.encode(), at=NOON) == "handled"


def told_once(recipe: Recipe, order: Callable[[list[Said]], list[Said]]) -> tuple[dict[Any, int], Any]:
    """A new donation with these facts, reported in that order. Returns its balances and its value."""
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"), split=SPLIT)
        reference, donation_id = donation.reference, donation.id
    gift = Payment(reference)
    before = _raised()
    hear(order(recipe(gift)))
    fresh()
    donation = db.session.get_one(Donation, donation_id)
    live = db.session.scalar(select(Receipt).where(Receipt.donation_id == donation_id, Receipt.state == "live"))
    found: dict[Any, int] = {}
    for (account, fund, currency, cleared), minor in balances(gift.charges).items():
        thing = cleared[:3] if cleared else None  # Ids differ between stories, their kinds do not.
        found[account, fund, currency, thing] = found.get((account, fund, currency, thing), 0) + minor
    return found, (_raised() - before, donation.state, live.amount_minor if live else None)


def _raised() -> int:
    return sum(db.session.scalars(select(FundTotal.raised_minor)).all())


def orders(count: int, proving: bool) -> list[tuple[int, ...]]:
    """Every order of so many facts, 500 of them above five; without proving a dozen. Drawn with a seed, the natural one
    and its opposite first."""
    every = list(permutations(range(count)))
    if proving and count <= 5:
        return every
    some = min(500 if proving else 10, len(every))
    return [every[0], every[-1], *random.Random(20261121).sample(every, some)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_every_order_of_a_recipe_ends_in_the_same_books(app: Flask, recipe: Recipe, proving: bool) -> None:
    wanted, outcome = told_once(recipe, lambda said: said)
    assert outcome == RECIPES[recipe]
    for order in orders(len(recipe(Payment("counted"))), proving):
        in_order = lambda said, order=order: [said[place] for place in order]  # noqa: E731
        assert told_once(recipe, in_order) == (wanted, outcome), order
    assert ledger.check(db.session.connection(), NOON).findings == ()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_repetition_and_a_second_event_about_the_same_fact_change_nothing(
    app: Flask, recipe: Recipe, proving: bool
) -> None:
    wanted, outcome = told_once(recipe, lambda said: said)
    dice = random.Random(7)
    for _ in range(500 if proving else 8):
        shuffled = lambda said: dice.sample(said * 2, len(said) * 2)  # noqa: E731
        assert told_once(recipe, shuffled) == (wanted, outcome)
    assert ledger.check(db.session.connection(), NOON).findings == ()
