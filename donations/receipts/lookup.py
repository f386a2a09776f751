"""Find receipts: by number, by link, by the code printed on them, by their donation and by their donor."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from datetime import datetime

from sqlalchemy import insert, select

from donations import privacy, tokens
from donations.data_keys.offline import is_sealed_offline, unlocked
from donations.errors import BadLink, BadSeal, OfflineKeyLocked, ReceiptNotHere
from donations.extensions import db
from donations.models import Donation, OfflineKey, Receipt, ReceiptChange, ReceiptEvent, ReceiptSeries
from donations.models.base import new_id
from donations.references import ALPHABET, LOOKS_LIKE

_LETTERS = ALPHABET[10:]
# By series and number: each series is newer than those before it.
IN_ORDER = (Receipt.series_id, Receipt.number)


def label_of(series: str, number: int) -> str:
    """The number of a receipt as it is written: R-000041."""
    return f"{series}-{number:06d}"


def random_label() -> str:
    """The number of a receipt that tells nothing of when it was issued and how many there are: R-T41QK0ZD. It begins
    with a letter, so it is no number of a series."""
    return f"R-{secrets.choice(_LETTERS)}" + "".join(secrets.choice(ALPHABET) for _ in range(7))


def labels_meant(typed: str) -> list[str]:
    """The labels that a typed number may mean, the newest series first: all series for figures alone; with the dash or
    without it; otherwise what was typed. A random one may be typed with letters that look like its figures."""
    sequential = ReceiptSeries.numbering == "sequential"
    found = []
    for series in db.session.scalars(select(ReceiptSeries.prefix).where(sequential).order_by(ReceiptSeries.id.desc())):
        read = re.fullmatch(rf"(?:{series})?-?([0-9]{{1,9}})", typed)
        if read:
            found.append(label_of(series, int(read[1])))
    read = re.fullmatch(rf"R?-?([{_LETTERS}][{ALPHABET}]{{7}})", typed.translate(LOOKS_LIKE))
    if read:
        found.append(f"R-{read[1]}")
    return found or [typed]


def token_of(receipt: Receipt) -> str:
    """The token of the receipt's own page. Receipts from before links were random are opened by their label."""
    if receipt.link is None:
        return tokens.for_receipt(receipt.label)
    return tokens.for_receipt_link(receipt.link, _reference_of(receipt))


def by_token(token: str) -> Receipt:
    """The receipt that a link opens. Raises BadLink for a link that we did not make. Raises ReceiptNotHere for one that
    we made and whose receipt is not here, as after a restore from an older copy: no other receipt opens instead."""
    link, reference = tokens.read_receipt_link(token)
    if link is not None:
        receipt = db.session.scalar(select(Receipt).where(Receipt.link == link))
    else:
        receipt = db.session.scalar(select(Receipt).where(Receipt.label == reference, Receipt.link.is_(None)))
    if receipt is None:
        raise ReceiptNotHere()
    return receipt


def replacement_for(token: str) -> Receipt | None:
    """The live receipt for the donation of a link whose own receipt is not here, if there is one."""
    link, reference = tokens.read_receipt_link(token)
    if link is None:
        return None
    found = select(Receipt).join(Donation, Donation.id == Receipt.donation_id)
    return db.session.scalar(found.where(Donation.reference == reference, Receipt.state == "live"))


def _reference_of(receipt: Receipt) -> str:
    return db.session.scalars(select(Donation.reference).where(Donation.id == receipt.donation_id)).one()


def by_label(label: str) -> Receipt:
    """Raises BadLink if no receipt has this number."""
    receipt = db.session.scalar(select(Receipt).where(Receipt.label == label))
    if receipt is None:
        raise BadLink()
    return receipt


def by_check_code(typed: str, code: str) -> Receipt:
    """The receipt with this number and code on paper. Raises BadLink for an unknown number and for a wrong code alike,
    so that it does not reveal which numbers exist."""
    for receipt in db.session.scalars(select(Receipt).where(Receipt.label.in_(labels_meant(typed)))):
        if tokens.fits_check_code(code, receipt.label, receipt.payload):
            return receipt
    raise BadLink()


