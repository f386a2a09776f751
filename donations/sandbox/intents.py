"""Payment intents, and the end of their sessions: what cards and bank debits have in common.

Every function here expects the world's lock to be held.
"""

from typing import Any

from . import customers, defaults, events, ids, lists, params, sessions
from .errors import ApiError, no_such
from .store import Doc
from .world import World

LIST_FIELDS: params.Fields = {**lists.FIELDS, "customer": params.text()}

# From the session's payment_intent_data to the payment intent.
PASSED_ON = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
)


def retrieve(world: World, id: str) -> Doc:
    intent = world.store.get(id, "payment_intent")
    if intent is None:
        raise no_such("payment_intent", id, "intent")
    return intent


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    return lists.page(world, "payment_intent", wanted, "/v1/payment_intents", lists.only(wanted, "customer"))


def of_session(world: World, session: Doc) -> Doc:
    """The session's payment intent; it exists only from the first attempt on."""
    known = world.store.get(session["payment_intent"] or "", "payment_intent")
    if known is not None:
        return known
    data = session["_payment_intent_data"]
    id = ids.new("pi")
    intent: Doc = {
        **defaults.payment_intent(),
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
        "_session": session["id"],
    }
    world.store.add(intent)
    session["payment_intent"] = id
    world.store.save(session)
    events.emit(world, "payment_intent.created", intent)
    return intent


def billing_details(session: Doc, email: str | None, name: str | None) -> Doc:
    address = sessions.customer_details(None, "")["address"]
    return {"address": address, "email": email or session["customer_email"], "name": name, "phone": None}


def complete(world: World, session: Doc, intent: Doc, payment_status: str) -> None:
    """The donor is done with the page, whether the money is there or only promised."""
    attempt, customer = intent["_attempt"], session["customer"]
    if session["customer_creation"] == "always" and not customer:
        customer = customers.made(world, email=attempt["email"], name=attempt["name"])["id"]
        intent["customer"] = customer
    session.update(
        status="complete",
        payment_status=payment_status,
        url=None,
        customer=customer,
        customer_details=sessions.customer_details(attempt["email"], attempt["name"] or ""),
    )
    world.store.save(session)


def failed(world: World, intent: Doc, method: Doc, error: ApiError) -> ApiError:
    """Back to the choice of a payment method, with the reason."""
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        amount_received=0,
        last_payment_error={**error.body()["error"], "payment_method": method},
    )
    world.store.save(intent)
    events.emit(world, "payment_intent.payment_failed", intent)
    return error
