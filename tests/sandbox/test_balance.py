"""Balance transactions: the fee, when they come, and what the balance adds up to."""

from decimal import Decimal

import pytest

from .processes import Running, running


def transaction(sandbox: Running, charge_id: str):  # type: ignore[no-untyped-def]
    charge = sandbox.v1.charges.retrieve(charge_id, {"expand": ["balance_transaction"]})
    return charge.balance_transaction


@pytest.mark.parametrize(("amount", "fee"), [(10000, 170), (3000, 65), (2000, 50), (100, 22), (30, 20), (4567, 89)])
def test_the_fee_is_one_and_a_half_per_cent_and_twenty_pence(sandbox: Running, amount: int, fee: int) -> None:
    entry = transaction(sandbox, sandbox.paid(amount).id)

    assert (entry.amount, entry.fee, entry.net) == (amount, fee, amount - fee)
    assert [(each.amount, each.type) for each in entry.fee_details] == [(fee, "stripe_fee")]
    assert (entry.type, entry.reporting_category, entry.currency) == ("charge", "charge", "gbp")
    assert entry.available_on == entry.created + 7 * 24 * 3600


def test_the_fee_of_the_next_charge_can_be_set(sandbox: Running) -> None:
    sandbox.order("fees/next", fee=62)

    fees = [transaction(sandbox, sandbox.paid(3000).id).fee for _ in range(2)]

    assert fees == [62, 65]


def test_a_late_balance_transaction_is_announced() -> None:
    with running(bt_delay_seconds=3600) as sandbox:
        charge = sandbox.paid()
        assert charge.balance_transaction is None
        assert "charge.updated" not in sandbox.types()

        sandbox.order("clock/advance", seconds=3601)
        sandbox.order("balance_transactions/release")

        assert transaction(sandbox, charge.id).net == 1950
        [event] = sandbox.v1.events.list({"type": "charge.updated"})
        assert event.data.previous_attributes["balance_transaction"] is None
        assert event.data.object.balance_transaction.startswith("txn_")


def test_held_balance_transactions_wait_for_the_order(sandbox: Running) -> None:
    sandbox.order("balance_transactions/hold")
    first, second = sandbox.paid(), sandbox.paid()

    one = sandbox.order("balance_transactions/release", charge=second.id)
    rest = sandbox.order("balance_transactions/release")

    assert (one["filled"], one["held"]) == ([second.id], True)
    assert (rest["filled"], rest["held"]) == ([first.id], False)
    assert sandbox.order("balance_transactions/release")["filled"] == []
    assert sandbox.types().count("charge.updated") == 2


def test_money_is_pending_for_a_week_and_then_available(sandbox: Running) -> None:
    sandbox.paid(10000)
    sandbox.paid(3000, card="pm_card_bypassPending")

    before = sandbox.v1.balance.retrieve()
    sandbox.order("clock/advance", seconds=8 * 24 * 3600)
    for _ in range(200):
        after = sandbox.v1.balance.retrieve()
        if not after.pending[0].amount:
            break

    assert (before.pending[0].amount, before.available[0].amount) == (9830, 2935)
    assert (after.pending[0].amount, after.available[0].amount) == (0, 12765)


def test_a_failed_charge_has_no_balance_transaction(sandbox: Running) -> None:
    sandbox.order("pay", session=sandbox.session().id, card="pm_card_visa_chargeDeclined")

    assert sandbox.v1.charges.list().data[0].balance_transaction is None
    assert sandbox.v1.balance_transactions.list().data == []


def test_a_converted_currency_settles_at_its_rate() -> None:
    with running(rates={"eur": Decimal("0.85"), "jpy": Decimal("0.005")}) as sandbox:
        euros = transaction(sandbox, sandbox.paid(2000, currency="eur").id)
        yen = transaction(sandbox, sandbox.paid(3000, currency="jpy").id)

    assert (euros.amount, euros.currency, euros.exchange_rate, euros.fee) == (1700, "gbp", 0.85, 46)
    assert (yen.amount, yen.currency) == (1500, "gbp")


def test_a_currency_without_a_rate_settles_as_itself(sandbox: Running) -> None:
    entry = transaction(sandbox, sandbox.paid(2000, currency="eur").id)

    assert (entry.amount, entry.currency, entry.exchange_rate) == (2000, "eur", None)
