"""Receipts: number them without gaps, freeze what they say, issue, void and replace them. The person's name stands in
a block of its own, sealed and erasable; the frozen payload holds only its keyed hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from donations import outbox, privacy, tokens
from donations.errors import BadLink
from donations.extensions import db
from donations.models import Donation, Receipt, ReceiptEvent, ReceiptSeries
from donations.models.base import new_id
from donations.money import Money
from donations.prepared import Prepared, upsert

SERIES = "R"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a receipt acknowledges: received less what was given back, in the gift's own currency."""

    amount: Money
    received_on: str
    issued_on: str
    method: str


def by_label(label: str) -> Receipt:
    """Raises BadLink if no receipt has this number."""
    receipt = db.session.scalar(select(Receipt).where(Receipt.label == label))
    if receipt is None:
        raise BadLink()
    return receipt


def by_check_code(label: str, code: str) -> Receipt:
    """The receipt that says on paper what this number and code say. Raises BadLink for an unknown number and for a code
    that does not fit alike, so that nobody learns which numbers there are."""
    receipt = by_label(label)
    if not tokens.fits_check_code(code, receipt.label, receipt.payload):
        raise BadLink()
    return receipt


def successor_of(receipt: Receipt) -> Receipt | None:
    """The receipt that has taken the place of this one, if one has."""
    return db.session.scalar(select(Receipt).where(Receipt.replaces == receipt.id))


def take_print(receipt: Receipt, *, at: datetime) -> bool:
    """Record that a receipt is printed. True for the first print, False for every later one, which is a copy."""
    conn = db.session.connection()
    if conn.execute(select(_event.c.id).where(_printed(receipt))).first():
        return False
    row = {"id": new_id(), "receipt_id": receipt.id, "kind": "printed", "actor": "supporter", "at": at}
    made = upsert(conn.dialect.name, _event).values(**row).on_conflict_do_nothing()
    return bool(conn.execute(made).rowcount)  # Of two first prints at once one is the first.


def was_printed(receipt: Receipt) -> bool:
    """Whether the next print is a copy."""
    return db.session.scalar(select(ReceiptEvent.id).where(_printed(receipt))) is not None


def of_donor(email: str, year: int) -> list[Receipt]:
    """The receipts that stand for what the owner of a mail address gave in a calendar year, by the day received."""
    found = db.session.scalars(
        select(Receipt)
        .join(Donation, Donation.id == Receipt.donation_id)
        .where(Donation.email_hash == privacy.lookup_hash(email, "email"), Receipt.state == "live")
    )
    said = [(json.loads(receipt.payload)["received_on"], receipt.number, receipt) for receipt in found]
    return [receipt for day, _, receipt in sorted(said, key=lambda one: one[:2]) if day[:4] == f"{year:04d}"]


def live_of(donation_id: int) -> Receipt | None:
    """The receipt that stands for a donation, if one does."""
    return db.session.scalar(select(Receipt).where(Receipt.donation_id == donation_id, Receipt.state == "live"))


def person_of(receipt: Receipt) -> str | None:
    """The donor's name on the receipt; None if none was given or it has been erased."""
    if receipt.person_sealed is None:
        return None
    return privacy.unseal(receipt.person_sealed, _identity(receipt.label))


def acknowledge(conn: Connection, donation: Any, said: Acknowledged, live: Any, *, at: datetime) -> None:
    """The one rule. `said.amount` is what remains of the gift, received - refunded - lost: nothing remains: void; other
    than the live receipt (a row, or None) says: replace; none there is: issue."""
    remaining = said.amount.minor
    if live is not None and (live.amount_minor, live.currency) == (remaining, said.amount.currency):
        return
    if live is not None and remaining <= 0:
        void(conn, donation, live, at=at)
    elif remaining > 0:
        issue(conn, donation, said, at=at, replaces=live)


