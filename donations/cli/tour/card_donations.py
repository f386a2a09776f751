"""The steps of the tour in which all goes well: donations by card, whole and divided, declined first, delivered again;
fees that come late; receipts that are mailed."""

from __future__ import annotations

import re
from collections.abc import Callable

from donations.cli.stage import visitor as web
from donations.cli.tour.journey import KEY, Journey

GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"


def _a_donation(journey: Journey) -> str:
    """A donation of £100.00 to the fighting fund, by card"""
    checkout = web.give(journey.stage.url, "fighting-fund", {"amount": "100", "currency": "GBP", "fund": "general"})
    back = web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("fighting-fund", 10000, 1)
    web.wait_for("the thanks page", lambda: "R-0" in web.get(back.url).text)
    return "the total moved by 100.00, the page shows the receipt"


def _a_split_donation(journey: Journey) -> str:
    """A donation of £30.00 to Hands Off Ali, by the appeal's shares (60, 20, 20)"""
    journey.ask_sandbox("fees/next", fee=62)
    checkout = web.give(journey.stage.url, "hands-off-ali", {"amount": "30.00", "currency": "GBP", "fund": ""})
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("hands-off-ali", 3000, 1)
    return "divided over three funds, its fee of 0.62 too"


def _a_decline_then_success(journey: Journey) -> str:
    """A donation of £20.00 whose first card is declined"""
    checkout = web.give(journey.stage.url, "hands-off-ali", {"amount": "20", "currency": "GBP", "fund": "ali"})
    declined = web.pay(checkout, DECLINED, "supporter@example.org")
    assert declined.status != 303, "a declined card led on"
    assert journey.raised("hands-off-ali") == (3000, 1), "a declined card moved the total"
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("hands-off-ali", 5000, 2)
    return "declined, nothing moved, then received once with another card"


def _a_duplicate_delivery(journey: Journey) -> str:
    """Every event so far is delivered three times more"""
    journey.deliveries_end()
    events = web.get_json(f"{journey.stage.sandbox_url}/v1/events?limit=100", KEY)["data"]
    for event in events:
        journey.ask_sandbox(f"events/{event['id']}/deliver", times=3)
    journey.deliveries_end()
    assert journey.raised("fighting-fund") == (10000, 1), "a second delivery moved the total"
    assert journey.raised("hands-off-ali") == (5000, 2), "a second delivery moved the total"
    return f"{len(events)} events, {3 * len(events)} deliveries, nothing moved"


def _a_late_balance_transaction(journey: Journey) -> str:
    """A donation of £10.00 whose balance transaction is late"""
    journey.ask_sandbox("balance_transactions/hold")
    checkout = web.give(journey.stage.url, "fighting-fund", {"amount": "10", "currency": "GBP", "fund": "general"})
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("fighting-fund", 11000, 2)
    held = journey.moved(1105)
    assert held == 1000, f"1105 should hold 1000 until the fee is known, it holds {held}"
    journey.ask_sandbox("balance_transactions/release")
    web.wait_for("its fee to be booked", lambda: journey.moved(1105) == 0)
    return "received at once, 10.00 in settlement until its fee was known, then cleared"


def _the_receipt(journey: Journey) -> str:
    """The receipt of a donation of £5.00 arrives in a mailbox, in Russian"""
    before = len(journey.stage.mailbox.mails())
    fields = {"amount": "5", "currency": "GBP", "fund": "general", "email": "anna@example.org", "name": "Анна"}
    checkout = web.give(f"{journey.stage.url}/ru", "fighting-fund", fields)
    web.pay(checkout, GOOD, "anna@example.org")
    journey.wait_for_total("fighting-fund", 11500, 3)
    web.wait_for("the mail", lambda: len(journey.stage.mailbox.mails()) > before)
    mail = journey.stage.mailbox.mails()[-1]
    body = mail.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    link = re.search(r"http\S+/receipts/\S+", text)
    assert link is not None, "the mail has no link to the receipt"
    page = web.get(link[0])
    assert page.status == 200 and "Анна" in page.text, "the receipt does not open"
    return f"to {mail['To']}: {mail['Subject']}"


def _a_second_donation(journey: Journey) -> str:
    """Two people give £7.00 on one tablet: the second goes back to the form and gives the same"""
    before, donations = journey.raised("fighting-fund")
    fields = {"amount": "7", "currency": "GBP", "fund": "general"}
    check = web.fill_in(journey.stage.url, "fighting-fund", fields)
    checkouts = {web.go_on(check).url for _ in range(3)}
    assert len(checkouts) == 1, "three clicks made more than one payment page"
    web.pay(checkouts.pop(), GOOD, "first@example.org")
    journey.wait_for_total("fighting-fund", before + 700, donations + 1)
    used = web.get(check)
    assert "has been used" in used.text and "R-0" not in used.text, "the used form does not say that it was used"
    web.pay(web.give(journey.stage.url, "fighting-fund", fields), GOOD, "second@example.org")
    journey.wait_for_total("fighting-fund", before + 1400, donations + 2)
    return "three clicks were one donation, the next person's was a second one. The used form shows no one's data"


STEPS: tuple[Callable[[Journey], str], ...] = (
    _a_donation,
    _a_split_donation,
    _a_decline_then_success,
    _a_duplicate_delivery,
    _a_late_balance_transaction,
    _the_receipt,
    _a_second_donation,
)
