"""`donations tour`: the whole journey without a person, over real HTTP. After each step the total, the ledger and the
sandbox must say the same; it ends with 0 only if every figure agrees."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from donations import config
from donations.cli.stage import Stage, free_port
from donations.cli.stage import visitor as web

GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
KEY = {"Authorization": "Bearer sk_test_sandbox"}


PUBLIC = ("fighting-fund", "hands-off-ali")


@dataclass(slots=True)
class Tour:
    """The stage, and the figures it began with: a database that is not empty is measured by what is added."""

    stage: Stage
    totals: dict[str, dict[str, Any]]
    balances: dict[int, int]

    def raised(self, slug: str) -> tuple[int, int]:
        """Minor units and gifts since the tour began, as the public sees them."""
        now, then = _total(self.stage, slug), self.totals[slug]
        return now["raised_minor"] - then["raised_minor"], now["donations"] - then["donations"]

    def wait_for_total(self, slug: str, minor: int, gifts: int) -> None:
        web.wait_for(f"{slug} to stand at {minor} from {gifts} gifts", lambda: self.raised(slug) == (minor, gifts))

    def witness(self) -> dict[str, Any]:
        return web.get_json(f"{self.stage.sandbox_url}/sandbox/summary")

    def ask_sandbox(self, path: str, **said: Any) -> dict[str, Any]:
        return web.post_json(f"{self.stage.sandbox_url}/sandbox/{path}", said)

    def moved(self, account: int) -> int:
        """What an account has moved by since the tour began, in pence."""
        return _balance(self.stage, account) - self.balances[account]


@click.command()
def tour() -> None:
    """Walk the whole journey of a gift without a person. On a fresh SQLite file, or on DATABASE_URL.

    Exit code 0 only if every figure agrees."""
    with tempfile.TemporaryDirectory(prefix="fighting-fund-tour-") as folder:
        stage = Stage(
            Path(folder),
            port=free_port(),
            sandbox_port=free_port(),
            smtp_port=free_port(),
            database_url=config.environment().get("DATABASE_URL", ""),
            sandbox_options=["--bt-delay", "0.5"],
        )
        try:
            stage.start(serve_options=["--processes", "2"])
            _walk(stage)
        except AssertionError as error:
            click.echo(f"   WRONG: {error}", err=True)
            raise SystemExit(1) from error
        finally:
            stage.stop()
    click.echo("Every figure agrees.")


def _walk(stage: Stage) -> None:
    journey = Tour(
        stage,
        totals={slug: _total(stage, slug) for slug in PUBLIC},
        balances={account: _balance(stage, account) for account in (1100, 1105, 4000, 5000)},
    )
    for number, step in enumerate(STEPS, start=1):
        click.echo(f"{number}. {step.__doc__}")
        click.echo(f"   {step(journey)}")
        _agree(journey)


def _agree(journey: Tour) -> None:
    """Total, ledger and sandbox say the same, to the penny; once the books have caught up with what is settled."""
    web.wait_for("Stripe's fees", lambda: journey.witness()["without_balance_transaction"] == 0)
    settled = journey.witness()["settled"].get("gbp", {"gross": 0, "fee": 0, "net": 0})
    web.wait_for("the balance transactions to be booked", lambda: journey.moved(1100) == settled["net"])
    report: dict[str, Any] = json.loads(journey.stage.command("ledger", "check", "--json"))
    charged = journey.witness()["charged"].get("gbp", {"amount": 0})["amount"]
    raised = sum(journey.raised(slug)[0] for slug in PUBLIC)
    booked, fees, in_settlement = -journey.moved(4000), journey.moved(5000), journey.moved(1105)
    click.echo(
        f"   total {raised} = ledger {booked} = sandbox {charged}; fees {fees} = {settled['fee']};"
        f" Stripe balance {journey.moved(1100)} = {settled['net']}; in settlement {in_settlement} (pence)"
    )
    assert report["sound"], f"the books are not sound: {report['findings']}"
    assert raised == booked == charged, "total, ledger and sandbox differ"
    assert fees == settled["fee"], "the fees differ"
    assert in_settlement == charged - settled["gross"], (
        "what is in settlement is not what lacks its balance transaction"
    )


def _a_gift(journey: Tour) -> str:
    """A gift of £100.00 to the fighting fund, by card"""
    checkout = web.give(journey.stage.url, "fighting-fund", {"amount": "100", "currency": "GBP", "fund": "general"})
    back = web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("fighting-fund", 10000, 1)
    web.wait_for("the thanks page", lambda: "R-0" in web.get(back.url).text)
    return "the total moved by 100.00, the page shows the receipt"


def _a_split_gift(journey: Tour) -> str:
    """A gift of £30.00 to Hands Off Ali, by the appeal's shares (60, 20, 20)"""
    journey.ask_sandbox("fees/next", fee=62)
    checkout = web.give(journey.stage.url, "hands-off-ali", {"amount": "30.00", "currency": "GBP", "fund": ""})
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("hands-off-ali", 3000, 1)
    return "divided over three funds, its fee of 0.62 too"


