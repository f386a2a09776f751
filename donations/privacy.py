"""Personal data: sealed per column with the row's identity bound to it, looked up by keyed hash, and given a date on
which it goes. Sealed bytes: key id length (1) + key id + nonce (12) + AES-256-GCM ciphertext and tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from flask import current_app
from sqlalchemy.engine import Connection

from donations import data_keys
from donations.data_keys import offline, seals
from donations.errors import BadSeal

DONOR_DATA_DAYS = 365 * 6 + 2  # Six years: what charities' accounting rules commonly ask receipts to be kept for.
# Purposes whose hashes are made again when a key is rotated, because the text is sealed beside them. Readers of these
# ask for `lookup_hashes`. All others stay under the first key that the database knows.
_MADE_ANEW = frozenset(purpose for _, purpose in data_keys.HASHED.values())
EVENT_DATA_DAYS = 35  # Stripe's own list of events reaches back 30 days.
# They tell of no money, and are what card testing leaves behind in thousands.
UNPAID_EVENTS = frozenset({"charge.failed", "charge.expired", "checkout.session.expired", "payment_intent.canceled"})


def seal(text: str, identity: str) -> bytes:
    """Encrypt under the current key. `identity` names the row and column, like "donation:<reference>:email"; the same
    must be given to open it, so sealed bytes moved to another row do not open."""
    return sealer()(text, identity)


def sealer() -> Callable[[str, str], bytes]:
    """`seal` for many rows in a row: the key is looked up and made ready once. Raises WrongDataKey and its like:
    nothing is ever sealed with a key that does not fit the database."""
    data_keys.ring()
    return seals.sealer(*next(iter(_keys().items())))


def unseal(sealed: bytes, identity: str) -> str:
    """Decrypt with whichever key sealed it. Raises BadSeal on a missing key, another identity or changed bytes, and
    OfflineKeyLocked for what only the offline key opens while it is locked."""
    if offline.is_sealed_offline(sealed):
        return offline.unseal(bytes(sealed), identity)
    return seals.unseal(_keys(), sealed, identity)


def unseal_or_empty(sealed: bytes | None, identity: str) -> str:
    """Empty where there is nothing, or nothing that our keys open: a page or a search continues without it."""
    try:
        return unseal(bytes(sealed), identity) if sealed else ""
    except BadSeal:
        return ""


def is_sealed_today(sealed: bytes) -> bool:
    """Whether the first key of DATA_KEY has sealed it."""
    return sealed.startswith(seals.head(next(iter(_keys()))))


def lookup_hash(text: str, purpose: str) -> bytes:
    """A keyed hash by which a sealed value can be found again, 32 bytes; folded in case, so mail addresses meet."""
    return hasher(purpose)(text)


def lookup_hashes(text: str, purpose: str) -> list[bytes]:
    """Every hash that the text may have been kept under, the newest first: while keys are rotated, rows have either.
    What is sealed with the offline key is found only while that is unlocked."""
    ours = [seals.hasher(key, purpose)(text) for key in data_keys.ring().lookups]
    return ours + [key.hasher(purpose)(text) for key in offline.unlocked().values()]


def hasher(purpose: str) -> Callable[[str], bytes]:
    """`lookup_hash` for many values of one purpose: the key is looked up and made ready once."""
    ring = data_keys.ring()
    return seals.hasher(ring.lookups[0] if purpose in _MADE_ANEW else ring.lasting, purpose)


def lasting_hasher(conn: Connection, purpose: str) -> Callable[[str], bytes]:
    """A keyed hash that stays the same through every rotation, for rows of the database that `conn` is of."""
    return seals.hasher(data_keys.lasting_of(conn), purpose)


def donor_data_until(today: date) -> date:
    return today + timedelta(days=DONOR_DATA_DAYS)


def event_data_until(today: date) -> date:
    return today + timedelta(days=EVENT_DATA_DAYS)


def unpaid_event_until(today: date) -> date:
    """For events that tell of no money: a declined card, a payment page that ended."""
    return today + timedelta(days=1)


def _keys() -> Mapping[str, bytes]:
    keys: Mapping[str, bytes] = current_app.config["SETTINGS"].data_keys
    return keys
