"""Statement lines: the match of each decides its entry, by the worked examples of docs/ledger.md, and every match can
be undone."""

from __future__ import annotations

import pytest
from flask import Flask

from donations.database import write_unit
from donations.errors import AlreadyDone, NotForThisLine
from donations.extensions import db
from donations.models import BankAccount
from donations.money import Money
from donations.reconciliation import matches, paying_in_slips
from donations.reconciliation.matches import Said
from tests.events import fresh, live_lines
from tests.factories import NOON
from tests.reconciliation.steps import (
    TODAY,
    a_bank_account,
    a_gift,
    a_line,
    accepted,
    match,
    raised,
    receipts_of,
    settled,
    sound,
    state_of,
)


def lines_of(line_id: int) -> list[tuple[int, str, str, int]]:
    """The postings of a line, sorted."""
    fresh()
    return sorted(line for key, lines in live_lines().items() if key.startswith("bank:") for line in lines)


def test_an_unknown_credit_waits_in_suspense_until_it_is_identified(app: Flask) -> None:
    # given an unidentified line
    line = a_line(a_bank_account(), 3000)
    match(line, Said("unidentified", 3000))
    assert lines_of(line) == [(1000, "suspense", "GBP", 3000), (2010, "suspense", "GBP", -3000)]
    assert raised() == 0
    # when it turns out to be a donation
    gift = a_gift(3000, "bank")
    with write_unit() as conn:
        matches.undo(conn, line, actor="tara", at=NOON)
    match(line, Said("offline_gift", 3000, target=str(gift)))
    # then it is booked as one, row 12
    assert lines_of(line) == [(1000, "ali", "GBP", 3000), (4010, "ali", "GBP", -3000)]
    assert (raised(), state_of(gift), receipts_of(gift)) == (3000, "paid", [("live", 3000)])
    assert sound() == ()


def test_a_match_that_is_undone_takes_its_gift_off_the_total(app: Flask) -> None:
    line, gift = a_line(a_bank_account(), 3000), a_gift(3000, "bank")
    match(line, Said("offline_gift", 3000, target=str(gift)))
    with write_unit() as conn:
        matches.undo(conn, line, actor="tara", at=NOON)
    assert (raised(), state_of(gift), lines_of(line)) == (0, "pending", [])
    settled()
    assert receipts_of(gift) == [("void", 3000)]
    # and it can be matched again
    match(line, Said("offline_gift", 3000, target=str(gift)))
    assert (raised(), receipts_of(gift)) == (3000, [("void", 3000), ("live", 3000)])
    assert sound() == ()


def test_cash_is_counted_paid_in_and_credited_short(app: Flask) -> None:
    # given 250.00 over two funds, accepted and paid in: row 10
    account = a_bank_account()
    gifts = [accepted(20000), accepted(5000, fund="ali-family")]
    assert raised() == 25000
    with write_unit() as conn:
        slip = paying_in_slips.pay_in(
            conn, db.session.get_one(BankAccount, account), gifts, Money(25000, "GBP"), count=2, on=TODAY,
            number="100", actor="tara", at=NOON,
        ).id  # fmt: skip
    # when the bank credits one pound less
    line = a_line(account, 24900)
    match(line, Said("slip", 24900, target=str(slip)))
    # then the pound stays open on the paying-in slip, and the total is what was given
    credited = [(1000, "ali", 19920), (1000, "ali-family", 4980), (1030, "ali", -19920), (1030, "ali-family", -4980)]
    assert [(account, fund, minor) for account, fund, _, minor in lines_of(line)] == credited
    assert paying_in_slips.short_by(db.session.connection(), slip) == 100
    assert raised() == 25000
    # and when the rest comes, it is whole to the penny
    match(a_line(account, 100), Said("slip", 100, target=str(slip)))
    assert paying_in_slips.short_by(db.session.connection(), slip) == 0
    assert sound() == ()


def test_a_cheque_that_bounces_takes_its_gift_and_receipt_back(app: Flask) -> None:
    # given a cheque that was accepted
    account, gift = a_bank_account(), accepted(5000, "cheque")
    assert receipts_of(gift) == [("live", 5000)]
    # when the bank takes it back, and charges for it: row 11
    match(a_line(account, -5000), Said("bounced", -5000, target=str(gift)))
    match(a_line(account, -120), Said("charge", -120))
    # then
    settled()
    assert (raised(), state_of(gift), receipts_of(gift)) == (0, "lost", [("void", 5000)])
    entries = [lines for key, lines in live_lines().items() if key.startswith("bank:")]
    general = next(fund for _, fund, _, _ in entries[1])
    assert entries[0] == [(1000, "ali", "GBP", -5000), (4070, "ali", "GBP", 5000)]
    assert entries[1] == [(1000, general, "GBP", -120), (5040, general, "GBP", 120)]
    assert sound() == ()


