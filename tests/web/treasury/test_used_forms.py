"""A used form says so: a second, different one is never taken for recorded and never lost silently. Each form of the
treasury that has a key is tried here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.events import rows
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.reconciliation.steps import a_bank_account, banked
from tests.web.staff.conftest import Browser
from tests.web.treasury import test_adjustments, test_offline_donations, test_payment_requests
from tests.web.treasury.branch_return_steps import Branch
from tests.web.treasury.refund_steps import a_gift, refund

USED = "This form has already been used. Nothing new was recorded."
AT = "2026-11-21 12:00:00+00:00"
Send = Callable[[str], TestResponse]  # of a form with this key


def gift(browser: Browser) -> Send:
    return lambda key: test_offline_donations.record(browser, form_key=key)


def request(browser: Browser) -> Send:
    banked(80000)
    return lambda key: test_payment_requests.ask(browser, form_key=key, amount="100")


def adjustment(browser: Browser) -> Send:
    a_bank_account()
    return lambda key: test_adjustments.ask(browser, form_key=key)


FORMS = {"offline_donation": gift, "payment_request": request, "adjustment": adjustment}


def said(browser: Browser, answer: TestResponse) -> str:
    return answer.text if answer.status_code == 200 else browser.get(str(answer.location)).text


@pytest.mark.parametrize("table", FORMS)
def test_a_form_sent_again_says_that_it_was_used_and_a_new_one_records_the_same_again(
    treasurer: Browser, app: Flask, tmp_path: Path, table: str
) -> None:
    app.config["FILES_FOLDER"] = str(tmp_path)
    with time_machine.travel(AT, tick=False) as clock:
        send = FORMS[table](treasurer)
        before = rows(table)
        # given a form that was sent: it says what it did
        assert USED not in said(treasurer, send("first"))
        # when it is sent again, as after Back or a double click
        clock.shift(5)
        again = said(treasurer, send("first"))
        # then nothing is recorded, and the page says so
        assert (USED in again, rows(table)) == (True, before + 1)
        # and the same once more from a new form is recorded
        assert USED not in said(treasurer, send("second"))
        assert rows(table) == before + 2


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def test_two_equal_refunds_are_two_and_the_used_form_says_that_it_was_used(
    treasurer: Browser, client: FlaskClient, at_stripe: Stripe
) -> None:
    given = a_gift(client, at_stripe)
    with time_machine.travel(AT, tick=True) as clock:
        assert USED not in said(treasurer, refund(treasurer, given, "5"))
        clock.shift(5)
        again = said(treasurer, refund(treasurer, given, "5"))
        assert USED in again
        assert "Refund made" not in again
        assert given.refunds() == [("succeeded", 500)]
        assert USED not in said(treasurer, refund(treasurer, given, "5", form_key="form-2"))
    assert given.refunds() == [("succeeded", 500)] * 2


def test_a_branch_that_sends_its_form_again_is_told_and_nothing_new_is_sent(branch: Branch) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        assert "Return submitted: " in branch.client.get(str(branch.hands_in().location)).text
        clock.shift(5)
        page = branch.client.get(str(branch.hands_in().location)).text
    assert "This form has been used before" in page
    assert "Return submitted: " not in page
    assert rows("branch_return") == 1
