"""What is forged, stale, too large or no event at all is refused and leaves no row."""

from __future__ import annotations

import io
import json
import logging
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from donations.web.webhooks import MAX_BYTES
from tests import events
from tests.events import deliver, post, signature
from tests.web.webhooks.steps import NOTHING, kept, total


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
@pytest.mark.parametrize(("size", "status"), [(MAX_BYTES, 200), (MAX_BYTES + 1, 413), (3 * MAX_BYTES, 413)])
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
