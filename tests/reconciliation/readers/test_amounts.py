"""Amounts and days as banks write them, and ambiguous ones."""

from __future__ import annotations

import pytest

from donations.reconciliation.readers import amounts


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [
        ("1234.5", ".", 123450), ("1,234.50", ".", 123450), ("1.234,50", ",", 123450), ("1 234,50", ",", 123450),
        ("1\u00a0234,50", ",", 123450), ("1\u202f234,50", ",", 123450), ("1'234.50", ".", 123450),
        ("1’234.50", ".", 123450), ("20.00-", ".", -2000), ("(20.00)", ".", -2000), ("−20.00", ".", -2000),
        ("+20", ".", 2000), ("20.00 Dr", ".", -2000), ("20.00CR", ".", 2000), ("£20.00", ".", 2000),
        ("-£20.00", ".", -2000), ("GBP 20.00", ".", 2000), ("20,5", ",", 2050), ("20.500", ".", 2050),
        ("12,34,567.00", ".", 123456700),
    ],
)  # fmt: skip
def test_an_amount_is_read(text: str, decimal: str, minor: int) -> None:
    assert amounts.written(text, "GBP", decimal) == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "x",
        "20.005",
        "1,23.00",
        "20.00.00",
        "--20",
        "(-20)",
        "€20",
        "20 EUR",
        "1e3",
        "٢٠",
        "NaN",
        "9" * 16,
        "20-5",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(amounts.NotRead):
        amounts.written(text, "GBP", ".")


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["1.234", "5,50"], ","),
        (["1,234.50"], "."),
        (["1.234.567"], ","),
        (["20"], ""),
        (["1234.567"], "."),
        (["5,5"], ","),
    ],
)
def test_all_amounts_together_tell_the_decimal_sign(texts: list[str], sign: str) -> None:
    assert amounts.decimal_sign(texts) == sign


@pytest.mark.parametrize("texts", [["1.234"], ["1,234", "20"], ["1.50", "1,50"]])
def test_a_decimal_sign_that_could_be_either_is_asked_for(texts: list[str]) -> None:
    with pytest.raises(amounts.Unclear):
        amounts.decimal_sign(texts)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("13.03.2026", "dmy"), ("13/3/26", "dmy"), ("03/13/2026", "mdy"), ("2026-03-13", "dmy"), ("20260313", "dmy"),
        ("2026/03/13", "mdy"), ("13 Mar 2026", "mdy"), ("13-März-26", "dmy"), ("13 марта 2026", "dmy"),
        (" 3/13'26", "mdy"), ("13.03.2026 10:15:00", "dmy"), ("2026-03-13T10:15:00Z", "dmy"),
    ],
)  # fmt: skip
def test_a_day_is_read(text: str, order: str) -> None:
    assert amounts.written_day(text, order).isoformat() == "2026-03-13"


@pytest.mark.parametrize(
    "text", ["", "31.02.2026", "2026-13-01", "tomorrow", "13 Foo 2026", "1/1/1", "0000-00-00", "13.03.1826"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(amounts.NotRead):
        amounts.written_day(text, "dmy")


def test_the_order_of_days_is_told_by_all_of_them_or_asked_for() -> None:
    assert amounts.day_order(["01/02/2026", "13/02/2026"]) == "dmy"
    assert amounts.day_order(["01/02/2026", "02/13/2026"]) == "mdy"
    assert amounts.day_order(["01.02.2026"]) == "dmy"
    assert amounts.day_order(["2026-01-02", "3 May 2026"]) == ""
    with pytest.raises(amounts.Unclear):
        amounts.day_order(["01/02/2026", "03/04/2026"])
    with pytest.raises(amounts.NotRead):
        amounts.day_order(["13/02/2026", "02/13/2026"])
