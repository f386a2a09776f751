"""Statement lines as a treasurer reviews them: suggestions confirmed or rejected, lines matched by hand, a donation
recorded from its line, and each of these undone; with the resulting ledger and public total."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from donations.database import write_unit
from donations.extensions import db
from donations.models import Donation, OfflineDonation
from donations.reconciliation import payment_requests
from tests.factories import NOON
from tests.reconciliation.matching_steps import a_payout, expected, is_now, run, said
from tests.reconciliation.steps import (
    a_bank_account,
    a_gift,
    a_line,
    accepted,
    banked,
    raised,
    receipts_of,
    settled,
    sound,
    state_of,
)
from tests.reconciliation.test_payment_requests import approve, ask_for, booked
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, refusal, said_beside

GENERAL = "general"


def say(browser: Browser, line: int, act: str, **typed: Any) -> TestResponse:
    return browser.post(f"/treasury/statement-lines/{line}", act=act, **typed)


def the_donation() -> OfflineDonation:
    db.session.rollback()
    return db.session.query(OfflineDonation).filter(OfflineDonation.state != "cancelled").one()


def test_a_line_nobody_expected_is_recorded_as_a_gift_and_matched_in_one_step(treasurer: Browser) -> None:
    # given an unrecorded credit, which the page offers to record under the bank's name
    line = said(a_bank_account(), 3000, "for Ali", name="Maya Example")
    assert 'value="Maya Example"' in treasurer.get(f"/treasury/statement-lines/{line}").text
    # when it is matched as a donation
    answer = say(treasurer, line, "gift", purpose="hands-off-ali/ali", name="Maya")
    # then it is booked as one, row 12
    assert answer.headers["Location"].endswith("/treasury/statement-lines?page=1#lines")
    assert booked("bank:") == [(1000, "ali", "GBP", 3000), (4010, "ali", "GBP", -3000)]
    gift = the_donation()
    assert (raised(), state_of(gift.id), receipts_of(gift.id)) == (3000, "paid", [("live", 3000)])
    assert last_act() == ("line.matched", f"line:{line}", {"by": "hand", "gift": "recorded from it"})
    assert (gift.recorded_by, sound()) == ("staff:1", ())
    # and the public total says so
    assert treasurer.get("/appeals/hands-off-ali/total.json").json["raised_minor"] == 3000


def test_a_gift_for_a_whole_appeal_goes_by_its_shares(treasurer: Browser) -> None:
    line = said(a_bank_account(), 3000)
    say(treasurer, line, "gift", purpose="hands-off-ali")
    assert sum(minor for account, _, _, minor in booked("bank:") if account == 1000) == 3000
    assert {fund for _, fund, _, _ in booked("bank:")} == {"ali", "ali-family", "sakharovo"}
    assert raised() == 3000


def test_a_gift_recorded_from_its_line_is_taken_back_whole(treasurer: Browser) -> None:
    line = said(a_bank_account(), 3000)
    say(treasurer, line, "gift", purpose="hands-off-ali/ali")
    gift = the_donation().id
    # when the match is undone
    assert say(treasurer, line, "undo").headers["Location"] == f"/treasury/statement-lines/{line}"
    # then nothing is posted and it is not expected
    assert (booked("bank:"), raised(), receipts_of(gift)) == ([], 0, [("live", 3000)])
    settled()
    assert receipts_of(gift) == [("void", 3000)]
    assert db.session.get_one(OfflineDonation, gift).state == "cancelled"
    assert db.session.get_one(Donation, db.session.get_one(OfflineDonation, gift).donation_id).state == "abandoned"
    # and it can be another donation
    say(treasurer, line, "gift", purpose="hands-off-ali/sakharovo")
    assert (raised(), the_donation().id != gift, sound()) == (3000, True, ())


def test_a_gift_from_a_line_twice_is_one(treasurer: Browser) -> None:
    line = said(a_bank_account(), 3000)
    say(treasurer, line, "gift", purpose="hands-off-ali/ali")
    after = kept()
    answer = say(treasurer, line, "gift", purpose="hands-off-ali/ali-family")
    assert (answer.status_code, "already" in refusal(answer)) == (409, True)
    assert (kept(), raised()) == (after, 3000)


def test_a_gift_needs_its_purpose_and_money_that_came(treasurer: Browser) -> None:
    account = a_bank_account()
    line, gone = said(account, 3000), said(account, -3000)
    before = kept()
    for purpose in ("", "hands-off-ali/nobody", "nothing"):
        answer = say(treasurer, line, "gift", purpose=purpose, name="Maya")
        assert (answer.status_code, said_beside(answer, "purpose")) == (422, "Select the appeal or fund.")
        assert 'value="Maya"' in answer.text
    assert "Record a new donation" not in treasurer.get(f"/treasury/statement-lines/{gone}").text
    assert say(treasurer, gone, "gift", purpose="hands-off-ali").status_code == 409
    assert kept() == before


WITHOUT_A_THING = {
    "unidentified": (3000, "", [(1000, "suspense", "GBP", 3000), (2010, "suspense", "GBP", -3000)]),
    "charge": (-120, "", [(1000, GENERAL, "GBP", -120), (5040, GENERAL, "GBP", 120)]),
    "charge of a fund": (-120, "ali", [(1000, "ali", "GBP", -120), (5040, "ali", "GBP", 120)]),
    "own_account": (-5000, "", [(1000, GENERAL, "GBP", -5000), (1040, GENERAL, "GBP", 5000)]),
    "stripe_topup": (-5000, "", [(1000, GENERAL, "GBP", -5000), (1040, GENERAL, "GBP", 5000)]),
}


@pytest.mark.parametrize("what", WITHOUT_A_THING)
def test_a_line_without_a_paper_of_its_own_is_booked_and_taken_back(treasurer: Browser, what: str) -> None:
    minor, fund, wanted = WITHOUT_A_THING[what]
    line = said(a_bank_account(), minor)
    say(treasurer, line, "match", otherwise=what.split()[0], fund=fund)
    named = [(account, GENERAL if slug not in ("ali", "suspense") else slug, code, amount)
             for account, slug, code, amount in booked("bank:")]  # fmt: skip
    assert (sorted(named), raised()) == (sorted(wanted), 0)
    assert say(treasurer, line, "undo").status_code == 303
    assert (booked("bank:"), sound()) == ([], ())


def a_sent_payment(minor: int) -> int:
    banked(minor, account_id=1)
    wanted = ask_for(minor)
    approve(wanted, "theo")
    with write_unit() as conn:
        payment_requests.send(conn, wanted, at=NOON)
    return wanted


THINGS: dict[str, tuple[int, Callable[[], Any], int]] = {
    "offline_gift": (3000, lambda: expected(3000), 11000),
    "payout": (3000, lambda: a_payout("po_1", 3000), 8000),
    "disbursement": (-3000, lambda: a_sent_payment(3000), 8000),
    "bounced": (-5000, lambda: accepted(5000, "cheque"), 8000),
    "offline_refund": (-2000, lambda: accepted(5000), 11000),
}


@pytest.mark.parametrize("kind", THINGS)
def test_a_line_is_matched_by_hand_to_its_thing_and_taken_back(treasurer: Browser, kind: str) -> None:
    # given a fund that has something, a thing, and its line
    minor, make, wanted = THINGS[kind]
    account = a_bank_account()
    accepted(8000)
    thing = make()
    before, line = raised(), said(account, minor)
    assert f'value="{kind}:{thing}"' in treasurer.get(f"/treasury/statement-lines/{line}").text
    # when it is matched
    assert say(treasurer, line, "match", target=f"{kind}:{thing}").status_code == 303
    # then
    assert (is_now(line), raised()) == (("confirmed", [(kind, str(thing))]), wanted)
    assert sum(minor for account, *_, minor in booked("bank:") if account == 1000) == minor
    # and undone
    assert say(treasurer, line, "undo").status_code == 303
    assert (booked("bank:"), raised(), sound()) == ([], before, ())


def test_several_gifts_are_one_line(treasurer: Browser) -> None:
    gifts = [expected(1000), expected(2500, fund="sakharovo")]
    line = said(a_bank_account(), 3500)
    assert say(treasurer, line, "match", target=[f"offline_gift:{gift}" for gift in gifts]).status_code == 303
    assert (raised(), [receipts_of(gift) for gift in gifts]) == (3500, [[("live", 1000)], [("live", 2500)]])


def test_what_does_not_make_up_the_line_is_refused(treasurer: Browser) -> None:
    gifts = [expected(1000), expected(2500)]
    line = said(a_bank_account(), 3600)
    before = kept()
    for target in (
        f"offline_gift:{gifts[0]}",
        [f"offline_gift:{gift}" for gift in gifts],
        "offline_gift:1",
        "x",
        "a:b:c",
    ):
        assert say(treasurer, line, "match", target=target).status_code == 409, target
    answer = say(treasurer, line, "match")
    assert "nothing is selected" in refusal(answer)
    for otherwise in ("charge", "stripe_topup", "payout", ""):  # Not what money that came in can be.
        assert say(treasurer, line, "match", otherwise=otherwise).status_code == 409
    assert say(treasurer, line, "nonsense").status_code == 422
    assert (kept(), raised()) == (before, 0)


def test_a_line_is_matched_once_and_taken_back_once(treasurer: Browser) -> None:
    line = said(a_bank_account(), 3000)
    say(treasurer, line, "match", otherwise="unidentified")
    after = kept()
    assert say(treasurer, line, "match", otherwise="unidentified").status_code == 409
    assert kept() == after
    say(treasurer, line, "undo")
    after = kept()
    assert (say(treasurer, line, "undo").status_code, kept()) == (409, after)


def test_a_proposal_is_accepted(treasurer: Browser) -> None:
    gift = expected(3000, name="Maya Example")
    line = said(a_bank_account(), 3000, name="Maya Example")
    run()
    number = proposal_of(treasurer, line)
    assert say(treasurer, line, "accept", proposal=number).status_code == 303
    assert (is_now(line), raised()) == (("confirmed", [("offline_gift", str(gift))]), 3000)
    after = kept()
    assert say(treasurer, line, "accept", proposal=number).status_code == 409
    assert kept() == after


def test_a_proposal_that_was_refused_does_not_come_back(treasurer: Browser) -> None:
    expected(3000, name="Maya Example")
    line = said(a_bank_account(), 3000, name="Maya Example")
    run()
    assert say(treasurer, line, "refuse", proposal=proposal_of(treasurer, line)).status_code == 303
    assert treasurer.post("/treasury/statement-lines").status_code == 303  # The rules look again.
    assert (is_now(line), last_act()[0]) == (("open", []), "matching.run")


def test_the_proposal_of_another_line_is_not_accepted_here(treasurer: Browser) -> None:
    account = a_bank_account()
    expected(3000, name="Maya Example")
    line, other = said(account, 3000, name="Maya Example"), said(account, 3000)
    run()
    number = proposal_of(treasurer, line)
    before = kept()
    assert say(treasurer, other, "accept", proposal=number).status_code == 409
    assert kept() == before


def proposal_of(browser: Browser, line: int) -> str:
    text = browser.get(f"/treasury/statement-lines/{line}").text
    return text.partition('name="proposal" value="')[2].partition('"')[0]


def test_a_rule_that_is_refused_is_not_offered_again(treasurer: Browser) -> None:
    account = a_bank_account()
    for _ in range(3):
        say(treasurer, said(account, 1000, payer="12345678"), "gift", purpose="hands-off-ali/ali")
    offer = treasurer.get("/treasury/statement-lines").text.partition('name="offer" value="')[2].partition('"')[0]
    assert treasurer.post("/treasury/statement-lines", offer=offer, act="refuse").status_code == 303
    assert last_act()[0] == "match_rule.refused"
    # when another donation of the same payer is matched by hand, and one comes
    say(treasurer, said(account, 1000, payer="12345678"), "gift", purpose="hands-off-ali/ali")
    line = said(account, 1000, payer="12345678")
    treasurer.post("/treasury/statement-lines")
    # then nothing is offered, and nothing suggested by a rule that was not accepted
    assert 'name="offer"' not in treasurer.get("/treasury/statement-lines").text
    assert is_now(line) == ("open", [])


def test_a_rule_is_offered_after_three_and_accepted_once(treasurer: Browser) -> None:
    account = a_bank_account()
    for _ in range(3):
        line = said(account, 1000, payer="12345678")
        say(treasurer, line, "gift", purpose="hands-off-ali/ali")
    offer = treasurer.get("/treasury/statement-lines").text.partition('name="offer" value="')[2].partition('"')[0]
    assert treasurer.post("/treasury/statement-lines", offer=offer).status_code == 303
    assert last_act()[0] == "match_rule.accepted"
    after = kept()
    assert treasurer.post("/treasury/statement-lines", offer=offer).status_code == 409
    assert kept() == after


def test_nothing_is_half_done_where_the_line_is_gone_meanwhile(treasurer: Browser) -> None:
    # given a line that another person has matched since the page was opened
    gift, line = a_gift(3000, "bank"), a_line(a_bank_account(), 3000)
    say(treasurer, line, "match", target=f"offline_gift:{gift}")
    after = kept()
    # when it is to become a new donation, then no donation is left behind
    assert say(treasurer, line, "gift", purpose="hands-off-ali").status_code == 409
    assert kept() == after
