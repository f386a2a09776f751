"""R1: a flood of events, repeated, shuffled, forged and stale, while web and worker are killed at random moments.
Ledger, public total and receipts in the end agree with what was sent."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from donations import ledger
from donations.extensions import db
from donations.models import Donation, Mail, Payment, Receipt, StripeEvent
from tests.faults.conftest import Postbox, inside
from tests.faults.flood import SLUGS, Flood, plan
from tests.faults.installation import Installation, wait_for
from tests.faults.senders import Sender

log = logging.getLogger(__name__)
PARTS = ("web", "worker", "web_main", "web", "serve")
DRAINED_SECONDS = 10


@pytest.mark.slow
def test_a_flood_with_killed_processes_loses_nothing_and_doubles_nothing(
    installation: Installation, postbox: Postbox, chance: random.Random, proving: bool
) -> None:
    # given a flood and an installation to take it
    with inside(installation.environ):
        flood = plan(chance, 2000)
    installation.start()

    # when it is sent while processes die
    killer = Killer(installation, chance, 100 if proving else 5, len(flood.deliveries))
    sender = Sender(installation.port, flood.deliveries, after=killer.look)
    killing = threading.Thread(target=killer.run)
    killing.start()
    try:
        sender.run()
    finally:
        killer.look(len(flood.deliveries))
        killing.join()
    wait_for("the installation to answer", installation.answers)

    # then every delivery was answered for good, and soon nothing is left to do
    assert [each.id for each in flood.deliveries if not each.is_over] == []
    assert len(killer.killed) == killer.wanted
    with inside(installation.environ):
        took = wait_for("the inbox to be empty", nothing_is_due, DRAINED_SECONDS)
        log.warning(
            "%d deliveries, killed %s, drained after %.1f s", len(flood.deliveries), Counter(killer.killed), took
        )
        check_ledger(flood)
        check_mails(flood, postbox, killer.killed)
    check_public_totals(installation, flood)
    checked = installation.command("ledger", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert installation.stop() == 0
    installation.check_gone()


class Killer:
    """Kills processes at moments chosen by chance: when so many deliveries are over. All before nine tenths are."""

    def __init__(self, installation: Installation, chance: random.Random, kills: int, deliveries: int) -> None:
        self.installation, self.wanted = installation, kills
        self.killed: list[str] = []
        self._chance = random.Random(chance.random())
        self._parts = [PARTS[number % len(PARTS)] for number in range(kills)]
        self._chance.shuffle(self._parts)
        self._moments = sorted(self._chance.sample(range(1, deliveries * 9 // 10), kills))
        self._over = 0
        self._moved = threading.Condition()

    def look(self, over: int) -> None:
        with self._moved:
            self._over = max(self._over, over)
            self._moved.notify()

    def run(self) -> None:
        for part, moment in zip(self._parts, self._moments, strict=True):
            with self._moved:
                self._moved.wait_for(lambda moment=moment: self._over >= moment)  # type: ignore[misc]
            self.installation.kill(part, self._chance)
            self.killed.append(part)


def nothing_is_due() -> bool:
    db.session.rollback()
    return not db.session.scalar(select(func.count()).where(StripeEvent.state.in_(("due", "parked"))))


def check_ledger(flood: Flood) -> None:
    kept = {row.id: row.state for row in db.session.execute(select(StripeEvent.id, StripeEvent.state))}
    assert flood.genuine - kept.keys() == set(), "events were lost"
    assert kept.keys() - flood.genuine == set(), "events were kept that nobody signed, or too long ago"
    assert set(kept.values()) == {"handled"}
    untouched = select(Donation.state).where(Donation.reference.in_(flood.never_charged)).distinct()
    assert db.session.scalars(untouched).all() == ["pending"]
    assert db.session.scalars(select(Payment.id).where(Payment.reference.in_(flood.never_charged))).all() == []
    assert booked() == dict(flood.raised)
    gifts = sum(flood.gifts.values())
    assert db.session.scalar(select(func.count()).where(Donation.state == "paid")) == gifts
    numbers = db.session.scalars(select(Receipt.number).order_by(Receipt.number)).all()
    assert numbers == list(range(1, gifts + 1))
    report = ledger.check(db.session.connection(), datetime.now(UTC))
    assert report.findings == ()
    assert report.entries == gifts


def booked() -> dict[str, int]:
    """The balance of the ledger's income accounts for each appeal, in minor units."""
    rows = db.session.execute(
        text(
            "SELECT a.slug, -sum(p.amount_minor) FROM posting p JOIN fund f ON f.id = p.fund_id"
            " JOIN appeal a ON a.id = f.appeal_id WHERE p.account = 4000 GROUP BY a.slug"
        )
    )
    return {slug: int(minor) for slug, minor in rows}


def check_mails(flood: Flood, postbox: Postbox, killed: list[str]) -> None:
    queued = set(db.session.scalars(select(Mail.id)))
    acknowledged = select(func.count(Mail.receipt_id.distinct()))
    assert len(queued) == db.session.scalar(acknowledged) == flood.mails
    arrived = Counter(said.partition("@")[0] for said in postbox.arrived)
    assert arrived.keys() <= {f"<mail-{mail_id}" for mail_id in queued}
    # A mail may come twice, under one Message-ID, only if its worker died between sending it and saying so.
    assert sum(arrived.values()) - len(arrived) <= sum(part in ("worker", "serve") for part in killed)


def check_public_totals(installation: Installation, flood: Flood) -> None:
    for slug in SLUGS:
        said = installation.total(slug)
        assert (said["raised_minor"], said["donations"]) == (flood.raised[slug], flood.gifts[slug])
        assert said["also"] == []
