"""Refunds: by the API and in the Dashboard, in part and in full, pending, bounced, refused."""

from typing import Any

import pytest
import stripe

from .money import balance_is_the_sum, booked, gift, money, raised, since
from .processes import Running, running

CHARGE = (10000, 170, "charge", "charge")


def test_a_full_refund_costs_what_was_given_and_stripe_keeps_its_fee(sandbox: Running) -> None:
    charge = gift(sandbox)
    before = sandbox.types()

    refund = sandbox.v1.refunds.create({"charge": charge, "reason": "requested_by_customer", "metadata": {"a": "b"}})

    assert (refund.amount, refund.status, refund.reason, refund.metadata["a"]) == (
        10000, "succeeded", "requested_by_customer", "b",
    )  # fmt: skip
    assert refund.id.startswith("re_")
    assert booked(sandbox) == [CHARGE, (-10000, 0, "refund", "refund")]
    assert since(sandbox, before) == ["refund.created", "charge.refunded"]
    assert sandbox.v1.charges.retrieve(charge).refunded is True
    assert (raised(sandbox), balance_is_the_sum(sandbox)) == (0, True)


def test_parts_add_up_until_nothing_is_left(sandbox: Running) -> None:
    charge = sandbox.v1.charges.retrieve(gift(sandbox))

    sandbox.v1.refunds.create({"payment_intent": charge.payment_intent, "amount": 4000})
    half = sandbox.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    sandbox.v1.refunds.create({"payment_intent": charge.payment_intent})

    assert (half.amount_refunded, half.refunded, len(half.refunds.data)) == (4000, False, 1)
    assert [each.amount for each in sandbox.v1.refunds.list({"charge": charge.id})] == [6000, 4000]
    assert money(sandbox)["refunded"] == {"succeeded": {"count": 2, "amount": 10000}}


@pytest.mark.parametrize(
    ("made", "sent", "code", "param"),
    [
        ({}, {"amount": 10001}, None, "amount"),
        ({"refunds": {}}, {}, "charge_already_refunded", None),
        ({"refunds": {"amount": 4000}}, {"amount": 6001}, None, "amount"),
        ({"disputes": {}}, {}, "charge_disputed", None),
        ({}, {"amount": 0}, "parameter_invalid_integer", "amount"),
        ({}, {"reason": "because"}, None, "reason"),
        ({}, {"charge": "ch_none"}, "resource_missing", "charge"),
        ({}, {"payment_intent": "pi_1"}, None, "charge"),
    ],
)
def test_what_cannot_be_refunded_is_refused(
    sandbox: Running, made: dict[str, Any], sent: Any, code: str | None, param: str | None
) -> None:
    charge = gift(sandbox)
    for path, values in made.items():
        sandbox.order(path, charge=charge, **values)
    before = booked(sandbox)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        sandbox.v1.refunds.create({"charge": charge, **sent})

    assert (caught.value.code, caught.value.param) == (code, param)
    assert booked(sandbox) == before


def test_a_failed_charge_has_nothing_to_refund(sandbox: Running) -> None:
    sandbox.order("pay", session=sandbox.session().id, card="pm_card_visa_chargeDeclined")
    [failed] = sandbox.v1.charges.list().data

    for sent in ({"charge": failed.id}, {"payment_intent": failed.payment_intent}, {}):
        with pytest.raises(stripe.InvalidRequestError):
            sandbox.v1.refunds.create(sent)


def test_a_refund_in_an_inquiry_is_allowed(sandbox: Running) -> None:
    charge = gift(sandbox, card="pm_card_createDisputeInquiry")

    assert sandbox.v1.refunds.create({"charge": charge}).status == "succeeded"


def test_a_refund_in_the_dashboard_arrives_the_same_way(sandbox: Running) -> None:
    charge = gift(sandbox)
    before = sandbox.types()

    told = sandbox.order("refunds", charge=charge, amount=2500, reason="duplicate")

    event = sandbox.v1.events.list({"type": "refund.created"}).data[0]
    assert since(sandbox, before) == ["refund.created", "charge.refunded"]
    assert (event.data.object.id, event.request.id) == (told["id"], None)
    assert booked(sandbox)[1:] == [(-2500, 0, "refund", "refund")]


def test_the_same_key_refunds_once(sandbox: Running) -> None:
    charge = gift(sandbox)

    refunds = [
        sandbox.v1.refunds.create({"charge": charge, "amount": 100}, {"idempotency_key": "refund-1"}) for _ in range(3)
    ]

    assert len({refund.id for refund in refunds}) == 1
    assert len(booked(sandbox)) == 2


