"""How money, days and texts read, in English for the world and in Russian."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from donations.appeals import amounts
from donations.errors import NotAllowedInState, RefundRefused, TooManyDecimals, TryLater
from donations.money import Money
from donations.web import filters

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def english(app: Flask):
    with app.test_request_context("/"):
        yield


@pytest.fixture
def russian(app: Flask):
    with app.test_request_context("/ru/"):
        yield


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (123450, "GBP", "£1,234.50"),
        (2000, "EUR", "€20.00"),
        (2000, "USD", "US$20.00"),
        (5000, "JPY", "JP¥5,000"),
        (500000, "ISK", "ISK 5,000"),
        (500000, "HUF", "HUF 5,000.00"),
        (20500, "KWD", "KWD 20.50"),
        (20505, "KWD", "KWD 20.505"),
        (-100, "GBP", "-£1.00"),
        (999_999_999_999, "GBP", "£9,999,999,999.99"),
    ],
)
def test_money_is_written_with_the_decimals_its_currency_has(minor: int, currency: str, written: str) -> None:
    assert filters.money(Money(minor, currency)).replace("\xa0", " ") == written


@pytest.mark.usefixtures("english")
def test_a_goal_is_written_without_pence_it_does_not_have() -> None:
    assert filters.money(Money(2500000, "GBP"), short=True) == "£25,000"
    assert filters.money(Money(2500050, "GBP"), short=True) == "£25,000.50"


@pytest.mark.usefixtures("russian")
def test_russian_writes_money_and_days_its_own_way() -> None:
    assert filters.money(Money(123450, "GBP")).replace("\xa0", " ") == "1 234,50 £"
    assert filters.day(date(2026, 11, 21)).startswith("21 ноября 2026")
    assert filters.month_or_day(date(2017, 3, 1), True).startswith("март 2017")


@pytest.mark.usefixtures("english")
def test_a_moment_is_told_by_the_organisations_own_clock() -> None:
    assert filters.moment(datetime(2026, 7, 1, 20, 0, tzinfo=UTC)) == "1 Jul 2026, 21:00"
    assert filters.timestamp(datetime(2026, 7, 1, 20, 0, tzinfo=UTC)) == "2026-07-01T20:00:00Z"


@pytest.mark.usefixtures("russian")
def test_a_text_falls_back_to_the_first_language_and_then_to_any() -> None:
    assert filters.in_language({"en": "one", "ru": "один"}) == "один"
    assert filters.in_language({"en": "one", "ru": ""}) == "one"
    assert filters.in_language({"fr": "un"}) == "un"
    assert filters.in_language({}) == ""
    assert filters.language_of({"fr": "un"}) == "fr"


@pytest.mark.usefixtures("russian")
def test_an_error_is_said_in_the_readers_language() -> None:
    error = TooManyDecimals(currency="GBP", decimals=2, example=Money(2050, "GBP"))

    assert (
        filters.sentence(error)
        == "Знаков после запятой для валюты GBP: 2. Введите сумму, например 20,50\N{NO-BREAK SPACE}£."
    )


@pytest.mark.parametrize(("currency", "first"), [("GBP", "5"), ("JPY", "500"), ("HUF", "5000"), ("KWD", "5")])
def test_proposed_amounts_make_sense_in_their_currency(appeals, currency: str, first: str) -> None:
    appeal = appeals["hands-off-ali"]
    appeal.currency = currency

    assert amounts.suggested(appeal)[0].plain() == first


@pytest.mark.usefixtures("russian")
@pytest.mark.parametrize(
    ("seconds", "said"), [(1, "1 секунду"), (3, "3 секунды"), (30, "30 секунд"), (21, "21 секунду")]
)
def test_an_error_that_tells_a_count_uses_the_form_of_its_number(seconds: int, said: str) -> None:
    assert f"Подождите {said} и" in filters.sentence(TryLater(seconds=seconds))


@pytest.mark.usefixtures("english")
def test_an_error_that_tells_one_says_so_on_pages_and_to_commands() -> None:
    assert "wait 1 second and" in filters.sentence(TryLater(seconds=1))
    assert "wait 1 second and" in str(TryLater(seconds=1))
    assert "wait 2 seconds and" in str(TryLater(seconds=2))


@pytest.mark.usefixtures("russian")
def test_a_code_of_ours_inside_an_error_is_said_in_words() -> None:
    assert "открыт" in filters.sentence(NotAllowedInState(state="open", wanted="draft", slug="free-maya"))
    assert "never_arrived" not in filters.sentence(RefundRefused(code="never_arrived"))
    assert "запрос не дошёл до Stripe" in filters.sentence(RefundRefused(code="never_arrived"))
    assert "card_on_the_moon" in filters.sentence(RefundRefused(code="card_on_the_moon"))
