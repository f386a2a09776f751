"""Webhooks: signed, retried, held, shuffled, repeated, dropped."""

import threading
from typing import Any

import pytest
import stripe

from donations.sandbox import deliveries

from .processes import SECRET, Receiver, Running, running


def test_what_is_sent_passes_stripes_own_check(hooked: Running, receiver: Receiver) -> None:
    hooked.paid()
    hooked.settled()

    for header, body in receiver.received:
        event = hooked.client.construct_event(body, header, SECRET)
        assert (event.api_version, event.livemode, event.pending_webhooks) == ("2026-10-28.endive", False, 1)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode() + " ", header, SECRET, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode(), header, "whsec_other", 300)


def test_the_signature_is_the_one_stripes_client_would_make() -> None:
    header = stripe.WebhookSignature.generate_signature_header('{"a": 1}', SECRET, timestamp=1700000000)

    assert deliveries.signature(b'{"a": 1}', SECRET, 1700000000) == header


def test_a_delivered_event_is_no_longer_pending(hooked: Running) -> None:
    hooked.paid()
    hooked.settled()

    events = hooked.v1.events.list({"delivery_success": True})

    assert {event.pending_webhooks for event in events} == {0}
    assert hooked.v1.events.list({"delivery_success": False}).data == []


@pytest.mark.parametrize("status", [500, 400, 302])
def test_a_failed_delivery_is_tried_again_with_the_same_body(hooked: Running, receiver: Receiver, status: int) -> None:
    receiver.answers = [status, status]

    product = hooked.v1.products.create({"name": "x"})
    hooked.settled()

    assert len(receiver.received) == 3
    assert len({body for _, body in receiver.received}) == 1
    assert receiver.events[0]["data"]["object"]["id"] == product.id
    assert hooked.look("summary")["deliveries"] == {"delivered": 1}


def test_a_delivery_is_given_up_after_its_tries(hooked: Running, receiver: Receiver) -> None:
    receiver.answers = [500] * 4

    hooked.v1.products.create({"name": "x"})
    hooked.settled()

    assert len(receiver.received) == 4
    assert hooked.look("summary")["deliveries"] == {"failed": 1}
    assert len(hooked.v1.events.list({"delivery_success": False}).data) == 1


def test_a_receiver_that_is_away_costs_no_event(receiver: Receiver) -> None:
    receiver.close()
    with running(webhooks=((receiver.url, SECRET),)) as sandbox:
        sandbox.v1.products.create({"name": "x"})
        sandbox.settled()

        assert sandbox.look("summary")["deliveries"] == {"failed": 1}


def test_held_events_are_sent_when_released(hooked: Running, receiver: Receiver) -> None:
    hooked.order("deliveries/hold")
    hooked.paid()
    hooked.settled()
    assert receiver.received == []

    released = hooked.order("deliveries/release")
    hooked.settled()

    assert released["sent"] == len(receiver.received) == 5


def test_held_events_can_be_shuffled_and_repeated(hooked: Running, receiver: Receiver) -> None:
    hooked.order("deliveries/hold")
    for _ in range(10):
        hooked.paid()

    hooked.order("deliveries/release", shuffle=True, times=3, seed=7)
    hooked.settled()

    ids = [event["id"] for event in receiver.events]
    assert (len(ids), len(set(ids))) == (123, 41)
    in_order = [event.id for event in hooked.v1.events.list({"limit": 100}).data][::-1]
    assert list(dict.fromkeys(ids)) != in_order


def test_an_event_can_be_delivered_again(hooked: Running, receiver: Receiver) -> None:
    hooked.v1.products.create({"name": "x"})
    hooked.settled()
    [event] = hooked.v1.events.list()

    assert hooked.order(f"events/{event.id}/deliver", times=3) == {"sent": 3}
    hooked.settled()

    assert [each["id"] for each in receiver.events] == [event.id] * 4


def test_a_dropped_event_is_never_sent(hooked: Running, receiver: Receiver) -> None:
    hooked.order("deliveries/hold")
    hooked.v1.products.create({"name": "x"})
    [event] = hooked.v1.events.list()

    hooked.order(f"events/{event.id}/drop")
    hooked.order("deliveries/release")
    hooked.settled()

    assert receiver.received == []
    assert hooked.v1.events.retrieve(event.id).pending_webhooks == 1


def test_an_endpoint_gets_only_the_events_it_asked_for(sandbox: Running, receiver: Receiver) -> None:
    params: Any = {"url": receiver.url, "enabled_events": ["charge.succeeded"]}
    endpoint = sandbox.v1.webhook_endpoints.create(params)
    sandbox.paid()
    sandbox.settled()

    assert receiver.types == ["charge.succeeded"]
    header, body = receiver.received[0]
    assert stripe.WebhookSignature.verify_header(body.decode(), header, endpoint.secret, 300)
    assert "secret" not in sandbox.v1.webhook_endpoints.retrieve(endpoint.id)


def test_a_disabled_or_deleted_endpoint_gets_nothing(sandbox: Running, receiver: Receiver) -> None:
    params: Any = {"url": receiver.url, "enabled_events": ["*"]}
    off, gone = (sandbox.v1.webhook_endpoints.create(params) for _ in range(2))
    sandbox.v1.webhook_endpoints.update(off.id, {"disabled": True})
    assert sandbox.v1.webhook_endpoints.delete(gone.id).deleted is True

    sandbox.v1.products.create({"name": "x"})
    sandbox.settled()

    assert receiver.received == []
    assert sandbox.v1.webhook_endpoints.list().data[0].status == "disabled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"enabled_events": ["charge.suceeded"]},
        {"url": "not a url"},
        {"api_version": "2024-06-20"},
        {"enabled_events": []},
    ],
)
def test_a_wrong_endpoint_is_refused(sandbox: Running, wrong: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.webhook_endpoints.create({"url": "https://example.org", "enabled_events": ["*"], **wrong})


@pytest.mark.slow
def test_a_flood_of_two_thousand_events_arrives_whole(hooked: Running, receiver: Receiver) -> None:
    hooked.order("deliveries/hold")
    sessions = [hooked.session().id for _ in range(500)]
    threads = [
        threading.Thread(target=lambda part=part: [hooked.order("pay", session=id) for id in sessions[part::4]])
        for part in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent = hooked.order("deliveries/release", shuffle=True, times=2, seed=1)["sent"]
    assert hooked.order("deliveries/wait", seconds=60)["settled"]

    assert sent == len(receiver.received) == 2 * 2001
    assert len({event["id"] for event in receiver.events}) == 2001
    assert hooked.look("summary")["charged"] == {"gbp": {"count": 500, "amount": 1_000_000}}
