"""Checkout sessions: the rules for making one, and its end when nobody pays. Paying is in `payments`."""

from functools import partial
from typing import Any

from . import customers, defaults, events, ids, lists, params, session_rules
from .errors import ApiError, no_such
from .store import Doc
from .world import World

LIST_FIELDS: params.Fields = {
    **lists.FIELDS,
    "customer": params.text(),
    "customer_details": params.mapping({"email": params.text()}, ("email",)),
    "payment_intent": params.text(),
    "payment_link": params.text(),
    "status": params.choice("open", "complete", "expired"),
    "subscription": params.text(),
}


def create(world: World, sent: dict[str, Any]) -> Doc:
    """A new open session. Everything is checked before anything is made."""
    given = session_rules.checked(world, sent)
    if "customer" in given:
        customers.retrieve(world, given["customer"], param="customer", status=400)
    lines = session_rules.priced(world, given["line_items"])
    session = _document(world, given, lines)
    if "{CHECKOUT_SESSION_ID}" in session["success_url"]:
        session["_return_url"] = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
    world.store.add(session)
    watch(world, session)
    return session


def retrieve(world: World, id: str) -> Doc:
    session = world.store.get(id, "checkout.session")
    if session is None:
        raise no_such("checkout.session", id, "session")
    return session


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = lists.only(wanted, "customer", "payment_intent", "payment_link", "status", "subscription")
    email = wanted.get("customer_details", {}).get("email")
    return lists.page(
        world,
        "checkout.session",
        wanted,
        "/v1/checkout/sessions",
        lambda doc: matches(doc) and (email is None or (doc["customer_details"] or {}).get("email") == email),
    )


def line_items(world: World, id: str, sent: dict[str, Any]) -> Doc:
    session = retrieve(world, id)
    fields = {name: check for name, check in lists.FIELDS.items() if name != "created"}
    wanted = params.checked(sent, fields)
    items = session["_line_items"]
    start = 0
    if after := wanted.get("starting_after"):
        start = 1 + next((place for place, item in enumerate(items) if item["id"] == after), len(items))
    limit = wanted.get("limit", 10)
    url = f"/v1/checkout/sessions/{id}/line_items"
    return lists.listed(items[start : start + limit], url, has_more=len(items) > start + limit)


def expire(world: World, id: str) -> Doc:
    """End an open session. Raises ApiError for one that is complete or expired."""
    session = retrieve(world, id)
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
    session.update(status="expired", url=None)
    world.store.save(session)
    _abandon_intent(world, session)
    events.emit(world, "checkout.session.expired", session)
    return session


def watch(world: World, session: Doc) -> None:
    """Let an open session end by itself at its time."""
    world.timetable.at(session["expires_at"], partial(_expire_if_open, world, session["id"]))


def resume(world: World) -> None:
    """After a restart: the open sessions are watched again."""
    for session in world.store.oldest_first("checkout.session"):
        if session["status"] == "open":
            watch(world, session)


def require_open(world: World, session: Doc) -> None:
    """Raises ApiError for a session that can no longer be paid."""
    if session["status"] == "open" and session["expires_at"] <= world.clock.now():
        expire(world, session["id"])
    if session["status"] != "open":
        raise ApiError(f"This Checkout Session is {session['status']}.", code="checkout_session_not_open")


def return_url(session: Doc) -> str:
    """Where a donor who has paid goes, with the session's id filled in."""
    return str(session.get("_return_url", session["success_url"]))


def _expire_if_open(world: World, id: str) -> None:
    with world.change():
        session = world.store.get(id, "checkout.session")
        if session is not None and session["status"] == "open":
            expire(world, id)


def _abandon_intent(world: World, session: Doc) -> None:
    """A tried but unpaid payment ends with its session."""
    intent = world.store.get(session["payment_intent"] or "", "payment_intent")
    if intent is not None:
        intent.update(
            status="canceled",
            canceled_at=world.clock.stamp(),
            cancellation_reason="expired",
            next_action=None,
        )
        world.store.save(intent)
        events.emit(world, "payment_intent.canceled", intent)


def _document(world: World, given: dict[str, Any], lines: list[Doc]) -> Doc:
    id = "cs_test_a1" + ids.letters(56)
    now = world.clock.stamp()
    total = sum(line["amount_total"] for line in lines)
    email = given.get("customer_email")
    blank = defaults.session()
    return {
        **blank,
        **{name: given.get(name) for name in session_rules.ECHOED},
        "id": id,
        "adaptive_pricing": given.get("adaptive_pricing", {"enabled": False}),
        "amount_subtotal": total,
        "amount_total": total,
        "created": now,
        "currency": lines[0]["currency"],
        "custom_text": {**blank["custom_text"], **given.get("custom_text", {})},
        "customer": given.get("customer"),
        "customer_creation": given.get("customer_creation", "if_required"),
        "customer_details": customer_details(email, None) if email else None,
        "expires_at": given.get("expires_at", now + session_rules.LONGEST_SECONDS),
        "metadata": params.merged({}, given.get("metadata", {})),
        "url": f"{world.base_url}/c/pay/{id}",
        "_line_items": lines,
        "_payment_intent_data": given.get("payment_intent_data", {}),
    }


def customer_details(email: str | None, name: str | None) -> Doc:
    """What the session knows of the donor."""
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "address": address if name is not None else None,
        "business_name": None,
        "email": email,
        "individual_name": name,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [] if name is not None else None,
    }
