"""Idempotency keys: the first answer is kept and given again. What is answered is none of its business."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError
from .form import Pairs
from .world import World

LONGEST_KEY = 255


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body. `begun`: execution began, so the answer is kept even if it is a failure."""

    status: int
    body: dict[str, Any]
    begun: bool = True
    replayed: bool = False


def once(world: World, key: str, path: str, sent: Pairs, answer: Callable[[], Answer]) -> Answer:
    """The kept answer of this key, or `answer()`.

    Raises ApiError: 400 for other parameters, 409 while one is running.
    """
    if len(key) > LONGEST_KEY:
        raise ApiError(f"Idempotency key is too long: at most {LONGEST_KEY} characters.", type="idempotency_error")
    id = f"idempotency:{key}"
    fingerprint = _fingerprint(path, sent)
    with world.lock:
        if key in world.running_keys:
            raise ApiError(
                "There is currently another in-progress request using this Idempotent Key (that probably "
                f"means you submitted twice, and the other request is still going through): {key}. Please "
                "try again later.",
                status=409,
                type="idempotency_error",
                code="idempotency_key_in_use",
            )
        kept = world.store.get(id)
        if kept:
            _same(kept, key, path, fingerprint)
            return Answer(kept["status"], kept["body"], replayed=True)
        world.running_keys.add(key)
    try:
        fresh = answer()
    finally:
        with world.lock:
            world.running_keys.discard(key)
    return fresh


def keep(world: World, key: str, path: str, sent: Pairs, answer: Answer) -> None:
    """Store the first answer of a key. Called before anything can happen to the connection."""
    world.store.add(
        {
            "id": f"idempotency:{key}",
            "object": "_idempotency",
            "path": path,
            "fingerprint": _fingerprint(path, sent),
            "status": answer.status,
            "body": answer.body,
        }
    )


def _same(kept: dict[str, Any], key: str, path: str, fingerprint: str) -> None:
    if kept["path"] != path:
        raise ApiError(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{kept['path']}' vs '{path}'). Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            type="idempotency_error",
        )
    if kept["fingerprint"] != fingerprint:
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )


def _fingerprint(path: str, sent: Pairs) -> str:
    return hashlib.sha256(json.dumps([path, sorted(sent)]).encode()).hexdigest()