def issue(conn: Connection, donation: Any, said: Acknowledged, *, at: datetime, replaces: Any = None) -> str:
    """Take the next number, freeze the receipt of a donation (a row of facts.load_root) and queue its mail. Gives its
    label. `replaces` is the row of the live receipt that it stands for from now on; a donation has one live receipt at
    most. The caller holds the donation's lock."""
    if replaces is not None:
        _end(conn, replaces.id, "replaced", at=at)
    series_id, number = _NEXT_NUMBER.one(conn, {"series": SERIES})
    label = f"{SERIES}-{number:06d}"
    name = privacy.unseal(donation.name_sealed, f"donation:{donation.reference}:name") if donation.name_sealed else ""
    payload = _payload(donation, said, label, name, replaces)
    receipt_id = new_id()
    _INSERT.run(
        conn,
        {
            "id": receipt_id,
            "series_id": series_id,
            "number": number,
            "label": label,
            "donation_id": donation.id,
            "state": "live",
            "amount_minor": said.amount.minor,
            "currency": said.amount.currency,
            "payload": payload,
            "payload_sha256": hashlib.sha256(payload.encode()).hexdigest(),
            "person_sealed": privacy.seal(name, _identity(label)) if name else None,
            "replaces": None if replaces is None else replaces.id,
            "issued_at": at,
        },
    )
    _tell(conn, donation, "receipt" if replaces is None else "receipt_replaced", label, receipt_id, at=at)
    return label


def void(conn: Connection, donation: Any, live: Any, *, at: datetime) -> None:
    """Nothing remains of the gift: its receipt keeps its number and is void."""
    _end(conn, live.id, "void", at=at)
    _tell(conn, donation, "receipt_void", live.label, live.id, at=at)


def _end(conn: Connection, receipt_id: int, state: str, *, at: datetime) -> None:
    _SET_STATE.run(conn, {"of_receipt": receipt_id, "new_state": state})
    kind = "voided" if state == "void" else "replaced"
    _INSERT_EVENT.run(conn, {"id": new_id(), "receipt_id": receipt_id, "kind": kind, "actor": "stripe", "at": at})


def _tell(conn: Connection, donation: Any, kind: str, label: str, receipt_id: int, *, at: datetime) -> None:
    if not donation.email_sealed:
        return
    to = privacy.unseal(donation.email_sealed, f"donation:{donation.reference}:email")
    outbox.queue(conn, kind, f"{kind}:{label}", to=to, language=donation.language, at=at, receipt_id=receipt_id)


def _payload(donation: Any, said: Acknowledged, label: str, name: str, replaces: Any) -> str:
    """The frozen JSON, with sorted keys, so that the same facts give the same bytes."""
    terms = donation.terms
    frozen = {
        "label": label,
        "issued_on": said.issued_on,
        "received_on": said.received_on,
        "amount_minor": said.amount.minor,
        "currency": said.amount.currency,
        "organisation": terms["organisation"],
        "legal_name": terms.get("legal_name"),
        "appeal_title": terms["appeal_title"],
        "fund_names": terms.get("fund_names", []),
        "restriction": terms.get("restriction", ""),
        "language": donation.language,
        "method": said.method,
        "person_hash": privacy.lookup_hash(name, f"receipt:{label}").hex() if name else None,
        **({} if replaces is None else {"replaces": replaces.label}),
    }
    return json.dumps(frozen, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _printed(receipt: Receipt) -> ColumnElement[bool]:
    return and_(_event.c.receipt_id == receipt.id, _event.c.kind == "printed")


def _identity(label: str) -> str:
    return f"receipt:{label}:person"


_receipt: Table = Receipt.__table__  # type: ignore[assignment]
_series: Table = ReceiptSeries.__table__  # type: ignore[assignment]
_event: Table = ReceiptEvent.__table__  # type: ignore[assignment]
_INSERT, _INSERT_EVENT = Prepared(insert(_receipt)), Prepared(insert(_event))
_SET_STATE = Prepared(
    update(_receipt).where(_receipt.c.id == bindparam("of_receipt")).values(state=bindparam("new_state"))
)
_NEXT_NUMBER = Prepared(
    update(_series)
    .where(_series.c.prefix == bindparam("series"))
    .values(next_number=_series.c.next_number + 1)
    .returning(_series.c.id, (_series.c.next_number - 1).label("number"))
)
