"""Money that is only held on a card: captured later, whole or in parts, or released; and payments that are promised
and never begun. Stripe calls a charge that is only held "succeeded" too. Expects the world's lock to be held."""

from . import balance, events, intents, refunds
from .errors import ApiError
from .store import Doc
from .world import World

CAPTURE_BEFORE_SECONDS = 7 * 24 * 3600


def hold(world: World, session: Doc, intent: Doc, charge: Doc) -> None:
    """The card's bank has agreed, and nothing is taken yet: the session completes unpaid."""
    intents.complete(world, session, intent, "unpaid")
    charge.update(captured=False, amount_captured=0)
    charge["payment_method_details"]["card"]["capture_before"] = world.clock.stamp() + CAPTURE_BEFORE_SECONDS
    world.store.add(charge)
    intent.update(
        status="requires_capture",
        amount_capturable=intent["amount"],
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        next_action=None,
    )
    world.store.save(intent)
    events.emit(world, "charge.succeeded", charge)
    events.emit(world, "payment_intent.amount_capturable_updated", intent)
    events.emit(world, "checkout.session.completed", session)


def capture(world: World, charge: Doc, amount: int | None = None) -> Doc:
    """Take what is held, or `amount` of it; the rest is released, which Stripe writes down as a refund without a
    balance transaction. Raises ApiError."""
    intent, session = _around(world, charge)
    taken = charge["amount"] if amount is None else amount
    if taken > charge["amount"]:
        raise ApiError(f"Of {charge['id']} no more than {charge['amount']} can be captured.", param="amount")
    charge.update(captured=True, amount_captured=taken)
    balance.settle(world, charge)
    intent.update(status="succeeded", amount_received=taken, amount_capturable=0)
    session["payment_status"] = "paid"
    for doc in (charge, intent, session):
        world.store.save(doc)
    if taken < charge["amount"]:
        refunds.release(world, charge, charge["amount"] - taken, None)
    events.emit(world, "charge.captured", charge)
    events.emit(world, "payment_intent.succeeded", intent)
    return charge


def release(world: World, charge: Doc, *, expired: bool = False) -> Doc:
    """Give up what is held: somebody canceled the payment, or its time has run out. Raises ApiError."""
    intent, _ = _around(world, charge)
    refunds.release(world, charge, charge["amount"], "expired_uncaptured_charge" if expired else None)
    events.emit(world, "charge.expired" if expired else "charge.refunded", charge)
    _cancel(world, intent, "automatic" if expired else "requested_by_customer")
    return charge


def promise(world: World, session: Doc) -> Doc:
    """Somebody chose to pay by bank transfer: the session completes unpaid, and there is no charge."""
    intent = intents.of_session(world, session)
    intent["_attempt"] = {"email": session["customer_email"] or "donor@example.org", "name": None}
    intents.complete(world, session, intent, "unpaid")
    intent["status"] = "requires_action"
    world.store.save(intent)
    events.emit(world, "payment_intent.requires_action", intent)
    events.emit(world, "checkout.session.completed", session)
    return intent


def cancel(world: World, intent: Doc) -> Doc:
    """A payment that was promised is called off. Raises ApiError."""
    if intent["status"] not in ("requires_action", "requires_payment_method"):
        raise ApiError(f"{intent['id']} is {intent['status']} and cannot be canceled.")
    return _cancel(world, intent, "abandoned")


def _cancel(world: World, intent: Doc, reason: str) -> Doc:
    intent.update(status="canceled", amount_capturable=0, cancellation_reason=reason, canceled_at=world.clock.stamp())
    world.store.save(intent)
    events.emit(world, "payment_intent.canceled", intent)
    return intent


def _around(world: World, charge: Doc) -> tuple[Doc, Doc]:
    if charge["captured"] or charge["status"] != "succeeded" or charge["refunded"]:
        raise ApiError(f"{charge['id']} is not held to be captured.", code="charge_already_captured")
    intent = world.store.known(charge["payment_intent"])
    return intent, world.store.known(intent["_session"])
