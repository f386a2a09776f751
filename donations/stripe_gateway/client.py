"""The client of every call to Stripe: its time limits, and its failures as our own errors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import stripe
from flask import current_app

from donations.errors import BadEvent, DonationsError, IdempotencyKeyUsed, PaymentServiceDown, PaymentServiceRefused

log = logging.getLogger(__name__)

# A person waits for the answer: two tries of at most 1.5 + 3 seconds and a pause stay below ten.
_CONNECT_SECONDS, _READ_SECONDS, _RETRIES = 1.5, 3.0, 1


def client() -> stripe.StripeClient:
    settings = current_app.config["SETTINGS"]
    if not settings.stripe_secret_key:
        raise PaymentServiceRefused() from BadEvent()
    return _client_for(settings.stripe_secret_key, settings.stripe_api_base)


@lru_cache(maxsize=4)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    # Telemetry would send timings and leave a random id in the home folder.
    stripe.enable_telemetry = False
    stripe.set_app_info("Fighting Fund")
    http = stripe.RequestsClient(
        timeout=(  # A person waits for the answer: two tries of at most 1.5 + 3 seconds and a pause stay below ten.
            _CONNECT_SECONDS,
            _READ_SECONDS,
        )
    )
    addresses: Any = {"api": base} if base else {}
    return stripe.StripeClient(key, max_network_retries=_RETRIES, base_addresses=addresses, http_client=http)


@contextmanager
def calling(refused: type[DonationsError] = PaymentServiceRefused) -> Iterator[None]:
    """Stripe's failures as our errors. The request id is logged, never the key or what was sent."""
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        log.warning("stripe did not answer: %s, request %s", type(error).__name__, error.request_id)
        raise PaymentServiceDown() from error
    except stripe.IdempotencyError as error:
        log.warning("stripe was asked otherwise with this key before, request %s", error.request_id)
        raise (PaymentServiceDown() if error.http_status == 409 else IdempotencyKeyUsed()) from error
    except stripe.StripeError as error:
        log.error("stripe refused: %s %s, request %s", error.http_status, error.code, error.request_id)
        # 409: the first try with this key is still running, because Stripe was slower than we wait.
        if (error.http_status or 500) >= 500 or error.http_status == 409:
            raise PaymentServiceDown() from error
        raise refused(code=error.code or error.http_status) from error


def plain(obj: Any) -> dict[str, Any]:
    plain: dict[str, Any] = obj.to_dict(for_json=True)
    return plain
