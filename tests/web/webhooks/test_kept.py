"""What is kept is answered with 200; after a good event the total, the donation's page, the receipt and the mail say
so."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as listen
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from donations import privacy, receipts, tokens
from donations.extensions import db
from donations.inbox import handlers
from donations.inbox.handlers import identity
from donations.models import Donation, StripeEvent
from tests import events
from tests.events import balances, deliver, fresh, post, signature
from tests.fixtures.settings import WEBHOOK_SECRET
from tests.inbox.steps import commits_fail
from tests.web.webhooks.steps import NOTHING, OLD_SECRET, ONE_DONATION, kept, total


def test_a_good_event_is_kept_and_everything_follows_from_it(client: FlaskClient, reference: str) -> None:
    # given a donation whose page says that it waits
    page = f"/donations/{tokens.for_return(reference)}"
    assert total(client) == (0, 0)
    assert "R-000001" not in client.get(page).text
    # when its payment has succeeded
    answer = deliver(client, events.succeeded(reference))
    # then Stripe is told that it is kept
    assert (answer.status_code, answer.json) == (200, {"handled": True})
    # and the ledger, the total, the page, the receipt and the mail show it
    assert kept() == ONE_DONATION
    assert total(client) == (2000, 1)
    shown = client.get(page).text
    assert "R-000001" in shown
    receipt = client.get(f"/receipts/{receipts.token_of(receipts.by_label('R-000001'))}")
    assert receipt.status_code == 200
    assert "£20.00" in receipt.text
    fresh()
    assert Donation.by_reference(reference).state == "paid"


def test_a_duplicate_is_answered_with_200_and_changes_nothing(client: FlaskClient, reference: str) -> None:
    said = events.succeeded(reference)
    deliver(client, said)
    before, entries = kept(), balances()
    version = client.get("/appeals/hands-off-ali/total.json").json["version"]
    for _ in range(3):
        answer = deliver(client, said)
        assert (answer.status_code, answer.json) == (200, {"duplicate": True})
    assert (kept(), balances(), total(client)) == (before, entries, (2000, 1))
    assert client.get("/appeals/hands-off-ali/total.json").json["version"] == version


def test_the_same_fact_in_another_event_changes_nothing_but_the_inbox(client: FlaskClient, reference: str) -> None:
    charge = events.charge(reference)
    for type in ("charge.succeeded", "charge.updated", "charge.succeeded"):
        assert deliver(client, events.event(type, charge)).status_code == 200
    assert kept() == {**ONE_DONATION, "stripe_event": 3}
    assert total(client) == (2000, 1)


def test_an_event_of_a_type_we_do_not_know_is_kept_and_ignored(client: FlaskClient, reference: str) -> None:
    answer = deliver(client, events.event("customer.created", {"id": "cus_1", "object": "customer"}))
    assert (answer.status_code, answer.json) == (200, {"ignored": True})
    assert kept() == {**NOTHING, "stripe_event": 1}
    assert db.session.query(StripeEvent).one().state == "ignored"


def test_either_secret_is_good_while_one_is_being_replaced(client: FlaskClient, reference: str) -> None:
    for secret in (OLD_SECRET, WEBHOOK_SECRET):
        assert deliver(client, events.succeeded(reference), secret=secret).status_code == 200
    assert deliver(client, events.succeeded(reference), secret="whsec_of_nobody").status_code == 400
    assert kept()["stripe_event"] == 2


def test_a_signature_with_one_part_for_each_secret_is_good(client: FlaskClient, reference: str) -> None:
    # Stripe signs with the old and the new secret for as long as both are valid.
    body, at = json.dumps(events.succeeded(reference)).encode(), time.time()
    ours = signature(body, at).split(",")[1]
    foreign = signature(body, at, "whsec_of_nobody").split(",")[1]
    assert post(client, body, f"t={int(at)},{foreign},{ours}").status_code == 200


def test_an_event_of_the_other_mode_is_kept_and_ignored(client: FlaskClient, reference: str) -> None:
    answer = deliver(client, {**events.succeeded(reference), "livemode": True})
    assert (answer.status_code, answer.json) == (200, {"ignored": True})
    assert kept() == {**NOTHING, "stripe_event": 1}
    assert total(client) == (0, 0)


def test_an_event_of_another_api_version_is_kept_for_the_worker(client: FlaskClient, reference: str) -> None:
    answer = deliver(client, {**events.succeeded(reference), "api_version": "2019-12-03"})
    assert (answer.status_code, answer.json) == (200, {"due": True})
    assert kept() == {**NOTHING, "stripe_event": 1}


def test_an_event_of_our_version_made_on_another_day_is_read_at_once(client: FlaskClient, reference: str) -> None:
    assert deliver(client, {**events.succeeded(reference), "api_version": "2026-11-25.endive"}).json == {
        "handled": True
    }


def test_a_poison_event_is_kept_and_answered_with_200(
    app: Flask, client: FlaskClient, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("Maya Example <maya@example.org>")

    with monkeypatch.context() as patched:
        patched.setitem(handlers.HANDLERS, "charge.succeeded", fail)
        said = events.succeeded(reference)
        answer = deliver(client, said)
    assert (answer.status_code, answer.json) == (200, {"due": True})
    assert kept() == {**NOTHING, "stripe_event": 1}
    row = db.session.query(StripeEvent).one()
    assert row.last_error is not None
    assert "Maya" not in row.last_error
    # A second delivery does not handle it out of turn, and `inbox replay` heals it.
    assert deliver(client, said).json == {"duplicate": True}
    done = app.test_cli_runner().invoke(args=["inbox", "replay", said["id"]])
    assert (done.exit_code, done.output.strip()) == (0, f"{said['id']}: handled")
    assert kept() == ONE_DONATION
    assert total(client) == (2000, 1)


@contextmanager
def nothing_begins() -> Iterator[None]:
    """A database that does not answer."""

    def down(_conn: Any) -> None:
        raise OperationalError("", {}, Exception("the database is down"))

    listen.listen(db.engine, "begin", down)
    try:
        yield
    finally:
        listen.remove(db.engine, "begin", down)


@pytest.mark.parametrize("fault", [nothing_begins, partial(commits_fail, 1, 2)], ids=["begin", "commit"])
def test_an_event_that_could_not_be_kept_is_never_answered_with_200(
    app: Flask, client: FlaskClient, reference: str, fault: Callable[[], AbstractContextManager[Any]]
) -> None:
    # given a database that keeps nothing
    app.config["PROPAGATE_EXCEPTIONS"] = False
    fresh()
    with fault():
        answer = deliver(client, events.succeeded(reference))
    # then Stripe is asked to come again, and told nothing of our inside
    assert answer.status_code in (500, 503)
    assert "down" not in answer.text
    assert kept() == NOTHING
    # and when it does, it is kept
    assert deliver(client, events.succeeded(reference)).status_code == 200
    assert kept() == ONE_DONATION


def test_what_was_received_is_sealed_at_rest(client: FlaskClient, reference: str) -> None:
    said = events.succeeded(reference)
    deliver(client, said)
    fresh()
    raw = db.session.execute(text("SELECT * FROM stripe_event")).mappings().one()
    for value in raw.values():
        bytes_kept = value if isinstance(value, bytes) else str(value).encode()
        for word in (b"Maya", b"maya@example.org", b"4242", reference.encode()):
            assert word not in bytes_kept
    assert json.loads(privacy.unseal(raw["payload_sealed"], identity(said["id"]))) == said
    until = datetime.fromisoformat(str(raw["payload_until"])).date()
    assert (until - datetime.now(UTC).date()).days in (34, 35)


def test_a_charge_that_is_not_ours_is_booked_as_unidentified(client: FlaskClient, reference: str) -> None:
    said = events.succeeded(None, 700)
    assert deliver(client, said).json == {"handled": True}
    charge_id = said["data"]["object"]["id"]
    assert balances() == {
        (1105, "suspense", "GBP", charge_id): 700,
        (2010, "suspense", "GBP", charge_id): -700,
    }
    assert total(client) == (0, 0)
    assert kept()["receipt"] == 0


def test_a_charge_with_a_reference_that_nobody_knows_is_booked_as_unidentified(client: FlaskClient) -> None:
    deliver(client, events.succeeded("no-such-reference", 700))
    assert {key[:3]: minor for key, minor in balances().items()} == {
        (1105, "suspense", "GBP"): 700,
        (2010, "suspense", "GBP"): -700,
    }


@pytest.mark.parametrize("foreign", [None, "no-such-reference"])
def test_somebody_elses_session_changes_nothing(client: FlaskClient, reference: str, foreign: str | None) -> None:
    answer = deliver(client, events.event("checkout.session.completed", events.session(foreign)))
    assert (answer.status_code, answer.json) == (200, {"handled": True})
    assert kept() == {**NOTHING, "stripe_event": 1}
    fresh()
    donation = Donation.by_reference(reference)
    assert (donation.state, donation.attempts[0].state) == ("pending", "open")


@pytest.mark.parametrize(
    ("type", "status", "state"),
    [
        ("checkout.session.completed", "complete", "processing"),
        ("checkout.session.expired", "expired", "abandoned"),
    ],
)
def test_our_own_session_moves_the_donation(
    client: FlaskClient, reference: str, type: str, status: str, state: str
) -> None:
    session = events.session(reference, status, id="cs_test_ours")
    assert deliver(client, events.event(type, session)).status_code == 200
    fresh()
    donation = Donation.by_reference(reference)
    assert (donation.state, donation.attempts[0].state) == (state, status)
    assert kept()["entry"] == 0


def test_a_declined_charge_is_kept_and_no_money_is_counted(client: FlaskClient, reference: str) -> None:
    assert deliver(client, events.event("charge.failed", events.declined(reference))).json == {"handled": True}
    assert kept() == {**NOTHING, "stripe_event": 1, "payment": 1}
    assert total(client) == (0, 0)


def test_a_refund_that_cannot_be_read_is_kept_and_due(client: FlaskClient, reference: str) -> None:
    assert deliver(client, events.event("refund.created", {"id": "re_1"})).json == {"due": True}
    assert kept() == {**NOTHING, "stripe_event": 1}


@pytest.mark.databases("sqlite")
def test_only_a_post_is_an_event(client: FlaskClient) -> None:
    for method in ("get", "put", "delete", "patch"):
        assert getattr(client, method)("/webhooks/stripe").status_code == 405


@pytest.mark.databases("sqlite")
def test_an_event_needs_no_token_cookie_or_origin(client: FlaskClient, reference: str) -> None:
    body = json.dumps(events.succeeded(reference)).encode()
    headers = {"Stripe-Signature": signature(body, time.time()), "Sec-Fetch-Site": "cross-site", "Origin": "null"}
    answer = client.post("/webhooks/stripe", data=body, headers=headers, content_type="text/plain")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.databases("sqlite")
def test_nothing_personal_is_logged_of_an_event(
    client: FlaskClient, reference: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        deliver(client, events.succeeded(reference))
        deliver(client, events.succeeded(reference), secret="whsec_of_nobody")
    for word in ("Maya", "maya@", "whsec", reference):
        assert word not in caplog.text
