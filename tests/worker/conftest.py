"""The sandbox for Stripe and a real mail server, at the other ends of the worker."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.fixtures.outside import MailServer, Stripe
from tests.fixtures.settings import environ_for


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url, "SMTP_URL": mail_server.url}


@pytest.fixture
def now() -> datetime:
    """The sandbox keeps real time, so what is asked of it does too."""
    return datetime.now(UTC)
