"""R17: whatever happens to donations, reported once, twice, late or in another order, with a treasurer's decisions in
between: after every step the ledger is sound, and the total, the receipts and the funds are what the test calculates by
itself."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text

from donations import giving, inbox, ledger, stripe_gateway
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Fund, FundTotal
from donations.worker import stripe_sync
from tests import events
from tests.events import fresh
from tests.factories import NOON, a_donation
from tests.ledger.expected_totals import WHOLE, Dispute, Gift, Heard
from tests.ledger.stories import Payment, Said, seconds

SPLIT = {"ali": 1800, "ali-family": 600, "sakharovo": 600}
HOW = st.sampled_from(["heard", "heard", "twice", "anew", "withheld", "withheld"])
WHICH = st.integers(0, 99)
PART = st.integers(1, WHOLE)


class Books(RuleBasedStateMachine):
    """Donations of 30.00 and everything that Stripe allows to happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.minutes = 30  # after noon: each thing happens in a minute of its own
        self.gifts: list[Gift] = []
        self.withheld: list[tuple[Gift, Said, int]] = []
        fresh()
        self.before = _raised()

    @initialize(split=st.booleans())
    def one_gift_at_least(self, split: bool) -> None:
        self.a_gift(split, "succeeded", "heard", ours=True)

    @rule(split=st.booleans(), status=st.sampled_from(["succeeded", "pending", "failed"]), how=HOW)
    def a_gift_is_begun(self, split: bool, status: str, how: str) -> None:
        if len(self.gifts) < 3:
            self.a_gift(split, status, how, ours=True)

    @rule(how=HOW)
    def a_charge_comes_without_a_reference(self, how: str) -> None:
        if len(self.gifts) < 3:
            self.a_gift(False, "succeeded", how, ours=False)

    def a_gift(self, split: bool, status: str, how: str, *, ours: bool) -> None:
        reference = None
        if ours:
            with write_unit():
                shares = SPLIT if split else {"ali": WHOLE}
                reference = a_donation(Appeal.any_by_slug("hands-off-ali"), split=shares).reference
        gift = Gift(Payment(reference), Heard(WHOLE), ours, status)  # type: ignore[arg-type]
        self.gifts.append(gift)
        self.tell(gift, Said(f"charge.{status}", {**gift.payment.charge, "status": status}), how)

    @rule(which=WHICH, status=st.sampled_from(["succeeded", "failed"]), how=HOW)
    def a_pending_debit_ends(self, which: int, status: str, how: str) -> None:
        gift = self.one(which, lambda each: each.status == "pending")
        if gift is not None:
            gift.status = status
            self.tell(gift, Said(f"charge.{status}", {**gift.payment.charge, "status": status}), how)

    @rule(which=WHICH, how=HOW)
    def its_fee_is_listed(self, which: int, how: str) -> None:
        gift = self.one(which, lambda each: not each.settled and each.status != "failed")
        if gift is not None:
            gift.settled = True
            self.tell(gift, gift.payment.listed("charge", WHOLE, gift.payment.id, fee=62, minutes=self.tick()), how)

    @rule(which=WHICH, how=HOW, money_how=HOW)
    def it_fails_after_it_had_succeeded(self, which: int, how: str, money_how: str) -> None:
        gift = self.one(which, lambda each: each.status == "succeeded" and each.left == WHOLE and not each.disputes)
        if gift is not None and not gift.bounceable:
            gift.status = "failed"
            self.tell(gift, gift.payment.failed(), how)
            self.tell(
                gift, gift.payment.listed("charge_failure", -WHOLE, gift.payment.id, minutes=self.tick()), money_how
            )

    @rule(which=WHICH, part=PART, whole=st.booleans(), pending=st.booleans(), how=HOW, money_how=HOW)
    def it_is_refunded(self, which: int, part: int, whole: bool, pending: bool, how: str, money_how: str) -> None:
        gift = self.one(which, self.refundable)
        if gift is None:
            return
        minor = gift.left if whole else min(part, gift.left)
        said = gift.payment.refund(minor, minutes=self.tick(), status="pending" if pending else "succeeded")
        gift.refunded += minor
        gift.bounceable[said[1]["id"]] = minor
        self.tell(gift, said, how)
        moved = gift.payment.listed("refund", -minor, said[1]["id"], minutes=self.tick())
        self.tell(gift, moved, money_how)

    @rule(which=WHICH, part=PART, how=HOW)
    def a_refund_fails_before_money_moves(self, which: int, part: int, how: str) -> None:
        gift = self.one(which, self.refundable)
        if gift is not None:
            said = gift.payment.refund(min(part, gift.left), minutes=self.tick(), status="pending")
            self.tell(gift, said, "heard")
            self.tell(gift, Said("refund.failed", {**said[1], "status": "failed"}), how)

    @rule(which=WHICH, how=HOW, money_how=HOW)
    def a_refund_bounces(self, which: int, how: str, money_how: str) -> None:
        gift = self.one(which, lambda each: bool(each.bounceable))
        if gift is None:
            return
        refund_id = sorted(gift.bounceable)[which % len(gift.bounceable)]
        minor = gift.bounceable.pop(refund_id)
        gift.refunded -= minor
        made = gift.heard.refunds.get(refund_id)
        said = gift.payment.refund(minor, status="failed", refund_id=refund_id)
        withheld = (one.about["created"] for _, one, _ in self.withheld if one.about["id"] == refund_id)
        created = made[1] if made else next(withheld)
        self.tell(gift, Said(said[0], {**said[1], "created": created}), how)
        back = gift.payment.listed("refund_failure", minor, refund_id, minutes=self.tick())
        self.tell(gift, back, money_how)

    @rule(which=WHICH, how=HOW)
    def a_bank_asks_about_it(self, which: int, how: str) -> None:
        gift = self.one(which, lambda each: each.status == "succeeded")
        if gift is not None:
            inquiry = Dispute(events.new_id("dp"), 0, seconds(self.tick()))
            for status, what in (("warning_needs_response", "created"), ("warning_closed", "closed")):
                inquiry.status = status
                self.tell_of(gift, inquiry, what, how)

    @rule(which=WHICH, part=PART, whole=st.booleans(), how=HOW, money_how=HOW)
    def it_is_disputed(self, which: int, part: int, whole: bool, how: str, money_how: str) -> None:
        gift = self.one(which, self.refundable)
        if gift is None:
            return
        minor = WHOLE if whole and not gift.disputes else min(part, gift.left)
        dispute = Dispute(events.new_id("dp"), minor, seconds(self.tick()))
        gift.disputes.append(dispute)
        dispute.moves.append(gift.payment.listed("dispute", -dispute.taken, dispute.id, fee=2000, minutes=self.tick()))
        self.tell_of(gift, dispute, "created", how)
        self.tell(gift, dispute.moves[-1], money_how)

    @rule(which=WHICH, outcome=st.sampled_from(["won", "lost", "lost in part"]), part=PART, how=HOW, money_how=HOW)
    def the_dispute_ends(self, which: int, outcome: str, part: int, how: str, money_how: str) -> None:
        gift = self.one(which, lambda each: each.in_question)
        if gift is None:
            return
        dispute = next(one for one in gift.disputes if one.status == "needs_response")
        dispute.status = outcome.split()[0]
        self.tell_of(gift, dispute, "closed", how)
        if outcome != "lost":
            self.give_back(gift, dispute, dispute.taken if outcome == "won" else part, money_how)

    @rule(which=WHICH, part=PART, how=HOW)
    def a_lost_dispute_is_reinstated_later(self, which: int, part: int, how: str) -> None:
        gift = self.one(which, lambda each: any(one.taken > one.back and one.status == "lost" for one in each.disputes))
        if gift is not None and not gift.in_question:
            dispute = next(one for one in gift.disputes if one.taken > one.back and one.status == "lost")
            self.give_back(gift, dispute, part, how)

    @rule(category=st.sampled_from(["fee", "payout", "never_heard_of_it"]), minor=st.integers(-900, -1))
    def money_moves_that_is_no_gift(self, category: str, minor: int) -> None:
        gift = self.gifts[0]
        kind, moved, _ = gift.payment.listed(category, minor, gift.payment.id, minutes=self.tick())
        _hear(Said(kind, {**moved, "source": None}), 0)

    @rule(which=WHICH, fund=st.sampled_from(["ali", "sakharovo", "kurmanov"]))
    def a_treasurer_decides(self, which: int, fund: str) -> None:
        gift = self.one(which, lambda each: "succeeded" in each.heard.charge)
        if gift is None:
            return
        at = NOON + timedelta(minutes=self.tick())
        with write_unit() as conn:
            chosen = db.session.scalars(select(Fund).where(Fund.slug == fund)).one()
            giving.assign(conn, gift.payment.id, chosen, reason="it was meant for that", actor="anna", at=at)
        gift.fund = fund

    @rule(which=WHICH)
    def what_was_withheld_is_heard(self, which: int) -> None:
        if self.withheld:
            gift, said, when = self.withheld.pop(which % len(self.withheld))
            self.hear(gift, said, when)

    # What must hold.

    @invariant()
    def the_books_are_what_was_heard(self) -> None:
        fresh()
        assert ledger.check(db.session.connection(), NOON).findings == ()
        owned = [gift for gift in self.gifts if gift.ours or gift.fund]
        assert _raised() - self.before == sum(gift.heard.public for gift in owned)
        for gift in self.gifts:
            mine = gift in owned
            assert sum(_raised_by(gift).values()) == (gift.heard.public if mine else 0)
            assert gift.fund is None or set(_raised_by(gift)) <= {gift.fund}
            known = mine and gift.heard.known
            assert _receipted(gift) == (gift.heard.remaining or None if known else None)
        db.session.rollback()

    def teardown(self) -> None:
        while self.withheld:
            self.what_was_withheld_is_heard(len(self.withheld) * 7 // 2)
        self.the_books_are_what_was_heard()

    def tell(self, gift: Gift, said: Said, how: str) -> None:
        when = self.tick()
        if how == "withheld":
            self.withheld.append((gift, said, when))
            return
        self.hear(gift, said, when, again=how)

    def tell_of(self, gift: Gift, dispute: Dispute, what: str, how: str) -> None:
        kind, said, _ = gift.payment.dispute(dispute.status, *dispute.moves, dispute_id=dispute.id, what=what)
        self.tell(gift, Said(kind, {**said, "created": dispute.created}), how)

    def give_back(self, gift: Gift, dispute: Dispute, part: int, how: str) -> None:
        minor = min(part, dispute.taken - dispute.back)
        dispute.back += minor
        dispute.moves.append(gift.payment.listed("dispute_reversal", minor, dispute.id, minutes=self.tick()))
        self.tell(gift, dispute.moves[-1], how)

    def hear(self, gift: Gift, said: Said, when: int, again: str = "heard") -> None:
        gift.heard.hear(said, when)
        _hear(said, when, again)

    def one(self, which: int, fits: Any) -> Gift | None:
        fitting = [gift for gift in self.gifts if fits(gift)]
        return fitting[which % len(fitting)] if fitting else None

    def refundable(self, gift: Gift) -> bool:
        return gift.status == "succeeded" and gift.left > 0 and not gift.in_question

    def tick(self) -> int:
        self.minutes += 1
        return self.minutes


def _hear(said: Said, when: int, how: str = "heard") -> None:
    """As the inbox and the worker do; `twice` is the same event again, `anew` another event about the same thing."""
    kind, about, _ = said
    for _ in range(1 if how == "heard" else 2):
        if kind == "listed":
            stripe_sync.book_transaction(stripe_gateway.transaction_of(about), NOON)
    if kind == "listed":
        return
    told = [events.as_text(events.event(kind, about, created=seconds(when))) for _ in range(2)]
    for number, outcome in {"heard": [(0, "handled")], "twice": [(0, "handled"), (0, "duplicate")]}.get(
        how, [(0, "handled"), (1, "handled")]
    ):
        event = stripe_gateway.parse_event(told[number])
        assert inbox.receive(event, told[number].encode(), at=NOON) == outcome


def _raised() -> int:
    return sum(db.session.scalars(select(FundTotal.raised_minor)).all())


def _raised_by(gift: Gift) -> dict[str, int]:
    """What the postings of a payment say was raised, by the funds of appeals."""
    rows = db.session.execute(
        text(
            "SELECT f.slug, -sum(p.amount_minor) FROM payment m JOIN entry e ON e.source_type = 'payment'"
            " AND e.source_id = m.id JOIN posting p ON p.entry_id = e.id JOIN fund f ON f.id = p.fund_id"
            " WHERE m.charge_id = :charge AND f.appeal_id IS NOT NULL"
            " AND p.account IN (4000, 4010, 4050, 4060, 4070, 1130) GROUP BY f.slug HAVING sum(p.amount_minor) <> 0"
        ),
        {"charge": gift.payment.id},
    )
    return {slug: int(minor) for slug, minor in rows}


def _receipted(gift: Gift) -> int | None:
    live = (
        "SELECT r.amount_minor FROM receipt r JOIN payment m ON m.donation_id = r.donation_id"
        " WHERE m.charge_id = :charge AND r.state = 'live'"
    )
    return db.session.execute(text(live), {"charge": gift.payment.id}).scalar()


# Each has a database of its own, so that the ledger checked after every step stays small.
PARTS = range(20 if os.environ.get("PROVE") == "1" else 1)


@pytest.mark.parametrize("part", PARTS)
def test_whatever_happens_and_however_it_is_heard_the_books_are_right(app: Flask, part: int, proving: bool) -> None:
    examples, steps = (20, 30) if proving else (12, 15)
    run_state_machine_as_test(Books, settings=settings(max_examples=examples, stateful_step_count=steps))
