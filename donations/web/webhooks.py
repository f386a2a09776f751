"""Where Stripe's events arrive. The answer says one thing: whether the event is kept. What it means is inbox/'s."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, request

from donations import inbox, stripe_gateway
from donations.errors import BadEvent, BadSignature, EventTooLarge, StaleSignature

bp = Blueprint("webhooks", __name__)
MAX_BYTES = 1024 * 1024


@bp.post("/webhooks/stripe")
def stripe() -> Response:
    at = datetime.now(UTC)
    raw = _raw_body()
    header = request.headers.get("Stripe-Signature", "")
    secrets = current_app.config["SETTINGS"].stripe_webhook_secrets
    try:
        event = stripe_gateway.read_event(raw, header, secrets, at=at)
    except StaleSignature:
        inbox.count("stale", at=at)
        return _answer("stale", 400)
    except (BadSignature, BadEvent) as error:
        inbox.count("bad_signature" if isinstance(error, BadSignature) else "unreadable", at=at)
        return _answer("refused", 400)
    word = inbox.receive(event, raw, at=at)
    is_ours = event.livemode == current_app.config["SETTINGS"].livemode
    inbox.count("accepted" if is_ours else "other_mode", at=at)
    return _answer(word, 200)


def _raw_body() -> bytes:
    """The bytes as they came, before any parser. Raises EventTooLarge without reading more than we accept."""
    if (request.content_length or 0) > MAX_BYTES:
        raise EventTooLarge()
    raw = request.stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise EventTooLarge()
    return raw


def _answer(word: str, status: int) -> Response:
    return Response(f'{{"{word}":true}}', status=status, mimetype="application/json")
