"""The only importer of stripe. It translates Stripe's objects into our own types: small frozen dataclasses, or the
facts of facts/. Events are verified (events), objects read (objects), calls made (calls,
checkout_calls). No database is touched."""

from donations.stripe_gateway.calls import (
    balance,
    create_product,
    events_since,
    greet,
    make_refund,
    members_of,
    payouts_since,
    refunds_of,
    retrieve,
    thing,
    things_since,
    transactions_since,
)
from donations.stripe_gateway.checkout_calls import (
    checkout_behind,
    checkout_params,
    expire_session,
    retrieve_session,
    start_checkout,
)
from donations.stripe_gateway.checkout_sessions import Session, session_of
from donations.stripe_gateway.endpoints import (
    Endpoint,
    delete_endpoint,
    endpoints,
    endpoints_at,
    make_endpoint,
    update_endpoint,
)
from donations.stripe_gateway.events import API_VERSION, Event, parse_event, read_event
from donations.stripe_gateway.objects import (
    charge_of,
    dispute_of,
    payout_of,
    refund_of,
    thing_of,
    transaction_of,
    warning_of,
)

__all__ = [
    "API_VERSION",
    "Endpoint",
    "Event",
    "Session",
    "balance",
    "charge_of",
    "checkout_behind",
    "checkout_params",
    "create_product",
    "delete_endpoint",
    "dispute_of",
    "endpoints",
    "endpoints_at",
    "events_since",
    "expire_session",
    "greet",
    "make_endpoint",
    "make_refund",
    "members_of",
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
    "thing",
    "thing_of",
    "things_since",
    "transaction_of",
    "transactions_since",
    "update_endpoint",
    "warning_of",
]  # fmt: skip
