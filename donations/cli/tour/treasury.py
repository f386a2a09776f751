"""The steps of the tour in which the money reaches the bank: Stripe pays out, the statement is imported, every line is
found, and the period is closed with nothing unexplained."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from donations.cli.stage import visitor as web
from donations.cli.tour import payouts
from donations.cli.tour.journey import Journey, gbp
from donations.cli.tour.troubles import pay

FUND = "fighting-fund"
ACCOUNT = "Current account"
BANK, IN_TRANSIT, UNCLASSIFIED, ACCOUNT_FEES = 1000, 1120, 2990, 5020


def _an_unknown_transaction(journey: Journey) -> str:
    """Stripe takes £6.00 for an unknown reason, and a treasurer classifies the amount"""
    raised, donations = journey.raised(FUND)
    named = journey.moved(UNCLASSIFIED), journey.moved(ACCOUNT_FEES)
    moved = journey.ask_sandbox("movements", kind="unknown", amount=-600, currency="gbp")
    transaction = moved["balance_transactions"][0]["id"]
    pay(journey, "5")  # Its fee is asked for at once, and what else has moved with it.
    journey.wait_for_total(FUND, raised + 500, donations + 1)
    web.wait_for("it to wait for a person", lambda: journey.moved(UNCLASSIFIED) == named[0] + 600)
    told = ("ledger", "classify", transaction, "5020", "general", "--reason", "Stripe's letter says that it is a fee")
    journey.stage.command(*told)
    assert journey.moved(UNCLASSIFIED) == named[0], "it still waits"
    assert journey.moved(ACCOUNT_FEES) == named[1] + 600, "it is not among the fees"
    assert journey.raised(FUND) == (raised + 500, donations + 1), "a decision about a fee moved the public total"
    return "held apart until classified, then among the fees of the account"


def _a_payout(journey: Journey) -> str:
    """Stripe pays out what it holds, and the payout equals its transactions, fund by fund"""
    journey.ask_sandbox("balance_transactions/available")
    payout = journey.ask_sandbox("payouts", to="paid", reconcile=True)
    journey.deliveries_end()
    journey.stage.command("stripe", "sync")
    amount = int(payout["amount"])
    web.wait_for("the payout to be in transit", lambda: journey.moved(IN_TRANSIT) == amount)
    return f"{amount} in transit to the bank"


def _a_statement(journey: Journey) -> str:
    """The bank's statement, imported twice: the payouts, and a transfer of £30.00 with the appeal's code"""
    before, donations = journey.raised(FUND)
    in_transit = journey.moved(IN_TRANSIT)
    sent = [_as_line(payout) for payout in journey.stripe("payouts?limit=100")["data"]]
    today = datetime.now(UTC).date().isoformat()
    told = json.loads(journey.stage.command("appeals", "list", "--json"))["appeals"]
    code = next(each["code"] for each in told if each["slug"] == FUND)
    lines = [
        ("Date", "Description", "Amount"),
        *sent,
        (today, f"READER {code}", "30.00"),
    ]
    file = journey.stage.folder / "statement.csv"
    file.write_text("".join(",".join(line) + "\r\n" for line in lines), encoding="utf-8")
    if ACCOUNT not in journey.stage.command("bank", "accounts"):
        journey.stage.command("bank", "add-account", ACCOUNT, "--currency", "GBP")
    first, second = (_imported(journey, str(file)) for _ in range(2))
    assert (first, second) == (len(sent) + 1, 0), f"imported {first} lines, and {second} the second time"
    journey.stage.command("bank", "match")
    journey.wait_for_total(FUND, before + 3000, donations + 1)
    assert journey.moved(IN_TRANSIT) == 0, "a payout was not found in the bank"
    assert journey.moved(BANK) == in_transit + 3000, f"the books say {journey.moved(BANK)} is at the bank"
    return f"all {len(sent) + 1} lines found by themselves, at the bank {gbp(journey.moved(BANK))}"


def _a_close(journey: Journey) -> str:
    """The period is closed, with open items listed and carried forward with a reason"""
    waiting = journey.stage.command("bank", "lines").strip().splitlines()[-1]
    assert waiting.startswith("0 unmatched lines"), f"{waiting} in the bank"
    today = datetime.now(UTC).date().isoformat()
    return journey.stage.command("ledger", "close", today, "--accept", "seen").strip().splitlines()[-1]


STEPS: tuple[Callable[[Journey], str], ...] = (
    _an_unknown_transaction,
    _a_payout,
    *payouts.STEPS,
    _a_statement,
    _a_close,
)


def _as_line(payout: dict[str, Any]) -> tuple[str, str, str]:
    """As the bank shows it: the day it arrives, and the number that Stripe sent along."""
    arrived = datetime.fromtimestamp(int(payout["arrival_date"]), UTC).date().isoformat()
    return arrived, f"STRIPE PAYMENTS UK {payout['trace_id']['value']}", _major(int(payout["amount"]))


def _imported(journey: Journey, file: str) -> int:
    said: Any = json.loads(journey.stage.command("bank", "import", file, "--account", ACCOUNT, "--json"))
    return sum(int(one["new"]) for one in said["accounts"])


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
