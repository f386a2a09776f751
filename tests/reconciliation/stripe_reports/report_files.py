"""Stripe's reports as Stripe writes them, from facts: what the tests import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from donations.facts import BalanceTransaction, Payout
from donations.reconciliation.exports.entries import major

UTC = ZoneInfo("UTC")


def as_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def activity(transactions: Iterable[BalanceTransaction], **more: Any) -> bytes:
    """Balance change from activity: everything except payouts."""
    return as_csv(
        activity_row(each, **more) for each in transactions if not each.reporting_category.startswith("payout")
    )


def activity_row(moved: BalanceTransaction, **more: str) -> dict[str, str]:
    of_charge = moved.reporting_category in ("charge", "refund", "refund_failure", "dispute", "dispute_reversal")
    return {
        "balance_transaction_id": moved.id,
        "created_utc": _moment(moved.created_at),
        "created": _moment(moved.created_at, ZoneInfo("Asia/Tokyo")),
        "available_on_utc": f"{moved.available_on} 00:00:00",
        "currency": moved.currency.lower(),
        **figures(moved),
        "reporting_category": moved.reporting_category,
        "source_id": moved.source_id or "",
        "charge_id": (moved.charge_id or "") if of_charge else "",
        "description": moved.description or "",
        "customer_email": "maya@example.org",
        **more,
    }


def reconciliation(transactions: Iterable[BalanceTransaction], payout_id: str) -> bytes:
    """Payout reconciliation of one payout: its members, not itself."""
    members = (each for each in transactions if not each.reporting_category.startswith("payout"))
    return as_csv(
        {"automatic_payout_id": payout_id, "automatic_payout_effective_at": "2026-11-24 00:00:00", **activity_row(each)}
        for each in members
    )


def payouts(transactions: Iterable[BalanceTransaction], said: Mapping[str, Payout]) -> bytes:
    """The payouts of these balance transactions, and their reversals."""
    return as_csv(
        {
            "payout_id": str(each.source_id),
            "effective_at_utc": _moment(each.created_at),
            "currency": each.currency.lower(),
            **figures(each),
            "reporting_category": each.reporting_category,
            "balance_transaction_id": each.id,
            "payout_expected_arrival_date": str(said[str(each.source_id)].arrival_on),
            "payout_status": said[str(each.source_id)].status,
            "payout_reversed_at_utc": _moment(said[str(each.source_id)].said_at),
            "payout_type": "bank_account",
        }
        for each in transactions
        if each.reporting_category.startswith("payout")
    )


def figures(moved: BalanceTransaction) -> dict[str, str]:
    names = (("gross", moved.amount_minor), ("fee", moved.fee_minor), ("net", moved.net_minor))
    return {name: major(minor, moved.currency) for name, minor in names}


def _moment(moment: datetime, zone: ZoneInfo = UTC) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
