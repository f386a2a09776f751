"""Proof of work by ALTCHA: a puzzle that costs a browser about a second and us nothing to check. Each is bound to what
it is for, so that a solution opens nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import altcha
from flask import current_app

LIFETIME = timedelta(minutes=20)
# PBKDF2 runs in the browser itself (WebCrypto) and needs no memory; the counter to find lies between these.
ALGORITHM, ITERATIONS, COUNTERS = "PBKDF2/SHA-256", 5000, (150, 450)


def challenge_for(purpose: str, at: datetime) -> str:
    """A challenge as JSON, for the widget. It costs us one derivation: about 2 ms."""
    least, most = COUNTERS
    signing, deriving = _keys(_secrets()[0])
    made = altcha.create_challenge(
        algorithm=ALGORITHM,
        cost=ITERATIONS,
        counter=least + secrets.randbelow(most - least),
        expires_at=at + LIFETIME,
        data={"for": _digest(purpose)},
        hmac_secret=signing,
        hmac_key_secret=deriving,
    )
    return json.dumps(made.to_dict())


def is_solved(payload: str, purpose: str) -> bool:
    """Whether this is a solution of a challenge of ours for that purpose, younger than LIFETIME."""
    if not payload or len(payload) > 4000 or _data_of(payload) != {"for": _digest(purpose)}:
        return False
    for secret in _secrets():
        signing, deriving = _keys(secret)
        if altcha.verify_solution(payload, signing, hmac_key_secret=deriving).verified:
            return True
    return False


def _data_of(payload: str) -> Any:
    try:
        return json.loads(base64.b64decode(payload))["challenge"]["parameters"]["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _digest(purpose: str) -> str:
    return hashlib.sha256(purpose.encode()).hexdigest()


def _keys(secret: str) -> tuple[bytes, bytes]:
    """The key that signs challenges, and the one that signs what they lead to."""
    return (
        hmac.digest(secret.encode(), b"fighting-fund.proof-of-work.challenge", "sha256"),
        hmac.digest(secret.encode(), b"fighting-fund.proof-of-work.solution", "sha256"),
    )


def _secrets() -> list[str]:
    """The current key first, then those that were current."""
    settings = current_app.config["SETTINGS"]
    return [settings.secret_key, *settings.secret_key_fallbacks]
