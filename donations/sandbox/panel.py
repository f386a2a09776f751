"""The page for people at `/sandbox/`: what happened lately, and buttons for the control API.

It changes nothing itself.
"""

from datetime import UTC, datetime
from itertools import islice

from flask import Blueprint, current_app, render_template

from . import currencies, witness
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
            summary=witness.summary(world),
            sessions=_latest(world, "checkout.session"),
            charges=_latest(world, "charge"),
            events=_latest(world, "event"),
            endpoints=_latest(world, "webhook_endpoint"),
            states=_states,
            shown=currencies.shown,
            clock=_clock,
        )


def _latest(world: World, kind: str) -> list[Doc]:
    return list(islice(world.store.newest_first(kind), SHOWN))


def _states(event: Doc) -> str:
    """`delivered (200)`: each endpoint's state and last answer."""
    parts = []
    for delivery in event["_deliveries"].values():
        last = delivery["attempts"][-1]["answer"] if delivery["attempts"] else "not sent"
        parts.append(f"{delivery['state']} ({last}, {len(delivery['attempts'])} sent)")
    return ", ".join(parts) or "no endpoint"


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")
