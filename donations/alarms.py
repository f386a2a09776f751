"""Alarms: what a treasurer must hear of at once. Each is mailed to ALERT_EMAIL, at most once an hour or a day. The
words of the mail are paper/alarm_mails.py's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from flask import current_app
from sqlalchemy.engine import Connection

from donations import outbox
from donations.facts import PaymentFacts, Stray
from donations.ledger import Finding
from donations.money import Money


class Kind(StrEnum):
    """What an alarm is about. Kept with the mail, so none is ever renamed."""

    REFUND_FAILED = "refund_failed"
    REFUND_WAITS = "refund_waits"
    DISPUTE = "dispute"
    DISPUTE_INQUIRY = "dispute_inquiry"
    DEADLINE = "deadline"
    FRAUD_WARNING = "fraud_warning"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_DESTINATION = "payout_destination"
    STRAY_PAYMENT = "stray_payment"
    STRIPE_BALANCE = "stripe_balance"
    POSTING_STOPPED = "posting_stopped"
    LEDGER_CHECK = "ledger_check"
    CARD_TESTING = "card_testing"
    CARD_TESTING_OVER = "card_testing_over"
    OTHER_ACCOUNT = "other_account"
    STALE_WEBHOOKS = "stale_webhooks"
    OTHER_MODE = "other_mode"


def sound(
    conn: Connection,
    name: str,
    kind: Kind,
    about: Mapping[str, object] | None = None,
    *,
    at: datetime,
    daily: bool = False,
    once: bool | str = False,
    began_at: datetime | None = None,
) -> None:
    """Keep an alarm to be mailed, in the transaction of its cause. The same `name` again within the hour (`daily`: the
    day) is the same alarm. Sounded `once`, it is the same for ever, or as long as that word is the same. `about`: the
    facts that its texts name (ids, Money, moments), no personal data. `began_at`: when it began, where it may have been
    sounded before a restore."""
    to = current_app.config["SETTINGS"].alert_email
    if to:
        period = f"once:{once}" if once else f"{at:%Y%m%d}" if daily else f"{at:%Y%m%d%H}"
        key = f"alarm:{name}:{period}"
        every = "once" if once else "day" if daily else "hour"
        facts = {"name": name, "kind": str(kind), "every": every, "about": _plain(about or {})}
        outbox.queue(conn, "alarm", key, to=to, language="en", at=at, facts=facts, began_at=began_at)


def sound_stray_charge(conn: Connection, charge: PaymentFacts, reason: Stray, *, at: datetime) -> None:
    """A charge carries a donation's reference and is not its payment: it waits for a person."""
    about = {"charge": charge.charge_id, "amount": charge.amount, "reason": str(reason)}
    name = f"stray charge {charge.charge_id}"
    sound(conn, name, Kind.STRAY_PAYMENT, about, at=at, once=True, began_at=charge.succeeded_at)


def told(finding: Finding) -> dict[str, object]:
    """A finding of the ledger's check as a fact of an alarm."""
    return {"invariant": finding.invariant, "said": finding.said, "facts": dict(finding.facts)}


def _plain(value: Any) -> Any:
    """As JSON keeps it: an amount as {"minor", "currency"}, a moment as {"at"} in UTC, a day as 2026-11-21."""
    match value:
        case Mapping():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case Money():
            return {"minor": value.minor, "currency": value.currency}
        case datetime():
            return {"at": value.astimezone(UTC).isoformat()}
        case date():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
        case _:  # A sum of PostgreSQL's is a Decimal.
            return int(value)
