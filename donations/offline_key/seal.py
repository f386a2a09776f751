"""Seal what is settled with the offline key, a batch at a time. Only its public half is needed. No commit here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Table, delete, exists, select, update
from sqlalchemy.engine import Connection

from donations import privacy
from donations.data_keys.columns import SEALED
from donations.data_keys.offline import is_sealed_offline, sealer
from donations.errors import BadSeal
from donations.giving import messages
from donations.models import Donation, DonationCheck, OfflineDonation, OfflineKey, Subscriber, SubscriberRequest
from donations.offline_key.rules import IS_SIGNED, MESSAGE_STAYS, Rule

BATCH = 200
Seal = Callable[[str, str], bytes]


def current_key(conn: Connection) -> bytes | None:
    """The public key that seals; None where there is no offline key."""
    newest = select(OfflineKey.public_key).order_by(OfflineKey.made_at.desc(), OfflineKey.key_id).limit(1)
    return conn.scalar(newest)


def seal_batch(conn: Connection, rule: Rule, *, at: datetime) -> int:
    """Seal the next settled rows of a rule, at most BATCH. Returns how many rows were looked at; 0 without a key."""
    public = current_key(conn)
    if public is None:
        return 0
    seal, (number,) = sealer(public), rule.table.primary_key.columns
    asked = select(rule.table).where(rule.to_seal(at)).order_by(number).limit(BATCH).with_for_update(skip_locked=True)
    rows = conn.execute(asked).mappings().all()
    for row in rows:
        values = _sealed(rule, row, seal) if rule.table is not _donation else _sealed_donation(conn, rule, row, seal)
        conn.execute(update(rule.table).where(number == row[number.name]).values(under_offline_key=True, **values))
    return len(rows)


def drop_signatures(conn: Connection, *, at: datetime) -> int:
    """How a donation was signed is not kept once it is shown nowhere any more: a message was hidden, an appeal became
    discreet, the donation was refunded. Returns how many."""
    del at  # It holds at any moment.
    where = (_donation.c.signed_sealed.is_not(None), ~IS_SIGNED)
    return conn.execute(update(_donation).where(*where).values(signed_sealed=None)).rowcount


def seal_one(conn: Connection, text: str, identity: str) -> bytes | None:
    """Seal something with the offline key at once; None where there is none."""
    public = current_key(conn)
    return None if public is None else sealer(public)(text, identity)


def _sealed(rule: Rule, row: RowMapping, seal: Seal, but: Collection[str] = ()) -> dict[str, Any]:
    """What no key of ours opens stays as it is: it is not readable here either."""
    values: dict[str, Any] = {}
    for name in rule.columns:
        if row[name] is None or name in but or is_sealed_offline(row[name]):
            continue
        identity = SEALED[rule.table.name, name].format(**row)
        try:
            values[name] = seal(privacy.unseal(row[name], identity), identity)
        except BadSeal:
            continue
        hash_name = rule.hashes.get(name)
        if hash_name is not None and row[hash_name]:  # An empty one tells that there is nothing to find.
            values[hash_name] = None
    return values


def _sealed_donation(conn: Connection, rule: Rule, row: RowMapping, seal: Seal) -> dict[str, Any]:
    """A message that waits or is shown stays, and so does how its donor lets the donation be signed."""
    _forget_beside(conn, row["id"])
    message_stays, is_signed = conn.execute(
        select(MESSAGE_STAYS, IS_SIGNED).where(_donation.c.id == row["id"])
    ).one()  # fmt: skip
    values = _sealed(rule, row, seal, but={"message_sealed"} if message_stays else ())
    name = privacy.unseal_or_empty(row["name_sealed"], SEALED["donation", "name_sealed"].format(**row))
    signed = messages.signature(row["display"], name) if is_signed else ""
    if signed and row["signed_sealed"] is None:
        values["signed_sealed"] = privacy.seal(signed, SEALED["donation", "signed_sealed"].format(**row))
    return values


def _forget_beside(conn: Connection, donation_id: int) -> None:
    """What beside a donation leads to its donor: the account that a transfer came from, the form that it was made of,
    and which subscription was asked for with it, once that was mailed."""
    conn.execute(update(_offline).where(_offline.c.donation_id == donation_id).values(payer_hash=None))
    for row in conn.execute(select(_check.c.id, _check.c.code).where(_check.c.donation_id == donation_id)).all():
        empty = privacy.seal("{}", SEALED["donation_check", "fields_sealed"].format(code=row.code))
        conn.execute(update(_check).where(_check.c.id == row.id).values(fields_sealed=empty))
    was_mailed = exists().where(_subscription.c.id == _request.c.subscriber_id, _subscription.c.mailed_at.is_not(None))
    conn.execute(delete(_request).where(_request.c.donation_id == donation_id, was_mailed))


_donation: Table = Donation.__table__  # type: ignore[assignment]
_offline: Table = OfflineDonation.__table__  # type: ignore[assignment]
_check: Table = DonationCheck.__table__  # type: ignore[assignment]
_subscription: Table = Subscriber.__table__  # type: ignore[assignment]
_request: Table = SubscriberRequest.__table__  # type: ignore[assignment]
