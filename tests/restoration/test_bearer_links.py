"""A copy of the database without a key opens nothing; the links that Stripe knows show a receipt, and the name on it,
for an hour only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from donations import receipts, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, CheckoutAttempt, Donation
from donations.web.supporters import checkout
from tests.events import fresh
from tests.fixtures.outside import Stripe
from tests.web.checkout_steps import again, give, sessions, the_donation
from tests.web.staff.conftest import Person

NAME = "Zebulon Quixworth"


@pytest.fixture
def donated(app: Flask, client: FlaskClient, at_stripe: Stripe) -> str:
    """A donation with a name, paid and acknowledged, to a discreet appeal. Returns the return address that Stripe was
    given."""
    give(client, "campaign-kazakhstan", fund="kozlov", name=NAME)
    session = sessions(at_stripe)[0]
    at_stripe.pay(session["id"])
    at_stripe.bring(client)
    return str(session["success_url"])


def texts() -> Iterator[str]:
    """Every piece of text in every row of the database, and what is inside JSON."""
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)):
            for value in row:
                yield from _inside(value)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from re.split(r"[/\s?=&]", value)
        if value.startswith(("{", "[")):
            yield from _inside(json.loads(value))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _inside(name)
            yield from _inside(each)
    elif isinstance(value, list):
        for each in value:
            yield from _inside(each)


def test_no_text_of_the_database_opens_anything(
    app: Flask, client: FlaskClient, donated: str, treasurer: Person
) -> None:
    # given every text in the database, and every address that takes a token
    found = {one for one in texts() if one and len(one) <= 400 and "/" not in one and one != "."}
    found_rules = [rule for rule in app.url_map.iter_rules() if "language" not in rule.arguments]
    routes = [
        re.sub(r"<(?:\w+:)?(?:token|check_code)>", "{token}", str(rule))
        for rule in found_rules
        if "GET" in (rule.methods or ()) and {"token", "check_code"} & rule.arguments
    ]
    assert len(routes) >= 8
    assert len(found) > 300
    # when each is tried as a token, then none opens, and no name is shown
    for route in routes:
        for one in found:
            try:
                answer = client.get(re.sub(r"<[^>]+>", "1", route.replace("{token}", one)))
            except UnicodeError:
                continue
            assert NAME not in answer.text
            assert answer.status_code in (302, 303, 308, 400, 404, 405, 410), (route, one)


def test_nothing_kept_of_an_attempt_leads_anywhere(app: Flask, donated: str) -> None:
    attempt = db.session.scalars(select(CheckoutAttempt)).one()
    assert not {"success_url", "cancel_url"} & set(attempt.params)
    assert "http" not in json.dumps(attempt.params)
    assert donated.rpartition("/")[2] not in set(texts())


@pytest.mark.parametrize("made", [tokens.for_return, tokens.for_donation])
def test_the_receipt_is_shown_for_an_hour_after_the_payment_and_comes_by_mail_later(
    app: Flask, client: FlaskClient, donated: str, made: Any
) -> None:
    path = f"/donations/{made(the_donation().reference)}"
    receipt = receipts.live_of(the_donation().id)
    assert receipt is not None
    link = f"/receipts/{receipts.token_of(receipt)}"
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(minutes=58), tick=False):
        assert f'href="{link}"' in client.get(path).text
        assert NAME in client.get(link).text
    with time_machine.travel(now + timedelta(minutes=61), tick=False):
        page = client.get(path).text
        assert link not in page
        assert f"{receipt.label}. We send the receipt to the email address you gave." in page
        # and the mailed link opens for ever
        assert NAME in client.get(link).text


def test_who_gave_no_address_is_told_to_save_the_receipt_and_how_to_get_it_later(
    app: Flask, client: FlaskClient, donated: str
) -> None:
    with write_unit():
        the_donation().email_sealed = None
        db.session.flush()
        db.session.execute(text("UPDATE donation SET email_sealed = NULL"))
    path, now = f"/donations/{tokens.for_return(the_donation().reference)}", datetime.now(UTC)
    assert "Download your receipt or save its link now" in client.get(path).text
    with time_machine.travel(now + timedelta(hours=1, minutes=1), tick=False):
        assert "write to us with this number" in client.get(path).text


def test_stripe_is_told_the_address_that_opens(app: Flask, client: FlaskClient, donated: str) -> None:
    path = donated.removeprefix("http://localhost")
    assert path == f"/donations/{tokens.for_return(the_donation().reference)}"
    assert client.get(path).status_code == 200


def test_an_attempt_whose_answer_was_lost_is_repeated_in_the_same_words(
    app: Flask, client: FlaskClient, at_stripe: Stripe
) -> None:
    at_stripe.order("faults", mode="reset_after", times=2, path="/v1/checkout/sessions", method="POST")
    assert give(client).status_code == 503
    assert again(client).headers["Location"] == sessions(at_stripe)[0]["url"]
    assert len(sessions(at_stripe)) == 1


@pytest.mark.parametrize("language", ["en", "ru"])
def test_an_attempt_that_was_begun_otherwise_gets_a_session_of_its_own(
    app: Flask, client: FlaskClient, at_stripe: Stripe, language: str
) -> None:
    # given an attempt whose answer was lost, begun with another address to come back to, as before an upgrade
    at_stripe.order("faults", mode="reset_after", times=2, path="/v1/checkout/sessions", method="POST")
    with pytest.MonkeyPatch.context() as before:
        before.setattr(checkout.tokens, "for_return", tokens.for_donation)
        assert give(client, prefix="/ru" if language == "ru" else "").status_code == 503
    # when its supporter tries again
    answer = again(client)
    # then there is a session that can be paid, and it is the one that counts
    made = sessions(at_stripe)
    assert answer.headers["Location"] == made[0]["url"]
    fresh()
    assert [one.state for one in the_donation().attempts] == ["expired", "open"]
    at_stripe.pay(made[0]["id"])
    at_stripe.bring(client)
    assert db.session.query(Donation).one().state == "paid"


def test_keys_for_stripe_begin_anew_after_a_restore(app: Flask, client: FlaskClient, at_stripe: Stripe) -> None:
    from donations import restoration

    # given that the lost installation made a product for an appeal whose number another one has now
    give(client)
    with write_unit() as conn:
        restoration.mark_restored(conn, datetime.now(UTC), actor="cli:test", at=datetime.now(UTC))
        Appeal.any_by_slug("hands-off-ali").stripe_product_id = None
        Appeal.any_by_slug("hands-off-ali").title = {"en": "Another appeal"}
    # when a supporter gives to it, then nothing of the other appears
    assert give(client, amount="9").status_code == 303
