"""The document of a payout: its fields and its dates. No money here."""

from datetime import UTC, datetime, timedelta
from typing import Any

from . import ids, params
from .store import Doc
from .world import World

ARRIVES_AFTER_DAYS = 2
_NULL = (
    "application_fee application_fee_amount balance_transaction failure_balance_transaction failure_code "
    "failure_message original_payout payout_method reversed_by"
)
_FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "could_not_process": "The bank could not process this payout.",
    "insufficient_funds": "Your Stripe account has insufficient funds to cover the payout.",
    "no_account": "The bank account details on file are probably incorrect.",
}


def new(world: World, amount: int, currency: str, *, automatic: bool, **given: Any) -> Doc:
    """A pending payout, not yet stored."""
    return {
        **dict.fromkeys(_NULL.split()),
        "id": ids.new("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": _arrival(world.clock.now()),
        "automatic": automatic,
        "created": world.clock.stamp(),
        "currency": currency,
        "description": given.get("description") or ("STRIPE PAYOUT" if automatic else None),
        "destination": given.get("destination") or "ba_1SandboxBankAccount",
        "livemode": False,
        "metadata": params.merged({}, given.get("metadata", {})),
        "method": given.get("method", "standard"),
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "source_type": "card",
        "statement_descriptor": given.get("statement_descriptor"),
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
        "_members": [],
        "_trace": ids.letters(12).upper(),
        "_fee": given.get("fee") or 0,
    }


def failure_message(code: str) -> str:
    return _FAILURES.get(code, "The payout failed.")


def _arrival(now: float) -> int:
    """Midnight of a working day."""
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day += timedelta(days=ARRIVES_AFTER_DAYS)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return int(day.timestamp())
