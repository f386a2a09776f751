"""The plan of a flood: donations, the events that Stripe would send of them, and the expected ledger in the end,
counted here from what is sent and not from the app."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal
from tests.events import charge, declined, event, new_id, session
from tests.factories import a_donation
from tests.faults.senders import Delivery

SLUGS = ("hands-off-ali", "karaganda-four")  # Neither has a period, so a flood at midnight stays in one total.


@dataclass(slots=True)
class Flood:
    """What is sent, and what must come of it."""

    deliveries: list[Delivery] = field(default_factory=list)
    genuine: set[str] = field(default_factory=set)  # ids of events
    refused: set[str] = field(default_factory=set)
    never_charged: set[str] = field(default_factory=set)  # references of donations that only refused events are about
    raised: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by slug, minor units
    gifts: Counter[str] = field(default_factory=Counter)
    mails: int = 0

    def add(self, said: dict[str, Any], kind: str = "genuine", times: int = 1) -> None:
        (self.genuine if kind == "genuine" else self.refused).add(said["id"])
        self.deliveries += [Delivery(said, kind) for _ in range(times)]


def plan(chance: random.Random, size: int) -> Flood:
    """A flood of that many genuine events, each delivered one to three times, with a fifth as many forged and a
    twentieth as many stale ones, shuffled. Its donations are written into the database of the app."""
    flood = Flood()
    with write_unit():
        appeals = [appeal for appeal in db.session.scalars(select(Appeal)) if appeal.slug in SLUGS]
        while len(flood.genuine) < size:
            _add_donation(flood, chance.choice(appeals), chance)
        for number in range(size // 4):
            kind = "stale" if number % 5 == 4 else chance.choice(["forged", "altered"])
            _add_refused(flood, chance.choice(appeals), kind, chance)
    chance.shuffle(flood.deliveries)
    return flood


def _add_donation(flood: Flood, appeal: Appeal, chance: random.Random) -> None:
    """One donation with the events of its life: now and then a declined card first, or nothing but a declined card."""
    mailed = chance.random() < 0.75
    reference, amount = _donation(appeal, chance, mailed=mailed)

    def say(type: str, about: dict[str, Any]) -> None:
        flood.add(event(type, about), times=chance.choice([1, 1, 2, 3]))

    if chance.random() < 0.2:
        say("charge.failed", declined(reference, amount=amount, **_now(appeal)))
        if chance.random() < 0.5:
            return
    paid = charge(reference, amount, **_now(appeal))
    say("charge.succeeded", paid)
    if chance.random() < 0.2:
        say("charge.updated", {**paid, "balance_transaction": new_id("txn")})
        say("checkout.session.completed", session(reference))
    flood.raised[appeal.slug] += amount
    flood.gifts[appeal.slug] += 1
    flood.mails += mailed


def _add_refused(flood: Flood, appeal: Appeal, kind: str, chance: random.Random) -> None:
    reference, amount = _donation(appeal, chance, mailed=True)
    flood.add(event("charge.succeeded", charge(reference, amount, **_now(appeal))), kind)
    flood.never_charged.add(reference)


def _donation(appeal: Appeal, chance: random.Random, *, mailed: bool) -> tuple[str, int]:
    """A pending donation over one fund or all funds of an appeal. Returns its reference and amount in minor units."""
    slugs = [fund.slug for fund in appeal.funds]
    chosen = slugs if chance.random() < 0.5 else [chance.choice(slugs)]
    split = {slug: chance.randint(100, 9000) for slug in chosen}
    silent = {} if mailed else {"email_sealed": None, "email_hash": None}
    donation = a_donation(appeal, at=datetime.now(UTC), split=split, **silent)
    return donation.reference, donation.amount_minor


def _now(appeal: Appeal) -> dict[str, Any]:
    return {"currency": appeal.currency.lower(), "created": int(time.time())}
