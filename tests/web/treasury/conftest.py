"""What the tests of the treasury share: a treasurer who has signed in, an auditor, and a second treasurer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from donations.extensions import db
from donations.models import Area
from tests.web.staff.conftest import Browser, Person, clock, join
from tests.web.treasury.branch_return_steps import Branch

__all__ = ["clock", "join"]


@pytest.fixture
def signed_in(app: Flask, join: Callable[..., Person]) -> Callable[..., Browser]:
    """Creates a person with these roles and returns their browser, signed in: signed_in("treasurer", name="theo")."""

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


@pytest.fixture
def branch(treasurer: Browser) -> Branch:
    """The branch of London, with the link that the treasurer made for it."""
    area = db.session.scalars(select(Area.id).where(Area.name == "London")).one()
    assert treasurer.post(f"/treasury/branch-returns/links/{area}", act="make").status_code == 303
    page = treasurer.get("/treasury/branch-returns/links").text
    return Branch(treasurer.client.application, area, re.findall(r'value="[^"]*(/branch-returns/[^"]+)"', page)[0])
