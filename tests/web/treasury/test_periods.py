"""A period closed and opened again, as the people who sign it do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select
from werkzeug.test import TestResponse

from donations.errors import PeriodNotReady
from donations.extensions import db
from donations.models import Period
from donations.reconciliation import period_close
from donations.reconciliation.period_close import Blocker
from donations.web.filters import sentence
from tests.reconciliation.matching_steps import expected, run, said
from tests.reconciliation.steps import TODAY, a_bank_account, a_line, accepted
from tests.reconciliation.test_payment_requests import two_must_approve
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import acts, kept, last_act, number_in, refusal, said_beside

ENDS = "2026-11-21"


def look(browser: Browser, ends_on: str = ENDS) -> TestResponse:
    return browser.get(f"/treasury/periods/new?ends_on={ends_on}")


def sign(browser: Browser, ends_on: str = ENDS, **said: str) -> TestResponse:
    """By the page of a period that is there, otherwise by the one that was only looked at."""
    number = db.session.scalar(select(Period.id).where(Period.ends_on == date.fromisoformat(ends_on)))
    if number is None:
        return browser.post("/treasury/periods/new", ends_on=ends_on, act="sign", **said)
    return browser.post(f"/treasury/periods/{number}", act="sign", **said)


def state() -> str:
    db.session.rollback()
    return db.session.scalars(select(Period.state).where(Period.ends_on == date.fromisoformat(ENDS))).one()


def test_a_period_is_signed_by_two_people(treasurer: Browser, signed_in: Callable[..., Browser]) -> None:
    # given a month in which something came, in an organisation where two sign
    two_must_approve()
    accepted(5000)
    assert "Nothing to fix" in look(treasurer).text
    # when one signs, and signs again
    assert number_in(sign(treasurer)) == 1
    before = kept()
    answer = sign(treasurer)
    assert (answer.status_code, "already" in refusal(answer)) == (409, True)
    assert (kept(), state()) == (before, "open")
    # and then the other
    admin = signed_in("admin")
    assert sign(admin).status_code == 303
    # then it is closed, and stays as it was signed
    assert (state(), last_act()[2]) == ("closed", {"closed": True})
    assert (sign(admin).status_code, sign(treasurer).status_code) == (409, 409)
    assert period_close.changed_since_closed(db.session.connection()) == []


def test_what_stands_in_the_way_is_named_and_nothing_signed(treasurer: Browser) -> None:
    expected(3000, name="Maya Example")
    said(a_bank_account(), 3000, name="Maya Example")
    run()
    accepted(5000)
    assert "with a suggested match to review" in look(treasurer).text
    before = kept()
    answer = sign(treasurer)
    assert (answer.status_code, "cannot be closed yet" in refusal(answer)) == (409, True)
    assert (kept(), db.session.query(Period).count()) == (before, 0)


def test_what_is_still_open_is_named_with_its_age_and_accepted_by_a_tick_and_a_reason(treasurer: Browser) -> None:
    # given an unidentified line, three days old
    a_line(a_bank_account(), 12345, on=TODAY - timedelta(days=3))
    page = look(treasurer).text
    assert "Still open in this period" in page
    assert 'href="/treasury/to-do/line"' in page
    assert "£123.45" in page
    # when it is signed without the tick, or without a reason
    before = kept()
    for told in ({}, {"accept": "yes"}, {"reason": "the bank was asked"}):
        answer = sign(treasurer, **told)
        assert (answer.status_code, "Tick the box" in refusal(answer)) == (409, True)
    assert (kept(), db.session.query(Period).count()) == (before, 0)
    # then with both it is closed, and the reason is kept with the signature
    done = sign(treasurer, accept="yes", reason="the bank was asked")
    assert done.status_code == 303
    assert (state(), last_act()[2]) == ("closed", {"closed": True, "accepted": "the bank was asked"})
    assert "the bank was asked" in treasurer.get(f"/treasury/periods/{number_in(done)}").text


def test_a_period_that_is_not_over_is_not_signed(treasurer: Browser) -> None:
    before = kept()
    assert "is not over yet" in look(treasurer, "2026-12-31").text
    assert (sign(treasurer, "2026-12-31").status_code, kept()) == (409, before)


def test_a_closed_period_is_opened_again_with_a_reason(treasurer: Browser, clock: time_machine.Traveller) -> None:
    accepted(5000)
    sign(treasurer)
    before = kept()
    answer = treasurer.post("/treasury/periods/1", act="reopen", reason=" ")
    assert (answer.status_code, "Enter the reason for reopening the period." in refusal(answer)) == (422, True)
    assert (kept(), state()) == (before, "closed")
    assert treasurer.post("/treasury/periods/1", act="reopen", reason="a slip was forgotten").status_code == 303
    assert (state(), last_act()[2]) == ("open", {"reason": "a slip was forgotten"})
    after = kept()
    assert treasurer.post("/treasury/periods/1", act="reopen", reason="again").status_code == 409
    assert treasurer.post("/treasury/periods/1", act="steal").status_code == 422
    assert kept() == after
    # and it can be signed again
    clock.shift(1)
    assert sign(treasurer).status_code == 303
    assert state() == "closed"


@pytest.mark.parametrize("day", ["", "2026-02-31", "soon"])
def test_a_day_that_is_none_stands_beside_its_field(treasurer: Browser, day: str) -> None:
    before = kept()
    for answer in (look(treasurer, day), treasurer.post("/treasury/periods/new", ends_on=day, act="sign")):
        assert (answer.status_code, bool(said_beside(answer, "ends_on"))) == (422, True)
    assert kept() == before


def test_looking_at_a_period_writes_nothing_and_hinders_no_other(treasurer: Browser) -> None:
    a_line(a_bank_account(), 12345, on=TODAY - timedelta(days=40))
    before = kept()
    # when a day in ten years is asked for by a typing error, and others
    for day in ("2036-11-30", "2026-11-30", ENDS):
        assert look(treasurer, day).status_code == 200
    assert (kept(), db.session.query(Period).count()) == (before, 0)
    # then an earlier one can be closed all the same, and none inside one that was signed
    told = {"accept": "yes", "reason": "the bank was asked"}
    assert sign(treasurer, "2026-10-31", **told).status_code == 303
    assert sign(treasurer, **told).status_code == 303
    answer = look(treasurer, "2026-11-01")
    assert (answer.status_code, "ends on 21 November 2026" in refusal(answer)) == (409, True)
    assert db.session.query(Period).count() == 2
    assert acts().count("period.signed") == 2


def test_nothing_that_happened_inside_is_booked_there_any_more(treasurer: Browser) -> None:
    accepted(5000)
    sign(treasurer)
    accepted(2500)  # Received on a day inside: it is posted on the first day that is open.
    assert period_close.changed_since_closed(db.session.connection()) == []
    text = treasurer.get("/treasury/funds/ali").text
    assert "22 Nov" in text or "22 November" in text


def test_the_statement_is_for_who_has_just_signed_in(treasurer: Browser, clock: time_machine.Traveller) -> None:
    accepted(5000)
    sign(treasurer)
    answer = treasurer.client.get("/treasury/periods/1/statement.pdf")
    assert (answer.data[:5], answer.headers["Cache-Control"]) == (b"%PDF-", "no-store")
    clock.shift(timedelta(minutes=6))
    assert treasurer.get("/treasury/periods/1/statement.pdf").headers["Location"].startswith("/staff/again")


def test_what_stands_in_the_way_is_said_in_the_readers_language(app: Flask) -> None:
    error = PeriodNotReady(fault=Blocker("the last day of the period, %(day)s, is not over yet", {"day": "2026-12-31"}))
    with app.test_request_context(), force_locale("ru"):
        assert sentence(error) == (
            "Этот период пока нельзя закрыть: последний день периода, 2026-12-31, ещё не закончился."
        )
