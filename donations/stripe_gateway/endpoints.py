"""The webhook endpoint at Stripe: made once, found again by its address, brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from donations.stripe_gateway.client import calling, client
from donations.stripe_gateway.events import API_VERSION

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`secret` is known only of one that was made just now: Stripe never shows it again. `api_version` is frozen when
    it is made."""

    id: str
    url: str
    api_version: str | None
    events: tuple[str, ...]
    enabled: bool
    livemode: bool
    secret: str = ""


def endpoints() -> list[Endpoint]:
    """All of the account."""
    with calling():
        asked: Any = {"limit": _PAGE}
        return [_read(each) for each in client().v1.webhook_endpoints.list(asked).auto_paging_iter()]


def endpoints_at(url: str) -> list[Endpoint]:
    """Those that send to this address."""
    return [each for each in endpoints() if each.url == url]


def make_endpoint(url: str, events: Sequence[str], *, idempotency_key: str) -> Endpoint:
    """One that sends these events in the version that we read."""
    asked: Any = {
        "url": url,
        "enabled_events": sorted(events),
        "api_version": API_VERSION,
        "description": "Fighting Fund",
    }
    with calling():
        return _read(client().v1.webhook_endpoints.create(asked, {"idempotency_key": idempotency_key}))


def update_endpoint(endpoint_id: str, events: Sequence[str]) -> Endpoint:
    """Let it send these events, and be switched on."""
    asked: Any = {"enabled_events": sorted(events), "disabled": False}
    with calling():
        return _read(client().v1.webhook_endpoints.update(endpoint_id, asked))


def delete_endpoint(endpoint_id: str) -> None:
    """Let it send nothing any more."""
    with calling():
        client().v1.webhook_endpoints.delete(endpoint_id)


def _read(said: Any) -> Endpoint:
    return Endpoint(
        id=str(said.id),
        url=str(said.url),
        api_version=said.api_version,
        events=tuple(sorted(said.enabled_events)),
        enabled=said.status == "enabled",
        livemode=bool(said.livemode),
        secret=str(getattr(said, "secret", None) or ""),
    )
