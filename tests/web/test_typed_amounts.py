"""The error of a form for an amount it cannot accept: in the reader's language, with the currencies it offers and what
to do; the same in every form that takes amounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import money, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Donation, Organisation
from tests.events import rows
from tests.web.staff.conftest import Browser
from tests.web.treasury.conftest import clock, join, signed_in, treasurer

__all__ = ["clock", "join", "signed_in", "treasurer"]
pytestmark = pytest.mark.databases("sqlite")
APPEAL = "hands-off-ali"


@pytest.fixture
def send(client: FlaskClient) -> Callable[..., tuple[int, str]]:
    """Sends the donation form; gives status and page, as text without entities."""

    def made(amount: str, currency: str = "GBP", prefix: str = "") -> tuple[int, str]:
        token = tokens.for_form(tokens.FormToken(slug=APPEAL, nonce=amount))
        form = {"token": token, "amount": amount, "currency": currency, "interval": "once", "display": "secret"}
        answer = client.post(f"{prefix}/appeals/{APPEAL}/donations", data=form)
        return answer.status_code, unescape(answer.text).replace("\N{NO-BREAK SPACE}", " ")

    return made


def selected(page: str) -> str:
    found = re.search(r'<option value="(\w+)" selected>', page)
    assert found is not None
    return found[1]


def offer(*currencies: str) -> None:
    with write_unit():
        Organisation.get().offered_currencies = list(currencies)


def test_a_dollar_sign_in_a_pound_form_asks_and_chooses_dollars_for_one_more_press(
    send: Callable[..., tuple[int, str]],
) -> None:
    offer("GBP", "EUR", "USD")
    status, page = send("$20")
    assert status == 422
    assert "Did you mean US$20? The currency is now set to US Dollar. Check it and continue." in page
    assert selected(page) == "USD"
    assert db.session.scalars(select(Donation.id)).all() == []


def test_a_sign_of_two_offered_currencies_asks_which(send: Callable[..., tuple[int, str]]) -> None:
    offer("GBP", "USD", "CAD")
    status, page = send("$20")
    assert status == 422
    assert "Which currency did you mean? Select one: USD (US Dollar), CAD (Canadian Dollar)." in page
    assert selected(page) == "GBP"


def test_a_sign_of_a_currency_that_is_not_offered_says_which_are(send: Callable[..., tuple[int, str]]) -> None:
    offer("GBP", "EUR")
    status, page = send("₦20")
    assert status == 422
    assert "We do not take this currency here. You can use GBP (British Pound), EUR (Euro)." in page


@pytest.mark.parametrize(
    ("prefix", "said"),
    [("", "Did you mean £1,000 or £1?"), ("/ru", "Вы имели в виду 1 000 £ или 1 £?")],
)
@pytest.mark.parametrize("typed", ["1,0000", "1.000"])
def test_an_amount_that_may_be_two_is_asked_about_in_the_readers_language(
    send: Callable[..., tuple[int, str]], typed: str, prefix: str, said: str
) -> None:
    status, page = send(typed, prefix=prefix)
    assert (status, said in page) == (422, True)
    assert rows("donation") == 0


@pytest.mark.parametrize(
    ("amount", "prefix", "said"),
    [("0.10", "", "£0.30"), ("0.10", "/ru", "0,30 £"), ("20.505.1", "", "20.50"), ("10001", "", "£10,000")],
)
def test_limits_are_written_as_the_reader_writes_them(
    send: Callable[..., tuple[int, str]], amount: str, prefix: str, said: str
) -> None:
    status, page = send(amount, prefix=prefix)
    assert (status, said in page) == (422, True)


def test_who_wants_to_give_more_than_we_take_online_is_told_where_to_write(
    send: Callable[..., tuple[int, str]],
) -> None:
    status, page = send("10,000.01")
    assert (status, "please contact us" in page) == (422, True)
    with write_unit():
        Organisation.get().contact_email = "fund@example.org"
    status, page = send("10,000.01")
    assert "The largest donation we take online is £10,000. To give more, write to fund@example.org." in page


def test_the_treasury_asks_in_the_same_words_and_takes_more(treasurer: Browser) -> None:
    typed = {"method": "cheque", "purpose": APPEAL, "received_on": "2026-11-21", "currency": "GBP", "form_key": "k"}
    for amount, said in (("$20", "We do not take this currency here."), ("1.000", "Did you mean £1,000 or £1?")):
        answer = treasurer.post("/treasury/offline-donations/new", amount=amount, **typed)
        assert answer.status_code == 422
        assert said in unescape(answer.text)
    assert money.maximum("GBP").minor < 2_000_000
    treasurer.post("/treasury/offline-donations/new", amount="20,000", **typed)
    db.session.rollback()
    assert db.session.scalars(select(Donation.amount_minor)).one() == 2_000_000
