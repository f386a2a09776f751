"""The sandbox as a process of its own: how it starts, ends, and remembers."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from donations.sandbox.command import sandbox as command

from .processes import SECRET, Receiver, Running, running

ROOT = Path(__file__).parents[2]


def started(*options: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "donations.sandbox", "--port", "0", *options]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_its_address_and_ends_cleanly(number: signal.Signals) -> None:
    with started("--bt-delay", "0") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        with urllib.request.urlopen(line.split()[-1] + "/sandbox/summary") as answer:
            told = json.load(answer)
        process.send_signal(number)

        assert process.wait(10) == 0
    assert line.startswith("sandbox listening on http://127.0.0.1:")
    assert told["charges"] == []


def test_a_state_file_survives_the_end(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"state": tmp_path / "state.db", "bt_delay_seconds": 3600}
    with running(**settings) as first:
        charge = first.paid()
        open_session = first.session()
        first.v1.products.create({"name": "x"}, {"idempotency_key": "k"})
        types = first.types()

    with running(**settings) as second:
        again = Running(second.url, second.world)

        assert second.types() == types
        assert second.v1.products.create({"name": "x"}, {"idempotency_key": "k"}).name == "x"
        assert len(second.v1.products.list().data) == 2
        assert again.form(f"/c/pay/{open_session.id}", number="pm_card_visa", email="a@example.org").status == 303
        second.order("clock/advance", seconds=3601)
        second.order("balance_transactions/release")
        assert second.v1.charges.retrieve(charge.id).balance_transaction.startswith("txn_")
        assert second.types().count("charge.updated") == 2


def test_events_not_yet_delivered_are_sent_by_the_next_run(tmp_path: Path, receiver: Receiver) -> None:
    settings: dict[str, Any] = {"state": tmp_path / "state.db", "webhooks": ((receiver.url, SECRET),)}
    receiver.answers = [500]
    with running(**settings, retry_seconds=(3600,)) as first:
        first.v1.products.create({"name": "x"})
        while not receiver.received:
            first.order("deliveries/wait", seconds=0)

    with running(**settings) as second:
        second.settled()

        assert second.look("summary")["deliveries"] == {"delivered": 1}
        assert len(second.v1.webhook_endpoints.list().data) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--webhook-url", "http://127.0.0.1:1/"], "one --webhook-secret for each"),
        (["--rate", "eur"], "give a rate as eur=0.85"),
        (["--retries", "soon"], "give seconds"),
        (["--fee-percent", "some"], "is no number"),
        (["--currency", "xxx"], "xxx"),
        (["--settles", "eur,xxx"], "is no currency"),
        (["--refund-rate", "usd=0"], "give a rate"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(options: list[str], told: str) -> None:
    result = CliRunner().invoke(command, options)

    assert result.exit_code == 2
    assert told in result.output


def test_the_options_reach_the_sandbox() -> None:
    options = ["--bt-delay", "0", "--settles", "eur", "--rate", "usd=0.784", "--dispute-fee", "1500", "--later", "-1"]
    with started(*options, "--debit-bt", "success") as process:
        assert process.stdout is not None
        sandbox = Running(process.stdout.readline().split()[-1], None)
        sandbox.order("disputes", charge=sandbox.paid(10000, currency="usd").id)
        sandbox.order("pay", session=sandbox.session().id, card="bacs_success")
        booked = [(each.net, each.currency) for each in sandbox.v1.balance_transactions.list()]
        planned = sandbox.look("later")["planned"]
        process.terminate()

    assert booked == [(-7840 - 1500, "gbp"), (7840 - 138, "gbp")]
    assert [plan["due"] for plan in planned] == [None]


def test_the_sandbox_imports_nothing_of_the_rest() -> None:
    for path in (ROOT / "donations" / "sandbox").glob("*.py"):
        for line in path.read_text().splitlines():
            if line.startswith(("from donations", "import donations")):
                assert line.startswith("from donations.sandbox"), f"{path.name}: {line}"
            assert "import stripe" not in line
