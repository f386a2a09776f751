"""A flood of askers, whatever they write into the address, reaches the database once a second for each appeal, and for
addresses that are none, once a second for all of them together."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Time

pytestmark = pytest.mark.databases("sqlite")
FORMS = (
    "/embed/hands-off-ali", "/embed/hands-off-ali/total", "/overlay/hands-off-ali", "/overlay/hands-off-ali/total",
    "/appeals/hands-off-ali/total.svg", "/appeals/hands-off-ali/feed.atom",
)  # fmt: skip
ODD = ("nocache={}", "lang={}", "size={}", "theme=t{}", "accent={:06x}", "button={}", "least={}", "callback={}")


def test_no_address_reaches_the_database_twice_in_a_second(
    keeping: FlaskClient, clock: Time, statements: list[str]
) -> None:
    clock.now += 0.25  # Somewhere within a second.
    keeping.get(FORMS[0])
    known = len(statements)
    assert known

    for path in FORMS:
        for query in ODD:
            for number in range(5):
                assert keeping.get(f"{path}?{query.format(number)}").status_code == 200
    assert len(statements) == known

    clock.now += 0.7
    keeping.get(FORMS[0])
    assert len(statements) == known

    clock.now += 0.1  # Another second on the clock.
    keeping.get(FORMS[0])
    assert len(statements) == 2 * known


def test_addresses_that_are_none_cost_one_reading_a_second_together(
    keeping: FlaskClient, clock: Time, statements: list[str]
) -> None:
    keeping.get("/embed/no-such-appeal")
    known = len(statements)

    for number in range(50):
        assert keeping.get(f"/embed/no-such-appeal-{number}").status_code == 404

    assert len(statements) == known


def test_a_clock_that_is_set_back_does_not_keep_what_was(
    keeping: FlaskClient, clock: Time, statements: list[str]
) -> None:
    keeping.get(FORMS[0])
    known = len(statements)

    clock.now -= 3600
    keeping.get(FORMS[0])

    assert len(statements) == 2 * known