def test_a_pending_refund_succeeds_when_ordered(sandbox: Running) -> None:
    charge = gift(sandbox, card="pm_card_pendingRefund")
    refund = sandbox.v1.refunds.create({"charge": charge})
    before = sandbox.types()

    done = sandbox.order("refunds/" + refund.id + "/become", status="succeeded")

    assert (refund.status, refund.pending_reason, done["status"]) == ("pending", "processing", "succeeded")
    assert since(sandbox, before) == ["refund.updated"]
    assert booked(sandbox)[1:] == [(-10000, 0, "refund", "refund")]
    assert sandbox.order("later/run")["done"][0]["of"] == refund.id
    assert since(sandbox, before) == ["refund.updated"]


def test_a_refund_that_waits_for_balance_has_moved_nothing(sandbox: Running) -> None:
    refund = sandbox.order("refunds", charge=gift(sandbox), status="pending", pending_reason="insufficient_funds")

    assert booked(sandbox) == [CHARGE]
    sandbox.order(f"refunds/{refund['id']}/become", status="succeeded")
    assert booked(sandbox) == [CHARGE, (-10000, 0, "refund", "refund")]


def test_a_refund_can_fail_weeks_after_it_succeeded(sandbox: Running) -> None:
    charge = gift(sandbox, card="pm_card_refundFail")
    refund = sandbox.v1.refunds.create({"charge": charge, "amount": 4000})
    before = sandbox.types()

    sandbox.order("later/run", of=refund.id)

    after = sandbox.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (refund.status, after.status, after.failure_reason) == ("succeeded", "failed", "expired_or_canceled_card")
    assert after.failure_balance_transaction.net == 4000
    assert booked(sandbox)[2:] == [(4000, 0, "refund_failure", "refund_failure")]
    assert sandbox.v1.charges.retrieve(charge).amount_refunded == 0
    assert since(sandbox, before) == ["refund.updated", "refund.failed"]
    assert balance_is_the_sum(sandbox)


def test_bounced_and_refunded_again_takes_off_once(sandbox: Running) -> None:
    charge = gift(sandbox)
    first = sandbox.order("refunds", charge=charge, amount=4000)
    totals = [raised(sandbox)]
    sandbox.order(f"refunds/{first['id']}/become", status="failed")
    totals.append(raised(sandbox))

    sandbox.order("refunds", charge=charge, amount=4000)
    totals.append(raised(sandbox))
    sandbox.order("refunds", charge=charge, amount=1000)

    assert [*totals, raised(sandbox)] == [6000, 6000, 6000, 5000]
    assert money(sandbox)["refunded"]["failed"] == {"count": 1, "amount": 4000}


def test_only_a_refund_that_waits_for_the_donor_can_be_canceled(sandbox: Running) -> None:
    charge = gift(sandbox)
    waiting = sandbox.order("refunds", charge=charge, amount=4000, status="requires_action")
    done = sandbox.v1.refunds.create({"charge": charge, "amount": 1000})

    canceled = sandbox.v1.refunds.cancel(waiting["id"])
    with pytest.raises(stripe.InvalidRequestError, match="not requires_action"):
        sandbox.v1.refunds.cancel(done.id)

    assert canceled.status == "canceled"
    assert (sandbox.v1.charges.retrieve(charge).amount_refunded, raised(sandbox)) == (1000, 9000)


def test_a_refund_settles_late_like_a_charge(sandbox: Running) -> None:
    charge = gift(sandbox)
    sandbox.order("balance_transactions/hold")
    refund = sandbox.v1.refunds.create({"charge": charge})

    filled = sandbox.order("balance_transactions/release", refund=refund.id)

    assert (refund.balance_transaction, filled["filled"]) == (None, [refund.id])
    [event] = sandbox.v1.events.list({"type": "refund.updated"})
    assert event.data.previous_attributes["balance_transaction"] is None


def test_what_is_to_come_survives_a_restart(tmp_path: Any) -> None:
    with running(state=tmp_path / "state.db") as first:
        refund = first.v1.refunds.create({"charge": gift(first, card="pm_card_refundFail")})

    with running(state=tmp_path / "state.db") as second:
        assert [plan["of"] for plan in second.look("later")["planned"]] == [refund.id]
        second.order("later/run")

        assert second.v1.refunds.retrieve(refund.id).status == "failed"


def test_what_is_to_come_comes_by_itself() -> None:
    with running(later_seconds=0) as sandbox:
        sandbox.v1.refunds.create({"charge": gift(sandbox, card="pm_card_refundFail")})
        while sandbox.look("later")["planned"]:
            sandbox.order("deliveries/wait", seconds=0)

        assert sandbox.types()[-1] == "refund.failed"
