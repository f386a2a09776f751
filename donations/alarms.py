"""Alarms: what must not wait until somebody looks. Each is mailed to ALERT_EMAIL, at most once an hour or a day."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy.engine import Connection

from donations import outbox
from donations.facts import PaymentFacts, Stray


def sound(
    conn: Connection,
    name: str,
    said: str,
    *,
    at: datetime,
    daily: bool = False,
    once: bool | str = False,
    began_at: datetime | None = None,
) -> None:
    """Keep an alarm to be mailed, in the transaction of its cause. The same `name` again within the hour, or the day
    if it is a `daily` one, is the same alarm; sounded `once` it is the same for ever, or as long as that word is the
    same. `said` is for the treasurer: ids and times, no personal data. `began_at`: when it began, where it may have
    been sounded before a restore."""
    to = current_app.config["SETTINGS"].alert_email
    if to:
        period = f"once:{once}" if once else f"{at:%Y%m%d}" if daily else f"{at:%Y%m%d%H}"
        key = f"alarm:{name}:{period}"
        outbox.queue(
            conn, "alarm", key, to=to, language="en", at=at, facts={"name": name, "said": said}, began_at=began_at
        )


def sound_stray_charge(conn: Connection, charge: PaymentFacts, reason: Stray, *, at: datetime) -> None:
    """A charge carries a donation's reference and is not its payment: it waits for a person."""
    amount = "" if charge.amount is None else f"{charge.amount.plain()} {charge.amount.currency}, "
    because = {
        Stray.OTHER_CURRENCY: "in another currency than the donation whose reference it carries",
        Stray.OTHER_ACCOUNT: "taken for another Stripe account, with the reference of a donation of ours",
        Stray.PAID_ALREADY: "beside a charge that has paid for the same donation already",
    }[reason]
    said = f"{charge.charge_id}: {amount}{because}. Assign it to a fund, or refund it."
    sound(conn, f"stray charge {charge.charge_id}", said, at=at, once=True, began_at=charge.succeeded_at)
