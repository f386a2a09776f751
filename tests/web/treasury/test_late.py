"""Every form of the treasury that is sent after its session has ended comes back as it was typed, and does nothing."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.web.staff.conftest import Browser, Person
from tests.web.treasury.snapshots import kept
from tests.web.treasury.test_posts import Sent, posts

pytestmark = pytest.mark.databases("sqlite")

__all__ = ["posts"]
# Values that are not typed: the button pressed, its row, and the key of the form.
CHOSEN = frozenset({"act", "form_key", "ref", "gift", "account", "currency", "fund", "kind", "method", "purpose",
                    "otherwise", "charge", "on", "authority"})  # fmt: skip
# A form of what is not there: nothing is wrong with the ledger, and nothing was restored.
NOT_THERE = ("cure", "approve cure", "process", "assign many")
REOPEN = ("/treasury/periods/1", {"act": "reopen", "reason": "a late bill"})


def test_what_was_typed_comes_back_and_nothing_is_done(
    app: Flask, posts: Sent, join: Any, clock: time_machine.Traveller
) -> None:
    person: Person = join("tessa@example.org", "treasurer")
    browser = Browser(app)
    before, lost = kept(), []
    for name, (path, typed) in {**posts, "reopen": REOPEN}.items():
        if name in NOT_THERE:
            continue
        browser.become(person)
        browser.get("/staff/")
        token = browser.csrf
        clock.shift(timedelta(minutes=31))
        answer = browser.post(path, csrf=False, csrf_token=token, **typed)
        browser.become(person)
        page = browser.get(str(answer.location).partition("next=")[2])
        words = {field: value for field, value in typed.items() if field not in CHOSEN}
        shown = unescape(page.text)
        lost += [f"{name}: {field}" for field, value in words.items() if value not in shown]
        if page.status_code == 303:
            shown = browser.get(str(page.location)).text
        lost += [] if "Nothing has been done yet" in shown else [f"{name}: says nothing"]
    assert not lost, " | ".join(lost)
    assert kept() == before