def test_an_offline_gift_is_given_back_in_part(app: Flask) -> None:
    account, gift = a_bank_account(), accepted(5000)
    match(a_line(account, -2500), Said("offline_refund", -2500, target=str(gift)))
    assert (raised(), state_of(gift)) == (2500, "part_refunded")
    settled()
    assert receipts_of(gift) == [("replaced", 5000), ("live", 2500)]
    assert sound() == ()


def test_one_line_is_several_gifts(app: Flask) -> None:
    gifts = [a_gift(1000, "bank"), a_gift(2500, "standing_order", fund="sakharovo")]
    line = a_line(a_bank_account(), 3500)
    parts = zip((1000, 2500), gifts, strict=True)
    match(line, *(Said("offline_gift", minor, target=str(gift)) for minor, gift in parts))
    assert raised() == 3500
    assert [receipts_of(gift) for gift in gifts] == [[("live", 1000)], [("live", 2500)]]
    assert sound() == ()


REFUSED = {
    "parts that do not add up": (3000, [Said("unidentified", 2900)], "do not add up"),
    "a payout that is not known": (3000, [Said("payout", 3000, target="po_none")], "no such Stripe payout"),
    "a gift that is not known": (3000, [Said("offline_gift", 3000, target="7")], "no such donation"),
    "a slip that is not known": (3000, [Said("slip", 3000, target="7")], "no such paying-in slip"),
    "a disbursement that is not known": (-3000, [Said("disbursement", -3000, target="7")], "no such payment"),
    "money that is owed to nobody": (-3000, [Said("returned", -3000, target="ch_x")], "less than this amount is owed"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_a_line_is_refused_and_nothing_is_written(app: Flask, what: str) -> None:
    minor, said, told = REFUSED[what]
    line = a_line(a_bank_account(), minor)
    with pytest.raises(NotForThisLine, match=told):
        match(line, *said)
    assert lines_of(line) == []
    match(line, Said("unidentified", minor))  # The line is free for something else.


def test_a_line_is_matched_once(app: Flask) -> None:
    line = a_line(a_bank_account(), 3000)
    match(line, Said("unidentified", 3000))
    with pytest.raises(AlreadyDone):
        match(line, Said("unidentified", 3000))


def test_a_gift_is_not_two_lines(app: Flask) -> None:
    account, gift = a_bank_account(), a_gift(3000, "bank")
    match(a_line(account, 3000), Said("offline_gift", 3000, target=str(gift)))
    with pytest.raises(NotForThisLine, match="another line"):
        match(a_line(account, 3000), Said("offline_gift", 3000, target=str(gift)))


def test_what_bounced_is_not_more_than_was_given(app: Flask) -> None:
    account, gift = a_bank_account(), accepted(5000, "cheque")
    match(a_line(account, -5000), Said("bounced", -5000, target=str(gift)))
    with pytest.raises(NotForThisLine, match="less than this amount is left"):
        match(a_line(account, -5000), Said("offline_refund", -5000, target=str(gift)))


def test_a_match_stands_while_money_of_its_gift_was_given_back(app: Flask) -> None:
    # given a donation by bank of which a part was refunded
    account, gift = a_bank_account(), a_gift(5000, "bank")
    came = a_line(account, 5000)
    match(came, Said("offline_gift", 5000, target=str(gift)))
    back = a_line(account, -2000)
    match(back, Said("offline_refund", -2000, target=str(gift)))
    # when the match by which it came is undone, then that is refused until the other is undone
    with pytest.raises(NotForThisLine, match="refunded"), write_unit() as conn:
        matches.undo(conn, came, actor="tara", at=NOON)
    fresh()
    assert (raised(), sound()) == (3000, ())
    for line in (back, came):
        with write_unit() as conn:
            matches.undo(conn, line, actor="tara", at=NOON)
    assert (raised(), state_of(gift), sound()) == (0, "pending", ())


def test_a_slip_credited_in_parts_is_whole_by_every_fund_whatever_is_taken_back(app: Flask) -> None:
    # given a paying-in slip over three funds, whose parts do not divide evenly, credited by two lines
    account = a_bank_account()
    gifts = [accepted(3333), accepted(3333, fund="ali-family"), accepted(3334, fund="sakharovo")]
    with write_unit() as conn:
        bank = db.session.get_one(BankAccount, account)
        slip = paying_in_slips.pay_in(
            conn, bank, gifts, Money(10000, "GBP"), count=3, on=TODAY, number="", actor="tara", at=NOON
        ).id
    first, second = a_line(account, 5000), a_line(account, 5000)
    for line in (first, second):
        match(line, Said("slip", 5000, target=str(slip)))
    # when the first is undone and matched again
    with write_unit() as conn:
        matches.undo(conn, first, actor="tara", at=NOON)
    match(first, Said("slip", 5000, target=str(slip)))
    # then nothing is open on it in any fund
    fresh()
    left: dict[str, int] = {}
    for lines in live_lines().values():
        for code, slug, _, minor in lines:
            left[slug] = left.get(slug, 0) + (minor if code == 1030 else 0)
    assert {slug: minor for slug, minor in left.items() if minor} == {}
    assert sound() == ()
