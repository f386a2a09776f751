"""The only importer of stripe. It speaks Stripe's words outwards and answers in ours: small frozen dataclasses, or the
facts of facts/. Events are verified (events), objects read (reading), calls made (calling); no database is touched."""

from donations.stripe_gateway.calling import (
    balance,
    checkout_params,
    create_product,
    events_since,
    expire_session,
    make_refund,
    members_of,
    movements_since,
    payouts_since,
    refunds_of,
    retrieve,
    retrieve_session,
    start_checkout,
)
from donations.stripe_gateway.endpoints import Endpoint, endpoints_at, make_endpoint, update_endpoint
from donations.stripe_gateway.events import API_VERSION, Event, parse_event, read_event
from donations.stripe_gateway.reading import (
    Session,
    charge_of,
    dispute_of,
    movement_of,
    payout_of,
    refund_of,
    session_of,
    warning_of,
)

__all__ = [
    "API_VERSION",
    "Endpoint",
    "Event",
    "Session",
    "balance",
    "charge_of",
    "checkout_params",
    "create_product",
    "dispute_of",
    "endpoints_at",
    "events_since",
    "expire_session",
    "make_endpoint",
    "make_refund",
    "members_of",
    "movement_of",
    "movements_since",
    "parse_event",
    "payout_of",
    "payouts_since",
    "read_event",
    "refund_of",
    "refunds_of",
    "retrieve",
    "retrieve_session",
    "session_of",
    "start_checkout",
    "update_endpoint",
    "warning_of",
]  # fmt: skip
