"""Mails of these tests arrive somewhere, and files lie in a folder of their own."""

from __future__ import annotations

import pytest

from tests.fixtures.outside import MailServer
from tests.fixtures.settings import environ_for


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url}
