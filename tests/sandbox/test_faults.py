"""Faults on order: what a client sees, and what was done all the same."""

import time

import pytest
import stripe

from .processes import Running


def products(sandbox: Running) -> int:
    return len(sandbox.v1.products.list().data)


@pytest.mark.parametrize(("mode", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_closes_the_connection_before_or_after_the_work(sandbox: Running, mode: str, made: int) -> None:
    sandbox.order("faults", path="/v1/products", method="POST", mode=mode)

    with pytest.raises(stripe.APIConnectionError):
        sandbox.v1.products.create({"name": "x"})

    assert products(sandbox) == made


def test_after_a_lost_answer_the_same_key_finds_what_was_made(sandbox: Running) -> None:
    params = sandbox.params()
    sandbox.order("faults", path="/v1/checkout/sessions", mode="reset_after")
    with pytest.raises(stripe.APIConnectionError):
        sandbox.v1.checkout.sessions.create(params, {"idempotency_key": "donation-1"})

    session = sandbox.v1.checkout.sessions.create(params, {"idempotency_key": "donation-1"})

    assert [each.id for each in sandbox.v1.checkout.sessions.list()] == [session.id]


def test_the_clients_own_retry_gets_over_a_reset(sandbox: Running) -> None:
    sandbox.order("faults", path="/v1/products", mode="reset_after")

    sandbox.v1.products.create({"name": "x"}, {"max_network_retries": 2})

    assert products(sandbox) == 1


@pytest.mark.parametrize(("mode", "error"), [("429", stripe.RateLimitError), ("500", stripe.APIError)])
def test_a_refusal_comes_before_the_work(sandbox: Running, mode: str, error: type[Exception]) -> None:
    sandbox.order("faults", path="/v1/products", mode=mode, times=2)

    for _ in range(2):
        with pytest.raises(error):
            sandbox.v1.products.create({"name": "x"}, {"idempotency_key": "k"})

    assert sandbox.v1.products.create({"name": "x"}, {"idempotency_key": "k"}).name == "x"
    assert products(sandbox) == 1


def test_a_slow_answer_is_late_and_the_work_is_done(sandbox: Running) -> None:
    sandbox.order("faults", path="/v1/products", mode="slow", seconds=1)
    started = time.monotonic()

    sandbox.v1.products.create({"name": "x"})

    assert time.monotonic() - started >= 1


def test_a_fault_strikes_only_its_method_and_path(sandbox: Running) -> None:
    sandbox.order("faults", path="/v1/products", method="POST", mode="500")

    sandbox.v1.balance.retrieve()
    sandbox.v1.products.list()

    assert sandbox.look("faults")["faults"][0]["times"] == 1
    assert sandbox.http("DELETE", "/sandbox/faults").json == {"faults": []}
    assert sandbox.v1.products.create({"name": "x"}).name == "x"


def test_an_unknown_fault_is_refused(sandbox: Running) -> None:
    assert sandbox.order("faults", mode="explode")["error"]["param"] == "mode"
    assert sandbox.order("faults", mode="500", times="many")["error"]["param"] == "times"
