"""The page of a payment that carries another donation's reference: why it waits, the two ways out, and nothing of the
donation whose reference it carries."""

from __future__ import annotations

import pytest
from flask import Flask

from donations.database import write_unit
from donations.models import Appeal
from donations.money import Money
from tests.events import a_charge, hear
from tests.factories import a_donation, eur, gbp
from tests.web.staff.conftest import Browser


@pytest.mark.parametrize(
    ("amount", "why"),
    [(eur("50.00"), "a donation in another currency"), (gbp("20.00"), "a donation that another payment has paid")],
)
@pytest.mark.databases("sqlite")
def test_a_stray_payment_says_why_it_waits_and_shows_nothing_of_the_donation(
    app: Flask, treasurer: Browser, amount: Money, why: str
) -> None:
    # given a donation that was paid, and another charge with its reference
    with write_unit():
        reference = a_donation(Appeal.any_by_slug("hands-off-ali")).reference
    hear(a_charge(reference, gbp("20.00")))
    stray = a_charge(reference, amount)
    hear(stray)
    # when a treasurer opens it
    page = treasurer.get(f"/treasury/card-payments/{stray.charge_id}").text
    # then it says why it waits and what may be done
    assert why in page
    assert f"/treasury/card-payments/{stray.charge_id}/assign" in page
    assert f"/treasury/card-payments/{stray.charge_id}/refund" in page
    # and shows neither receipt nor reference of the donation
    assert "R-000001" not in page
    assert reference not in page
    # and it is on the list of what is to do
    assert stray.charge_id in treasurer.get("/treasury/to-do/receipt").text
