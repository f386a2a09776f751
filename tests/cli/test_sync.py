"""`donations stripe sync`: what Stripe knows and we do not, as text, for machines, and by its exit code."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import Result
from flask import Flask

from tests.events import fresh, rows
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.worker.steps import begun, sound, state

OBJECTS = "refunds, disputes and warnings"
RECOVERED = "payments of lost donations looked at"


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def sync(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["stripe", "sync", *words])


def test_a_gift_that_nobody_told_of_is_taken_in(app: Flask, at_stripe: Stripe) -> None:
    donation, session_id = begun(at=datetime.now(UTC))
    at_stripe.pay(session_id)
    done = sync(app, "--json")
    said = json.loads(done.output)
    assert (done.exit_code, set(said)) == (0, {"events", "balance transactions", "payouts", OBJECTS, RECOVERED})
    assert said["events"] > 0
    assert (said["balance transactions"], said["payouts"]) == (1, 0)
    assert state(donation) == ("paid", ["complete"])
    assert (rows("receipt"), rows("balance_transaction")) == (1, 1)
    assert sound()
    # and once more there is nothing new
    assert json.loads(sync(app, "--json").output) == {
        "events": 0, "balance transactions": 0, "payouts": 0, OBJECTS: 0, RECOVERED: 0,
    }  # fmt: skip


def test_what_was_found_is_said_in_words(app: Flask, at_stripe: Stripe) -> None:
    at_stripe.order("movements", kind="stripe_fee", amount=650)
    done = sync(app)
    assert done.exit_code == 0
    assert done.output.splitlines()[-1] == f"0 new events, 1 new balance transactions, 0 new payouts, 0 new {OBJECTS}"


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_stripe_that_does_not_answer_is_said_and_fails_the_command(
    app: Flask, at_stripe: Stripe, words: tuple[str, ...]
) -> None:
    donation, session_id = begun(at=datetime.now(UTC))
    at_stripe.pay(session_id)
    at_stripe.order("faults", mode="500", times=2, path="/v1/events")
    done = sync(app, *words)
    assert done.exit_code == 1
    assert "events: Our payment service is not answering." in done.output
    fresh()
    assert (rows("payment"), rows("job")) == (0, 0)
    # and the next time all of it is found
    assert sync(app, *words).exit_code == 0
    assert state(donation) == ("paid", ["complete"])


def test_the_step_that_failed_is_named_and_those_before_it_are_kept(app: Flask, at_stripe: Stripe) -> None:
    donation, session_id = begun(at=datetime.now(UTC))
    at_stripe.pay(session_id)
    at_stripe.order("faults", mode="500", times=2, path="/v1/balance_transactions")
    done = sync(app)
    assert done.exit_code == 1
    assert "balance transactions: Our payment service" in done.output
    assert state(donation) == ("paid", ["complete"])
    assert sound()
