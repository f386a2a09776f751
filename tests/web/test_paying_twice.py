"""The four cases of the public bug reports: a second donation is a second donation, a click is a click, and while a
payment is in transit the page does not offer another."""

from __future__ import annotations

import re
import threading
from contextvars import Context

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from donations import tokens
from donations.extensions import db
from donations.models import Donation, Payment, Receipt
from donations.worker.sessions import look_at_sessions
from tests.events import fresh, rows
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.web.checkout_steps import fill_in, go_on, key_of, sessions

BACS = "bacs_success"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


class Form:
    """One filled-in form on a tablet at a stall: what its check's button does, pressed any number of times."""

    def __init__(self, client: FlaskClient, **typed: str) -> None:
        self.client, self.check = client, fill_in(client, **{"name": "", "email": "", **typed})
        self.key = key_of(client.get(self.check).text)

    def send(self) -> TestResponse:
        return go_on(self.client, self.check, self.key)


def session_of(answer: TestResponse) -> str | None:
    found = re.search(r"cs_\w+", answer.headers.get("Location", ""))
    return found[0] if found else None


def raised(client: FlaskClient) -> tuple[int, int]:
    said = client.get("/appeals/hands-off-ali/total.json").json
    return said["raised_minor"], said["donations"]


def page_of_last() -> str:
    fresh()
    last = db.session.query(Donation).order_by(Donation.id.desc()).first()
    assert last is not None
    return f"/donations/{tokens.for_return(last.reference)}"


def test_two_people_give_the_same_on_one_tablet_and_both_count(client: FlaskClient, at_stripe: Stripe) -> None:
    # given one who has given without a name
    first = Form(client, amount="7")
    at_stripe.pay(str(session_of(first.send())))
    at_stripe.bring(client)
    assert raised(client) == (700, 1)
    # when the next one goes back to the form and gives the same
    second = Form(client, amount="7")
    answer = second.send()
    # then they come to a payment page of their own, and both are counted
    assert session_of(answer) not in (None, session_of(first.send()))
    at_stripe.pay(str(session_of(answer)))
    at_stripe.bring(client)
    assert raised(client) == (1400, 2)
    fresh()
    assert db.session.query(Receipt).filter_by(state="live").count() == 2


def test_who_goes_back_to_the_used_check_is_told_and_sees_nobodys_receipt(
    client: FlaskClient, at_stripe: Stripe
) -> None:
    form = Form(client, amount="8", name="Maya Example")
    at_stripe.pay(str(session_of(form.send())))
    at_stripe.bring(client)

    for answer in (client.get(form.check), form.send()):
        assert answer.status_code == 410
        assert "This form has been used. Start a new donation." in answer.text
        for hidden in ("Maya", "R-0000", "8.00", "Thank you"):
            assert hidden not in answer.text
    assert raised(client) == (800, 1)


