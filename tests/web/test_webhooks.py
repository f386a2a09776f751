"""Where Stripe's events arrive: what is kept is answered with 200, what is not ours with 400 and no row, and after a
good event the total, the donation's page, the receipt and the mail say so."""

from __future__ import annotations

import io
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event as listen
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from donations import privacy, tokens
from donations.database import write_unit
from donations.extensions import db
from donations.inbox import handling
from donations.inbox.handling import identity
from donations.models import Appeal, Donation, StripeEvent
from donations.web.webhooks import MOST_BYTES
from tests import events
from tests.events import balances, deliver, fresh, post, rows, signature
from tests.factories import a_donation
from tests.fixtures.settings import WEBHOOK_SECRET, environ_for

OLD_SECRET = "whsec_the_one_before"
BOOKS = ("stripe_event", "payment", "entry", "posting", "receipt", "mail")


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    """Two secrets, as while one is being replaced."""
    return {**environ_for(database_url), "STRIPE_WEBHOOK_SECRETS": f"{WEBHOOK_SECRET}, {OLD_SECRET}"}


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"))
        events.an_attempt(donation, session_id="cs_test_ours")
        return donation.reference


def kept() -> dict[str, int]:
    fresh()
    return {table: rows(table) for table in BOOKS}


NOTHING = dict.fromkeys(BOOKS, 0)
ONE_GIFT = {"stripe_event": 1, "payment": 1, "entry": 1, "posting": 2, "receipt": 1, "mail": 1}


def total(client: FlaskClient, slug: str = "hands-off-ali") -> tuple[int, int]:
    said = client.get(f"/appeals/{slug}/total.json").json
    assert said is not None
    return said["raised_minor"], said["donations"]


def test_a_good_event_is_kept_and_everything_follows_from_it(client: FlaskClient, reference: str) -> None:
    # given a donation whose page says that it waits
    page = f"/donations/{tokens.for_donation(reference)}"
    assert total(client) == (0, 0)
    assert "R-000001" not in client.get(page).text
    # when its payment has succeeded
    answer = deliver(client, events.succeeded(reference))
    # then Stripe is told that it is kept
    assert (answer.status_code, answer.json) == (200, {"handled": True})
    # and the books, the total, the page, the receipt and the mail say so
    assert kept() == ONE_GIFT
    assert total(client) == (2000, 1)
    shown = client.get(page).text
    assert "R-000001" in shown
    receipt = client.get(f"/receipts/{tokens.for_receipt('R-000001')}")
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
    assert kept() == {**ONE_GIFT, "stripe_event": 3}
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


def forged(body: bytes) -> dict[str, str | None]:
    now = time.time()
    good = signature(body, now)
    return {
        "none": None,
        "empty": "",
        "with another secret": signature(body, now, "whsec_of_nobody"),
        "with an empty secret": signature(body, now, ""),
        "of another body": signature(body + b" ", now),
        "moved to another time": good.replace(f"t={int(now)}", f"t={int(now) - 1}"),
        "without a time": good.split(",", 1)[1],
        "without a scheme we trust": good.replace("v1=", "v0="),
        "cut short": good[:40],
        "no signature at all": "t=now,v1=",
        "of strange characters": "t=1,v1=\u00e9\u00e9",
        "of a time without end": good.replace(f"t={int(now)}", "t=" + "9" * 5000),
        "of many parts": ",".join(["v1=" + "0" * 64] * 2000),
        "of a time that is no number": good.replace(f"t={int(now)}", "t=1e9"),
    }


@pytest.mark.parametrize("how", sorted(forged(b"")))
@pytest.mark.databases("sqlite")
def test_a_forged_signature_is_refused_and_writes_nothing(client: FlaskClient, reference: str, how: str) -> None:
    body = json.dumps(events.succeeded(reference)).encode()
    answer = post(client, body, forged(body)[how])
    assert (answer.status_code, answer.json) == (400, {"refused": True})
    assert kept() == NOTHING
    assert total(client) == (0, 0)


def test_a_forged_event_writes_nothing_on_either_database(client: FlaskClient, reference: str) -> None:
    assert deliver(client, events.succeeded(reference), secret="whsec_of_nobody").status_code == 400
    assert kept() == NOTHING


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24, 60])
@pytest.mark.databases("sqlite")
def test_a_good_signature_of_another_time_is_refused_loudly(
    client: FlaskClient, reference: str, caplog: pytest.LogCaptureFixture, minutes: int
) -> None:
    signed_at = time.time() + minutes * 60
    with caplog.at_level(logging.CRITICAL):
        answer = deliver(client, events.succeeded(reference), signed_at=signed_at)
    assert (answer.status_code, answer.json) == (400, {"stale": True})
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert "clock or replay" in caplog.text
    assert kept() == NOTHING


@pytest.mark.parametrize("seconds", [-290, 290])
@pytest.mark.databases("sqlite")
def test_a_signature_within_five_minutes_is_good(client: FlaskClient, reference: str, seconds: int) -> None:
    assert deliver(client, events.succeeded(reference), signed_at=time.time() + seconds).status_code == 200


def signed(client: FlaskClient, body: bytes) -> Any:
    return post(client, body, signature(body, time.time()))


