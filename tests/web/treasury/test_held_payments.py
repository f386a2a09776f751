"""The pages of payments that are not plainly paid: only held on a card, captured in part, released, or of another
Stripe account; and why a refund waits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from donations import giving
from donations.database import write_unit
from donations.facts import Refund
from donations.models import Appeal
from donations.stripe_statuses import ChargeStatus
from tests.events import a_charge, a_transaction, hear
from tests.factories import NOON, a_donation, gbp
from tests.web.staff.conftest import Browser

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def reference(app: Flask) -> str:
    with write_unit():
        return a_donation(Appeal.any_by_slug("hands-off-ali")).reference


def test_what_is_only_held_is_not_paid_and_says_what_to_do(reference: str, treasurer: Browser) -> None:
    held = replace(a_charge(reference, gbp("20.00")), status=ChargeStatus.AUTHORIZED, is_captured=False)
    held = replace(held, authorized=gbp("20.00"))
    hear(held)
    page = treasurer.get(f"/treasury/card-payments/{held.charge_id}").text
    assert "£20.00 held on a card" in page
    assert "Capture the payment in Stripe" in page
    assert "Assign to" not in page
    assert treasurer.get("/treasury/card-payments").status_code == 200
    # when a part of it is captured, and the rest released
    hear(replace(held, status=ChargeStatus.SUCCEEDED, is_captured=True, amount=gbp("12.00")))
    hear(a_transaction(held.charge_id, gbp("12.00"), 30))
    released = Refund("re_1", held.charge_id, gbp("8.00"), "succeeded", NOON)
    with write_unit() as conn:
        giving.refunds.apply_refund(conn, released, at=NOON)
    # then that was received, all of it may be refunded, and the remainder is labelled correctly
    page = treasurer.get(f"/treasury/card-payments/{held.charge_id}").text
    assert "£20.00 was held on the card." in page
    assert "released, not refunded" in page
    assert page.split("Can still be refunded")[1].split("£")[1].startswith("12")


def test_a_payment_for_another_account_names_it(reference: str, treasurer: Browser) -> None:
    other = a_charge(reference, gbp("20.00"), for_account="acct_another")
    hear(other)
    page = treasurer.get(f"/treasury/card-payments/{other.charge_id}").text
    assert "acct_another" in page
    assert "taken for another Stripe account" in page
    assert other.charge_id in treasurer.get("/treasury/to-do/receipt").text


def test_a_refund_says_what_it_waits_for(reference: str, treasurer: Browser) -> None:
    charge = a_charge(reference, gbp("20.00"))
    hear(charge)
    waits = Refund("re_1", charge.charge_id, gbp("8.00"), "pending", NOON, pending_reason="insufficient_funds")
    with write_unit() as conn:
        giving.refunds.apply_refund(conn, waits, at=NOON)
    page = treasurer.get(f"/treasury/card-payments/{charge.charge_id}").text
    assert "the Stripe balance is too low, so top it up in Stripe" in page
