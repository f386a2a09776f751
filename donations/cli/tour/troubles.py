"""The steps of the tour in which money comes in another currency, is refunded, is disputed, is not announced, or
arrives without an event. What the totals should be is calculated in the step itself."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import text

from donations.cli.stage import visitor as web
from donations.cli.tour.card_donations import GOOD
from donations.cli.tour.journey import KEY, UNIDENTIFIED, Journey

FUND = "fighting-fund"
BACS = "108800 00012345"


def _in_dollars(journey: Journey) -> str:
    """A donation of $100.00, which Stripe settles in pounds"""
    before, donations = journey.raised(FUND)
    journey.ask_sandbox("fees/next", fee=290)
    pay(journey, "100", "USD")
    journey.wait_for_total(FUND, before + 7840, donations + 1)
    return "not counted before its rate was known, then as 78.40"


def _a_debit_fails(journey: Journey) -> str:
    """A bank debit of £50.00 that fails after days"""
    before, donations = journey.raised(FUND)
    session = _begin(journey, "50", "GBP")
    charge = str(journey.ask_sandbox("pay", session=session, card=BACS, email="supporter@example.org")["charge"])
    journey.deliveries_end()
    assert journey.raised(FUND) == (before, donations), "a pending debit moved the total"
    journey.ask_sandbox(f"charges/{charge}/fail", failure_code="insufficient_funds")
    journey.deliveries_end()
    assert journey.raised(FUND) == (before, donations), "a failed debit moved the total"
    return "pending, then failed: the total never moved"


def _a_debit_given_again(journey: Journey) -> str:
    """A bank debit of £33.00 is on its way, and its supporter tries to pay again"""
    before, donations = journey.raised(FUND)
    check = web.fill_in(journey.stage.url, FUND, {"amount": "33", "currency": "GBP", "fund": "general"})
    session = web.go_on(check).url.rpartition("/")[2]
    paid = journey.ask_sandbox("pay", session=session, card=BACS, email="supporter@example.org")
    journey.deliveries_end()
    again = web.post(f"{paid['success_url']}/again", {})
    assert again.status == 409 and "please do not pay again" in again.text, "a debit on its way could be paid again"
    assert "has been used" in web.get(check).text, "the form of a debit on its way leads on"
    journey.ask_sandbox(f"charges/{paid['charge']}/succeed")
    journey.wait_for_total(FUND, before + 3300, donations + 1)
    return "no second payment page, counted once, when it came"


def _refunds(journey: Journey) -> str:
    """A donation of £100.00 is refunded, £40.00 first, then the rest"""
    before, donations = journey.raised(FUND)
    charge = _paid(journey, "100", before + 10000, donations + 1)
    journey.ask_sandbox("refunds", charge=charge, amount=4000)
    journey.wait_for_total(FUND, before + 6000, donations + 1)
    journey.ask_sandbox("refunds", charge=charge, amount=6000)
    journey.wait_for_total(FUND, before, donations)
    return "taken off as it went, and the donation is no longer counted"


def _a_bounced_refund(journey: Journey) -> str:
    """A refund of £25.00 bounces, and is made again"""
    before, donations = journey.raised(FUND)
    charge = _paid(journey, "25", before + 2500, donations + 1)
    refund = journey.ask_sandbox("refunds", charge=charge, amount=2500)["id"]
    journey.wait_for_total(FUND, before, donations)
    journey.agree()
    journey.ask_sandbox(f"refunds/{refund}/become", status="failed")
    journey.agree()
    assert journey.raised(FUND) == (before, donations), "money owed to a supporter was counted again"
    journey.ask_sandbox("refunds", charge=charge, amount=2500)
    journey.agree()
    assert journey.raised(FUND) == (before, donations), "the second refund was taken off once more"
    return "owed to the supporter in between, taken off once"


def _disputes(journey: Journey) -> str:
    """Two donations of £60.00 are disputed: one dispute is lost, one is won"""
    before, donations = journey.raised(FUND)
    first = _paid(journey, "60", before + 6000, donations + 1)
    second = _paid(journey, "60", before + 12000, donations + 2)
    disputes = [journey.ask_sandbox("disputes", charge=charge)["id"] for charge in (first, second)]
    journey.wait_for_total(FUND, before, donations + 2)
    journey.ask_sandbox(f"disputes/{disputes[0]}/lose")
    journey.ask_sandbox(f"disputes/{disputes[1]}/win")
    journey.wait_for_total(FUND, before + 6000, donations + 1)
    return "both taken off during the dispute, and the won one came back"


def _a_reordered_pair(journey: Journey) -> str:
    """A donation of £15.00 and its refund are announced in the wrong order"""
    before, donations = journey.raised(FUND)
    journey.deliveries_end()
    journey.ask_sandbox("deliveries/hold")
    pay(journey, "15", "GBP")
    charge = journey.last_charge()
    journey.ask_sandbox("refunds", charge=charge, amount=500)
    events = web.get_json(f"{journey.stage.sandbox_url}/v1/events?limit=20", KEY)["data"]
    for event in events:  # The newest comes first in a listing, and so here.
        if charge in str(event["data"]["object"]):
            journey.ask_sandbox(f"events/{event['id']}/deliver")
    journey.ask_sandbox("deliveries/release")
    journey.wait_for_total(FUND, before + 1000, donations + 1)
    return "the refund first, the donation after: £10.00 remain"


def _a_lost_webhook(journey: Journey) -> str:
    """A donation of £8.00 of which no event ever arrives"""
    before, donations = journey.raised(FUND)
    journey.ask_sandbox("events/lose", type="*", times=20)
    pay(journey, "8", "GBP")
    assert journey.raised(FUND) == (before, donations), "an event arrived all the same"
    web.delete(f"{journey.stage.sandbox_url}/sandbox/events/lose")
    said = journey.stage.command("stripe", "sync")
    journey.wait_for_total(FUND, before + 800, donations + 1)
    return f"healed by asking Stripe: {said.strip().splitlines()[-1]}"


def _without_a_reference(journey: Journey) -> str:
    """£12.00 arrive without a reference of ours, and a treasurer decides what they are"""
    before, donations = journey.raised(FUND)
    charge = _charged_elsewhere(journey, 1200, "gbp")
    web.wait_for("it to be held as unidentified", lambda: journey.moved(UNIDENTIFIED) == -1200)
    assert journey.raised(FUND) == (before, donations), "money without a reference moved the total"
    journey.agree()
    journey.stage.command("ledger", "assign", charge, "general", "--reason", "A regular reader, by his own letter")
    journey.wait_for_total(FUND, before + 1200, donations + 1)
    return "held apart until assigned, then counted"


def _a_stray_charge(journey: Journey) -> str:
    """A donation of £6.00, and a charge of €50.00 that carries its reference"""
    before, donations = journey.raised(FUND)
    paid = _paid(journey, "6", before + 600, donations + 1)
    reference = journey.stripe(f"charges/{paid}")["metadata"]["donation"]
    charge = _charged_elsewhere(journey, 5000, "eur", {"payment_intent_data[metadata][donation]": reference})
    web.wait_for("it to be held for a person", lambda: _held(journey, charge) == -5000)
    assert journey.raised(FUND) == (before + 600, donations + 1), "a stray charge moved the total"
    journey.ask_sandbox("refunds", charge=charge)
    web.wait_for("its refund to clear it", lambda: _held(journey, charge) == 0)
    return "held for a person, refunded: donation, receipt and total stayed as they were"


def _held(journey: Journey, charge: str) -> int:
    """What of a charge is owed an explanation, in minor units of its one currency."""
    asked = text("SELECT coalesce(sum(amount_minor), 0) FROM posting WHERE account = 2010 AND clear_ref = :charge")
    with journey.inside() as conn:
        return int(conn.execute(asked, {"charge": charge}).scalar_one())


def _charged_elsewhere(journey: Journey, minor: int, currency: str, more: dict[str, str] | None = None) -> str:
    """A payment that did not begin on our form. Returns its charge."""
    product = _stripe(journey, "products", {"name": "Another shop on this account"})["id"]
    line = {"quantity": "1", "price_data][currency": currency, "price_data][unit_amount": str(minor)}
    fields = {f"line_items[0][{name}]": value for name, value in {**line, "price_data][product": product}.items()}
    asked = {"mode": "payment", "success_url": journey.stage.url, **fields, **(more or {})}
    session = _stripe(journey, "checkout/sessions", asked)
    return str(journey.ask_sandbox("pay", session=session["id"], email="anna@example.org")["charge"])


STEPS: tuple[Callable[[Journey], str], ...] = (
    _in_dollars,
    _a_debit_fails,
    _a_debit_given_again,
    _refunds,
    _a_bounced_refund,
    _disputes,
    _a_reordered_pair,
    _a_lost_webhook,
    _without_a_reference,
    _a_stray_charge,
)


def _begin(journey: Journey, amount: str, currency: str) -> str:
    """Send the form. Returns the id of the Checkout session."""
    fields = {"amount": amount, "currency": currency, "fund": "general"}
    return web.give(journey.stage.url, FUND, fields).rpartition("/")[2]


def pay(journey: Journey, amount: str, currency: str = "GBP") -> None:
    """Give by card."""
    journey.ask_sandbox("pay", session=_begin(journey, amount, currency), card=GOOD, email="supporter@example.org")


def _paid(journey: Journey, amount: str, minor: int, donations: int) -> str:
    """Give, and wait until it is counted. Returns the charge's id."""
    pay(journey, amount, "GBP")
    journey.wait_for_total(FUND, minor, donations)
    return journey.last_charge()


def _stripe(journey: Journey, path: str, fields: dict[str, str]) -> dict[str, str]:
    said: dict[str, str] = json.loads(web.post(f"{journey.stage.sandbox_url}/v1/{path}", fields, KEY).text)
    return said
