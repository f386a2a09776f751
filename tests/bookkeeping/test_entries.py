"""From facts to entries, with plain values: the worked examples of docs/ledger.md to the penny, and for any amount that
every entry balances and no penny is made or lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.bookkeeping import PUBLIC_ACCOUNTS, Wanted, entries_for, settled_amount
from donations.facts import BalanceTransaction, PaymentFacts
from donations.money import MAXIMUM_MINOR, Money
from tests.events import a_transaction
from tests.factories import NOON, gbp

ANA, BO, CY, GEN, SUS = 1, 2, 3, 8, 9
NAMES = {ANA: "ANA", BO: "BO", CY: "CY", GEN: "GEN", SUS: "SUS"}


def known(amount: Money | None, *transactions: BalanceTransaction, **more: Any) -> PaymentFacts:
    """The facts of a charge that has succeeded, given to ANA alone unless told otherwise."""
    said: dict[str, Any] = {
        "payment_id": 1,
        "charge_id": "ch_1",
        "amount": amount,
        "succeeded_at": NOON,
        "failed_at": None,
        "shares": ((ANA, amount.minor if amount else 1),),
        "fee_bearer": "fund",
        "general_fund_id": GEN,
        "suspense_fund_id": SUS,
        "settlement_currencies": ("GBP", "EUR"),
        **more,
    }
    return PaymentFacts(transactions=transactions, **said)


def bt(amount: Money, fee: int = 0, **more: Any) -> BalanceTransaction:
    return a_transaction("ch_1", amount, fee, **{"id": "txn_1", **more})


def written(entries: list[Wanted]) -> dict[str, list[str]]:
    """Each entry as docs/ledger.md has it: account, fund, sign and minor units."""
    return {
        entry.key: [f"{line.account} {NAMES[line.fund_id]} {line.minor:+d}" for line in entry.lines]
        for entry in entries
    }


def sums(entries: list[Wanted]) -> dict[tuple[int, int, str, str | None], int]:
    found: dict[tuple[int, int, str, str | None], int] = {}
    for entry in entries:
        for line in entry.lines:
            key = (line.account, line.fund_id, line.currency, line.clear_ref)
            found[key] = found.get(key, 0) + line.minor
    return {key: minor for key, minor in found.items() if minor}


def test_row_1_a_card_gift_succeeds() -> None:
    entries = entries_for(known(gbp("100.00")))
    assert written(entries) == {"charge:ch_1:gift": ["1105 ANA +10000", "4000 ANA -10000"]}
    assert [line.clear_ref for line in entries[0].lines] == ["ch_1", None]


def test_row_1a_its_balance_transaction_when_the_fund_bears_the_fee() -> None:
    entries = entries_for(known(gbp("100.00"), bt(gbp("100.00"), 170)))
    assert written(entries)["bt:txn_1"] == ["1100 ANA +9830", "5000 ANA +170", "1105 ANA -10000"]
    assert [line.clear_ref for line in entries[1].lines] == [None, None, "ch_1"]


def test_row_1b_its_balance_transaction_when_the_general_fund_bears_the_fee() -> None:
    entries = entries_for(known(gbp("100.00"), bt(gbp("100.00"), 170), fee_bearer="general"))
    assert written(entries)["bt:txn_1"] == ["1100 ANA +10000", "1105 ANA -10000", "5000 GEN +170", "1100 GEN -170"]


def test_row_2_one_gift_over_two_funds() -> None:
    entries = entries_for(known(gbp("30.00"), bt(gbp("30.00"), 62), shares=((ANA, 2000), (BO, 1000))))
    assert written(entries) == {
        "charge:ch_1:gift": ["1105 ANA +2000", "4000 ANA -2000", "1105 BO +1000", "4000 BO -1000"],
        "bt:txn_1": [
            *("1100 ANA +1959", "5000 ANA +41", "1105 ANA -2000"),
            *("1100 BO +979", "5000 BO +21", "1105 BO -1000"),
        ],
    }


def test_a_fee_larger_than_the_gift_leaves_less_than_nothing() -> None:
    entries = entries_for(known(gbp("0.30"), bt(gbp("0.30"), 45)))
    assert written(entries)["bt:txn_1"] == ["1100 ANA -15", "5000 ANA +45", "1105 ANA -30"]


def test_a_fee_as_large_as_the_gift_posts_no_line_of_nothing() -> None:
    entries = entries_for(known(gbp("0.30"), bt(gbp("0.30"), 30)))
    assert written(entries)["bt:txn_1"] == ["5000 ANA +30", "1105 ANA -30"]


def test_a_gift_without_a_fee_posts_no_line_of_nothing() -> None:
    for bearer in ("fund", "general"):
        entries = entries_for(known(gbp("1.00"), bt(gbp("1.00"), 0), fee_bearer=bearer))
        assert written(entries)["bt:txn_1"] == ["1100 ANA +100", "1105 ANA -100"]


def test_a_penny_over_three_funds_is_one_penny() -> None:
    shares = ((ANA, 1), (BO, 1), (CY, 1))
    entries = entries_for(known(gbp("0.01"), bt(gbp("0.01"), 2), shares=shares))
    assert written(entries) == {
        "charge:ch_1:gift": ["1105 ANA +1", "4000 ANA -1"],
        "bt:txn_1": ["5000 ANA +1", "1105 ANA -1", "1100 BO -1", "5000 BO +1"],
    }


def test_a_gift_of_the_general_fund_bears_its_own_fee_once() -> None:
    entries = entries_for(known(gbp("10.00"), bt(gbp("10.00"), 35), shares=((GEN, 1000),), fee_bearer="general"))
    assert sums(entries) == {
        (1100, GEN, "GBP", None): 965,
        (5000, GEN, "GBP", None): 35,
        (4000, GEN, "GBP", None): -1000,
    }


def test_nothing_is_posted_of_a_currency_that_is_not_settled_in_until_its_balance_transaction() -> None:
    # given a donation of 100 dollars to an organisation that settles in pounds and euros
    gift = known(Money(10000, "USD"))
    # when nothing else is known
    # then no rate is invented
    assert settled_amount(gift) is None
    assert entries_for(gift) == []
    # and row 9's first line, when its balance transaction says 78.40 pounds
    settled = replace(gift, transactions=(bt(gbp("78.40"), 290, exchange_rate="0.784"),))
    assert written(entries_for(settled)) == {
        "charge:ch_1:gift": ["1105 ANA +7840", "4000 ANA -7840"],
        "bt:txn_1": ["1100 ANA +7550", "5000 ANA +290", "1105 ANA -7840"],
    }
    assert {line.currency for entry in entries_for(settled) for line in entry.lines} == {"GBP"}


def test_a_balance_transaction_in_another_currency_than_guessed_decides() -> None:
    guessed = known(Money(10000, "EUR"))
    assert settled_amount(guessed) == Money(10000, "EUR")
    settled = replace(guessed, transactions=(bt(gbp("85.00"), 150),))
    assert settled_amount(settled) == gbp("85.00")
    assert sums(entries_for(settled)) == {
        (1100, ANA, "GBP", None): 8350,
        (5000, ANA, "GBP", None): 150,
        (4000, ANA, "GBP", None): -8500,
    }


def test_a_charge_without_a_reference_of_ours_stands_as_an_unidentified_receipt() -> None:
    entries = entries_for(known(gbp("15.00"), bt(gbp("15.00"), 43), shares=()))
    assert written(entries) == {
        "charge:ch_1:gift": ["1105 SUS +1500", "2010 SUS -1500"],
        "bt:txn_1": ["1100 SUS +1457", "5000 SUS +43", "1105 SUS -1500"],
    }
    assert [line.clear_ref for line in entries[0].lines] == ["ch_1", "ch_1"]
    assert not PUBLIC_ACCOUNTS & {line.account for entry in entries for line in entry.lines}


def test_the_general_fund_pays_no_fee_for_what_is_not_ours() -> None:
    entries = entries_for(known(gbp("15.00"), bt(gbp("15.00"), 43), shares=(), fee_bearer="general"))
    assert {line.fund_id for entry in entries for line in entry.lines} == {SUS}


def test_a_charge_that_only_failed_posts_nothing() -> None:
    assert entries_for(known(gbp("20.00"), succeeded_at=None, failed_at=NOON)) == []


def test_a_charge_that_is_only_pending_posts_nothing() -> None:
    assert entries_for(known(gbp("20.00"), succeeded_at=None)) == []


def test_a_balance_transaction_before_any_word_of_its_charge_is_booked_and_waits_in_settlement() -> None:
    entries = entries_for(known(None, bt(gbp("20.00"), 50), succeeded_at=None, shares=()))
    assert written(entries) == {"bt:txn_1": ["1100 SUS +1950", "5000 SUS +50", "1105 SUS -2000"]}


def test_row_3_a_pending_debits_balance_transaction_stands_as_a_credit_until_it_succeeds() -> None:
    pending = known(gbp("50.00"), bt(gbp("50.00"), 25), succeeded_at=None)
    assert written(entries_for(pending)) == {"bt:txn_1": ["1100 ANA +4975", "5000 ANA +25", "1105 ANA -5000"]}
    later = replace(pending, succeeded_at=NOON)
    assert sums(entries_for(later))[4000, ANA, "GBP", None] == -5000
    assert (1105, ANA, "GBP", "ch_1") not in sums(entries_for(later))


def test_row_3_a_pending_debit_that_fails_leaves_only_the_fee() -> None:
    back = bt(Money(-5000, "GBP"), 0, id="txn_2", reporting_category="charge_failure")
    failed = known(gbp("50.00"), bt(gbp("50.00"), 25), back, succeeded_at=None, failed_at=NOON)
    assert sums(entries_for(failed)) == {(1100, ANA, "GBP", None): -25, (5000, ANA, "GBP", None): 25}


def test_a_balance_transaction_of_a_refund_is_not_booked_as_the_charges() -> None:
    refunded = replace(bt(Money(-2000, "GBP"), reporting_category="refund"), source_id="re_1")
    entries = entries_for(known(gbp("20.00"), refunded))
    assert written(entries)["bt:txn_1"] == ["1100 ANA -2000", "1105 ANA +2000"]
    assert sums(entries)[1105, ANA, "GBP", "re_1"] == 2000


def test_the_order_of_facts_does_not_matter() -> None:
    transactions = [
        bt(gbp("50.00"), 25),
        bt(Money(-5000, "GBP"), id="txn_2", reporting_category="charge_failure", at=NOON + timedelta(days=3)),
        bt(Money(-1000, "GBP"), id="txn_3", reporting_category="partial_capture_reversal"),
    ]
    told = [sorted(written(entries_for(known(gbp("50.00"), *order))).items()) for order in permutations(transactions)]
    assert all(entries == told[0] for entries in told)
    assert len(told[0]) == 4


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        (Money(500, "JPY"), (1, 1, 1), [167, 167, 166]),  # zero decimals
        (Money(10010, "KWD"), (60, 20, 20), [6006, 2002, 2002]),  # three, the last of which is 0
        (Money(500, "ISK"), (1, 1, 1), [167, 167, 166]),  # five krónur, sent times 100
        (Money(100, "UGX"), (1, 2, 0), [33, 67, 0]),
        (Money(MAXIMUM_MINOR, "GBP"), (1, 1, 1), [333333333333] * 3),
        (Money(MAXIMUM_MINOR - 1, "GBP"), (1, 1, 1), [333333333333, 333333333333, 333333333332]),
    ],
)
def test_currencies_of_every_kind_are_exact(amount: Money, shares: tuple[int, ...], parts: list[int]) -> None:
    # given an organisation that settles in this currency
    funds = tuple(zip((ANA, BO, CY), shares, strict=True))
    facts = known(amount, bt(amount, 7), shares=funds, settlement_currencies=(amount.currency,))
    # when the donation and its balance transaction are known
    entries = entries_for(facts)
    # then the parts are exact and nothing stays in settlement
    income = {line.fund_id: -line.minor for line in entries[0].lines if line.account == 4000}
    assert [income.get(fund, 0) for fund in (ANA, BO, CY)] == parts
    assert sum(income.values()) == amount.minor
    assert not [key for key in sums(entries) if key[0] == 1105]


amounts = st.one_of(st.integers(1, 300), st.integers(1, 10**6), st.integers(MAXIMUM_MINOR - 300, MAXIMUM_MINOR))
fees = st.one_of(st.integers(0, 200), st.integers(0, 10**7))
shares_of = st.lists(st.integers(0, 10**4), min_size=1, max_size=5).filter(any)
currencies = st.sampled_from(["GBP", "EUR", "JPY", "KWD", "ISK", "UGX"])


@given(amount=amounts, fee=fees, shares=shares_of, bearer=st.sampled_from(["fund", "general"]), currency=currencies,
       ours=st.booleans())  # fmt: skip
def test_every_entry_balances_for_each_fund_and_its_parts_add_up(
    amount: int, fee: int, shares: list[int], bearer: str, currency: str, ours: bool
) -> None:
    gift = Money(amount, currency)
    funds = tuple((number, share) for number, share in enumerate(shares, start=1)) if ours else ()
    facts = known(gift, bt(gift, fee), shares=funds, fee_bearer=bearer, settlement_currencies=("GBP", "EUR"))
    entries = entries_for(facts)
    # Every entry: two lines or more, none of them nothing, zero for each fund and currency.
    for entry in entries:
        assert len(entry.lines) >= 2
        per_fund: dict[tuple[int, str], int] = {}
        for line in entry.lines:
            assert line.minor != 0
            per_fund[line.fund_id, line.currency] = per_fund.get((line.fund_id, line.currency), 0) + line.minor
        assert not any(per_fund.values())
    # Over all: what came in, what Stripe took and what is left are the same money; nothing stays in settlement.
    per_account: dict[int, int] = {}
    for (account, *_), minor in sums(entries).items():
        per_account[account] = per_account.get(account, 0) + minor
    income = 4000 if ours else 2010
    assert per_account[income] == -amount
    assert per_account.get(5000, 0) == fee
    assert per_account.get(1100, 0) == amount - fee
    assert 1105 not in per_account
    # A fund without a share gets nothing.
    assert not {line.fund_id for entry in entries for line in entry.lines} & {
        fund for fund, share in funds if not share and fund != GEN
    }


@given(amount=amounts, shares=shares_of)
def test_a_balance_transaction_takes_out_of_settlement_what_the_gift_put_in_fund_by_fund(
    amount: int, shares: list[int]
) -> None:
    gift = Money(amount, "GBP")
    funds = tuple((number, share) for number, share in enumerate(shares, start=1))
    entries = entries_for(known(gift, bt(gift, 0), shares=funds))
    assert not [key for key in sums(entries) if key[0] == 1105]
