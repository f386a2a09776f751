"""The calendar of appeals that count again each month, quarter or year. Pure dates; no money."""

from __future__ import annotations

from datetime import date, timedelta

# The period of a total that has none: one key for all time.
NO_PERIOD = date(1970, 1, 1)


def period_of(period: str | None, day: date) -> date:
    """The first day of the period (month, quarter, year) that holds this day; one fixed key where there is none."""
    if period is None:
        return NO_PERIOD
    first_month = {"month": day.month, "quarter": day.month - (day.month - 1) % 3, "year": 1}[period]
    return date(day.year, first_month, 1)


def period_end(period: str, start: date) -> date:
    """The last day of the period that starts on this day."""
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


# What is heard after a period is over still counts in it for so long; then its result is final.
FINAL_AFTER = timedelta(days=7)


def is_final(period: str | None, start: date | None, today: date) -> bool:
    """Whether the result of the period that starts then is final."""
    return period is not None and start is not None and start < first_open_day(period, today)


def first_open_day(period: str, today: date) -> date:
    """The first day whose period is not final yet: what happened before is counted on that day."""
    return period_of(period, today - FINAL_AFTER)
