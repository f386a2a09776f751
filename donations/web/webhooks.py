"""Where Stripe's events arrive. The answer says one thing: whether the event is kept. What it means is inbox.py's."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, request

from donations import inbox, stripe_gateway
from donations.errors import BadEvent, BadSignature, EventTooLarge, StaleSignature

log = logging.getLogger(__name__)
bp = Blueprint("webhooks", __name__)
MOST_BYTES = 1024 * 1024


@bp.post("/webhooks/stripe")
def stripe() -> Response:
    at = datetime.now(UTC)
    raw = _raw_body()
    header = request.headers.get("Stripe-Signature", "")
    secrets = current_app.config["SETTINGS"].stripe_webhook_secrets
    try:
        event = stripe_gateway.read_event(raw, header, secrets, at=at)
    except StaleSignature:
        log.critical("webhook with a good but stale signature: clock or replay")
        return _answer("stale", 400)
    except (BadSignature, BadEvent) as error:
        log.warning("webhook refused: %s", type(error).__name__)
        return _answer("refused", 400)
    return _answer(inbox.receive(event, raw, at=at), 200)


def _raw_body() -> bytes:
    """The bytes as they came, before any parser. Raises EventTooLarge without reading more than we accept."""
    if (request.content_length or 0) > MOST_BYTES:
        raise EventTooLarge()
    raw = request.stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise EventTooLarge()
    return raw


def _answer(word: str, status: int) -> Response:
    return Response(f'{{"{word}":true}}', status=status, mimetype="application/json")
