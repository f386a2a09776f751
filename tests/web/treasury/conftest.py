"""What the tests of the treasury share: a treasurer who has signed in, an auditor, and a second treasurer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.staff.conftest import Browser, Person, clock, join

__all__ = ["clock", "join"]


@pytest.fixture
def signed_in(app: Flask, join: Callable[..., Person]) -> Callable[..., Browser]:
    """Makes somebody with these roles and gives their browser, signed in: signed_in("treasurer", name="theo")."""

    def made(*roles: str, name: str = "") -> Browser:
        browser = Browser(app)
        answer = browser.sign_in(join(f"{name or roles[0]}@example.org", *roles))
        assert answer.status_code == 303
        return browser

    return made


@pytest.fixture
def treasurer(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("treasurer")


@pytest.fixture
def auditor(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("auditor")
