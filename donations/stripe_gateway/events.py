"""Events: verified over the raw bytes, then parsed. No call to Stripe is made here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from donations.errors import BadEvent, BadSignature, StaleSignature
from donations.stripe_gateway.objects import text_of, time_of
from donations.stripe_statuses import named_email

API_VERSION: str = stripe.api_version
TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Event:
    """A Stripe event that has been verified. `object` is the plain JSON object it is about; empty for one that only
    names it (`is_snapshot` is false). `account` is the other Stripe account it comes from, if it is not our own's."""

    id: str
    type: str
    created_at: datetime
    api_version: str | None
    livemode: bool
    object: Mapping[str, Any]
    account: str | None = None
    is_snapshot: bool = True

    @property
    def same_shape(self) -> bool:
        """Whether its payload has the shape of the API version we are written for (they share a major name)."""
        return (self.api_version or "").rpartition(".")[2] == API_VERSION.rpartition(".")[2]

    @property
    def email(self) -> str | None:
        """The address that it names of a person, if it names one."""
        return named_email(self.object)


def read_event(raw: bytes, header: str, secrets: tuple[str, ...], *, at: datetime) -> Event:
    """Verify the signature over the raw bytes against each secret, then parse.

    Raises BadSignature, StaleSignature (good but more than five minutes old, or as far in the future), BadEvent."""
    text = _decoded(raw)
    if not any(_signed_with(text, header, secret) for secret in secrets):
        raise BadSignature()
    if abs(at.timestamp() - _signed_at(header)) > TOLERANCE_SECONDS:
        raise StaleSignature()
    return parse_event(text)


def parse_event(text: str) -> Event:
    """An event from its JSON, its signature checked before. Raises BadEvent."""
    try:
        said = json.loads(text)
        is_snapshot = said["object"] == "event"
        account = said.get("account") or said.get("context")
        return Event(
            id=text_of(said["id"]),
            type=text_of(said["type"]),
            created_at=_moment(said["created"]),
            api_version=said.get("api_version"),
            livemode=bool(said["livemode"]),
            object=dict(said["data"]["object"]) if is_snapshot else {},
            account=None if account is None else text_of(account),
            is_snapshot=is_snapshot,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadEvent() from error


def _moment(said: Any) -> datetime:
    """Seconds since 1970; events that only name their thing write the time out, with its zone."""
    return datetime.fromisoformat(said).astimezone(UTC) if isinstance(said, str) else time_of(said)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadSignature() from error


def _signed_with(text: str, header: str, secret: str) -> bool:
    if not header.isascii():  # Comparing it would raise.
        return False
    try:
        return bool(stripe.WebhookSignature.verify_header(text, header, secret, tolerance=None))
    except stripe.SignatureVerificationError:
        return False


def _signed_at(header: str) -> int:
    return next(int(part[2:]) for part in header.split(",") if part.startswith("t="))
