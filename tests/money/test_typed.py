"""Amounts as people type them, from the reports of other systems: each is read as it was meant, or refused with a
question, and none is turned into another amount or another currency."""

from __future__ import annotations

import pytest

from donations import money
from donations.errors import (
    AmbiguousAmount,
    BadAmount,
    DonationsError,
    DonationTooLarge,
    OtherCurrency,
    TooManyDecimals,
)
from donations.money import Money

READ = [
    ("40,23", "EUR", 4023), ("75.00", "EUR", 7500), ("1,000.00", "USD", 100000), ("1.000,00", "EUR", 100000),
    ("15,-", "EUR", 1500), ("15.-", "CHF", 1500), ("15,--", "EUR", 1500), ("15,\N{EM DASH}", "EUR", 1500),
    ("€ 15,-", "EUR", 1500), ("15,-€", "EUR", 1500), ("7,5", "EUR", 750), ("1,000", "USD", 100000),
    ("1 234,50", "EUR", 123450), ("1\u202f234,50", "EUR", 123450), ("1'234.50", "CHF", 123450),
    ("12,34,567.00", "INR", 123456700), ("€ 20", "EUR", 2000), ("20€", "EUR", 2000), ("20 EUR", "EUR", 2000),
    ("$20", "USD", 2000), ("$20", "CAD", 2000), ("US$20", "USD", 2000), ("$20 USD", "USD", 2000),
    ("R$ 20,00", "BRL", 2000), ("kr 50", "NOK", 5000), ("50 kr", "SEK", 5000), ("kr. 50", "DKK", 5000),
    ("20 zł", "PLN", 2000), ("20 руб", "RUB", 2000), ("20 руб.", "RUB", 2000), ("20 ₽", "RUB", 2000),
    ("20 р.", "RUB", 2000), ("Fr. 20.-", "CHF", 2000), ("250 Kč", "CZK", 25000), ("٢٠", "EUR", 2000),
    ("\uff12\uff10", "EUR", 2000), (".50", "GBP", 50), (",50", "EUR", 50), ("£.50", "GBP", 50), ("50p", "GBP", 50),
    ("50 ¢", "USD", 50), ("5.", "GBP", 500), ("05", "GBP", 500), ("+5", "GBP", 500), ("20 pounds", "GBP", 2000),
    ("20 фунтов", "GBP", 2000), ("5000", "JPY", 5000), ("5,000", "JPY", 5000), ("1.000", "JPY", 1000),
    ("¥5000", "JPY", 5000), ("\uffe55000", "JPY", 5000), ("10\u00a0", "GBP", 1000), ("\u200e10", "GBP", 1000),
    ("\u202b10\u202c", "GBP", 1000), ("\u2068£10\u2069", "GBP", 1000),
    ("0.500", "GBP", 50), ("1234.000", "GBP", 123400),
]  # fmt: skip
REFUSED = [
    ("1.234", "EUR", AmbiguousAmount), ("1.000", "GBP", AmbiguousAmount), ("€1.000", "EUR", AmbiguousAmount),
    ("1,0000", "GBP", AmbiguousAmount), ("1.50000", "GBP", AmbiguousAmount), ("10.005", "GBP", AmbiguousAmount),
    ("$20", "GBP", OtherCurrency), ("20 €", "GBP", OtherCurrency), ("¥20", "GBP", OtherCurrency),
    ("₦20", "GBP", OtherCurrency), ("US$20", "CAD", OtherCurrency), ("20 USD", "GBP", OtherCurrency),
    ("20 руб", "GBP", OtherCurrency), ("kr 50", "EUR", OtherCurrency), ("50p", "EUR", OtherCurrency),
    ("1e3", "GBP", BadAmount), ("-5", "GBP", BadAmount), ("\u22125", "GBP", BadAmount), ("0x10", "GBP", BadAmount),
    ("1_000", "GBP", BadAmount), ("£20.00p", "GBP", BadAmount), ("£20 EUR", "GBP", BadAmount), ("½", "GBP", BadAmount),
    ("10.00.00", "GBP", BadAmount), ("1.50p", "GBP", BadAmount), ("20k", "GBP", BadAmount),
    ("\U0001f4b020", "GBP", BadAmount),
    ("1.5", "JPY", TooManyDecimals), ("0.001", "BHD", TooManyDecimals), ("100,5", "ISK", TooManyDecimals),
    ("999999999999", "GBP", DonationTooLarge), ("20p", "GBP", DonationsError), ("0", "GBP", DonationsError),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "currency", "minor"), READ)
def test_what_people_type_is_read_as_they_mean_it(typed: str, currency: str, minor: int) -> None:
    assert money.parse(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(("typed", "currency", "refusal"), REFUSED)
def test_what_is_not_clear_is_refused_and_never_guessed(
    typed: str, currency: str, refusal: type[DonationsError]
) -> None:
    with pytest.raises(refusal):
        money.check_chargeable(money.parse(typed, currency))


@pytest.mark.parametrize(
    ("typed", "larger", "smaller"),
    [("1,0000", 100000, 100), ("1.000", 100000, 100), ("1.234", 123400, 123), ("12.50000", 1250000, 1250)],
)
def test_both_readings_of_an_ambiguous_amount_are_named(typed: str, larger: int, smaller: int) -> None:
    with pytest.raises(AmbiguousAmount) as refused:
        money.parse(typed, "GBP")
    assert refused.value.facts == {"larger": Money(larger, "GBP"), "smaller": Money(smaller, "GBP")}


@pytest.mark.parametrize(
    ("typed", "meant"), [("20 €", {"EUR"}), ("US$20", {"USD"}), ("¥20", {"JPY", "CNY"}), ("20 USD", {"USD"})]
)
def test_a_refusal_says_which_currencies_a_mark_can_mean(typed: str, meant: set[str]) -> None:
    with pytest.raises(OtherCurrency) as refused:
        money.parse(typed, "GBP")
    assert set(refused.value.facts["currencies"]) == meant


@pytest.mark.parametrize("currency", sorted(money.CURRENCIES))
def test_no_mark_of_another_currency_is_ever_taken_off(currency: str) -> None:
    # given every mark that we know, in a form of this currency
    for marks, text in ((money.typed._MARKS, "{0} 20"), (money.typed._SMALL_MARKS, "20{0}")):
        for mark, meant in marks.items():
            # then it is read only where it can mean this currency
            try:
                money.parse(text.format(mark), currency)
            except (OtherCurrency, BadAmount):
                assert currency not in meant or marks is money.typed._SMALL_MARKS
            else:
                assert currency in meant
