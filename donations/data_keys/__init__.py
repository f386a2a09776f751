"""The check of the keys in DATA_KEY against the database: a wrong or missing key is found before anything is sealed
with it. Keys are replaced in rotation."""

from donations.data_keys.columns import HASHED, LASTING_HASHES, SEALED, needed
from donations.data_keys.findings import findings
from donations.data_keys.ring import Ring, forget_ring, is_recorded, lasting_of, record, ring

__all__ = [
    "HASHED",
    "LASTING_HASHES",
    "SEALED",
    "Ring",
    "findings",
    "forget_ring",
    "is_recorded",
    "lasting_of",
    "needed",
    "record",
    "ring",
]
