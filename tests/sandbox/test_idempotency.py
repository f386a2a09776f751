"""Idempotency keys: what was answered once is answered again, and nothing is done twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from .processes import Running

KEY = {"idempotency_key": "donation-1-checkout-1"}


def test_the_same_key_gives_the_same_session(sandbox: Running) -> None:
    params = sandbox.params()
    first = sandbox.v1.checkout.sessions.create(params, KEY)

    again = sandbox.v1.checkout.sessions.create(params, KEY)

    assert again.id == first.id
    assert again._last_response.headers["Idempotent-Replayed"] == "true"
    assert len(sandbox.v1.checkout.sessions.list().data) == 1


def test_the_same_key_with_other_parameters_is_an_error(sandbox: Running) -> None:
    sandbox.v1.checkout.sessions.create(sandbox.params(2000), KEY)

    with pytest.raises(stripe.IdempotencyError) as caught:
        sandbox.v1.checkout.sessions.create(sandbox.params(3000), KEY)

    assert caught.value.http_status == 400


def test_the_same_key_at_another_address_is_an_error(sandbox: Running) -> None:
    sandbox.v1.products.create({"name": "x"}, KEY)

    with pytest.raises(stripe.IdempotencyError):
        sandbox.v1.customers.create({"name": "x"}, KEY)


def test_a_validation_error_does_not_use_up_the_key(sandbox: Running) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.checkout.sessions.create(sandbox.params(5), KEY)

    assert sandbox.v1.checkout.sessions.create(sandbox.params(2000), KEY).status == "open"


def test_a_second_request_while_the_first_still_runs_is_a_conflict(sandbox: Running) -> None:
    params: Any = {"name": "x"}
    sandbox.order("faults", path="/v1/products", mode="slow", seconds=1)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: sandbox.api("POST", "/v1/products", params, Idempotency_Key="k"), range(2)))

    assert sorted(answer.status for answer in answers) == [200, 409]
    assert [each.name for each in sandbox.v1.products.list()] == ["x"]


def test_a_server_error_after_the_work_is_kept_too(sandbox: Running) -> None:
    sandbox.order("faults", path="/v1/products", mode="500_after")
    first = sandbox.api("POST", "/v1/products", {"name": "x"}, Idempotency_Key="k")

    again = sandbox.api("POST", "/v1/products", {"name": "x"}, Idempotency_Key="k")

    assert (first.status, again.status) == (500, 500)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(sandbox.v1.products.list().data) == 1


def test_a_key_is_at_most_255_characters_long(sandbox: Running) -> None:
    assert sandbox.api("POST", "/v1/products", {"name": "x"}, Idempotency_Key="k" * 255).status == 200
    assert sandbox.api("POST", "/v1/products", {"name": "x"}, Idempotency_Key="k" * 256).status == 400


def test_the_event_names_the_request_that_caused_it(sandbox: Running) -> None:
    product = sandbox.v1.products.create({"name": "x"}, KEY)

    [event] = sandbox.v1.events.list()

    assert event.request.id == product._last_response.request_id
    assert event.request.idempotency_key == KEY["idempotency_key"]
