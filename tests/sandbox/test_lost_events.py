"""Events that never arrive, are in no list, or come as two: what catching up is for."""

from .money import gift
from .processes import Receiver, Running


def test_a_lost_event_is_listed_but_never_sent(hooked: Running, receiver: Receiver) -> None:
    hooked.order("events/lose", type="charge.*", times=1)

    gift(hooked)
    hooked.settled()

    assert "charge.succeeded" not in receiver.types
    assert "payment_intent.succeeded" in receiver.types
    [lost] = hooked.v1.events.list({"delivery_success": False})
    assert lost.type == "charge.succeeded"
    gift(hooked)
    hooked.settled()
    assert receiver.types.count("charge.succeeded") == 1


def test_a_forgotten_event_is_in_no_list(hooked: Running, receiver: Receiver) -> None:
    hooked.order("events/lose", type="checkout.session.completed", forget=True)

    gift(hooked)
    hooked.settled()

    assert "checkout.session.completed" not in receiver.types + hooked.types()
    assert hooked.look("events/lose")["losses"] == []


def test_an_order_to_lose_can_be_taken_back(hooked: Running, receiver: Receiver) -> None:
    hooked.order("events/lose", times=100)
    hooked.http("DELETE", "/sandbox/events/lose")

    gift(hooked)
    hooked.settled()

    assert "charge.succeeded" in receiver.types


def test_the_same_fact_may_come_as_two_events(hooked: Running, receiver: Receiver) -> None:
    gift(hooked)
    [event] = hooked.v1.events.list({"type": "charge.succeeded"})

    copy = hooked.order(f"events/{event.id}/copy")["event"]
    hooked.settled()

    sent = [each for each in receiver.events if each["type"] == "charge.succeeded"]
    assert {each["id"] for each in sent} == {event.id, copy}
    assert sent[0]["data"] == sent[1]["data"]
