"""The offline key: personal data of what is settled is sealed to a public key, whose private half a treasurer keeps as
a file and unlocks for a task. docs/offline-key.md says what that protects, and what it does not."""

from __future__ import annotations

from donations.offline_key import key_file, unlocks
from donations.offline_key.counts import Sealed, Waiting, findings, keys, sealed, waiting
from donations.offline_key.rules import RULES
from donations.offline_key.seal import BATCH, current_key, drop_signatures, seal_batch

__all__ = [
    "BATCH",
    "RULES",
    "Sealed",
    "Waiting",
    "current_key",
    "drop_signatures",
    "findings",
    "key_file",
    "keys",
    "seal_batch",
    "sealed",
    "unlocks",
    "waiting",
]
