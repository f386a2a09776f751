"""A donation to hear of, and handlers that are poisoned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.engine import Connection

from donations.database import write_unit
from donations.inbox import handlers
from donations.models import Appeal
from tests.factories import a_donation
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for
from tests.inbox.steps import Poison


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the handler of a type do its work and then fail, until the test's own end."""

    def spoil(type: str = "charge.succeeded") -> None:
        handle = handlers.HANDLERS[type]

        def fail(conn: Connection, event: Any, at: datetime) -> None:
            handle(conn, event, at)
            raise Poison("Maya Example <maya@example.org> gave 20.00")

        monkeypatch.setitem(handlers.HANDLERS, type, fail)

    return spoil
