"""The steps of the tour in which Stripe reports a payout wrongly: a balance transaction hidden from its list, a payout
that looks like another one told twice, events that never come. What the treasurer's page calculates must name each, and
be clean after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from donations.cli.stage import visitor as web
from donations.cli.tour.journey import Journey, gbp
from donations.cli.tour.troubles import FUND, pay
from donations.reconciliation import payouts

Named = list[tuple[str, str]]


def _a_hidden_transaction(journey: Journey) -> str:
    """A payout whose list hides one of its two donations"""
    payout = _sent(journey, "9", "11")
    hidden = payout["members"][0]
    _list(journey, payout, hide=hidden)
    rest, named = _calculated(journey, payout)
    assert rest > 0, "nothing is missing"
    assert named == [("unpaid", hidden)], f"the page names {named}"
    return f"{gbp(rest)} unexplained, and {hidden} named. {_healed(journey, payout)}"


def _a_doubled_payout(journey: Journey) -> str:
    """Two payouts of the same amount, the second without a list, as if Stripe repeated the first"""
    first = _sent(journey, "13")
    _list(journey, first)
    second = _sent(journey, "13")
    _list(journey, second, hide=second["members"][0])
    rest, named = _calculated(journey, second)
    assert (rest, first["amount"]) == (second["amount"], second["amount"]), f"{rest} is unexplained"
    assert ("twin", first["id"]) in named, f"the page names {named}"
    assert _calculated(journey, first) == (0, []), "the first payout is not clean"
    return f"{gbp(rest)} unexplained, {first['id']} named as its twin. {_healed(journey, second)}"


def _lost_events(journey: Journey) -> str:
    """A payout of which no event ever arrives"""
    journey.ask_sandbox("events/lose", type="payout.*", times=20)
    payout = _sent(journey, "17")
    _list(journey, payout, sync=False)
    with journey.inside() as conn:
        assert payouts.find(conn, payout["id"]) is None, "an event told us of the payout"
    web.delete(f"{journey.stage.sandbox_url}/sandbox/events/lose")
    return _healed(journey, payout)


STEPS: tuple[Callable[[Journey], str], ...] = (_a_hidden_transaction, _a_doubled_payout, _lost_events)


def _sent(journey: Journey, *amounts: str) -> dict[str, Any]:
    """Donations, and a payout of them that has arrived but is not listed yet."""
    minor, donations = journey.raised(FUND)
    for number, amount in enumerate(amounts, start=1):
        minor += int(amount) * 100
        pay(journey, amount)
        journey.wait_for_total(FUND, minor, donations + number)
    web.wait_for("Stripe's fees", lambda: journey.witness()["without_balance_transaction"] == 0)
    journey.ask_sandbox("balance_transactions/available")
    return journey.ask_sandbox("payouts", to="paid")


def _list(journey: Journey, payout: dict[str, Any], *, sync: bool = True, **spoilt: str) -> None:
    """Stripe completes the payout's list, perhaps not rightly."""
    journey.ask_sandbox(f"payouts/{payout['id']}/list", **spoilt)
    journey.ask_sandbox(f"payouts/{payout['id']}/reconcile")
    journey.deliveries_end()
    if sync:
        journey.stage.command("stripe", "sync")


def _healed(journey: Journey, payout: dict[str, Any]) -> str:
    """Stripe lists it rightly, and is asked once more."""
    journey.ask_sandbox(f"payouts/{payout['id']}/list")
    journey.stage.command("stripe", "sync")
    web.wait_for("the payout to be clean", lambda: _calculated(journey, payout) == (0, []))
    return "asked once more, it is clean"


def _calculated(journey: Journey, payout: dict[str, Any]) -> tuple[int, Named]:
    """What its page says: what is unexplained, in minor units, and what fits it to the penny."""
    with journey.inside() as conn:
        row = payouts.find(conn, payout["id"])
        assert row is not None, f"nothing told us of {payout['id']}"
        rest = payouts.made_of(conn, row).unexplained
        return rest, [(one.why, one.ref) for one in payouts.candidates(conn, row, rest) if one.fits]
