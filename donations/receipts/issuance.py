"""Number receipts without gaps, freeze what they say, issue, void and replace them, at once or when a change can no
longer be undone. The personal data is in a block of its own, sealed; the payload holds only a hash of the name."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from donations import outbox, privacy
from donations.bookkeeping import Standing
from donations.data_keys.offline import is_sealed_offline
from donations.models import Appeal, Donation, Receipt, ReceiptChange, ReceiptEvent, ReceiptSeries
from donations.models.base import new_id, new_link
from donations.prepared import Prepared, upsert
from donations.receipts.lookup import label_of, person_hash_of, person_identity, random_label
from donations.receipts.payload import Acknowledged, payload_of, purpose_of

# For so long the team may undo its changes before a receipt follows and a mail is sent.
UNDO_WITHIN = timedelta(hours=2)
# So long Stripe may still be telling the rest of a change before a donor is told of it.
SETTLES_WITHIN = timedelta(minutes=10)


def acknowledge(conn: Connection, donation: Any, said: Acknowledged, latest: Any, *, at: datetime) -> None:
    """The one rule. `said.amount` is what remains of the donation, `latest` what latest_of returns. Nothing remains:
    void it; another amount than on it: replace it; none is live: issue a new one. One that has ended never returns."""
    live = _live(latest)
    remaining = said.amount.minor
    if live is not None and (live.amount_minor, live.currency) == (remaining, said.amount.currency):
        return
    if live is not None and remaining <= 0:
        void(conn, donation, live, said.cause, at=at, said=said)
    elif remaining > 0:
        issue(conn, donation, said, latest, at=at)


def acknowledge_later(conn: Connection, donation: Any, said: Acknowledged, latest: Any, *, at: datetime) -> None:
    """The same for what the team may undo: a live receipt is left as it is for UNDO_WITHIN, so that what is undone or
    done again by then changes no receipt and mails nothing. A first receipt does not wait."""
    live = _live(latest)
    if live is None:
        acknowledge(conn, donation, said, latest, at=at)
    elif _is_true(donation, said, live):
        _FORGET_CHANGE.run(conn, {"of_donation": donation.id})
    else:
        _put_off(conn, donation.id, at=at)


def latest_of(conn: Connection, donation_id: int) -> Any:
    """The row of a donation's newest receipt, whatever became of it; None before the first."""
    return _LATEST.first(conn, {"of_donation": donation_id})


def cause_of(standing: Standing, latest: Any, *, offline: bool) -> str:
    """Why a donation that comes to this has another amount than its newest receipt says."""
    live, lost = _live(latest), standing.lost
    if standing.remaining.minor > (live.amount_minor if live is not None else 0):
        return "corrected" if offline else "more"
    if standing.refunded and lost:
        return "refunded_and_lost"
    if standing.refunded or lost:
        return "refunded" if standing.refunded else "lost"
    return "corrected" if offline else "failed"


def follow_purpose(conn: Connection, donation: Donation, live: Receipt, *, at: datetime) -> None:
    """A donation was moved to another fund: its receipt follows in UNDO_WITHIN if it names another one now; if it names
    the right one again, nothing waits any more."""
    if _names(live) != purpose_of(donation.terms):
        _put_off(conn, donation.id, at=at)
    else:
        _FORGET_CHANGE.run(conn, {"of_donation": donation.id})


def _put_off(conn: Connection, donation_id: int, *, at: datetime) -> None:
    _PUT_OFF.run(conn, {"donation_id": donation_id, "due_at": at + UNDO_WITHIN, "created_at": at})


def acknowledge_due(conn: Connection, donation: Any, said: Acknowledged, latest: Any, *, at: datetime) -> None:
    """The time to undo is over: the rule, by amount and by what the receipt says the donation is for."""
    _FORGET_CHANGE.run(conn, {"of_donation": donation.id})
    live = _live(latest)
    if live is not None and live.amount_minor == said.amount.minor and not _is_true(donation, said, live):
        issue(conn, donation, replace(said, cause="moved"), latest, at=at)
    else:
        acknowledge(conn, donation, said, latest, at=at)


def issue(conn: Connection, donation: Any, said: Acknowledged, latest: Any = None, *, at: datetime) -> str:
    """Take the next number, freeze the receipt of a donation (a row of facts.load_root) and queue its mail. Returns its
    label. `latest` is what latest_of returns: if it is live, this one replaces it. The caller holds the donation's
    lock."""
    replaces = _live(latest)
    if replaces is not None:
        _end(conn, replaces.id, "replaced", said.cause, at=at)
    taken_for = {"of_appeal": donation.appeal_id, "after_series": latest and latest.series_id}
    series_id, series, numbering, number = _NEXT_NUMBER.one(conn, taken_for)
    label = random_label() if numbering == "random" else label_of(series, number)
    person_sealed, person_hash = _person(donation, label, latest)
    payload = payload_of(donation, said, label, person_hash, replaces)
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
            "person_sealed": person_sealed,
            "under_offline_key": is_sealed_offline(person_sealed),
            "replaces": None if replaces is None else replaces.id,
            "link": new_link(),
            "issued_at": at,
        },
    )
    kind = "receipt" if replaces is None else "receipt_replaced"
    _tell(conn, donation, said, kind, (label, receipt_id), is_first=latest is None, at=at)
    return label


