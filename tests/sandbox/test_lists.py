"""Lists, filters and expansion: what a gateway that reads everything back relies on."""

from typing import Any

import pytest
import stripe

from .processes import Running


@pytest.fixture
def names(sandbox: Running) -> list[str]:
    """The ids of 25 customers, newest first."""
    return [sandbox.v1.customers.create({"email": f"c{number}@example.org"}).id for number in range(25)][::-1]


def ids(page: Any) -> list[str]:
    return [each.id for each in page.data]


def test_a_list_is_newest_first_and_ten_long(sandbox: Running, names: list[str]) -> None:
    page = sandbox.v1.customers.list()

    assert ids(page) == names[:10]
    assert page.has_more is True


def test_a_list_pages_forward_to_its_end(sandbox: Running, names: list[str]) -> None:
    page = sandbox.v1.customers.list({"limit": 10, "starting_after": names[19]})

    assert (ids(page), page.has_more) == (names[20:], False)
    assert [each.id for each in sandbox.v1.customers.list({"limit": 7}).auto_paging_iter()] == names


def test_a_list_pages_backward_keeping_its_order(sandbox: Running, names: list[str]) -> None:
    page = sandbox.v1.customers.list({"limit": 5, "ending_before": names[10]})

    assert (ids(page), page.has_more) == (names[5:10], True)
    assert sandbox.v1.customers.list({"ending_before": names[3]}).has_more is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": 101},
        {"starting_after": "cus_none"},
        {"colour": "red"},
        {"created": {"until": 1}},
        {"created": "yesterday"},
        {"expand": ["customer"]},
        {"expand": ["data.colour"]},
    ],
)
def test_a_wrong_question_is_refused(sandbox: Running, wrong: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.customers.list(wrong)


def test_both_cursors_at_once_are_refused(sandbox: Running, names: list[str]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.v1.customers.list({"starting_after": names[0], "ending_before": names[1]})


def test_created_bounds_a_list(sandbox: Running) -> None:
    early = sandbox.v1.customers.create()
    sandbox.order("clock/advance", seconds=100)
    late = sandbox.v1.customers.create()

    assert ids(sandbox.v1.customers.list({"created": {"gt": early.created}})) == [late.id]
    assert ids(sandbox.v1.customers.list({"created": {"lt": late.created}})) == [early.id]
    assert ids(sandbox.v1.customers.list({"created": late.created})) == [late.id]


def test_events_are_filtered_by_type(sandbox: Running) -> None:
    sandbox.paid()

    def types(**wanted: Any) -> set[str]:
        return {event.type for event in sandbox.v1.events.list(wanted)}

    assert types(type="charge.succeeded") == {"charge.succeeded"}
    assert types(type="payment_intent.*") == {"payment_intent.created", "payment_intent.succeeded"}
    assert types(types=["charge.succeeded", "product.created"]) == {"charge.succeeded", "product.created"}
    with pytest.raises(stripe.InvalidRequestError):
        types(types=[f"t{number}" for number in range(21)])


def test_balance_transactions_are_filtered_by_source_type_and_currency(sandbox: Running) -> None:
    charge, other = sandbox.paid(), sandbox.paid()

    def sources(**wanted: Any) -> list[str]:
        return [each.source for each in sandbox.v1.balance_transactions.list(wanted)]

    assert sources(source=charge.id) == [charge.id]
    assert sources(type="charge", currency="gbp") == [other.id, charge.id]
    assert sources(type="payout") == []
    assert sources(currency="eur") == []


def test_sessions_and_charges_are_found_by_what_they_belong_to(sandbox: Running) -> None:
    charge = sandbox.paid()
    sandbox.session()

    assert ids(sandbox.v1.charges.list({"payment_intent": charge.payment_intent})) == [charge.id]
    assert len(sandbox.v1.checkout.sessions.list({"status": "open"}).data) == 1
    [session] = sandbox.v1.checkout.sessions.list({"payment_intent": charge.payment_intent})
    assert session.status == "complete"


def test_ids_become_objects_when_expanded(sandbox: Running) -> None:
    charge = sandbox.paid(customer_creation="always")
    [session] = sandbox.v1.checkout.sessions.list(
        {"expand": ["data.payment_intent.latest_charge.balance_transaction", "data.customer", "data.line_items"]}
    )

    assert session.payment_intent.latest_charge.balance_transaction.id == charge.balance_transaction
    assert session.customer.object == "customer"
    assert session.line_items.data[0].description == "Fighting fund"
    assert sandbox.v1.charges.retrieve(charge.id, {"expand": ["refunds"]}).refunds.data == []
    source = sandbox.v1.balance_transactions.retrieve(charge.balance_transaction, {"expand": ["source"]}).source
    assert source.id == charge.id


def test_what_is_not_asked_for_stays_an_id(sandbox: Running) -> None:
    charge = sandbox.paid()

    assert isinstance(charge.payment_intent, str)
    assert "refunds" not in charge
    assert "line_items" not in sandbox.v1.checkout.sessions.list().data[0]
