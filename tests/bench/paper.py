"""What paper costs: a receipt as PDF against typst alone on the same template and data, and the social card as PNG;
both warm, each time with other data. Returns the marks that were missed."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import typst

from donations import paper, receipts, totals
from donations.extensions import db
from donations.models import Appeal, Organisation, Receipt
from donations.paper import receipt as of_receipt
from donations.paper import sharing, typst_documents

RECEIPT_MS, CARD_MS = 20.0, 40.0
TIMES, WARM = 200, 10
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = "https://fund.example.org/receipts/check"


def measure() -> list[str]:
    """On an app whose appeals are loaded, in processor time, in turns, so that all meet the same machine."""
    with db.session.no_autoflush:
        ways = {
            "typst alone, a receipt": _typst_alone(),
            "a receipt": lambda number: paper.receipt_pdf(_receipt(number), copy=False, check_page=PAGE),
            "a card": _card(),
        }
        waits: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(WARM + TIMES):
            for name, way in ways.items():
                began = time.process_time()
                way(number)
                if number >= WARM:
                    waits[name].append((time.process_time() - began) * 1000)
    middle = {name: _report(name, each) for name, each in waits.items()}
    floor = middle["typst alone, a receipt"]
    print(f"paper: a receipt takes {middle['a receipt'] / floor:.2f} times what typst alone takes")
    marks = {
        f"paper: a receipt in {RECEIPT_MS:.0f} ms": middle["a receipt"] <= RECEIPT_MS,
        f"paper: a card in {CARD_MS:.0f} ms": middle["a card"] <= CARD_MS,
    }
    return [mark for mark, met in marks.items() if not met]


def _typst_alone() -> Callable[[int], Any]:
    """The floor: the same data is made before the clock starts."""
    with patch.object(receipts, "successor_of", return_value=None):
        said = iter(_all_said())
    compiler = typst.Compiler(
        typst_documents.TEMPLATES / "receipt.typ", root=typst_documents.TEMPLATES, ignore_system_fonts=True
    )
    standards = typst_documents.STANDARDS
    return lambda _number: compiler.compile(format="pdf", pdf_standards=standards, sys_inputs={"data": next(said)})


def _all_said() -> Iterator[str]:
    made = [of_receipt._said(_receipt(1000 + number), copy=False, check_page=PAGE) for number in range(WARM + TIMES)]
    return iter([json.dumps(each) for each in made])


def _card() -> Callable[[int], Any]:
    """The figures of the database, each time others, and nothing out of memory."""
    appeal, house = Appeal.by_slug("hands-off-ali"), Organisation.get()

    def draw(number: int) -> bytes:
        total = totals.public(appeal, NOON)
        words = paper.card_words(paper.Card(f"{appeal.title['en']} {number}", "", house.name, total))
        assert sharing._made.cache_info().currsize <= sharing.KEPT
        return paper.card_png(words)

    return draw


def _receipt(number: int) -> Receipt:
    frozen = {
        "label": f"R-{number:06d}", "issued_on": "2026-11-22", "received_on": "2026-11-21",
        "amount_minor": 2000 + number, "currency": "GBP", "organisation": "Solidarity Fighting Fund",
        "legal_name": None, "appeal_title": "Hands Off Ali", "fund_names": ["Ali Feruz", "Ali's family"],
        "restriction": "If the appeal raises more than it needs, what is left goes to the others held at Sakharovo.",
        "language": "en", "method": "card", "person_hash": None,
    }  # fmt: skip
    return Receipt(label=frozen["label"], state="live", payload=json.dumps(frozen), issued_at=NOON)


def _report(name: str, waits: list[float]) -> float:
    middle = statistics.median(waits)
    slow = sorted(waits)[int(len(waits) * 0.95)]
    print(f"paper: {name:24} p50 {middle:5.1f} ms, p95 {slow:5.1f} ms")
    return middle
