"""What happens when the offline key is unlocked: look-up hashes are made, people who asked are answered, and what is
needed again goes back under the machine's own key until it is settled once more. Each step is one batch in the caller's
transaction, and gives how many rows it has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Table, and_, delete, func, or_, select, update
from sqlalchemy.engine import Connection

from donations import outbox, privacy
from donations.data_keys import offline, seals
from donations.data_keys.columns import HASHED, SEALED, is_sealed_offline
from donations.errors import BadSeal
from donations.models import Donation, Mail, OfflineRequest, Receipt, Restoration, StripeEvent
from donations.models.base import new_reference
from donations.offline_key.rules import RULES, Rule
from donations.offline_key.seal import BATCH
from donations.reconciliation.statement_lines.insert import payer_hash
from donations.stripe_statuses import event_object, named_donation, named_email

OPENED_FOR = timedelta(days=7)
MAY_HAVE_GONE = timedelta(days=35)  # so long after a restore a mail may be one that had gone before it
NOT_FOUND = b""  # the look-up hash of what names no address
Step = Callable[..., int]  # of a connection and, as `at`, the moment


def note_donation_hashes(conn: Connection, *, at: datetime) -> int:
    """The look-up hashes of the addresses of sealed donations, made with the offline key."""
    del at  # They hold at any moment.
    return _note_hashes(conn, _donation, "email_sealed", "email", lambda text: text)


def note_event_hashes(conn: Connection, *, at: datetime) -> int:
    """The same of the addresses that events name."""
    del at
    return _note_hashes(conn, _event, "payload_sealed", "event email", _payer)


def answer_requests(conn: Connection, *, at: datetime) -> int:
    """Each address that asked for its data gets another link, if anything of it is sealed, and that is open for
    OPENED_FOR."""
    heads = func.substr(_request.c.email_sealed, 1, offline.HEAD_LENGTH).in_(_heads())
    rows = conn.execute(select(_request).where(heads).order_by(_request.c.asked_at).limit(BATCH)).mappings().all()
    answered: set[str] = set()
    for row in rows:
        email = privacy.unseal_or_empty(row["email_sealed"], SEALED["offline_request", "email_sealed"].format(**row))
        address = email.strip().casefold()
        if email and address not in answered and _open_all_of(conn, email, until=at + OPENED_FOR):
            outbox.queue(conn, "data_link", f"data:{new_reference()}", to=email, language=row["language"], at=at)
        answered.add(address)
        conn.execute(delete(_request).where(_request.c.id == row["id"]))
    return len(rows)


def reopener(rule: Rule) -> Step:
    """The step that puts back what is needed again of a rule."""

    def reopen(conn: Connection, *, at: datetime) -> int:
        (number,) = rule.table.primary_key.columns
        rows = conn.execute(select(rule.table).where(rule.to_reopen(at), _opens(rule)).limit(BATCH)).mappings().all()
        for row in rows:
            values = {"under_offline_key": False, **_opened(conn, rule, row)}
            conn.execute(update(rule.table).where(number == row[number.name]).values(values))
        return len(rows)

    return reopen


def release_mails(conn: Connection, *, at: datetime) -> int:
    """Mails that waited for an address go out, once it is open. After a restore a person looks at them first."""
    restored_at = conn.scalar(select(func.max(_restoration.c.restored_at)))
    asked = (
        select(_mail.c.id, _mail.c.dedupe_key, _mail.c.created_at, _donation.c.reference, _donation.c.email_sealed)
        .join(_receipt, _receipt.c.id == _mail.c.receipt_id)
        .join(_donation, _donation.c.id == _receipt.c.donation_id)
        .where(_mail.c.state == "locked", ~func.coalesce(is_sealed_offline(_donation.c.email_sealed), False))
        .limit(BATCH)
    )
    rows = conn.execute(asked).all()
    for row in rows:
        if row.email_sealed is None:  # Erased meanwhile: there is no address to write to.
            conn.execute(delete(_mail).where(_mail.c.id == row.id))
            continue
        email = privacy.unseal(row.email_sealed, SEALED["donation", "email_sealed"].format(reference=row.reference))
        may_have_gone = restored_at is not None and row.created_at < restored_at + MAY_HAVE_GONE
        values = {
            "recipient_sealed": privacy.seal(email, outbox.identity(row.dedupe_key)),
            "state": "held" if may_have_gone else "due", "next_attempt_at": at,
        }  # fmt: skip
        conn.execute(update(_mail).where(_mail.c.id == row.id).values(values))
    return len(rows)


def _note_hashes(conn: Connection, table: Table, column: str, purpose: str, address: Callable[[str], str]) -> int:
    (number,) = table.primary_key.columns
    mine = func.substr(table.c[column], 1, offline.HEAD_LENGTH)
    done = 0
    for key in offline.unlocked().values():
        hashed, head = key.hasher(purpose), seals.head(key.key_id)
        where = (table.c.under_offline_key, table.c.email_hash.is_(None), mine == head)
        for row in conn.execute(select(table).where(*where).limit(BATCH)).mappings().all():
            email = address(privacy.unseal_or_empty(row[column], SEALED[table.name, column].format(**row)))
            noted = {"email_hash": hashed(email) if email else NOT_FOUND}
            conn.execute(update(table).where(number == row[number.name]).values(noted))
            done += 1
    return done


def _open_all_of(conn: Connection, email: str, *, until: datetime) -> bool:
    """Let the donations of an address be open, also those whose donor typed it at Stripe only, with what Stripe told.
    Returns whether there are any."""
    of_events = and_(_event.c.under_offline_key, _event.c.email_hash.in_(privacy.lookup_hashes(email, "event email")))
    events = conn.execute(select(_event.c.id, _event.c.payload_sealed).where(of_events)).all()
    told = [event_object(privacy.unseal_or_empty(row.payload_sealed, f"event:{row.id}:payload")) for row in events]
    references = {named_donation(one) or "" for one in told}
    conn.execute(update(_event).where(_event.c.id.in_([row.id for row in events])).values(opened_until=until))
    by_address = _donation.c.email_hash.in_(privacy.lookup_hashes(email, "email"))
    at_stripe = and_(_donation.c.email_sealed.is_(None), _donation.c.reference.in_(references))
    theirs = and_(_donation.c.under_offline_key, or_(by_address, at_stripe))
    opened = conn.execute(update(_donation).where(theirs).values(opened_until=until)).rowcount
    return bool(opened or events)


def _payer(payload: str) -> str:
    return named_email(event_object(payload)) or ""


def _heads() -> list[bytes]:
    return [seals.head(key_id) for key_id in offline.unlocked()]


def _opens(rule: Rule) -> ColumnElement[bool]:
    """Only what the unlocked key has sealed: the rest would be looked at for ever."""
    columns, heads = [rule.table.c[name] for name in rule.columns], _heads()
    return and_(*(
        func.coalesce(~is_sealed_offline(column) | func.substr(column, 1, offline.HEAD_LENGTH).in_(heads), True)
        for column in columns
    ))  # fmt: skip


def _text(conn: Connection, rule: Rule, row: RowMapping, name: str, identity: str) -> str:
    """A receipt that was issued while its name was locked has it as its donation has."""
    try:
        return privacy.unseal(row[name], identity)
    except BadSeal:
        if rule.table is not _receipt:
            raise
    reference = conn.scalars(select(_donation.c.reference).where(_donation.c.id == row["donation_id"])).one()
    return privacy.unseal(row[name], SEALED["donation", "name_sealed"].format(reference=reference))


def _opened(conn: Connection, rule: Rule, row: RowMapping) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in rule.columns:
        if not offline.is_sealed_offline(row[name]):
            continue
        identity = SEALED[rule.table.name, name].format(**row)
        try:
            text = _text(conn, rule, row, name, identity)
        except BadSeal:
            continue
        values[name] = privacy.seal(text, identity)
        values |= _hashes(rule.table.name, name, text)
    return values | ({"signed_sealed": None} if rule.table is _donation else {})


def _hashes(table_name: str, column_name: str, text: str) -> dict[str, bytes | None]:
    """The look-up hashes of the machine beside what was put back."""
    if (table_name, column_name) in HASHED:
        hash_name, purpose = HASHED[table_name, column_name]
        return {hash_name: privacy.lookup_hash(text, purpose)}
    if table_name == "stripe_event":
        email = _payer(text)
        return {"email_hash": privacy.lookup_hash(email, "event email") if email else NOT_FOUND}
    if table_name == "statement_line":
        account = json.loads(text).get("account")
        return {"payer_hash": payer_hash(account) if account else None}
    return {}


_donation: Table = Donation.__table__  # type: ignore[assignment]
_receipt: Table = Receipt.__table__  # type: ignore[assignment]
_mail: Table = Mail.__table__  # type: ignore[assignment]
_event: Table = StripeEvent.__table__  # type: ignore[assignment]
_request: Table = OfflineRequest.__table__  # type: ignore[assignment]
_restoration: Table = Restoration.__table__  # type: ignore[assignment]
HASHES: tuple[Step, ...] = (note_donation_hashes, note_event_hashes)
# In this order: who asked is found by the hashes, what they may see is put back, and mails need what was put back.
STEPS: tuple[Step, ...] = (*HASHES, answer_requests, *map(reopener, RULES), release_mails)
