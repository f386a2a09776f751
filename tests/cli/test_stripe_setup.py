"""`donations stripe setup`: the endpoint is made once with the events we handle, found again, brought up to date."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.request import Request, urlopen

import pytest
from click.testing import Result
from flask import Flask

from donations import inbox
from donations.stripe_gateway import API_VERSION
from tests.fixtures.outside import Stripe
from tests.fixtures.settings import environ_for

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def environ(database_url: str, at_stripe: Stripe) -> dict[str, str]:
    return {**environ_for(database_url), "STRIPE_API_BASE": at_stripe.url}


def setup(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["stripe", "setup"])


def ours(app: Flask, stripe: Stripe) -> list[dict[str, Any]]:
    address = f"{app.config['SETTINGS'].public_url}/webhooks/stripe"
    return [each for each in ask(stripe, "webhook_endpoints")["data"] if each["url"] == address]


def ask(stripe: Stripe, path: str, data: bytes | None = None) -> dict[str, Any]:
    asked = Request(f"{stripe.url}/v1/{path}", data, {"Authorization": "Bearer sk_test_sandbox"})
    with urlopen(asked) as answer:
        said: dict[str, Any] = json.loads(answer.read())
    return said


def test_it_is_made_once_with_the_events_that_are_handled(app: Flask, at_stripe: Stripe) -> None:
    first, second = setup(app), setup(app)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert re.search(r"^STRIPE_WEBHOOK_SECRETS=whsec_\w+$", first.output, flags=re.M)
    assert "whsec_" not in second.output
    (made,) = ours(app, at_stripe)
    assert (set(made["enabled_events"]), made["api_version"]) == (set(inbox.HANDLERS), API_VERSION)


def test_one_that_was_changed_is_brought_up_to_date(app: Flask, at_stripe: Stripe) -> None:
    setup(app)
    (made,) = ours(app, at_stripe)
    ask(at_stripe, f"webhook_endpoints/{made['id']}", b"enabled_events[]=charge.succeeded&disabled=true")
    done = setup(app)
    assert done.exit_code == 0, done.output
    (mended,) = ours(app, at_stripe)
    assert (mended["id"], mended["status"]) == (made["id"], "enabled")
    assert set(mended["enabled_events"]) == set(inbox.HANDLERS)


def test_one_in_another_version_is_left_to_a_person(app: Flask, at_stripe: Stripe) -> None:
    address = f"url={app.config['SETTINGS'].public_url}/webhooks/stripe&enabled_events[]=*"
    ask(at_stripe, "webhook_endpoints", address.encode())
    done = setup(app)
    assert done.exit_code == 1
    assert "Delete that endpoint" in done.output
    assert len(ours(app, at_stripe)) == 1