def successor_of(receipt: Receipt) -> Receipt | None:
    """The receipt that has taken the place of this one, if one has."""
    return db.session.scalar(select(Receipt).where(Receipt.replaces == receipt.id))


def reprinted(receipt: Receipt, *, actor: str, at: datetime) -> None:
    """Record that the team has printed a copy of a receipt."""
    row = {"id": new_id(), "receipt_id": receipt.id, "kind": "reprinted", "cause": None, "actor": actor, "at": at}
    db.session.execute(insert(ReceiptEvent), [row])


def cause_of_end(receipt: Receipt) -> str | None:
    """Why a receipt was voided or replaced; None while it is live, and for one that ended before causes were kept."""
    ended = (ReceiptEvent.receipt_id == receipt.id, ReceiptEvent.kind.in_(("voided", "replaced")))
    return db.session.scalar(select(ReceiptEvent.cause).where(*ended))


def change_due(donation_id: int) -> datetime | None:
    """When the receipt of a donation will follow what the team has changed; None if nothing waits."""
    return db.session.scalar(select(ReceiptChange.due_at).where(ReceiptChange.donation_id == donation_id))


def of_donor(email: str, year: int) -> list[Receipt]:
    """The live receipts for the donations of a mail address in a calendar year, by the day received. Raises
    OfflineKeyLocked where some may not be found without the offline key."""
    if db.session.scalar(select(OfflineKey.key_id).limit(1)) is not None and not unlocked():
        raise OfflineKeyLocked()
    found = db.session.scalars(
        select(Receipt)
        .join(Donation, Donation.id == Receipt.donation_id)
        .where(Donation.email_hash.in_(privacy.lookup_hashes(email, "email")), Receipt.state == "live")
    )
    said = [(json.loads(one.payload)["received_on"], one.series_id, one.number, one) for one in found]
    return [receipt for day, *_, receipt in sorted(said, key=lambda one: one[:3]) if day[:4] == f"{year:04d}"]


def live_of(donation_id: int) -> Receipt | None:
    """The live receipt of a donation, if there is one."""
    return db.session.scalar(select(Receipt).where(Receipt.donation_id == donation_id, Receipt.state == "live"))


def person_of(receipt: Receipt) -> str | None:
    """The donor's name on the receipt; None if none was given or it has been erased. Raises OfflineKeyLocked."""
    return person_block(receipt)[0]


def person_if_open(receipt: Receipt) -> tuple[str | None, bool]:
    """The donor's name on the receipt, and whether it is under the offline key, which is locked."""
    try:
        return person_of(receipt), False
    except OfflineKeyLocked:
        return None, True


def person_hash_of(name: str, salt: str) -> str:
    """The hash of a name in a payload, in hexadecimal: HMAC-SHA256 under a random salt, which is sealed with the name.
    Names cannot be tried against it without opening the seal."""
    return hmac.digest(bytes.fromhex(salt), name.encode(), "sha256").hex()


def person_block(receipt: Receipt) -> tuple[str | None, str]:
    """The name, and the salt of its hash: "" before 2026-12. A receipt that was issued while the name was under the
    offline key has it as its donation has, without a salt."""
    sealed = receipt.person_sealed
    if sealed is None:
        return None, ""
    try:
        block = privacy.unseal(sealed, person_identity(receipt.label))
    except OfflineKeyLocked:
        raise
    except BadSeal:
        if not is_sealed_offline(sealed):
            raise
        block = privacy.unseal(sealed, f"donation:{_reference_of(receipt)}:name")
    name, _newline, salt = block.partition("\n")
    return name, salt


def person_identity(label: str) -> str:
    """What the sealed name on a receipt is bound to."""
    return f"receipt:{label}:person"
