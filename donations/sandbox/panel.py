"""The page for people at `/sandbox/`: what happened lately, and buttons for the control API.

It changes nothing itself.
"""

from datetime import UTC, datetime
from itertools import islice

from flask import Blueprint, current_app, render_template

from . import account_transactions, conversion, currencies, fraud_warnings, payouts, summary, timers
from .store import Doc
from .world import World

bp = Blueprint("panel", __name__)
SHOWN = 25


@bp.get("/sandbox/")
def show() -> str:
    world: World = current_app.extensions["sandbox"]
    with world.lock:
        return render_template(
            "panel.html",
            organisation=world.settings.organisation,
            summary=summary.summary(world),
            sessions=_latest(world, "checkout.session"),
            charges=_latest(world, "charge"),
            events=_latest(world, "event"),
            refunds=_latest(world, "refund"),
            disputes=_latest(world, "dispute"),
            warnings=_latest(world, fraud_warnings.KIND),
            payouts=_latest(world, "payout"),
            steps=payouts.STEPS,
            planned=timers.planned(world),
            movements=list(account_transactions.KINDS),
            rate_kinds=conversion.KINDS,
            rates=[{"for": kind, "currency": code, "rate": rate} for (kind, code), rate in world.holds.rates.items()],
            currency=world.settings.currency,
            endpoints=_latest(world, "webhook_endpoint"),
            states=_states,
            shown=currencies.shown,
            plain=_plain,
            clock=_clock,
        )


def _latest(world: World, kind: str) -> list[Doc]:
    return list(islice(world.store.newest_first(kind), SHOWN))


def _plain(amount_minor: int, currency: str) -> str:
    """`12.50`, where the currency stands beside it already."""
    return currencies.shown(amount_minor, currency).split()[0]


def _states(event: Doc) -> str:
    """`delivered (200)`: each endpoint's state and last answer."""
    parts = []
    for delivery in event["_deliveries"].values():
        last = delivery["attempts"][-1]["answer"] if delivery["attempts"] else "not sent"
        parts.append(f"{delivery['state']} ({last}, {len(delivery['attempts'])} sent)")
    return ", ".join(parts) or "no endpoint"


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")
