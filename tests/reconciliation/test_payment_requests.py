"""Payments out, transfers, opening balances, write-offs: their entries, by the worked examples of docs/ledger.md, and
attempts to break the four-eyes rules."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from donations.database import write_unit
from donations.errors import (
    AlreadyDone,
    NeedsAnother,
    NotArrivedYet,
    NotEnoughInFund,
    NotForThisLine,
    TooMuchToWriteOff,
)
from donations.extensions import db
from donations.models import BankAccount, Fund, PaymentRequest
from donations.money import Money
from donations.reconciliation import adjustments, balances, matches, paying_in_slips, payment_requests
from donations.reconciliation.matches import Said
from tests.events import fresh, live_lines
from tests.factories import NOON
from tests.reconciliation.steps import TODAY, a_bank_account, a_line, accepted, approvals_are, banked, match, sound


def fund(slug: str = "ali") -> Fund:
    return db.session.query(Fund).filter(Fund.slug == slug).one()


def ask_for(minor: int, *, key: str = "form 1", actor: str = "tara", slug: str = "ali", **more: Any) -> int:
    """A request of that much from a fund, committed. Returns its id."""
    with write_unit() as conn:
        asked = payment_requests.Asked(key, Money(minor, "GBP"), "lawyer", "Maya Example 12345678", **more)
        return payment_requests.request(conn, fund(slug), asked, actor=actor, at=NOON).id


def approve(payment_request_id: int, actor: str, staff_id: int | None = None) -> str:
    with write_unit() as conn:
        return payment_requests.approve(conn, payment_request_id, actor=actor, staff_id=staff_id, at=NOON).state


def booked(*kinds: str) -> list[tuple[int, str, str, int]]:
    fresh()
    return sorted(line for key, lines in live_lines().items() if key.startswith(kinds) for line in lines)


def two_must_approve() -> None:
    approvals_are(2)


def test_a_disbursement_is_asked_for_approved_sent_and_found_in_the_bank(app: Flask) -> None:
    # given a fund that has 800.00
    account = banked(80000)
    # when 500.00 of it are approved: row 13
    wanted = ask_for(50000)
    assert booked("disbursement") == []
    assert approve(wanted, "theo") == "approved"
    assert booked("disbursement") == [(2100, "ali", "GBP", -50000), (5100, "ali", "GBP", 50000)]
    assert balances.free(db.session.connection(), fund().id, "GBP") == 30000
    # and sent
    with write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)
    assert booked(f"disbursement:{wanted}:send") == [(1040, "ali", "GBP", -50000), (2100, "ali", "GBP", 50000)]
    # and the bank shows it
    line = a_line(account, -50000)
    match(line, Said("disbursement", -50000, target=str(wanted)))
    assert booked("bank:") == [(1000, "ali", "GBP", -50000), (1040, "ali", "GBP", 50000)]
    fresh()
    assert db.session.get_one(PaymentRequest, wanted).state == "paid"
    # then a match that is undone puts it back on its way
    with write_unit() as conn:
        matches.undo(conn, line, actor="tara", at=NOON)
    fresh()
    assert db.session.get_one(PaymentRequest, wanted).state == "sent"
    assert sound() == ()


def test_the_payee_is_sealed_and_masked(app: Flask) -> None:
    banked(80000)
    row = db.session.get_one(PaymentRequest, ask_for(50000))
    assert row.payee_masked == "M… E… …678"
    assert b"Maya" not in (row.payee_sealed or b"")


@pytest.mark.parametrize(("actor", "staff_id"), [("tara", 1), ("theo", 7)], ids=["the requester", "the payee"])
def test_who_asked_and_who_is_paid_cannot_approve(app: Flask, actor: str, staff_id: int) -> None:
    banked(80000)
    wanted = ask_for(50000, payee_staff_id=7)
    with pytest.raises(NeedsAnother):
        approve(wanted, actor, staff_id)
    assert booked("disbursement") == []


def test_two_approvals_are_two_people(app: Flask) -> None:
    two_must_approve()
    banked(80000)
    wanted = ask_for(50000)
    assert approve(wanted, "theo") == "requested"
    with pytest.raises(NeedsAnother):
        approve(wanted, "theo")
    assert approve(wanted, "uma") == "approved"
    with pytest.raises(AlreadyDone):
        approve(wanted, "vera")


def test_no_more_is_asked_or_approved_than_the_fund_has_free(app: Flask) -> None:
    banked(80000)
    with pytest.raises(NotEnoughInFund, match="800 GBP available"):
        ask_for(80001)
    first, second = ask_for(50000), ask_for(40000, key="form 2")
    approve(first, "theo")
    with pytest.raises(NotEnoughInFund, match="300 GBP available"):
        approve(second, "theo")


def test_the_same_form_asks_once(app: Flask) -> None:
    banked(80000)
    assert ask_for(50000) == ask_for(50000)


def test_an_approved_disbursement_that_is_taken_back_is_owed_no_more(app: Flask) -> None:
    banked(80000)
    wanted = ask_for(50000)
    approve(wanted, "theo")
    with write_unit() as conn:
        assert payment_requests.refuse(conn, wanted, actor="uma", at=NOON).state == "cancelled"
    assert booked("disbursement") == []
    assert balances.free(db.session.connection(), fund().id, "GBP") == 80000
    with pytest.raises(AlreadyDone), write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)


def adjust(kind: str, minor: int, *, actor: str = "tara", key: str = "a", **more: Any) -> tuple[int, str]:
    with write_unit() as conn:
        asked = adjustments.Asked(
            key, kind, fund().id, Money(minor, "GBP"), TODAY, "agreed", "committee of 3 November", **more
        )
        row = adjustments.ask(conn, asked, actor=actor, at=NOON)
        return row.id, row.state


def test_an_opening_balance_and_a_transfer_of_surplus(app: Flask) -> None:
    # given a fund with 800.00 when the ledger began: row 16
    account = a_bank_account()
    adjust("opening", 80000, bank_account_id=account)
    assert booked("adjustment") == [(1000, "ali", "GBP", 80000), (3000, "ali", "GBP", -80000)]
    # when 300.00 are moved: row 14
    _, state = adjust("transfer", 30000, key="b", bank_account_id=account, other_fund_id=fund("sakharovo").id)
    # then
    assert state == "made"
    assert booked("adjustment")[1:] == [
        (1000, "ali", "GBP", 80000), (1000, "sakharovo", "GBP", 30000), (3000, "ali", "GBP", -80000),
        (3100, "ali", "GBP", 30000), (3100, "sakharovo", "GBP", -30000),
    ]  # fmt: skip
    with pytest.raises(NotEnoughInFund):
        adjust("transfer", 50001, key="c", bank_account_id=account, other_fund_id=fund("sakharovo").id)
    assert sound() == ()


def test_a_transfer_waits_for_another_where_two_people_decide(app: Flask) -> None:
    two_must_approve()
    account = a_bank_account()
    adjust("opening", 80000, bank_account_id=account)
    number, state = adjust("transfer", 30000, key="b", bank_account_id=account, other_fund_id=fund("sakharovo").id)
    assert state == "requested"
    with pytest.raises(NeedsAnother), write_unit() as conn:
        adjustments.decide(conn, number, yes=True, actor="tara", at=NOON)
    with write_unit() as conn:
        assert adjustments.decide(conn, number, yes=True, actor="theo", at=NOON).state == "made"
    assert (3100, "ali", "GBP", 30000) in booked("adjustment")


def test_what_a_slip_lacks_is_written_off_by_two_people_up_to_the_limit(app: Flask) -> None:
    # given a paying-in slip of which the bank credited one pound less, where two must approve
    two_must_approve()
    account, gift = a_bank_account(), accepted(25000)
    with write_unit() as conn:
        bank = db.session.get_one(BankAccount, account)
        slip = paying_in_slips.pay_in(
            conn, bank, [gift], Money(25000, "GBP"), count=1, on=TODAY, number="", actor="tara", at=NOON
        )
        ref, paying_in_slip_id = slip.ref, slip.id
    match(a_line(account, 24900), Said("slip", 24900, target=str(paying_in_slip_id)))
    # when it is written off
    number, state = adjust("write_off", 100, account=1030, clear_ref=ref)
    assert state == "requested"
    with pytest.raises(NeedsAnother), write_unit() as conn:
        adjustments.decide(conn, number, yes=True, actor="tara", at=NOON)
    with write_unit() as conn:
        adjustments.decide(conn, number, yes=True, actor="theo", at=NOON)
    # then nothing is open on it
    assert paying_in_slips.short_by(db.session.connection(), paying_in_slip_id) == 0
    assert booked("adjustment") == [(1030, "ali", "GBP", -100), (5900, "ali", "GBP", 100)]
    # and more than is open, or than the limit, is refused
    with pytest.raises(NotForThisLine, match="the amount is larger than the open balance"):
        adjust("write_off", 100, key="b", account=1030, clear_ref=ref)
    with pytest.raises(TooMuchToWriteOff, match="at most 10 GBP"):
        adjust("write_off", 1001, key="c", account=1030, clear_ref=ref)


def test_only_what_is_left_over_is_written_off_and_what_was_written_off_is_matched_no_more(app: Flask) -> None:
    # given cash on a paying-in slip that the bank has not seen, where two must approve
    two_must_approve()
    gift, account = accepted(25000), a_bank_account()
    with write_unit() as conn:
        at_bank = db.session.get_one(BankAccount, account)
        told = {"count": 1, "on": TODAY, "number": "7", "actor": "tara", "at": NOON}
        slip = paying_in_slips.pay_in(conn, at_bank, [gift], Money(25000, "GBP"), **told)
    ref = slip.ref
    # then nothing of it is written off yet
    with pytest.raises(NotArrivedYet):
        adjust("write_off", 100, account=1030, clear_ref=ref)
    # when the bank has credited less, what is missing is
    match(a_line(account, 24900), Said("slip", 24900, target=str(slip.id)))
    number, _ = adjust("write_off", 100, account=1030, clear_ref=ref)
    with write_unit() as conn:
        adjustments.decide(conn, number, yes=True, actor="theo", at=NOON)
    # then the paying-in slip takes no further line
    with pytest.raises(NotForThisLine, match="more than was on the paying-in slip"):
        match(a_line(account, 100), Said("slip", 100, target=str(slip.id)))
    assert sound() == ()


def test_a_payment_on_its_way_is_not_written_off(app: Flask) -> None:
    banked(80000)
    wanted = ask_for(500)
    approve(wanted, "theo")
    with write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)
    with pytest.raises(NotArrivedYet):
        adjust("write_off", -500, account=1040, clear_ref=f"disbursement:{wanted}")
