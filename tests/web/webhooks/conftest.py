"""Two secrets, as while one is being replaced, and a donation to hear of."""

from __future__ import annotations

import pytest
from flask import Flask

from donations.database import write_unit
from donations.models import Appeal
from tests import events
from tests.factories import a_donation
from tests.fixtures.settings import WEBHOOK_SECRET, environ_for
from tests.web.webhooks.steps import OLD_SECRET


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    """Two secrets, as while one is being replaced."""
    return {**environ_for(database_url), "STRIPE_WEBHOOK_SECRETS": f"{WEBHOOK_SECRET}, {OLD_SECRET}"}


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        donation = a_donation(Appeal.any_by_slug("hands-off-ali"))
        events.an_attempt(donation, session_id="cs_test_ours")
        return donation.reference
