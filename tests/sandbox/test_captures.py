"""Money that is only held on a card, payments that are called off, and events that are not our own."""

from __future__ import annotations

from typing import Any

import pytest

from .money import balance_is_the_sum, booked, money, raised, since
from .processes import Running


def held(sandbox: Running) -> str:
    session = sandbox.session(10000, payment_intent_data={"metadata": {"donation": "1"}})
    return str(sandbox.order("pay", session=session.id, hold=True)["charge"])


def test_what_is_held_is_no_money_until_it_is_captured(sandbox: Running) -> None:
    charge = sandbox.v1.charges.retrieve(held(sandbox))
    assert (charge.status, charge.captured, charge.amount_captured, booked(sandbox)) == ("succeeded", False, 0, [])
    assert "charged" not in sandbox.look("summary")["money"].get("gbp", {}) or raised(sandbox) == 0
    before = sandbox.types()
    sandbox.order(f"charges/{charge.id}/capture", amount=6000)
    assert since(sandbox, before) == ["refund.created", "charge.captured", "payment_intent.succeeded"]
    charge = sandbox.v1.charges.retrieve(charge.id)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded) == (True, 6000, 4000)
    assert [amount for amount, *_ in booked(sandbox)] == [6000]
    assert (raised(sandbox), balance_is_the_sum(sandbox)) == (6000, True)


@pytest.mark.parametrize("expired", [False, True])
def test_what_is_released_was_never_received(sandbox: Running, expired: bool) -> None:
    charge = held(sandbox)
    before = sandbox.types()
    sandbox.order(f"charges/{charge}/release", expired=expired)
    told = "charge.expired" if expired else "charge.refunded"
    assert since(sandbox, before) == ["refund.created", told, "payment_intent.canceled"]
    assert (booked(sandbox), money(sandbox)["raised"]) == ([], 0)


def test_a_promise_may_be_called_off(sandbox: Running) -> None:
    session = sandbox.session(10000)
    intent = sandbox.order(f"sessions/{session.id}/promise")["payment_intent"]
    kept = sandbox.v1.checkout.sessions.retrieve(session.id)
    assert (kept.status, kept.payment_status) == ("complete", "unpaid")
    assert sandbox.order(f"payment_intents/{intent}/cancel")["status"] == "canceled"


def test_events_that_are_not_our_own_are_sent_and_not_listed(hooked: Running, receiver: Any) -> None:
    held(hooked)
    listed = hooked.types()
    event = hooked.v1.events.list().data[0].id
    hooked.order(f"events/{event}/elsewhere", account="acct_another")
    hooked.order("events/thin")
    hooked.settled()
    assert hooked.types() == listed
    assert "v2.core.event_destination.ping" in receiver.types
