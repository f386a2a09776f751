"""The to-do list on the treasury's pages: when it says that nothing is open nothing is, and each thing is dealt with
from there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask

from donations.database import write_unit
from donations.extensions import db
from donations.models import Dismissal, Mail, OfflineDonation
from donations.reconciliation.matches import Said
from donations.reconciliation.to_do import KINDS
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted, match, raised, receipts_of, settled
from tests.reconciliation.waiting_steps import LATER, PLANTED
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, refusal

DONE = "Nothing to do. You are up to date."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.databases("sqlite")
def test_the_overview_says_that_nothing_is_open_only_when_nothing_is(
    signed_in: Callable[..., Browser], clock: time_machine.Traveller, kind: str
) -> None:
    # given nothing, and what has waited for weeks once it is there
    clock.move_to(LATER)
    browser = signed_in("auditor")
    assert DONE in browser.get("/treasury/").text
    # when there is one thing of this kind
    PLANTED[kind]()
    text = browser.get("/treasury/").text
    # then the overview names it, and leads to a page that shows it with its age and what to do
    assert DONE not in text
    assert f'data-kind="{kind}"' in text
    assert f'href="/treasury/to-do/{kind}"' in text
    page = browser.get(f"/treasury/to-do/{kind}").text
    assert 'class="when"' in page
    assert re.search(r'class="what">\s*(<a [^>]*>\s*</a>)?\s*</span>', page) is None, "it says what it is"
    # and its own page opens, if it has one
    links = [part.partition('"')[0] for part in page.partition('class="what"')[2].split('href="')[1:2]]
    for link in links:
        assert browser.get(unescape(link)).status_code in (200, 303, 403), link


def test_an_email_is_tried_again_or_dismissed_with_a_reason(treasurer: Browser) -> None:
    PLANTED["mail"]()
    assert treasurer.post("/treasury/to-do/mail/retry", ref="1").status_code == 303
    assert last_act()[:2] == ("to_do.retried", "mail:1")
    with write_unit():
        db.session.get_one(Mail, 1).state = "parked"
    before = kept()
    assert treasurer.post("/treasury/to-do/mail/dismiss", ref="1").status_code == 422
    assert kept() == before
    answer = treasurer.post("/treasury/to-do/mail/dismiss", ref="1", reason="a mistyped address")
    assert answer.headers["Location"] == "/treasury/to-do/mail"
    assert last_act() == ("to_do.dismissed", "mail:1", {"reason": "a mistyped address"})
    assert db.session.query(Dismissal).one().reason == "a mistyped address"
    # and once more it is over
    again = treasurer.post("/treasury/to-do/mail/dismiss", ref="1", reason="x")
    assert again.status_code == 409
    assert "already" in refusal(again)


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if not kind.may_dismiss])
@pytest.mark.databases("sqlite")
def test_what_has_a_way_out_of_its_own_cannot_be_dismissed(treasurer: Browser, kind: str) -> None:
    before = kept()
    assert treasurer.post(f"/treasury/to-do/{kind}/dismiss", ref="1", reason="x").status_code == 409
    assert kept() == before


def test_a_donation_whose_line_is_matched_cannot_be_cancelled_and_is_listed_as_arrived(treasurer: Browser) -> None:
    # given an expected transfer that came
    gift = a_gift(4500, "bank")
    line = a_line(a_bank_account(), 4500)
    match(line, Said("offline_gift", 4500, target=str(gift)))
    assert raised() == 4500
    # then it is expected no more
    expected, arrived = (
        treasurer.get(f"/treasury/offline-donations?state={one}").text for one in ("expected", "arrived")
    )
    assert f'value="{gift}"' not in expected
    assert "£45" in arrived
    # and cancelling it is refused, with nothing changed
    before = kept()
    answer = treasurer.post("/treasury/offline-donations", gift=str(gift), act="cancel")
    assert answer.status_code == 409
    assert "Undo that match first" in refusal(answer)
    assert kept() == before
    assert raised() == 4500
    # and once the match is undone, it goes
    assert treasurer.post(f"/treasury/statement-lines/{line}", act="undo").status_code == 303
    assert treasurer.post("/treasury/offline-donations", gift=str(gift), act="cancel").status_code == 303
    assert db.session.get_one(OfflineDonation, gift).state == "cancelled"


def test_a_bounced_cheque_is_not_among_what_is_in_the_total_and_is_not_taken_to_the_bank(treasurer: Browser) -> None:
    gift = accepted(5000, "cheque")
    account = a_bank_account()
    match(a_line(account, -5000), Said("bounced", -5000, target=str(gift)))
    assert "£50" not in treasurer.get("/treasury/offline-donations?state=accepted").text.partition("<tbody>")[2]
    assert "£50" in treasurer.get("/treasury/offline-donations?state=bounced").text.partition("<tbody>")[2]
    assert f'value="{gift}"' not in treasurer.get("/treasury/paying-in-slips/new").text
    slip = {"account": str(account), "count": "1", "on": "2026-11-21", "amount": "50", "currency": "GBP"}
    answer = treasurer.post("/treasury/paying-in-slips/new", gift=str(gift), form_key="k", **slip)
    assert answer.status_code == 409
    settled()
    assert [state for state, _ in receipts_of(gift)] == ["void"]


def test_an_unidentified_line_is_found_again_and_identified_in_one_step(treasurer: Browser) -> None:
    # given an unidentified line
    line = a_line(a_bank_account(), 3333)
    match(line, Said("unidentified", 3333))
    # when the payer calls in January
    assert f"/treasury/statement-lines/{line}" in treasurer.get("/treasury/statement-lines?state=unidentified").text
    assert "/treasury/statement-lines?state=unidentified" in treasurer.get("/treasury/statement-lines").text
    page = treasurer.get(f"/treasury/statement-lines/{line}").text
    assert 'value="gift"' in page
    assert treasurer.post(f"/treasury/statement-lines/{line}", act="gift", purpose="hands-off-ali").status_code == 303
    # then it counts, and the audit says what it was
    assert last_act()[2]["was_unidentified"] is True
    assert raised() == 3333
    assert f"/treasury/statement-lines/{line}" in treasurer.get("/treasury/statement-lines?state=matched").text
    # and any other match must be undone first
    answer = treasurer.post(f"/treasury/statement-lines/{line}", act="gift", purpose="hands-off-ali")
    assert answer.status_code == 409


def test_an_auditor_sees_the_list_and_no_button(auditor: Browser) -> None:
    for kind in ("event", "mail", "job", "receipt"):
        PLANTED[kind]()
        text = auditor.get(f"/treasury/to-do/{kind}").text
        assert "/retry" not in text
        assert "/dismiss" not in text
        assert "/assign" not in text
    assert auditor.post("/treasury/to-do/mail/dismiss", ref="1", reason="x").status_code == 403


def test_long_lists_are_paged(app: Flask, treasurer: Browser) -> None:
    account = a_bank_account()
    for ago in range(52):
        a_line(account, 100 + ago, on=LATER.date() - timedelta(days=ago))
    first = treasurer.get("/treasury/to-do/line").text
    second = treasurer.get("/treasury/to-do/line?page=2").text
    assert (first.count('class="when"'), second.count('class="when"')) == (50, 2)
    assert treasurer.get("/treasury/to-do/line?page=nonsense").status_code == 200
