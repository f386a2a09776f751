"""Money: what people type, what Stripe can carry, and parts that add up exactly (R19 of the marks: exact)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations import money
from donations.errors import (
    AmountTooLarge,
    AmountTooSmall,
    BadAmount,
    CurrencyMismatch,
    DonationTooLarge,
    TooManyDecimals,
    UnknownCurrency,
)
from donations.money import Money
from tests.factories import eur, gbp

currencies = st.sampled_from(sorted(money.CURRENCIES))
# One of each kind Stripe knows, and GBP.
KINDS = ("GBP", "JPY", "KWD", "ISK", "UGX", "HUF", "TWD")


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("20", "GBP", 2000),
        ("20.5", "GBP", 2050),
        ("20,50", "EUR", 2050),
        ("£20", "GBP", 2000),
        ("£ 20", "GBP", 2000),
        ("$20", "USD", 2000),
        ("20gbp", "GBP", 2000),
        ("20 €", "EUR", 2000),
        ("GBP 20.00", "GBP", 2000),
        ("1,234.50", "GBP", 123450),
        ("1 234,50", "EUR", 123450),
        ("1\u202f234,50", "EUR", 123450),
        ("1.234,50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("1,234,567", "GBP", 123456700),
        ("٢٠٫٥٠", "AED", 2050),
        ("\uff12\uff10", "GBP", 2000),
        (" 7 ", "GBP", 700),
        ("20.", "GBP", 2000),
        ("1,234", "GBP", 123400),
        ("500", "JPY", 500),
        ("1,234", "JPY", 1234),
        ("5.50", "KWD", 5500),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("175.50", "HUF", 17550),
        ("0", "GBP", 0),
    ],
)
def test_what_people_type_is_read(typed: str, currency: str, minor: int) -> None:
    assert money.parse(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "abc", "-5", "1e3", "5 5", "1.234", "1.2.3", "1,23,456", "12,34.5", "20.5.0", "½", "20£20",
     "0x10", "1,234.567,8", "1 234 5", "NaN", "∞", "twenty",
     "€20", "20 €", "USD 20", "20 USD", "20k", "12x", "x20", "20%", "££20", "(20)"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(BadAmount):
        money.parse(typed, "GBP")


@pytest.mark.parametrize(
    ("typed", "currency"), [("20.505", "GBP"), ("5.5", "JPY"), ("5.50", "ISK"), ("5.505", "KWD"), ("1.5", "UGX")]
)
def test_more_decimals_than_a_currency_has_are_refused(typed: str, currency: str) -> None:
    with pytest.raises((TooManyDecimals, BadAmount)):
        money.parse(typed, currency)


def test_an_amount_of_unheard_length_is_too_large() -> None:
    with pytest.raises(AmountTooLarge):
        money.parse("9" * 16, "GBP")


@pytest.mark.parametrize("code", ["", "gbp", "GB", "POUNDS", "G P", "£"])
def test_what_cannot_be_a_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money(1, code)


def test_a_currency_younger_than_our_table_may_be_told_and_not_asked_for() -> None:
    told = Money(2050, "XCG")
    assert (str(told), told.plain()) == ("20.50 XCG", "20.50")
    with pytest.raises(UnknownCurrency):
        money.parse("20", "XCG")
    with pytest.raises(UnknownCurrency):
        money.check_chargeable(told)


def test_an_unknown_currency_is_refused_where_it_is_typed() -> None:
    with pytest.raises(UnknownCurrency):
        money.parse("20", "gbp")


@given(text=st.text(max_size=30), currency=currencies)
def test_no_text_makes_parse_fail_otherwise_than_by_a_sentence(text: str, currency: str) -> None:
    try:
        amount = money.parse(text, currency)
    except (BadAmount, TooManyDecimals, AmountTooLarge):
        return
    assert amount.minor >= 0


@given(currency=currencies, data=st.data())
def test_what_is_shown_plainly_is_read_as_the_same_amount(currency: str, data: st.DataObject) -> None:
    # given any amount that a person could type in this currency, up to the maximum
    step = 10 ** (money.exponent(currency) - money.shown_decimals(currency))
    minor = data.draw(st.integers(0, money.MAXIMUM_MINOR // step)) * step
    # when it is written and read again
    again = money.parse(Money(minor, currency).plain(), currency)
    # then it is the same, to the minor unit
    assert again == Money(minor, currency)


@pytest.mark.parametrize(
    ("amount", "major"),
    [
        (Money(1050, "GBP"), "10.5"),
        (Money(1050, "JPY"), "1050"),
        (Money(1050, "KWD"), "1.05"),
        (Money(1000, "ISK"), "10"),
        (Money(-5, "EUR"), "-0.05"),
    ],
)
def test_major_units_are_exact(amount: Money, major: str) -> None:
    assert amount.major == Decimal(major)


@given(total=st.integers(-(10**13), 10**13), shares=st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_parts_add_up_and_none_is_a_unit_off_its_share(total: int, shares: list[int]) -> None:
    if not sum(shares):
        shares = [*shares, 1]
    parts = money.apportion(total, shares)
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - total * share) < sum(shares)
        assert share or not part


@given(total=st.integers(0, 10**13), shares=st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(any))
def test_a_reversal_splits_as_the_mirror_of_what_it_reverses(total: int, shares: list[int]) -> None:
    assert money.apportion(-total, shares) == [-part for part in money.apportion(total, shares)]


@given(total=st.integers(0, 10**9), more=st.integers(0, 10**9), shares=st.lists(st.integers(1, 99), min_size=2))
def test_cumulative_shares_add_up_too(total: int, more: int, shares: list[int]) -> None:
    # given a donation refunded in two steps: what is taken the second time is the difference of the two cumulative
    # splits
    first = money.apportion(total, shares)
    both = money.apportion(total + more, shares)
    # then the steps add up, whatever the rounding
    assert sum(b - f for b, f in zip(both, first, strict=True)) == more


def test_a_tie_goes_to_the_earlier_share() -> None:
    assert money.apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert gbp("0.62").split([2000, 1000]) == [gbp("0.41"), gbp("0.21")]


def test_currencies_never_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        gbp("1") + eur("1")
    with pytest.raises(CurrencyMismatch):
        gbp("1") < eur("1")  # noqa: B015
    assert gbp("1") != eur("1")


def test_amounts_of_one_currency_add_subtract_and_compare() -> None:
    assert gbp("1.10") + gbp("2.20") - gbp("0.30") == gbp("3")
    assert -gbp("1") == Money(-100, "GBP")
    assert gbp("1") < gbp("1.01") <= gbp("1.01")
    assert not gbp("0")
    assert gbp("0.01")


@pytest.mark.parametrize(
    ("currency", "least"),
    [("GBP", 30), ("EUR", 50), ("JPY", 50), ("KWD", 1000), ("ISK", 100), ("UGX", 100), ("HUF", 17500), ("TWD", 100)],
)
def test_the_minimum_can_be_charged_and_no_less(currency: str, least: int) -> None:
    # given the least that Stripe takes
    assert money.minimum(currency) == Money(least, currency)
    # then it is taken, and one step less is not
    assert money.check_chargeable(Money(least, currency)) == Money(least, currency)
    step = 10 ** (money.exponent(currency) - money.shown_decimals(currency))
    with pytest.raises(AmountTooSmall):
        money.check_chargeable(Money(least - step, currency))


@pytest.mark.parametrize("currency", KINDS)
def test_the_maximum_can_be_charged_and_no_more(currency: str) -> None:
    step = 10 ** (money.exponent(currency) - money.shown_decimals(currency))
    most = money.maximum(currency)
    assert money.check_chargeable(most) == most
    with pytest.raises(DonationTooLarge):
        money.check_chargeable(Money(most.minor + step, currency))


@pytest.mark.parametrize("currency", sorted(money.CURRENCIES))
def test_every_currency_has_a_largest_donation_in_round_figures(currency: str) -> None:
    most = money.maximum(currency)
    assert money.minimum(currency) < most
    assert money.check_chargeable(most) == most
    assert set(most.plain().lstrip("125")) == {"0"}


@pytest.mark.parametrize("amount", [Money(5501, "KWD"), Money(550, "ISK"), Money(550, "UGX")])
def test_what_stripe_cannot_carry_is_refused(amount: Money) -> None:
    with pytest.raises(TooManyDecimals):
        money.check_chargeable(amount)


def test_an_appeals_own_minimum_counts() -> None:
    with pytest.raises(AmountTooSmall, match="5 GBP"):
        money.check_chargeable(gbp("4.99"), least=gbp("5"))
