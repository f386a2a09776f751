"""The page of a payout: what it is made of to the penny, and by name what is left unexplained."""

from __future__ import annotations

from flask import Flask

from donations.extensions import db
from donations.reconciliation import payouts
from donations.reconciliation.matches import Said
from tests.events import hear
from tests.reconciliation.steps import a_bank_account, a_line, match
from tests.reconciliation.test_payouts import hear_members, hear_payout, moved, two_donations_and_a_fee
from tests.web.staff.conftest import Browser


def a_payout(minor: int = 12748, members: slice = slice(None)) -> list[str]:
    found = two_donations_and_a_fee()
    hear_payout(minor)
    hear(moved("txn_po", "payout", -minor, "po_1"))
    hear_members("po_1", found[members])
    return found


def made(payout_id: str = "po_1") -> payouts.Made:
    db.session.rollback()
    conn = db.session.connection()
    return payouts.made_of(conn, payouts.find(conn, payout_id))


def candidates(payout_id: str = "po_1") -> list[tuple[str, str, bool]]:
    rest = made(payout_id).unexplained
    conn = db.session.connection()
    found = payouts.candidates(conn, payouts.find(conn, payout_id), rest)
    return [(one.why, one.ref, one.fits) for one in found]


def test_a_payout_is_its_parts(app: Flask) -> None:
    a_payout()
    assert made() == payouts.Made(
        gross=13000, refunds=0, disputes=0, fees=-252, reserves=0, other=0, unexplained=0, net=12748, members=3
    )
    assert candidates() == []


def test_a_movement_that_the_list_hides_is_named(app: Flask) -> None:
    a_payout(members=slice(1, None))
    assert made().unexplained == 9830
    assert candidates()[0] == ("unpaid", "txn_1", True)


def test_a_member_too_many_is_named(app: Flask) -> None:
    a_payout(12748 - 9830)
    assert made().unexplained == -9830
    assert ("surplus", "txn_1", True) in candidates()


def test_a_member_listed_in_two_payouts_is_named_in_the_one_that_lacks_it(app: Flask) -> None:
    a_payout()
    hear_payout(9830, id="po_2", balance_transaction_id="txn_po2")
    hear(moved("txn_po2", "payout", -9830, "po_2"))
    hear_members("po_2", ["txn_1"])
    assert (made("po_2").unexplained, made("po_1").unexplained) == (0, 9830)
    assert ("elsewhere", "txn_1", True) in candidates("po_1")


def test_a_payout_told_twice_is_named(app: Flask) -> None:
    a_payout()
    hear_payout(12748, id="po_2", balance_transaction_id="txn_po2")
    hear(moved("txn_po2", "payout", -12748, "po_2"))
    hear_members("po_2", [])
    assert made("po_2").unexplained == 12748
    assert candidates("po_2")[0] == ("twin", "po_1", True)


def test_its_page_says_it_all(treasurer: Browser) -> None:
    a_payout(members=slice(1, None))
    line = a_line(a_bank_account("Current account"), 12748)
    match(line, Said("payout", 12748, target="po_1"))
    text = treasurer.get("/treasury/payouts/po_1").text
    for words in ("Unexplained: £98.30", "txn_1", "equals the difference", "Current account", "Ali&#39;s family"):
        assert words in text
    assert "£98.30" in treasurer.get("/treasury/payouts").text


def test_a_payout_by_hand_is_flagged_as_estimated(treasurer: Browser) -> None:
    two_donations_and_a_fee()
    hear_payout(5000, automatic=False, reconciliation_status="not_applicable")
    hear(moved("txn_po", "payout", -5000, "po_1"))
    assert "estimated" in treasurer.get("/treasury/payouts").text
    text = treasurer.get("/treasury/payouts/po_1").text
    assert "Estimated split between funds" in text
    assert "£38.50" in text
    assert made().unexplained == 0


def test_a_payout_that_failed_says_so(treasurer: Browser) -> None:
    two_donations_and_a_fee()
    hear_payout(12748, status="failed", failure_code="account_closed")
    text = treasurer.get("/treasury/payouts/po_1").text
    assert "This payout did not arrive" in text
    assert "bank account closed" in text


def test_a_payout_nobody_knows_is_not_there(treasurer: Browser) -> None:
    assert treasurer.get("/treasury/payouts/po_unknown").status_code == 404
    assert treasurer.get("/treasury/payouts?page=x").status_code == 200
    assert treasurer.get("/treasury/payouts?page=-3").status_code == 200