def test_six_clicks_at_once_are_one_donation_and_one_payment_page(
    app: Flask, client: FlaskClient, at_stripe: Stripe
) -> None:
    form, found, failures = Form(client, amount="14"), list[str | None](), list[BaseException]()
    barrier = threading.Barrier(6)

    def click() -> None:
        with app.app_context():
            try:
                barrier.wait(10)
                found.append(session_of(go_on(app.test_client(), form.check, form.key)))
            except BaseException as error:
                failures.append(error)
            db.session.remove()

    threads = [threading.Thread(target=Context().run, args=(click,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert (len(found), set(found)) == (6, {sessions(at_stripe)[0]["id"]})
    assert (rows("donation"), len(sessions(at_stripe))) == (1, 1)


@pytest.mark.parametrize("heard", ["everything", "only that Checkout has completed", "only of the charge"])
def test_while_a_debit_is_on_its_way_nobody_is_led_to_pay_again(
    client: FlaskClient, at_stripe: Stripe, heard: str
) -> None:
    # given a bank debit that takes days
    form = Form(client, amount="33")
    paid = at_stripe.pay(str(session_of(form.send())), BACS)
    types = {
        "everything": (),
        "only that Checkout has completed": ("checkout.session.completed",),
        "only of the charge": ("charge.pending",),
    }
    at_stripe.bring(client, *types[heard])
    page = page_of_last()
    # when its supporter sends the form again, or asks to pay again
    again, form_again = client.post(f"{page}/again"), form.send()
    # then no second payment page is made, and both say why
    assert (again.status_code, form_again.status_code) == (409, 410)
    for answer in (again, client.get(page)):
        assert "please do not pay again" in answer.text
        assert "a few days" in answer.text or "a Direct Debit a few days" in answer.text
        assert "/again" not in answer.text
    assert "A Direct Debit takes a few days" in form_again.text
    assert len(sessions(at_stripe)) == 1
    # and when it arrives, it is counted once
    at_stripe.order(f"charges/{paid['charge']}/succeed")
    at_stripe.bring(client)
    assert raised(client) == (3300, 1)
    assert client.post(f"{page}/again").headers["Location"] == page


def test_between_the_completed_checkout_and_its_charge_a_card_is_not_paid_again(
    client: FlaskClient, at_stripe: Stripe
) -> None:
    form = Form(client, amount="5")
    at_stripe.pay(str(session_of(form.send())))
    at_stripe.bring(client, "checkout.session.completed")
    page = page_of_last()

    assert client.post(f"{page}/again").status_code == 409
    assert form.send().status_code == 410
    said = client.get(page).text
    assert "Your payment is being confirmed." in said
    assert "A card payment takes a few seconds" in said
    assert "Your bank is sending" not in said
    assert len(sessions(at_stripe)) == 1


@pytest.mark.parametrize("told", ["by its events", "by asking Stripe"])
def test_a_debit_that_failed_may_be_tried_again_once_that_is_known(
    client: FlaskClient, at_stripe: Stripe, told: str
) -> None:
    # given a bank debit that was refused after days
    form = Form(client, amount="33")
    paid = at_stripe.pay(str(session_of(form.send())), BACS)
    at_stripe.bring(client)
    page = page_of_last()
    at_stripe.order(f"charges/{paid['charge']}/fail", failure_code="insufficient_funds")
    # when that is heard; or, where one event of it is lost, Stripe is asked
    if told == "by its events":
        at_stripe.bring(client)
    else:
        at_stripe.bring(client, "charge.failed")
        assert client.post(f"{page}/again").status_code == 409
        fresh()
        due = db.session.query(Donation).one().attempts[0].look_at
        assert due is not None
        look_at_sessions(due)
    # then the page says that it failed, and leads to a payment page of its own, where it can be paid
    assert "This payment did not go through." in client.get(page).text
    answer = client.post(f"{page}/again")
    assert answer.status_code == 303
    assert len(sessions(at_stripe)) == 2
    at_stripe.pay(str(session_of(answer)))
    at_stripe.bring(client)
    assert raised(client) == (3300, 1)
    fresh()
    assert db.session.query(Payment).count() == 2


def test_two_who_ask_at_once_while_its_payment_arrives_make_no_second_page(
    app: Flask, client: FlaskClient, at_stripe: Stripe
) -> None:
    """Whether it may be paid again is decided under the donation's lock: before the event it leads to the page there
    is, after it to none."""
    form, answers = Form(client, amount="6"), list[int]()
    session_id = str(session_of(form.send()))
    at_stripe.pay(session_id, BACS)
    page, barrier = page_of_last(), threading.Barrier(6)

    def ask(number: int) -> None:
        with app.app_context():
            barrier.wait(10)
            one = app.test_client()
            if number < 2:
                answers.extend(at_stripe.bring(one, *(("charge.pending",), ("checkout.session.completed",))[number]))
            else:
                answers.append(one.post(f"{page}/again").status_code)
            db.session.remove()

    threads = [threading.Thread(target=Context().run, args=(ask, number)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 6
    assert set(answers) <= {200, 303, 409}
    assert len(sessions(at_stripe)) == 1
    assert rows("checkout_attempt") == 1
