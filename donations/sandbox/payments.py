"""Paying a session: the payment intent, its charges, 3-D Secure, and the events in Stripe's order.

Every function here expects the world's lock to be held: that is what makes a double click one charge.
"""

from typing import Any

from . import balance, blanks, cards, customers, events, ids, listing, params, sessions
from .cards import Card
from .currencies import AMEX_MAXIMUM_MINOR
from .errors import ApiError, no_such
from .store import Doc
from .world import World

INTENT_FIELDS: params.Fields = {**listing.FIELDS, "customer": params.text()}
CHARGE_FIELDS: params.Fields = {
    **listing.FIELDS,
    "customer": params.text(),
    "payment_intent": params.text(),
    "transfer_group": params.text(),
}

# From the session's payment_intent_data to the payment intent.
PASSED_ON = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
)


def pay(world: World, session: Doc, card: Card, *, email: str | None, name: str | None) -> str:
    """Try to pay an open session: `paid`, or `challenge` when the bank wants the donor.

    Raises ApiError: 402 for a decline (the session stays open), 400 for a session that is no longer open.
    """
    sessions.require_open(world, session)
    if card.brand == "amex" and session["amount_total"] > AMEX_MAXIMUM_MINOR:
        raise cards.refusal("amount_too_large", "This amount is too large for an American Express card.")
    email = email or session["customer_email"]
    billing = {
        "address": sessions.customer_details(None, "")["address"],
        "email": email,
        "name": name,
        "phone": None,
    }
    method = world.store.add(cards.payment_method(card, billing, world.clock.now()))
    intent = _intent(world, session)
    intent["_attempt"] = {"card": card.number, "method": method["id"], "email": email, "name": name}
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


def retrieve_intent(world: World, id: str) -> Doc:
    intent = world.store.get(id, "payment_intent")
    if intent is None:
        raise no_such("payment_intent", id, "intent")
    return intent


def listed_intents(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, INTENT_FIELDS)
    return listing.page(world, "payment_intent", wanted, "/v1/payment_intents", listing.only(wanted, "customer"))


def retrieve_charge(world: World, id: str) -> Doc:
    charge = world.store.get(id, "charge")
    if charge is None:
        raise no_such("charge", id, "charge")
    return charge


def listed_charges(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, CHARGE_FIELDS)
    matches = listing.only(wanted, "customer", "payment_intent", "transfer_group")
    return listing.page(world, "charge", wanted, "/v1/charges", matches)


def _intent(world: World, session: Doc) -> Doc:
    """The session's payment intent; it exists only from the first attempt on."""
    known = world.store.get(session["payment_intent"] or "", "payment_intent")
    if known is not None:
        return known
    data = session["_payment_intent_data"]
    id = ids.new("pi")
    intent: Doc = {
        **blanks.payment_intent(),
        "id": id,
        "amount": session["amount_total"],
        "capture_method": data.get("capture_method", "automatic_async"),
        "client_secret": f"{id}_secret_{ids.letters(24)}",
        "created": world.clock.stamp(),
        "currency": session["currency"],
        "customer": session["customer"],
        # Not inherited from the session: only what was meant for the payment.
        "metadata": params.merged({}, data.get("metadata", {})),
        **{name: data.get(name) for name in PASSED_ON},
    }
    world.store.add(intent)
    session["payment_intent"] = id
    world.store.save(session)
    events.emit(world, "payment_intent.created", intent)
    return intent


def _succeed(world: World, session: Doc, intent: Doc, card: Card, method: Doc, *, challenged: bool) -> None:
    attempt = intent["_attempt"]
    customer = session["customer"]
    if session["customer_creation"] == "always" and not customer:
        customer = customers.made(world, email=attempt["email"], name=attempt["name"])["id"]
        intent["customer"] = customer
    charge = _charge(world, intent, card, method, challenged=challenged)
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
    session.update(
        status="complete",
        payment_status="paid",
        url=None,
        customer=customer,
        customer_details=sessions.customer_details(attempt["email"], attempt["name"] or ""),
    )
    for doc in (intent, session):
        world.store.save(doc)
    events.emit(world, "charge.succeeded", charge)
    events.emit(world, "payment_intent.succeeded", intent)
    events.emit(world, "checkout.session.completed", session)


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
    return _failed(world, intent, method, error)


def _unauthenticated(world: World, intent: Doc, method: Doc) -> ApiError:
    """No charge was tried, so only the intent says that it failed."""
    error = ApiError(
        "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        status=402,
        code="payment_intent_authentication_failure",
    )
    return _failed(world, intent, method, error)


def _failed(world: World, intent: Doc, method: Doc, error: ApiError) -> ApiError:
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error={**error.body()["error"], "payment_method": method},
    )
    world.store.save(intent)
    events.emit(world, "payment_intent.payment_failed", intent)
    return error


def _charge(world: World, intent: Doc, card: Card, method: Doc, *, challenged: bool) -> Doc:
    """A charge, succeeded or failed as the card has it, not yet stored."""
    failed = card.does == "decline"
    id = ids.new("ch")
    passed_on = ("amount", "currency", "customer", "description", "receipt_email", "statement_descriptor")
    return {
        **blanks.charge(),
        **{name: intent[name] for name in passed_on},
        "id": id,
        "amount_captured": 0 if failed else intent["amount"],
        "billing_details": {**method["billing_details"], "tax_id": None},
        "calculated_statement_descriptor": world.settings.organisation.upper()[:22],
        "captured": not failed,
        "created": world.clock.stamp(),
        "failure_code": card.code if failed else None,
        "failure_message": card.message if failed else None,
        # A snapshot: later changes of the intent's metadata do not reach the charge.
        "metadata": dict(intent["metadata"]),
        "outcome": _outcome(card),
        "paid": not failed,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": cards.charge_details(card, method, intent["amount"], challenged=challenged),
        "receipt_url": None if failed else f"{world.base_url}/receipts/{id}",
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if failed else "succeeded",
        "_available_at_once": card.available_at_once,
    }


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
