"""The steps of the tour in which the money reaches the bank: Stripe pays out, the statement is imported, every line is
found, and the period is closed with nothing unexplained."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from donations.cli.stage import visitor as web
from donations.cli.tour import payouts
from donations.cli.tour.journey import Journey

FUND = "fighting-fund"
ACCOUNT = "Current account"
BANK, IN_TRANSIT = 1000, 1120


def _a_payout(journey: Journey) -> str:
    """Stripe pays out what it holds; the payout is its members, fund by fund"""
    journey.ask_sandbox("balance_transactions/available")
    payout = journey.ask_sandbox("payouts", to="paid", reconcile=True)
    journey.deliveries_end()
    journey.stage.command("stripe", "sync")
    amount = int(payout["amount"])
    web.wait_for("the payout to be in transit", lambda: journey.moved(IN_TRANSIT) == amount)
    return f"{amount} in transit to the bank"


def _a_statement(journey: Journey) -> str:
    """The bank's statement, imported twice: the payouts, and a transfer of £30.00 with the appeal's code"""
    before, gifts = journey.raised(FUND)
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
    journey.wait_for_total(FUND, before + 3000, gifts + 1)
    assert journey.moved(IN_TRANSIT) == 0, "a payout was not found in the bank"
    assert journey.moved(BANK) == in_transit + 3000, f"the books say {journey.moved(BANK)} is at the bank"
    return f"all {len(sent) + 1} lines found by themselves; at the bank {journey.moved(BANK)}"


def _a_close(journey: Journey) -> str:
    """The period is closed with nothing unexplained"""
    waiting = journey.stage.command("bank", "lines").strip().splitlines()[-1]
    assert waiting.startswith("0 lines"), f"{waiting} in the bank"
    return journey.stage.command("ledger", "close", datetime.now(UTC).date().isoformat()).strip().splitlines()[-1]


STEPS: tuple[Callable[[Journey], str], ...] = (_a_payout, *payouts.STEPS, _a_statement, _a_close)


def _as_line(payout: dict[str, Any]) -> tuple[str, str, str]:
    """As the bank shows it: the day it arrives, and the number that Stripe sent along."""
    arrived = datetime.fromtimestamp(int(payout["arrival_date"]), UTC).date().isoformat()
    return arrived, f"STRIPE PAYMENTS UK {payout['trace_id']['value']}", _major(int(payout["amount"]))


def _imported(journey: Journey, file: str) -> int:
    said: Any = json.loads(journey.stage.command("bank", "import", file, "--account", ACCOUNT, "--json"))
    return sum(int(one["new"]) for one in said["accounts"])


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
