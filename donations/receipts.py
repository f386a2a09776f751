"""Receipts: number them without gaps, freeze what they say, issue, void and replace them. The person's name stands in
a block of its own, sealed and erasable; the frozen payload holds only its keyed hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.engine import Connection

from donations import outbox, privacy
from donations.errors import BadLink
from donations.extensions import db
from donations.models import Receipt, ReceiptEvent, ReceiptSeries
from donations.models.base import new_id
from donations.money import Money
from donations.prepared import Prepared

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


def live_of(donation_id: int) -> Receipt | None:
    """The receipt that stands for a donation, if one does."""
    return db.session.scalar(select(Receipt).where(Receipt.donation_id == donation_id, Receipt.state == "live"))


def person_of(receipt: Receipt) -> str | None:
    """The donor's name on the receipt; None if none was given or it has been erased."""
    if receipt.person_sealed is None:
        return None
    return privacy.unseal(receipt.person_sealed, _identity(receipt.label))


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
