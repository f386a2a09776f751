"""Orders about money that is only held on a card, payments that are called off, and events that are not our own."""

from typing import Any

from werkzeug.wrappers import Response

from . import captures, charges, events, intents, sessions
from .control_params import asked, bp, done, minor, world, yes
from .store import Doc


@bp.post("/charges/<id>/capture")
def capture(id: str) -> Response:
    """Take what is held on the card, or `amount` of it."""
    here, sent = world(), asked()
    with here.change():
        return done(**_told(captures.capture(here, charges.retrieve(here, id), minor(sent, "amount"))))


@bp.post("/charges/<id>/release")
def release(id: str) -> Response:
    """Give up what is held; `expired`: its time has run out."""
    here, sent = world(), asked()
    with here.change():
        return done(**_told(captures.release(here, charges.retrieve(here, id), expired=yes(sent.get("expired")))))


@bp.post("/sessions/<id>/promise")
def promise(id: str) -> Response:
    """Somebody chose to pay by bank transfer: complete, unpaid, without a charge."""
    here = world()
    with here.change():
        intent = captures.promise(here, sessions.retrieve(here, id))
        return done(payment_intent=intent["id"], status=intent["status"])


@bp.post("/payment_intents/<id>/cancel")
def cancel(id: str) -> Response:
    here = world()
    with here.change():
        return done(payment_intent=id, status=captures.cancel(here, intents.retrieve(here, id))["status"])


@bp.post("/events/<id>/elsewhere")
def elsewhere(id: str) -> Response:
    """The same as an event that is not our own: `account`, `context` or `livemode` of somebody else. Sent, not
    listed."""
    here, sent = world(), asked()
    with here.change():
        changes: dict[str, Any] = {name: sent[name] for name in ("account", "context", "livemode") if name in sent}
        return done(event=events.elsewhere(here, events.retrieve(here, id), changes)["id"])


@bp.post("/events/thin")
def thin() -> Response:
    """An event that only names its thing: `type` (of a ping, unless another is told) and `thing`. Sent, not listed."""
    here, sent = world(), asked()
    with here.change():
        type, thing = str(sent.get("type", "v2.core.event_destination.ping")), sent.get("thing")
        return done(event=events.thin(here, type, None if thing is None else str(thing))["id"])


def _told(charge: Doc) -> dict[str, Any]:
    names = ("id", "status", "captured", "amount_captured", "amount_refunded", "balance_transaction")
    return {name: charge[name] for name in names}