BAD_BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a word": b'"evt_1"',
    "null": b"null",
    "not UTF-8": b'{"id": "\xff"}',
    "no object": b"{}",
    "without data": json.dumps({**events.event("charge.succeeded", {}), "data": None}).encode(),
    "with data that is no object": json.dumps({**events.event("charge.succeeded", {}), "data": {"object": 1}}).encode(),
    "an id that is no text": json.dumps({**events.event("charge.succeeded", {}), "id": 7}).encode(),
    "an empty id": json.dumps({**events.event("charge.succeeded", {}), "id": ""}).encode(),
    "an id without end": json.dumps({**events.event("charge.succeeded", {}), "id": "e" * 256}).encode(),
    "a time without end": json.dumps({**events.event("charge.succeeded", {}), "created": 10**30}).encode(),
    "a thin event": json.dumps(
        {"id": "evt_1", "object": "v2.core.event", "type": "v1.charge.succeeded", "created": "2026-11-21T12:00:00Z",
         "livemode": False, "related_object": {"id": "ch_1", "type": "charge", "url": "/v1/charges/ch_1"}}
    ).encode(),
    "nested too deep": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_BODIES)
@pytest.mark.databases("sqlite")
def test_a_body_that_is_no_event_is_refused_though_it_is_signed(client: FlaskClient, what: str) -> None:
    answer = signed(client, BAD_BODIES[what])
    assert (answer.status_code, answer.json) == (400, {"refused": True})
    assert kept() == NOTHING


@pytest.mark.databases("sqlite")
@settings(max_examples=40)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_no_signed_nonsense_is_a_fault_of_ours(client: FlaskClient, nonsense: Any) -> None:
    assert signed(client, json.dumps(nonsense).encode()).status_code == 400


CHARGE = events.charge("reference")


@pytest.mark.databases("sqlite")
@settings(max_examples=40)
@given(
    name=st.sampled_from(sorted(CHARGE)),
    value=st.none() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=1) | st.just({}),
)
def test_a_charge_with_a_strange_field_is_kept_whatever_it_is(client: FlaskClient, name: str, value: Any) -> None:
    said = events.event("charge.succeeded", {**events.charge("no-such-reference"), name: value})
    before = kept()
    answer = deliver(client, said)
    assert answer.status_code == 200
    assert kept()["stripe_event"] == before["stripe_event"] + 1
    if answer.json == {"due": True}:  # Then nothing half-written is left of it.
        assert {**kept(), "stripe_event": 0} == {**before, "stripe_event": 0}


def padded(size: int) -> bytes:
    said = events.event("customer.created", {"id": "cus_1", "padding": ""})
    room = size - len(json.dumps(said).encode())
    return json.dumps(events.event("customer.created", {"id": "cus_1", "padding": "x" * room}, id=said["id"])).encode()


@pytest.mark.parametrize("told", [True, False], ids=["with its length told", "without"])
@pytest.mark.parametrize(("size", "status"), [(MOST_BYTES, 200), (MOST_BYTES + 1, 413), (3 * MOST_BYTES, 413)])
@pytest.mark.databases("sqlite")
def test_an_event_above_a_mebibyte_is_refused(client: FlaskClient, size: int, status: int, told: bool) -> None:
    body = padded(size)
    assert len(body) == size
    answer = client.post(
        "/webhooks/stripe",
        input_stream=io.BytesIO(body),
        headers={"Stripe-Signature": signature(body, time.time())},
        environ_overrides={} if told else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True},
    )
    assert answer.status_code == status
    assert kept()["stripe_event"] == (status == 200)


@pytest.mark.databases("sqlite")
def test_no_more_is_read_than_the_length_that_was_told(client: FlaskClient, reference: str) -> None:
    body = json.dumps(events.succeeded(reference)).encode()
    answer = client.post(
        "/webhooks/stripe",
        input_stream=io.BytesIO(body),
        headers={"Stripe-Signature": signature(body, time.time())},
        environ_overrides={"CONTENT_LENGTH": "10"},
    )
    assert answer.status_code == 400
    assert kept() == NOTHING


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
        patched.setitem(handling.HANDLERS, "charge.succeeded", fail)
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
    assert kept() == ONE_GIFT
    assert total(client) == (2000, 1)


@pytest.mark.parametrize("when", ["begin", "commit"])
def test_an_event_that_could_not_be_kept_is_never_answered_with_200(
    app: Flask, client: FlaskClient, reference: str, when: str
) -> None:
    # given a database that does not answer
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def down(_conn: Any) -> None:
        raise OperationalError("", {}, Exception("the database is down"))

    fresh()
    listen.listen(db.engine, when, down)
    try:
        answer = deliver(client, events.succeeded(reference))
    finally:
        listen.remove(db.engine, when, down)
    # then Stripe is asked to come again, and told nothing of our inside
    assert answer.status_code in (500, 503)
    assert "down" not in answer.text
    assert kept() == NOTHING
    # and when it does, it is kept
    assert deliver(client, events.succeeded(reference)).status_code == 200
    assert kept() == ONE_GIFT


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


def test_a_refund_or_dispute_is_kept_until_we_can_book_it(client: FlaskClient, reference: str) -> None:
    for type in ("refund.created", "charge.refunded", "charge.dispute.created"):
        assert deliver(client, events.event(type, {"id": "x_1"})).json == {"ignored": True}
    assert kept() == {**NOTHING, "stripe_event": 3}


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
