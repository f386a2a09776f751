"""Foreign currencies: what settles as itself, what is converted, and at which rate each way."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
import stripe

from .money import balance_is_the_sum, booked, gift, money, raised
from .processes import Running, running


@pytest.fixture
def converting(sandbox: Running) -> Running:
    """USD 100.00 are 78.40 GBP when charged, 79.10 when refunded, 80.00 when disputed; the fee is 2.90."""
    for kind, rate in (("charge", "0.784"), ("refund", "0.791"), ("dispute", "0.8")):
        sandbox.order("rates", currency="usd", rate=rate, **{"for": kind})
    sandbox.order("fees/next", fee=290)
    return sandbox


@pytest.fixture(scope="module")
def settling() -> Iterator[Running]:
    with running(settlement_currencies=("eur",), rates={"usd": Decimal("0.784")}) as started:
        yield started


def test_row_nine_of_the_ledger_comes_out_exactly(converting: Running) -> None:
    charge = gift(converting, currency="usd")
    [transaction] = converting.v1.balance_transactions.list().data
    received = raised(converting)

    converting.v1.refunds.create({"charge": charge})

    assert (transaction.amount, transaction.fee, transaction.net, transaction.currency) == (7840, 290, 7550, "gbp")
    assert transaction.exchange_rate == 0.784
    refund = converting.v1.balance_transactions.list({"type": "refund"}).data[0]
    assert (refund.amount, refund.fee, refund.exchange_rate) == (-7910, 0, 0.791)
    assert (received, raised(converting)) == (7840, 0)
    assert money(converting)["net"] == {"charge": 7550, "refund": -7910}
    assert money(converting, "usd")["charged"] == {"succeeded": {"count": 1, "amount": 10000}}
    assert balance_is_the_sum(converting)


def test_a_part_refunded_takes_off_the_same_part_of_what_was_received(converting: Running) -> None:
    charge = gift(converting, currency="usd")

    converting.v1.refunds.create({"charge": charge, "amount": 2500})

    assert (raised(converting), booked(converting)[1][0]) == (7840 * 3 // 4, -1978)


def test_a_bounced_refund_comes_back_as_it_went_unless_ordered_otherwise(converting: Running) -> None:
    charge = gift(converting, currency="usd")
    first = converting.order("refunds", charge=charge, amount=5000)
    converting.order(f"refunds/{first['id']}/become", status="failed")
    converting.order("rates", currency="usd", rate="0.7", **{"for": "refund_failure"})
    second = converting.order("refunds", charge=charge, amount=5000)

    converting.order(f"refunds/{second['id']}/become", status="failed")

    assert [amount for amount, *_ in booked(converting)[1:]] == [-3955, 3955, -3955, 3500]


def test_a_dispute_has_a_rate_of_its_own(converting: Running) -> None:
    opened = converting.order("disputes", charge=gift(converting, currency="usd"))
    in_dispute = raised(converting)

    converting.order("rates", currency="usd", rate="0.79", **{"for": "dispute_reversal"})
    converting.order(f"disputes/{opened['id']}/win")

    assert [(amount, fee) for amount, fee, *_ in booked(converting)[1:]] == [(-8000, 2000), (7900, 0)]
    assert (in_dispute, raised(converting)) == (0, 7840)


def test_before_its_transaction_a_converted_gift_has_raised_nothing(converting: Running) -> None:
    converting.order("balance_transactions/hold")
    charge = gift(converting, currency="usd")

    told = converting.look("summary")["money"]
    converting.order("balance_transactions/release", charge=charge)

    assert "gbp" not in told
    assert raised(converting) == 7840


def test_what_the_account_settles_in_stays_as_it_is_and_the_rest_is_converted(settling: Running) -> None:
    settling.order("reset")
    gift(settling, currency="eur")
    gift(settling, currency="usd")

    settled = [(each.currency, each.amount) for each in settling.v1.balance_transactions.list().data]
    assert settled == [("gbp", 7840), ("eur", 10000)]


def test_a_currency_without_a_rate_is_refused(settling: Running) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        settling.session(currency="chf")

    assert caught.value.code == "sandbox_rate_missing"


def test_the_least_amount_counts_after_conversion(settling: Running) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        settling.session(37, currency="usd")

    assert caught.value.code == "amount_too_small"
    assert settling.session(38, currency="usd").amount_total == 38


@pytest.mark.parametrize(
    "values", [{"currency": "usd"}, {"currency": "xxx", "rate": 1}, {"currency": "usd", "rate": -1}]
)
def test_a_rate_that_is_none_is_refused(sandbox: Running, values: dict[str, str]) -> None:
    assert sandbox.order("rates", **values)["error"]["param"] in ("rate", "currency")
