"""R17 over what treasurers do, from offline donations to payouts: after every step the ledger is sound, and the public
total, what each fund has available, the bank and every receipt are what the test calculates by itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from donations import giving
from donations.database import snapshot, write_unit
from donations.errors import AlreadyDone, DonationsError, NeedsAnother, NotArrivedYet, NotEnoughInFund, NotForThisLine
from donations.extensions import db
from donations.models import Appeal, BankAccount, Match, OfflineDonation, PaymentRequest, StatementLine
from donations.money import Money
from donations.reconciliation import adjustments, matches, matching, paying_in_slips, payment_requests, statements
from donations.reconciliation.matches import Said
from tests.events import a_charge, a_transaction, fresh, hear, new_id
from tests.factories import NOON, a_donation
from tests.reconciliation import steps
from tests.reconciliation.steps import TODAY, a_gift, expect, free, in_bank, raised, sound, two_approvals
from tests.reconciliation.test_payment_requests import fund as fund_of
from tests.reconciliation.test_payouts import hear_members, hear_payout, moved
from tests.reconciliation.treasury_model import FUNDS, Line, Thing, Treasury, one

WHICH, PART, FUND = st.integers(0, 99), st.integers(1, 5000), st.sampled_from(FUNDS)
METHOD = st.sampled_from(["cash", "cheque", "bank", "bank"])
KINDS = (*("offline_gift", "slip") * 2, "disbursement", "payout", "offline_refund", "bounced", "charge", "unidentified")
HEAD = "Date;Name;Transaction ID;Amount\n"


class Desk(RuleBasedStateMachine):
    """Two funds of one appeal, one bank account, three people."""

    def __init__(self) -> None:
        super().__init__()
        fresh()
        self.model, self.texts = Treasury(), [HEAD]
        self.raised_before = raised()
        self.free_before = {fund: free(fund) for fund in FUNDS}

    @initialize(minor=st.integers(1000, 9000))
    def the_books_begin(self, minor: int) -> None:
        with write_unit():
            account = BankAccount(name=new_id("account"), currency="GBP")
            db.session.add(account)
            db.session.flush()
            self.account: int = account.id
        self.an_opening_balance("ali", minor)

    # Donations.

    @rule(fund=FUND, minor=PART, method=METHOD)
    def a_gift_is_recorded(self, fund: str, minor: int, method: str) -> None:
        offline_donation_id = a_gift(minor, method, fund=fund)
        state = "expected" if method == "bank" else "recorded"
        self.model.gifts.append(Thing(offline_donation_id, fund, minor, state, method))

    @rule(which=WHICH)
    def a_gift_is_accepted(self, which: int) -> None:
        gift = one(self.model.gifts, which)
        if gift and expect(gift.state == "recorded", AlreadyDone, lambda conn: giving.offline_donations.accept(
            conn, int(gift.id), actor="theo", at=NOON)):  # fmt: skip
            gift.state = "accepted"

    @rule(which=WHICH)
    def a_gift_is_cancelled(self, which: int) -> None:
        gift = one([each for each in self.model.gifts if not self.model.received(each)], which)
        fits = gift is not None and gift.state in ("recorded", "expected")
        if gift and expect(fits, AlreadyDone, lambda conn: giving.offline_donations.cancel(
            conn, int(gift.id), actor="theo", at=NOON)):  # fmt: skip
            gift.state = "cancelled"

    @rule(which=st.sets(WHICH, min_size=1, max_size=3))
    def a_slip_is_paid_in(self, which: set[int]) -> None:
        held = [gift for gift in self.model.gifts if gift.method in ("cash", "cheque")]
        chosen = [held[number % len(held)] for number in sorted(which)] if held else []
        gifts = list({gift.id: gift for gift in chosen}.values())
        if gifts:
            fits = all(gift.state == "accepted" and gift.slip is None for gift in gifts)
            self.pay_in(gifts, fits)

    def pay_in(self, gifts: list[Thing], fits: bool) -> None:
        slip = Thing("", "", sum(gift.minor for gift in gifts), "paid in")

        def act(conn: Any) -> None:
            account, ids = db.session.get_one(BankAccount, self.account), [int(gift.id) for gift in gifts]
            slip.id = paying_in_slips.pay_in(
                conn, account, ids, Money(slip.minor, "GBP"), count=len(ids), on=TODAY, number="", actor="tara", at=NOON
            ).id

        if expect(fits, AlreadyDone, act):
            self.model.slips.append(slip)
            for gift in gifts:
                gift.slip = slip

    # The bank.

    @rule(which=WHICH, part=PART, kind=st.sampled_from(KINDS))
    def a_line_comes(self, which: int, part: int, kind: str) -> None:
        """Of about the amount of something that is waited for; the file has all that came before too."""
        thing = one(self.model.things(kind) or [], which)
        minor = thing.minor if thing else part
        if thing and kind in ("slip", "offline_refund"):
            minor = min(part, minor)
        is_out = kind in ("disbursement", "offline_refund") or (kind == "charge" and which % 2)
        self.bring(-minor if is_out else minor)

    def bring(self, minor: int) -> None:
        major = f"{minor / 100:.2f}".replace(".", ",")
        self.texts.append(f"21.11.2026;Maya;{len(self.texts)};{major}\n")
        for new in (1, 0):  # Twice is the same as once.
            account = db.session.get_one(BankAccount, self.account)
            read = statements.read_file("".join(self.texts).encode(), "a.csv", account)
            with write_unit() as conn:
                done = statements.import_file(conn, account, read, by="tara", at=NOON, twins_too=True)
            assert done.new == new
        fresh()
        known = [line.id for line in self.model.lines]
        asked = select(StatementLine.id).where(
            StatementLine.bank_account_id == self.account, StatementLine.id.not_in(known)
        )
        self.model.lines.append(Line(db.session.scalars(asked).one(), minor))

    @rule(which=WHICH, of=WHICH, kind=st.sampled_from(KINDS), blind=st.booleans())
    def a_line_is_matched(self, which: int, of: int, kind: str, blind: bool) -> None:
        line, things = one(self.model.lines, which), self.model.things(kind)
        if line and things and not blind:
            things = [each for each in things if self.model.fits(line.minor, kind, each)] or things
        thing = one(things, of) if things else None
        if line is None or (things is not None and thing is None):
            return
        said = Said(kind, line.minor, str(thing.id) if thing else None, fund_of("ali").id if kind == "charge" else None)
        fits = not line.kind and (thing is None or self.model.fits(line.minor, kind, thing))
        refused = AlreadyDone if line.kind else NotForThisLine
        if expect(fits, refused, lambda conn: matches.confirm(
            conn, line.id, [said], rule="by hand", actor="tara", at=NOON)):  # fmt: skip
            line.kind, line.thing = kind, thing
            if kind == "disbursement" and thing:
                thing.state = "paid"

    @rule(which=WHICH, fund=FUND)
    def a_line_is_a_gift_that_nobody_recorded(self, which: int, fund: str) -> None:
        line = one(self.model.lines, which)
        if line is None:
            return
        refused = AlreadyDone if line.kind else NotForThisLine
        target = f"fund:{fund_of(fund).id}"
        if expect(not line.kind and line.minor > 0, refused, lambda conn: matching.record_as_donation(
            conn, line.id, target, "Maya", actor="tara", at=NOON)):  # fmt: skip
            fresh()
            asked = select(Match.target).where(Match.statement_line_id == line.id, Match.state == "confirmed")
            offline_donation_id = db.session.scalars(asked).one()
            gift = Thing(int(offline_donation_id or 0), fund, line.minor, "expected", "bank", from_line=True)
            self.model.gifts.append(gift)
            line.kind, line.thing = "offline_gift", gift

    @rule(which=WHICH)
    def a_match_is_taken_back(self, which: int) -> None:
        line = one(self.model.lines, which)
        if line is None:
            return
        kind, thing, model = line.kind, line.thing, self.model
        leaves = model.remaining(thing) - line.minor if kind == "offline_gift" and thing else 0
        refused = NotForThisLine if kind else AlreadyDone
        if expect(bool(kind) and leaves >= 0, refused, lambda conn: matches.undo(conn, line.id, actor="tara", at=NOON)):
            line.kind, line.thing = "", None
            if kind == "disbursement" and thing:
                thing.state = "sent"
            if kind == "offline_gift" and thing and thing.from_line:
                thing.state = "cancelled"

    @rule()
    def the_rules_look_and_find_nothing_certain(self) -> None:
        fresh()
        assert matching.run(write_unit, snapshot, at=NOON).confirmed == 0

    # Payments, and changes without a paper.

    @rule(fund=FUND, minor=PART)
    def a_payment_is_asked_for(self, fund: str, minor: int) -> None:
        made: list[int] = []
        asked = payment_requests.Asked(
            new_id("form"), Money(minor, "GBP"), "lawyer", "Maya", bank_account_id=self.account
        )
        fits = minor <= self.usable(fund)
        if expect(fits, NotEnoughInFund, lambda conn: made.append(
            payment_requests.request(conn, fund_of(fund), asked, actor="tara", at=NOON).id)):  # fmt: skip
            self.model.payments.append(Thing(made[0], fund, minor, "requested"))

    @rule(which=WHICH, act=st.sampled_from(["approve", "approve", "approve own", "send", "send", "refuse"]))
    def a_payment_is_decided(self, which: int, act: str) -> None:
        payment = one(self.model.payments, which)
        if payment is None:
            return
        was, number, actor = payment.state, int(payment.id), "tara" if act == "approve own" else "theo"
        states = {"send": ("approved",), "refuse": ("requested", "approved")}.get(act, ("requested",))
        refused: type[DonationsError] = AlreadyDone if was not in states else NeedsAnother
        fits = was in states and act != "approve own"
        if fits and act == "approve":
            fits, refused = payment.minor <= self.usable(payment.fund), NotEnoughInFund
        verbs: dict[str, Callable[[Any], Any]] = {
            "send": lambda conn: payment_requests.send(conn, number, at=NOON),
            "refuse": lambda conn: payment_requests.refuse(conn, number, actor=actor, at=NOON),
        }
        yes = lambda conn: payment_requests.approve(conn, number, actor=actor, staff_id=None, at=NOON)  # noqa: E731
        if expect(fits, refused, verbs.get(act, yes)):
            no = "cancelled" if was == "approved" else "refused"
            payment.state = {"approve": "approved", "send": "sent"}.get(act, no)

    @rule(fund=FUND, minor=PART)
    def an_opening_balance(self, fund: str, minor: int) -> None:
        self.adjust("opening", fund, minor, bank_account_id=self.account)
        self.model.openings.append((fund, minor))

    @rule(forth=st.booleans(), minor=PART)
    def a_surplus_is_moved(self, forth: bool, minor: int) -> None:
        fund, other = FUNDS if forth else FUNDS[::-1]
        fits = minor <= self.usable(fund)
        more = {"bank_account_id": self.account, "other_fund_id": fund_of(other).id}
        if self.adjust("transfer", fund, minor, NotEnoughInFund if not fits else None, **more):
            self.model.transfers.append((fund, other, minor))
            assert in_bank(self.account, fund) >= self.model.unpaid(fund), "it was not in the bank"

    @rule(which=WHICH, part=st.integers(1, 1000), by_asker=st.booleans())
    def a_rest_is_written_off(self, which: int, part: int, by_asker: bool) -> None:
        slip = one(self.model.slips, which)
        funds = {gift.fund for gift in self.model.on_slip(slip)} if slip else set()
        if slip is None or len(funds) != 1:
            return
        (fund,), too_much = funds, NotForThisLine if part > self.model.short(slip) else None
        refused = too_much if self.model.has_arrived(slip) else NotArrivedYet
        with two_approvals():
            made = self.adjust("write_off", fund, part, refused, account=1030, clear_ref=f"slip:{slip.id}")
        if made and expect(not by_asker, NeedsAnother, lambda conn: adjustments.decide(
            conn, made, yes=True, actor="tara" if by_asker else "theo", at=NOON)):  # fmt: skip
            self.model.write_offs.append(Thing(made, fund, part, "made", slip=slip))

    def adjust(self, kind: str, fund: str, minor: int, refused: Any = None, **more: Any) -> int:
        made: list[int] = []
        told = (new_id("form"), kind, fund_of(fund).id, Money(minor, "GBP"), TODAY, "agreed", "committee")
        expect(refused is None, refused or DonationsError, lambda conn: made.append(
            adjustments.ask(conn, adjustments.Asked(*told, **more), actor="tara", at=NOON).id))  # fmt: skip
        return made[0] if made else 0

    @rule(fund=FUND, fee=st.integers(1, 200))
    def a_card_gift_is_paid_out(self, fund: str, fee: int) -> None:
        if len(self.model.payouts) == 2:
            return
        with write_unit():
            reference = a_donation(Appeal.any_by_slug("hands-off-ali"), split={fund: 3000}).reference
        charge, payout, moves = a_charge(reference, Money(3000, "GBP")), new_id("po"), [new_id("txn"), new_id("txn")]
        hear(charge)
        hear(a_transaction(charge.charge_id, Money(3000, "GBP"), fee, id=moves[0]))
        hear_payout(3000 - fee, id=payout, balance_transaction_id=moves[1])
        hear(moved(moves[1], "payout", fee - 3000, payout))
        hear_members(payout, [moves[0]])
        self.model.card_donations.append((fund, 3000, fee))
        self.model.payouts.append(Thing(payout, fund, 3000 - fee, "paid"))

    @rule()
    def two_hours_pass(self) -> None:
        steps.settled()

    @invariant()  # What must hold.
    def the_books_are_what_was_done(self) -> None:
        assert sound() == ()
        assert raised() - self.raised_before == self.model.raised()
        assert {fund: free(fund) for fund in FUNDS} == {fund: self.free(fund) for fund in FUNDS}
        assert in_bank(self.account) == self.model.in_bank()
        for slip in self.model.slips:
            assert paying_in_slips.short_by(db.session.connection(), int(slip.id)) == self.model.short(slip)
        for gift in self.model.gifts:
            assert steps.live_or_waiting(int(gift.id)) in (None, self.model.remaining(gift))
            assert db.session.get_one(OfflineDonation, int(gift.id)).state == gift.state
        for payment in self.model.payments:
            assert db.session.get_one(PaymentRequest, int(payment.id)).state == payment.state
        db.session.rollback()

    def free(self, fund: str) -> int:
        return self.free_before[fund] + self.model.free(fund)

    def usable(self, fund: str) -> int:
        """What may be paid out or moved: what the bank has, less what is approved, and no more than is free."""
        here = in_bank(self.account, fund) - self.model.unpaid(fund)
        return max(0, min(here, steps.uncommitted(fund), self.free(fund)))


# Each has a database of its own, so that the ledger checked after every step stays small.
@pytest.mark.parametrize("part", range(20 if os.environ.get("PROVE") == "1" else 1))
def test_whatever_treasurers_do_the_books_are_right(app: Flask, part: int, proving: bool) -> None:
    examples, steps = (20, 40) if proving else (8, 20)
    run_state_machine_as_test(Desk, settings=settings(max_examples=examples, stateful_step_count=steps))
