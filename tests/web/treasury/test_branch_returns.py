"""Branch returns, submitted by link and accepted by treasurers: the resulting ledger, total, scoreboard and receipts;
revised, twice, late, by the wrong person, by the wrong link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from donations import tokens
from donations.database import write_unit
from donations.extensions import db
from donations.giving import branch_returns
from donations.models import BankAccount, OfflineDonation, Period
from donations.money import Money
from donations.reconciliation import paying_in_slips
from tests.reconciliation.steps import a_bank_account, a_line, match, matches, raised, receipts_of, sound
from tests.web.staff.conftest import NOON, Browser
from tests.web.treasury.branch_return_steps import SLUG, Branch, all_of_them, decide, of_london, states
from tests.web.treasury.snapshots import kept, last_act, refusal


def test_what_a_branch_hands_in_counts_once_it_is_accepted(treasurer: Browser, branch: Branch) -> None:
    # given a branch return by the branch's own link, without a cookie
    answer = branch.hands_in()
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (303, False)
    (row,) = all_of_them()
    assert (row.state, row.lines, of_london(), raised(SLUG)) == (
        "new",
        {"collection": 10000, "paper_sales": 4250},
        0,
        0,
    )
    assert b"Ann" not in (row.words_sealed or b"")
    assert "with the treasurer" in branch.page().text
    assert f'href="/treasury/branch-returns/{row.id}"' in treasurer.get("/treasury/_open-items").text
    # when the treasurer accepts it
    page = treasurer.get(f"/treasury/branch-returns/{row.id}").text
    assert all(said in page for said in ("Ann", "Ben", "Cleo", "Saturday market", "£142.50"))
    assert decide(treasurer, "accept").status_code == 303
    # then it is in the ledger, the total and the scoreboard at once, with a receipt that the branch finds
    gift = db.session.scalars(select(OfflineDonation)).one()
    assert (of_london(), raised(SLUG), receipts_of(gift.id), sound()) == (14250, 14250, [("live", 14250)], ())
    assert last_act()[:2] == ("pay_in.accepted", f"pay_in:{row.id}")
    (receipt,) = re.findall(r'href="(/receipts/[^"]{20,})"', branch.page().text)
    assert "R-000001" in branch.client.get(receipt).text
    assert "Ann" not in str(gift.counted_by)


def test_a_form_sent_twice_is_one_pay_in_and_accepted_twice_is_one_gift(treasurer: Browser, branch: Branch) -> None:
    assert [branch.hands_in().status_code for _ in range(2)] == [303, 303]
    (row,) = all_of_them()
    token = tokens.for_form(tokens.FormToken(slug=f"pay-in {branch.area}", nonce="one"))
    assert branch.hands_in(token=token).status_code == 303
    assert branch.hands_in(token=token, collection="900").status_code == 409
    assert decide(treasurer, "accept", row).status_code == 303
    before = kept()
    assert decide(treasurer, "accept", row).status_code == 409
    assert (kept(), of_london()) == (before, 14250)


def test_a_later_version_takes_the_place_of_one_that_was_not_accepted(treasurer: Browser, branch: Branch) -> None:
    branch.hands_in()
    (first,) = all_of_them()
    page = branch.client.get(f"{branch.path}/{first.id}").text
    assert 'value="42.50"' in page
    assert "Saturday market" in page
    assert branch.hands_in(on=f"/{first.id}", collection="90").status_code == 303
    assert states() == [(1, "replaced", 14250), (2, "new", 13250)]
    # Only the latest can be accepted or revised; both stay to be read.
    assert decide(treasurer, "accept", first).status_code == 409
    assert branch.hands_in(on=f"/{first.id}", collection="80").status_code == 404
    assert decide(treasurer, "accept").status_code == 303
    assert (of_london(), sound()) == (13250, ())


@pytest.mark.parametrize(("collection", "minor"), [("250", 29250), ("60", 10250)])
def test_what_was_accepted_is_amended_by_the_difference(
    treasurer: Browser, branch: Branch, collection: str, minor: int
) -> None:
    # given a branch return that was accepted
    branch.hands_in()
    decide(treasurer, "accept")
    (first,) = all_of_them()
    # when the branch submits a new version, then nothing is posted before it is accepted
    assert branch.hands_in(on=f"/{first.id}", collection=collection).status_code == 303
    assert (states(), of_london()) == ([(1, "accepted", 14250), (2, "new", minor)], 14250)
    assert "Difference" in treasurer.get(f"/treasury/branch-returns/{all_of_them()[-1].id}").text
    assert decide(treasurer, "accept").status_code == 303
    # and then by the difference, with a receipt in place of the one before
    gift = db.session.scalars(select(OfflineDonation)).one()
    assert (states(), of_london()) == ([(1, "replaced", 14250), (2, "accepted", minor)], minor)
    assert (receipts_of(gift.id), raised(SLUG), sound()) == ([("replaced", 14250), ("live", minor)], minor, ())


def test_what_is_on_a_slip_already_is_not_amended_in_the_books(treasurer: Browser, branch: Branch) -> None:
    branch.hands_in()
    decide(treasurer, "accept")
    (first,) = all_of_them()
    account_id = a_bank_account()
    with write_unit() as conn:
        account = db.session.get_one(BankAccount, account_id)
        of = {"count": 1, "on": NOON.date(), "number": "", "actor": "tara", "at": NOON}
        paying_in_slips.pay_in(conn, account, [first.offline_donation_id or 0], Money(14250, "GBP"), **of)
    branch.hands_in(on=f"/{first.id}", collection="90")
    before = kept()
    answer = decide(treasurer, "accept")
    assert (answer.status_code, "already at the bank" in refusal(answer)) == (409, True)
    assert (kept(), of_london(), sound()) == (before, 14250, ())


def test_a_transfer_counts_when_the_line_of_the_bank_is_matched(treasurer: Browser, branch: Branch) -> None:
    sent = branch.hands_in(method="bank", first_counter="", second_counter="")
    assert "when the transfer is matched to our bank statement" in branch.client.get(sent.headers["Location"]).text
    decide(treasurer, "accept")
    gift = db.session.scalars(select(OfflineDonation)).one()
    assert (gift.state, of_london(), (gift.reference_code or "?") in branch.page().text) == ("expected", 0, True)
    match(a_line(a_bank_account(), 14250), matches.Said("offline_gift", 14250, target=str(gift.id)), at=NOON)
    assert (of_london(), sound()) == (14250, ())


def test_one_of_a_closed_period_is_entered_in_the_open_one_and_says_so(treasurer: Browser, branch: Branch) -> None:
    with write_unit():
        db.session.add(Period(starts_on=date(2026, 10, 1), ends_on=date(2026, 10, 31), state="closed"))
    branch.hands_in(from_on="2026-10-01", to_on="2026-10-20")
    decide(treasurer, "accept")
    (row,) = all_of_them()
    assert (row.booked_on, row.is_late, of_london(), sound()) == (date(2026, 11, 1), True, 14250, ())
    for page in (branch.page().text, treasurer.get(f"/treasury/branch-returns/{row.id}").text):
        assert "1 November 2026" in page


def test_declined_it_says_why_and_may_be_handed_in_anew(treasurer: Browser, branch: Branch) -> None:
    branch.hands_in()
    assert decide(treasurer, "decline").status_code == 422
    assert decide(treasurer, "decline", reason="The bag held £140").status_code == 303
    assert last_act()[0] == "pay_in.declined"
    assert "The bag held £140" in branch.page().text
    (first,) = all_of_them()
    assert decide(treasurer, "accept").status_code == 409
    assert branch.hands_in(on=f"/{first.id}", collection="97.50").status_code == 303
    assert decide(treasurer, "accept").status_code == 303
    assert (of_london(), sound()) == (14000, ())


def test_whose_name_stands_on_it_does_not_accept_it_where_there_is_another(
    treasurer: Browser, branch: Branch, signed_in: Callable[..., Browser]
) -> None:
    branch.hands_in(second_counter="TREASURER")
    signed_in("treasurer", name="theo")
    before = kept()
    answer = decide(treasurer, "accept")
    assert (answer.status_code, "your name is on it" in refusal(answer)) == (403, True)
    assert (kept(), of_london()) == (before, 0)


def test_the_only_treasurer_may_and_the_audit_says_so(treasurer: Browser, branch: Branch) -> None:
    branch.hands_in(second_counter="treasurer")
    assert decide(treasurer, "accept").status_code == 303
    assert last_act()[2]["name_of_who_accepts_is_on_it"] is True


def test_a_link_that_fell_into_wrong_hands_does_not_bury_the_list(branch: Branch) -> None:
    for number in range(branch_returns.MAX_PER_HOUR):
        assert branch.hands_in(collection=f"{number + 1}").status_code == 303
    answer = branch.hands_in(collection="500")
    assert answer.status_code == 429
    assert "Please wait an hour" in answer.text
    assert 'value="500"' in answer.text
    assert len(all_of_them()) == branch_returns.MAX_PER_HOUR
    # The same form sent again is still the same branch return, and an hour later the branch submits again.
    assert branch.hands_in(collection="1").status_code == 303
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61), tick=True):
        assert branch.hands_in(collection="500").status_code == 303
