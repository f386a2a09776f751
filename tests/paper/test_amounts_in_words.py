"""Amounts written out, in every currency we know and in both languages."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from donations.money import CURRENCIES, MAXIMUM_MINOR, Money
from donations.paper import in_words, method

pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize(
    ("minor", "currency", "english", "russian"),
    [
        (2050, "GBP", "Twenty pounds sterling, fifty pence", "Двадцать британских фунтов стерлингов 50/100"),
        (2000, "GBP", "Twenty pounds sterling", "Двадцать британских фунтов стерлингов"),
        (101, "EUR", "One euro, one cent", "Один евро, один цент"),
        (2121, "RUB", "Twenty-one roubles, twenty-one kopeks", "Двадцать один рубль, двадцать одна копейка"),
        (5, "USD", "Zero dollars, five cents", "Ноль долларов, пять центов"),
        # No small coin; a feminine noun in Russian.
        (21, "JPY", "Twenty-one Japanese yen", "Двадцать одна японская иена"),
        (20000, "ISK", "Two hundred krónur", "Двести исландских крон"),
        # A thousand small coins.
        (1250, "KWD", "One Kuwaiti dinar 250/1000", "Один кувейтский динар 250/1000"),
        (2000, "TND", "Two Tunisian dinars", "Два тунисских динара"),
        (1050, "KZT", "Ten Kazakhstani tenges 50/100", "Десять тенге, пятьдесят тиынов"),
    ],
)
def test_an_amount_in_words(app: Flask, minor: int, currency: str, english: str, russian: str) -> None:
    assert in_words(Money(minor, currency)) == english
    with force_locale("ru"):
        assert in_words(Money(minor, currency)) == russian


@pytest.mark.parametrize("language", ["en", "ru", "de", "ar"])
def test_every_currency_has_words_in_whatever_language(app: Flask, language: str) -> None:
    with force_locale(language):
        for currency in CURRENCIES:
            for minor in (1, 1234567, MAXIMUM_MINOR):
                assert in_words(Money(minor, currency))


def test_a_method_is_named_in_the_readers_language_or_as_it_is_known(app: Flask) -> None:
    assert [method(name) for name in ("card", "bacs_debit", "some_new_pay")] == [
        "Card",
        "Direct Debit",
        "Other method (some_new_pay)",
    ]
    with force_locale("ru"):
        assert method("card") == "Банковская карта"