def _a_decline_then_success(journey: Tour) -> str:
    """A gift of £20.00 whose first card is declined"""
    checkout = web.give(journey.stage.url, "hands-off-ali", {"amount": "20", "currency": "GBP", "fund": "ali"})
    declined = web.pay(checkout, DECLINED, "supporter@example.org")
    assert declined.status != 303, "a declined card led on"
    assert journey.raised("hands-off-ali") == (3000, 1), "a declined card moved the total"
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("hands-off-ali", 5000, 2)
    return "declined, nothing moved; tried again with another card, received once"


def _a_duplicate_delivery(journey: Tour) -> str:
    """Every event so far is delivered three times more"""
    journey.ask_sandbox("deliveries/wait", seconds=20)
    events = web.get_json(f"{journey.stage.sandbox_url}/v1/events?limit=100", KEY)["data"]
    for event in events:
        journey.ask_sandbox(f"events/{event['id']}/deliver", times=3)
    assert journey.ask_sandbox("deliveries/wait", seconds=30)["settled"], "deliveries did not come to an end"
    assert journey.raised("fighting-fund") == (10000, 1), "a second delivery moved the total"
    assert journey.raised("hands-off-ali") == (5000, 2), "a second delivery moved the total"
    return f"{len(events)} events, {3 * len(events)} deliveries, nothing moved"


def _a_late_balance_transaction(journey: Tour) -> str:
    """A gift of £10.00 whose balance transaction is late"""
    journey.ask_sandbox("balance_transactions/hold")
    checkout = web.give(journey.stage.url, "fighting-fund", {"amount": "10", "currency": "GBP", "fund": "general"})
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total("fighting-fund", 11000, 2)
    held = journey.moved(1105)
    assert held == 1000, f"1105 should hold 1000 until the fee is known, it holds {held}"
    journey.ask_sandbox("balance_transactions/release")
    web.wait_for("its fee to be booked", lambda: journey.moved(1105) == 0)
    return "received at once, 10.00 in settlement until its fee was known, then cleared"


def _the_receipt(journey: Tour) -> str:
    """The receipt of a gift of £5.00 arrives in a mailbox, in Russian"""
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


STEPS: tuple[Callable[[Tour], str], ...] = (
    _a_gift,
    _a_split_gift,
    _a_decline_then_success,
    _a_duplicate_delivery,
    _a_late_balance_transaction,
    _the_receipt,
)


def _total(stage: Stage, slug: str) -> dict[str, Any]:
    return web.get_json(f"{stage.url}/appeals/{slug}/total.json")


def _balance(stage: Stage, account: int) -> int:
    lines = json.loads(stage.command("ledger", "check", "--json"))["trial_balance"]
    return sum(line["minor"] for line in lines if (line["account"], line["currency"]) == (account, "GBP"))


COMMANDS = (tour,)
