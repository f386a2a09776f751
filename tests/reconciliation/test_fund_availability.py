"""Money is taken only from where it is: transfers and payments out are held against what a bank account has of the
fund, also when several people act at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from donations.database import write_unit
from donations.errors import DonationsError, NotEnoughInFund, NotForThisLine, NotInTheBank
from donations.extensions import db
from donations.models import Appeal, BankAccount, Fund
from donations.money import Money
from donations.reconciliation import adjustments, fund_availability, paying_in_slips, payment_requests
from donations.reconciliation.matches import Said
from tests.events import a_charge, a_transaction, fresh, hear
from tests.factories import NOON, a_donation, gbp
from tests.faults.test_races import THREADS, at_once
from tests.reconciliation.steps import TODAY, a_bank_account, a_line, accepted, banked, match, sound
from tests.reconciliation.test_payment_requests import approve, ask_for, fund, two_must_approve

_keys = itertools.count(1)


def at_stripe(minor: int, fee: int = 0) -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali"), Money(minor, "GBP")).reference
    charge = a_charge(reference, Money(minor, "GBP"))
    hear(charge)
    hear(a_transaction(charge.charge_id, Money(minor, "GBP"), fee))


def transfer(minor: int, account: int, *, key: str = "") -> int:
    with write_unit() as conn:
        other = db.session.scalars(select(Fund.id).where(Fund.slug == "sakharovo")).one()
        asked = adjustments.Asked(
            key or f"transfer {next(_keys)}", "transfer", fund().id, Money(minor, "GBP"), TODAY, "agreed", "committee",
            other_fund_id=other, bank_account_id=account,
        )  # fmt: skip
        return adjustments.ask(conn, asked, actor="tara", at=NOON).id


def done(act: Callable[[], Any]) -> bool:
    """Whether it was done, and not refused for want of money."""
    try:
        act()
    except (NotEnoughInFund, NotForThisLine):
        return False
    return True


def at_bank() -> dict[tuple[str, str], int]:
    """What each bank account has of each fund, from the postings."""
    fresh()
    rows = db.session.execute(
        text("SELECT f.slug, p.clear_ref, sum(p.amount_minor) FROM posting p JOIN fund f ON f.id = p.fund_id"
             " WHERE p.account = 1000 GROUP BY f.slug, p.clear_ref")
    )  # fmt: skip
    return {(slug, ref): int(minor) for slug, ref, minor in rows}


def test_money_at_stripe_is_not_moved_from_the_bank(app: Flask) -> None:
    # given 100.00 in the bank and 50.00 still at Stripe
    account = banked(10000)
    at_stripe(5000, fee=100)
    # when all that is free is to be moved
    with pytest.raises(NotInTheBank) as refusal:
        transfer(14900, account)
    # then it is refused, and the error shows how much is where
    facts = {name: str(fact) for name, fact in refusal.value.facts.items()}
    assert (facts["there"], facts["asked"], facts["at_stripe"]) == ("100 GBP", "149 GBP", "49 GBP")
    assert "once a bank statement shows it" in str(refusal.value)
    # and what is in the bank is moved
    transfer(10000, account)
    assert min(at_bank().values()) == 0
    assert sound() == ()


@pytest.mark.parametrize("where", ["in hand", "in transit"])
def test_cash_is_moved_once_the_bank_has_it(app: Flask, where: str) -> None:
    # given cash that is counted, or on its way to the bank
    account, gift = a_bank_account(), accepted(8000)
    if where == "in transit":
        paying_in_slip_id = pay_in(gift, account)
    with pytest.raises(NotInTheBank, match="80 GBP"):
        transfer(8000, account)
    # when the statement line is matched
    if where == "in hand":
        paying_in_slip_id = pay_in(gift, account)
    match(a_line(account, 8000), Said("slip", 8000, target=str(paying_in_slip_id)))
    # then it can be moved
    transfer(8000, account)
    assert sound() == ()


def pay_in(gift: int, account: int, minor: int = 8000) -> int:
    with write_unit() as conn:
        bank = db.session.get_one(BankAccount, account)
        amount = Money(minor, "GBP")
        return paying_in_slips.pay_in(
            conn, bank, [gift], amount, count=1, on=TODAY, number="", actor="tara", at=NOON
        ).id  # fmt: skip


def test_each_bank_account_gives_what_it_has(app: Flask) -> None:
    # given two accounts, 60.00 in one and 40.00 in the other
    first, second = a_bank_account("First"), a_bank_account("Second")
    banked(6000, account_id=first)
    banked(4000, account_id=second)
    # when more is taken from one than it has, though the fund has it
    with pytest.raises(NotInTheBank) as refusal:
        transfer(6001, first)
    assert str(refusal.value.facts["elsewhere"]) == "40 GBP"
    with pytest.raises(NotInTheBank):
        ask_for(4001, bank_account_id=second)
    # then each gives its own
    transfer(6000, first)
    ask_for(4000, bank_account_id=second)
    assert at_bank()["ali", f"bank:{first}"] == 0


def test_what_is_approved_and_unpaid_is_not_there_for_another(app: Flask) -> None:
    # given 100.00 in the bank, 70.00 of them approved for a lawyer
    account = banked(10000)
    wanted = ask_for(7000)
    approve(wanted, "theo")
    with pytest.raises(NotEnoughInFund):
        transfer(3001, account)
    # when money comes that is not in the bank yet
    at_stripe(5000)
    # then it makes no room there
    with pytest.raises(NotInTheBank, match="has only 30 GBP"):
        transfer(3001, account)
    with pytest.raises(NotInTheBank):
        ask_for(3001, key="more")
    with write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)
    with pytest.raises(NotInTheBank):
        transfer(3001, account)
    transfer(3000, account)
    assert fund_availability.of_fund(db.session.connection(), fund().id, "GBP").usable_minor == 0


def test_an_approval_looks_at_the_bank_again(app: Flask) -> None:
    # given a payment that was asked for while the money was there, and is not any more
    account = banked(10000)
    wanted = ask_for(10000)
    at_stripe(20000)
    transfer(5000, account)
    # when it is approved
    with pytest.raises(NotInTheBank, match="has only 50 GBP"):
        approve(wanted, "theo")
    # then nothing was promised
    assert fund_availability.of_fund(db.session.connection(), fund().id, "GBP").usable_minor == 5000


def test_a_second_person_cannot_agree_to_what_has_gone_meanwhile(app: Flask) -> None:
    two_must_approve()
    account = banked(10000)
    first, second = transfer(6000, account), transfer(6000, account)
    at_stripe(20000)
    agree(first)
    with pytest.raises(NotInTheBank):
        agree(second)


def agree(number: int) -> None:
    with write_unit() as conn:
        adjustments.decide(conn, number, yes=True, actor="theo", at=NOON)


def test_many_transfers_at_once_move_no_more_than_the_bank_has(app: Flask) -> None:
    # given 100.00 in the bank and plenty at Stripe
    account = banked(10000)
    at_stripe(90000)
    # when eight move 30.00 each
    works = [lambda number=number: done(lambda: transfer(3000, account, key=f"t{number}")) for number in range(THREADS)]
    outcome = at_once(app, works)
    # then three are done, and nothing is below zero
    assert outcome.count(True) == 3
    assert at_bank()["ali", f"bank:{account}"] == 1000
    assert sound() == ()


def test_transfers_and_approvals_at_once_share_what_the_bank_has(app: Flask) -> None:
    account = banked(10000)
    at_stripe(90000)
    wanted = [ask_for(4000, key=f"form {number}") for number in range(THREADS // 2)]
    works: list[Callable[[], bool]] = [lambda one=one: done(lambda: approve(one, "theo")) for one in wanted]
    works += [lambda n=n: done(lambda: transfer(4000, account, key=f"t{n}")) for n in range(THREADS // 2)]
    outcome = at_once(app, works)
    assert outcome.count(True) == 2
    assert fund_availability.of_fund(db.session.connection(), fund().id, "GBP").usable_minor == 2000


def test_two_who_agree_at_once_write_off_what_is_open_once(app: Flask) -> None:
    # given a paying-in slip that is 3.00 short, and two write-offs of it that wait, where two must approve
    two_must_approve()
    account, gift = a_bank_account(), accepted(25000)
    paying_in_slip_id = pay_in(gift, account, 25000)
    match(a_line(account, 24700), Said("slip", 24700, target=str(paying_in_slip_id)))
    numbers = []
    for key in ("one", "two"):
        with write_unit() as conn:
            asked = adjustments.Asked(key, "write_off", fund().id, gbp("3.00"), TODAY, "lost", "committee",
                                      account=1030, clear_ref=f"slip:{paying_in_slip_id}")  # fmt: skip
            numbers.append(adjustments.ask(conn, asked, actor="tara", at=NOON).id)
    # when both are agreed to in the same moment
    outcome = at_once(app, [lambda n=n: done(lambda: agree(n)) for n in numbers])
    # then one is booked
    assert sorted(outcome) == [False, True]
    assert paying_in_slips.short_by(db.session.connection(), paying_in_slip_id) == 0


def test_nobody_takes_from_an_account_of_another_fund(app: Flask) -> None:
    account = banked(10000, fund="sakharovo")
    with pytest.raises(DonationsError):
        transfer(1, account)
    with pytest.raises(DonationsError):
        ask_for(1)
