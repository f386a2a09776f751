"""A flood of askers, whatever they write into the address, reaches the database once a second for each appeal, and for
addresses that are none, once a second for all of them together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from donations import create_app
from donations.extensions import db
from tests.fixtures.app import Client

pytestmark = pytest.mark.databases("sqlite")
FORMS = (
    "/embed/hands-off-ali", "/embed/hands-off-ali/total", "/overlay/hands-off-ali", "/overlay/hands-off-ali/total",
    "/appeals/hands-off-ali/total.svg", "/appeals/hands-off-ali/feed.atom",
)  # fmt: skip
ODD = ("nocache={}", "lang={}", "size={}", "theme=t{}", "accent={:06x}", "button={}", "least={}", "callback={}")


class Time:
    """Stands still until it is told to pass."""

    now = 1_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def served(app: Flask, environ: dict[str, str], clock: Time) -> Iterator[FlaskClient]:
    """The installation as a server runs it, with a clock of ours."""
    real = create_app(environ, TESTING=True, KEEP_SECONDS=1.0)
    real.test_client_class = Client
    for name in ("shelf", "embeds", "showing"):
        real.extensions[name].clock = clock
    yield real.test_client()
    with real.app_context():
        db.engine.dispose()


@pytest.fixture
def statements(served: FlaskClient) -> list[str]:
    """What the served app asks of its database."""
    asked: list[str] = []
    with served.application.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda conn, cursor, said, *_: asked.append(said))
    return asked


def test_no_address_reaches_the_database_twice_in_a_second(
    served: FlaskClient, clock: Time, statements: list[str]
) -> None:
    served.get(FORMS[0])
    known = len(statements)
    assert known

    for path in FORMS:
        for query in ODD:
            for number in range(5):
                assert served.get(f"{path}?{query.format(number)}").status_code == 200
    assert len(statements) == known

    clock.now += 0.7
    served.get(FORMS[0])
    assert len(statements) == known

    clock.now += 0.1  # Another second on the clock.
    served.get(FORMS[0])
    assert len(statements) == 2 * known


def test_addresses_that_are_none_cost_one_reading_a_second_together(
    served: FlaskClient, clock: Time, statements: list[str]
) -> None:
    served.get("/embed/no-such-appeal")
    known = len(statements)

    for number in range(50):
        assert served.get(f"/embed/no-such-appeal-{number}").status_code == 404

    assert len(statements) == known


def test_a_clock_that_is_set_back_does_not_keep_what_was(
    served: FlaskClient, clock: Time, statements: list[str]
) -> None:
    served.get(FORMS[0])
    known = len(statements)

    clock.now -= 3600
    served.get(FORMS[0])

    assert len(statements) == 2 * known
