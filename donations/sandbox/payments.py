"""Paying a session by card: the charges, 3-D Secure, and the events in Stripe's order; then what the card brings.

Every function here expects the world's lock to be held: that is what makes a double click one charge.
"""

from . import balance, captures, cards, charges, disputes, events, fraud_warnings, intents, sessions
from .cards import Card
from .currencies import AMEX_MAXIMUM_MINOR
from .errors import ApiError
from .store import Doc
from .world import World


def pay(world: World, session: Doc, card: Card, *, email: str | None, name: str | None) -> str:
    """Try to pay an open session: `paid`, or `challenge` when the bank wants the donor.

    Raises ApiError: 402 for a decline (the session stays open), 400 for a session that is no longer open.
    """
    sessions.require_open(world, session)
    if card.brand == "amex" and session["amount_total"] > AMEX_MAXIMUM_MINOR:
        raise cards.refusal("amount_too_large", "This amount is too large for an American Express card.")
    billing = intents.billing_details(session, email, name)
    method = world.store.add(cards.payment_method(card, billing, world.clock.now()))
    intent = intents.of_session(world, session)
    intent["_attempt"] = {"card": card.number, "method": method["id"], "email": billing["email"], "name": name}
    if card.does == "challenge":
        return _ask_bank(world, session, intent)
    if card.does == "decline":
        raise _declined(world, intent, card, method)
    _succeed(world, session, intent, card, method, challenged=False)
    return "paid"


def answer_challenge(world: World, session: Doc, *, authenticated: bool) -> None:
    """End the bank's question. Raises ApiError 402 if it failed, 400 if there is none."""
    sessions.require_open(world, session)
    intent = world.store.get(session["payment_intent"] or "", "payment_intent")
    if intent is None or intent["status"] != "requires_action":
        raise ApiError("This Checkout Session does not wait for authentication.")
    card, method = cards.find(intent["_attempt"]["card"]), world.store.known(intent["_attempt"]["method"])
    if authenticated:
        _succeed(world, session, intent, card, method, challenged=True)
        return
    raise _unauthenticated(world, intent, method)


def _succeed(world: World, session: Doc, intent: Doc, card: Card, method: Doc, *, challenged: bool) -> None:
    """One-off card, success: charge.succeeded, payment_intent.succeeded, checkout.session.completed (facts, 5)."""
    charge = _charge(world, intent, card, method, challenged=challenged)
    charge["on_behalf_of"] = intent["on_behalf_of"]
    if intent["capture_method"] == "manual":
        captures.hold(world, session, intent, charge)
        return
    intents.complete(world, session, intent, "paid")
    balance.settle(world, charge)
    world.store.add(charge)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=method["id"],
        last_payment_error=None,
        next_action=None,
    )
    world.store.save(intent)
    events.emit(world, "charge.succeeded", charge)
    events.emit(world, "payment_intent.succeeded", intent)
    events.emit(world, "checkout.session.completed", session)
    _bring(world, charge, card.brings)


def _bring(world: World, charge: Doc, what: str) -> None:
    """What follows by itself from some test cards, as with Stripe right after the payment."""
    if what == "warning":
        fraud_warnings.warn(world, charge)
    elif what:
        disputes.open(world, charge, reason=what, inquiry=what == "general")


def _ask_bank(world: World, session: Doc, intent: Doc) -> str:
    page = f"{world.base_url}/c/pay/{session['id']}"
    intent.update(
        status="requires_action",
        payment_method=intent["_attempt"]["method"],
        next_action={
            "redirect_to_url": {"return_url": page, "url": f"{page}/challenge"},
            "type": "redirect_to_url",
        },
    )
    world.store.save(intent)
    events.emit(world, "payment_intent.requires_action", intent)
    return "challenge"


def _declined(world: World, intent: Doc, card: Card, method: Doc) -> ApiError:
    charge = world.store.add(_charge(world, intent, card, method, challenged=False))
    error = cards.refusal(card.code, card.message, decline_code=card.decline_code)
    error.more["charge"] = charge["id"]
    intent["latest_charge"] = charge["id"]
    events.emit(world, "charge.failed", charge)
    return intents.failed(world, intent, method, error)


def _unauthenticated(world: World, intent: Doc, method: Doc) -> ApiError:
    """No charge was tried, so only the intent says that it failed."""
    error = ApiError(
        "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        status=402,
        code="payment_intent_authentication_failure",
    )
    return intents.failed(world, intent, method, error)


def _charge(world: World, intent: Doc, card: Card, method: Doc, *, challenged: bool) -> Doc:
    """A charge, succeeded or failed as the card has it, not yet stored."""
    failed = card.does == "decline"
    charge = charges.document(
        world,
        intent,
        method,
        "failed" if failed else "succeeded",
        details=cards.charge_details(card, method, intent["amount"], challenged=challenged),
        outcome=_outcome(card),
        failure=(card.code, card.message) if failed else None,
    )
    return {**charge, "_available_at_once": card.available_at_once, "_refunds": card.refunds}


def _outcome(card: Card) -> Doc:
    risk = {"risk_level": card.risk_level, "risk_score": card.risk_score, "network_advice_code": None}
    if card.does != "decline":
        return {
            **risk,
            "advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    blocked = card.risk_level == "highest"
    return {
        **risk,
        "advice_code": "try_again_later",
        "network_decline_code": None if blocked else "05",
        "network_status": "not_sent_to_network" if blocked else "declined_by_network",
        "reason": "highest_risk_level" if blocked else card.decline_code,
        "seller_message": "Stripe blocked this payment." if blocked else "The bank declined the payment.",
        "type": "blocked" if blocked else "issuer_declined",
    }
