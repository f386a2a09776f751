"""The cost of the ledger: converging a payment with 30 facts, and checking a million postings while webhooks flow.
Returns the marks that were missed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from donations import ledger
from donations.bookkeeping import entries_for
from donations.facts import BalanceTransaction, Dispute, PaymentFacts, Refund
from donations.ledger import convergence
from donations.money import Money

CONVERGE_MS, CHECK_SECONDS = 5.0, 10.0
Figures = dict[str, Any]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def converge() -> list[str]:
    """Python only, in processor time: the database is put aside, the entries there are those that were wanted."""
    facts = _thirty_facts()
    wanted = entries_for(facts)
    kept = [
        convergence._Kept(number, one.key, one.kind, 1, None, NOON.date(), NOON.date(), list(one.lines))
        for number, one in enumerate(wanted)
    ]
    day_of = datetime.date
    waits = []
    with patch.object(convergence, "_kept", return_value=kept), patch.object(convergence, "_write"):
        for _ in range(300):
            began = time.process_time()
            posted = ledger.converge(
                None,
                ("payment", 1),
                entries_for(facts),
                at=NOON,
                day_of=day_of,
                closed_until=None,  # type: ignore
            )
            waits.append((time.process_time() - began) * 1000)
            assert not posted
    waits.sort()
    middle, slow = waits[150], waits[297]
    things = 1 + len(facts.transactions) + len(facts.refunds) + len(facts.disputes)
    print(f"converging {things} facts, {len(wanted)} entries: p50 {middle:.1f} ms, p99 {slow:.1f} ms in Python")
    return [] if middle <= CONVERGE_MS else [f"converging a payment with 30 facts in {CONVERGE_MS} ms"]


def _thirty_facts() -> PaymentFacts:
    """A donation over three funds: eight refunds, three of them bounced, and three disputes, with all their money."""
    moves = [_move("charge", 30000, "ch_1", 0, fee=470)]
    refunds: list[Refund] = []
    for number in range(8):
        minutes, bounced = 10 + 20 * number, number % 3 == 0
        status = "failed" if bounced else "succeeded"
        refunds.append(Refund(f"re_{number}", "ch_1", Money(1111, "GBP"), status, _later(minutes)))
        moves.append(_move("refund", -1111, f"re_{number}", minutes))
        if bounced:
            moves.append(_move("refund_failure", 1111, f"re_{number}", minutes + 15))
    disputes: list[Dispute] = []
    for number in range(3):
        minutes = 500 + 100 * number
        said = (Money(2001, "GBP"), "won" if number else "lost", "fraudulent", _later(minutes), _later(minutes + 50))
        disputes.append(Dispute(f"dp_{number}", "ch_1", *said))
        moves.append(_move("dispute", -2001, f"dp_{number}", minutes, fee=2000))
        back = 2001 if number else 1000  # The lost one was reinstated in part.
        moves.append(_move("dispute_reversal", back, f"dp_{number}", minutes + 50))
    return PaymentFacts(
        1, "ch_1", Money(30000, "GBP"), NOON, None, ((1, 18000), (2, 6000), (3, 6001)), "fund", 8, 9, ("GBP",),
        tuple(moves), tuple(refunds), tuple(disputes),
    )  # fmt: skip


def _move(category: str, minor: int, source: str, minutes: int, fee: int = 0) -> BalanceTransaction:
    return BalanceTransaction(
        f"txn_{category}_{source}", source, "ch_1", category, category, "payments", minor, fee, minor - fee, "GBP",
        None, _later(minutes), date(2026, 11, 28), None,
    )  # fmt: skip


def _later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def asked(url: str) -> Figures:
    """Ask every question in a process of its own. Gives seconds, postings, findings and the process's peak memory."""
    done = subprocess.run([sys.executable, "-m", "tests.bench.clients", url], check=True, capture_output=True, cwd=ROOT)
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def judge(
    kind: str, alone: dict[str, Any], busy: dict[str, Any], calm: dict[str, Any], held: dict[str, Any]
) -> list[str]:
    for name, figures in (("alone", alone), ("with webhooks", busy)):
        print(
            f"{kind}: check of {figures['postings']} postings, {name}: {figures['seconds']:.1f} s,"
            f" at most {figures['peak_mb']:.0f} MB, {figures['findings']} findings"
        )
    for name, figures in (("without the check", calm), ("with the check", held)):
        print(
            f"{kind}: webhooks {name}: {figures['rate']:.0f}/s; p50 {figures['p50_ms']:.1f} ms,"
            f" p99 {figures['p99_ms']:.1f} ms, most {figures['max_ms']:.0f} ms; answers {figures['statuses']}"
        )
    marks = {
        f"{kind}: check of a million postings in {CHECK_SECONDS:.0f} s": alone["seconds"] <= CHECK_SECONDS,
        f"{kind}: the books of the bench are sound": not alone["findings"],
        f"{kind}: no webhook waits for the check": held["max_ms"] < 1000 * busy["seconds"] / 2 + calm["max_ms"],
    }
    return [mark for mark, met in marks.items() if not met]


ROOT = Path(__file__).parents[2]
