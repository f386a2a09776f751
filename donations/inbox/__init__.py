"""Stripe's events: kept once under their own id (arrivals), handled once (handlers), and what failed is kept and tried
again (queue). An event that fails never takes the others with it and is never lost: at worst it waits for a person."""

from donations.inbox import while_stopped
from donations.inbox.arrivals import receive
from donations.inbox.counts import count
from donations.inbox.handlers import HANDLERS
from donations.inbox.objects import apply_object, tell
from donations.inbox.queue import (
    anything_due,
    handle_due,
    handle_reread,
    lease_due,
    put_off,
    replay,
    reread,
)

__all__ = [
    "HANDLERS",
    "anything_due",
    "apply_object",
    "count",
    "handle_due",
    "handle_reread",
    "lease_due",
    "put_off",
    "receive",
    "replay",
    "reread",
    "tell",
    "while_stopped",
]  # fmt: skip
