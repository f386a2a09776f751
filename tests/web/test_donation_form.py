"""The form by which a donation is begun: what it accepts, what it refuses; a refusal keeps the text and nothing
else."""

from __future__ import annotations

import html

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import privacy
from donations.extensions import db
from donations.models import Donation
from tests.web.conftest import CHECKOUT, Give, kept

REFUSED = [
    ({"amount": ""}, "amount", "Enter the amount"),
    ({"amount": "a lot"}, "amount", "could not read this amount"),
    ({"amount": "-20"}, "amount", "could not read this amount"),
    ({"amount": "0"}, "amount", "smallest donation"),
    ({"amount": "0.29"}, "amount", "smallest donation"),
    ({"amount": "20.5555"}, "amount", "2 decimal places"),
    ({"amount": "9" * 14}, "amount", "largest donation"),
    ({"currency": "JPY"}, "currency", "do not know the currency JPY"),
    ({"currency": "£££"}, "currency", "do not know the currency"),
    ({"interval": "month"}, "interval", "Monthly donations are not available yet"),
    ({"interval": "daily"}, "interval", "Choose how often"),
    ({"fund": "kozlov"}, "fund", "no such fund"),
    ({"name": "x" * 101}, "name", "at most 100 characters"),
    ({"email": "rosa@"}, "email", "Enter a whole email address"),
    ({"email": "rosa@example.org\nBcc: all@example.org"}, "email", "Enter a whole email address"),
    ({"message": "x" * 4001}, "message", "at most 4,000 characters"),
    ({"display": "everywhere"}, "display", "Choose how to show your name"),
]


def test_a_good_form_keeps_the_gift_and_goes_to_the_payment_page(give: Give) -> None:
    answer = give(amount="20,50", fund="ali", email="rosa@example.org", message="Courage!", display="initials")

    assert (answer.status_code, answer.location) == (303, CHECKOUT)
    donation = db.session.scalars(select(Donation)).one()
    assert (donation.amount_minor, donation.currency, donation.display) == (2050, "GBP", "initials")
    assert donation.email_sealed is not None
    assert privacy.unseal(donation.email_sealed, f"donation:{donation.reference}:email") == "rosa@example.org"


def test_an_amount_alone_is_enough(give: Give) -> None:
    answer = give(currency=None, interval=None, fund=None, name=None, email=None, message=None, display=None)

    assert answer.status_code == 303
    assert db.session.scalars(select(Donation)).one().display == "secret"


def test_the_donation_keeps_the_language_it_was_given_in(give: Give) -> None:
    give(prefix="/ru")

    assert db.session.scalars(select(Donation)).one().language == "ru"


@pytest.mark.parametrize(("typed", "field", "sentence"), REFUSED)
@pytest.mark.databases("sqlite")
def test_a_bad_field_brings_the_form_back_with_the_error_beside_it(
    give: Give, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = give(**{"message": "My words", **typed})

    page = html.unescape(answer.text)
    assert answer.status_code == 422
    assert f'<a href="#{field}">' in page
    assert f'id="{field}"' in page
    assert page.count(sentence) == 2  # In the summary on top, and by the field.
    assert "message" in typed or "My words" in page
    assert kept() == 0


def test_the_form_needs_no_token(client: FlaskClient, fill_in: Give) -> None:
    page = client.get("/appeals/hands-off-ali").text

    assert 'name="token"' not in page
    assert fill_in(token=None).status_code == 303


def test_a_second_form_with_the_same_words_is_a_second_donation(give: Give) -> None:
    give()
    give()

    assert kept() == 2


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("state", "sentence"), [("closed", "has ended"), ("paused", "is paused")])
def test_an_appeal_that_stopped_meanwhile_keeps_the_words_and_no_gift(
    give: Give, change, state: str, sentence: str
) -> None:
    change("hands-off-ali", state=state)

    answer = give(message="A long letter")

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "A long letter" in answer.text
    assert "Go to payment" not in answer.text
    assert kept() == 0


@pytest.mark.databases("sqlite")
def test_a_form_for_an_unknown_appeal_is_not_found(give: Give) -> None:
    assert give("no-such-appeal").status_code == 404


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_the_form_is_only_posted(client: FlaskClient, method: str) -> None:
    answer = getattr(client, method)("/appeals/hands-off-ali/donations")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("field", ["amount", "currency", "interval", "fund", "name", "email", "message", "display"])
def test_nothing_typed_becomes_markup(give: Give, field: str) -> None:
    answer = give(**{"amount": "", field: "\"'><script>alert(1)</script></textarea><img src=x onerror=alert(1)>"})

    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


@pytest.mark.databases("sqlite")
def test_control_characters_are_taken_out(give: Give) -> None:
    give(name="Ro\x00sa\tExample ", message="one\r\ntwo\x07")

    donation = db.session.scalars(select(Donation)).one()
    assert privacy.unseal(donation.name_sealed or b"", f"donation:{donation.reference}:name") == "Ro sa Example"
    assert privacy.unseal(donation.message_sealed or b"", f"donation:{donation.reference}:message") == "one\ntwo"


@pytest.mark.databases("sqlite")
def test_marks_that_turn_text_around_are_taken_out_and_the_joiners_of_scripts_stay(give: Give) -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    give(name="Rosa \u202eelpmaxE\u202c", message=f"می\u200cخواهم \u2066{family}\u2069 \u202dend")

    donation = db.session.scalars(select(Donation)).one()
    assert privacy.unseal(donation.name_sealed or b"", f"donation:{donation.reference}:name") == "Rosa elpmaxE"
    message = privacy.unseal(donation.message_sealed or b"", f"donation:{donation.reference}:message")
    assert message == f"می\u200cخواهم {family} end"


@pytest.mark.databases("sqlite")
def test_ten_thousand_emoji_are_too_many_and_four_thousand_come_back_as_typed(
    give: Give, fill_in: Give, client: FlaskClient
) -> None:
    refused = give(message="\U0001f525" * 10_000)
    checked = client.get(fill_in(message="\U0001f525" * 4_000).location)

    assert refused.status_code == 422
    assert "at most 4,000 characters" in refused.text
    assert checked.status_code == 200
    assert checked.text.count("\U0001f525") == 4_000


@pytest.mark.databases("sqlite")
def test_who_writes_is_told_before_that_it_may_be_shown(client: FlaskClient) -> None:
    page = client.get("/appeals/hands-off-ali").text

    assert 'id="message-hint">We read your message first' in page
    assert 'aria-describedby="message-hint"' in page


@pytest.mark.databases("sqlite")
def test_a_refusal_is_said_in_the_language_of_the_page(give: Give) -> None:
    answer = give(prefix="/ru", amount="0.10")

    assert "Наименьшее пожертвование" in answer.text