def _person(donation: Any, label: str, latest: Any) -> tuple[bytes | None, str | None]:
    """The sealed name, and the hash of it that the payload freezes. While the name is under the offline key, it stays
    sealed as its donation has it, and the hash is that of the receipt before."""
    if donation.name_sealed is None:
        return None, None
    if is_sealed_offline(donation.name_sealed):
        return donation.name_sealed, json.loads(latest.payload)["person_hash"] if latest is not None else None
    name = privacy.unseal(donation.name_sealed, f"donation:{donation.reference}:name")
    salt = secrets.token_hex(32)
    return privacy.seal(f"{name}\n{salt}", person_identity(label)), person_hash_of(name, salt)


def void(
    conn: Connection, donation: Any, live: Any, cause: str, *, at: datetime, said: Acknowledged | None = None
) -> None:
    """Nothing remains of the donation: its receipt keeps its number and is void."""
    _end(conn, live.id, "void", cause, at=at)
    _tell(conn, donation, said, "receipt_void", (live.label, live.id), is_first=False, at=at)


def _live(latest: Any) -> Any:
    """The newest receipt of a donation is the only one that can be live."""
    return latest if latest is not None and latest.state == "live" else None


def _is_true(donation: Any, said: Acknowledged, live: Any) -> bool:
    """Whether a live receipt says what is true: the amount, and what it is for."""
    return bool(live.amount_minor == said.amount.minor and _names(live) == purpose_of(donation.terms))


def _names(receipt: Any) -> dict[str, Any]:
    """What a receipt says the donation is for, as `purpose_of` says it of the donation."""
    return purpose_of(json.loads(receipt.payload))


def _end(conn: Connection, receipt_id: int, state: str, cause: str, *, at: datetime) -> None:
    _SET_STATE.run(conn, {"of_receipt": receipt_id, "new_state": state})
    kind = "voided" if state == "void" else "replaced"
    row = {"id": new_id(), "receipt_id": receipt_id, "kind": kind, "cause": cause, "actor": "stripe", "at": at}
    _INSERT_EVENT.run(conn, row)


def _tell(
    conn: Connection,
    donation: Any,
    said: Acknowledged | None,
    kind: str,
    of: tuple[str, int],
    *,
    is_first: bool,
    at: datetime,
) -> None:
    """A first receipt is mailed at once. A change waits until it has settled: the mail then says what is true, against
    what the donor was last told (mailer.py)."""
    if not donation.email_sealed:
        return
    label, receipt_id = of
    is_locked = is_sealed_offline(donation.email_sealed)
    outbox.queue(
        conn,
        kind,
        f"{kind}:{label}",
        to=None if is_locked else privacy.unseal(donation.email_sealed, f"donation:{donation.reference}:email"),
        language=donation.language,
        at=at,
        due_at=at if is_first else at + SETTLES_WITHIN,
        receipt_id=receipt_id,
        began_at=said.began_at if said else None,
        caused_at=said.caused_at if said else None,
    )


_appeal: Table = Appeal.__table__  # type: ignore[assignment]
_receipt: Table = Receipt.__table__  # type: ignore[assignment]
_series: Table = ReceiptSeries.__table__  # type: ignore[assignment]
_event: Table = ReceiptEvent.__table__  # type: ignore[assignment]
_change: Table = ReceiptChange.__table__  # type: ignore[assignment]
_LATEST = Prepared(
    select(
        _receipt.c.id, _receipt.c.series_id, _receipt.c.label, _receipt.c.amount_minor, _receipt.c.currency,
        _receipt.c.state, _receipt.c.payload,
    )
    .where(_receipt.c.donation_id == bindparam("of_donation"))
    .order_by(_receipt.c.series_id.desc(), _receipt.c.number.desc())
    .limit(1)
)  # fmt: skip
_INSERT, _INSERT_EVENT = Prepared(insert(_receipt)), Prepared(insert(_event))
_FORGET_CHANGE = Prepared(delete(_change).where(_change.c.donation_id == bindparam("of_donation")))


def _put_off_later(dialect: str) -> Any:
    """What was changed again may be undone again, so the later time counts."""
    statement = upsert(dialect, _change).values({column.name: bindparam(column.name) for column in _change.columns})
    later = {"due_at": statement.excluded.due_at}
    return statement.on_conflict_do_update(index_elements=["donation_id"], set_=later)


_PUT_OFF = Prepared(_put_off_later)
_SET_STATE = Prepared(
    update(_receipt).where(_receipt.c.id == bindparam("of_receipt")).values(state=bindparam("new_state"))
)
# What is given to a discreet appeal tells nothing of the others, and the numbers of all others do not count it. What
# follows a random number is random: the receipts of one donation stay in the order of their series.
_any_series = _series.alias()
_is_discreet = select(_appeal.c.discreet).where(_appeal.c.id == bindparam("of_appeal")).scalar_subquery()
_was_random = exists().where(_any_series.c.id == bindparam("after_series"), _any_series.c.numbering == "random")
_numbering = case((or_(_is_discreet, _was_random), "random"), else_="sequential")
# The newest series is the one in use: each restoration begins another.
_NEXT_NUMBER = Prepared(
    update(_series)
    .where(
        _series.c.id
        == select(func.max(_any_series.c.id)).where(_any_series.c.numbering == _numbering).scalar_subquery()
    )
    .values(next_number=_series.c.next_number + 1)
    .returning(_series.c.id, _series.c.prefix, _series.c.numbering, (_series.c.next_number - 1).label("number"))
)
