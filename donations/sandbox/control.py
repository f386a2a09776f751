"""The control API under `/sandbox/`: what a test or a person may order, and what the sandbox witnessed.

JSON in and out; a plain form may order the same things and comes back to the panel. Not part of Stripe.
"""

import random
from typing import Any

from flask import Blueprint, current_app, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from . import balance, cards, endpoints, faults, payments, sessions, witness
from .errors import ApiError, no_such
from .store import Doc
from .world import World

bp = Blueprint("control", __name__, url_prefix="/sandbox")


@bp.before_request
def from_here_only() -> Response | None:
    """A page of another site, open in the same browser, must not be able to order anything."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "none") not in (
        "none",
        "same-origin",
    ):
        return _refused(ApiError("The sandbox takes orders from its own page only.", status=403))
    return None


@bp.errorhandler(ApiError)
def _refused(error: ApiError) -> Response:
    response = jsonify(error.body())
    response.status_code = error.status
    return response


@bp.post("/deliveries/hold")
def hold_deliveries() -> Response:
    with _world().change():
        _world().deliveries.hold()
    return _done(held=True)


@bp.post("/deliveries/release")
def release_deliveries() -> Response:
    world, asked = _world(), _asked()
    dice = random.Random(asked.get("seed"))  # noqa: S311 (a seed makes the order repeatable)
    order = dice if _yes(asked.get("shuffle")) else None
    with world.change():
        sent = world.deliveries.release(times=_whole(asked, "times", 1, 1, 20), order=order)
    return _done(held=False, sent=sent)


@bp.post("/deliveries/wait")
def wait_for_deliveries() -> Response:
    """`settled` is false if something was still on its way after `seconds`."""
    return _done(settled=_world().deliveries.wait(_whole(_asked(), "seconds", 10, 0, 300)))


@bp.post("/events/<id>/deliver")
def deliver_event(id: str) -> Response:
    world = _world()
    with world.change():
        return _done(sent=world.deliveries.again(_event(world, id), _whole(_asked(), "times", 1, 1, 100)))


@bp.post("/events/<id>/drop")
def drop_event(id: str) -> Response:
    world = _world()
    with world.change():
        world.deliveries.drop(_event(world, id))
    return _done(dropped=id)


@bp.post("/balance_transactions/hold")
def hold_balance_transactions() -> Response:
    with _world().change():
        _world().holds.balance_transactions = True
    return _done(held=True)


@bp.post("/balance_transactions/release")
def release_balance_transactions() -> Response:
    """Fill in all that are late, or only that of `charge`; later ones follow the delay again."""
    world, charge_id = _world(), _asked().get("charge")
    with world.change():
        chosen = [charge for charge in balance.late(world) if charge_id in (None, charge["id"])]
        if charge_id is None:
            world.holds.balance_transactions = False
        for charge in chosen:
            balance.fill(world, charge)
    return _done(held=world.holds.balance_transactions, filled=[charge["id"] for charge in chosen])


@bp.post("/fees/next")
def set_next_fee() -> Response:
    """The exact fee of the next balance transaction, in minor units of the settlement currency."""
    fee = _whole(_asked(), "fee", None, 0, 10**9)
    with _world().change():
        _world().holds.next_fee_minor = fee
    return _done(fee=fee)


@bp.post("/pay")
def pay() -> Response:
    """Pay `session` with `card` (number or pm_card_... name), as the hosted page would. A decline is 402.

    `authenticate`: complete or fail a 3-D Secure challenge at once; without it the answer says `challenge`.
    """
    world, asked = _world(), _asked()
    with world.change():
        session = sessions.retrieve(world, str(asked.get("session", "")))
        email = asked.get("email") or session["customer_email"] or "donor@example.org"
        card = cards.find(str(asked.get("card", "pm_card_visa")))
        outcome = payments.pay(world, session, card, email=email, name=asked.get("name"))
        if outcome == "challenge" and "authenticate" in asked:
            payments.answer_challenge(world, session, authenticated=_yes(asked["authenticate"]))
            outcome = "paid"
        intent = payments.retrieve_intent(world, session["payment_intent"])
        return _done(
            outcome=outcome,
            session=session["id"],
            payment_intent=intent["id"],
            charge=intent["latest_charge"],
            success_url=sessions.return_url(session),
        )


@bp.post("/sessions/<id>/expire")
def expire_session(id: str) -> Response:
    world = _world()
    with world.change():
        return _done(session=sessions.expire(world, id)["id"], status="expired")


@bp.post("/clock/advance")
def advance_clock() -> Response:
    """Move the sandbox's time forward by `seconds`; what falls due happens at once."""
    world = _world()
    world.timetable.advance(_whole(_asked(), "seconds", None, 0, 10**9))
    return _done(now=world.clock.now())


@bp.route("/faults", methods=["GET", "POST", "DELETE"])
def order_fault() -> Response:
    world = _world()
    with world.change():
        if request.method == "DELETE":
            world.holds.faults = []
        if request.method == "POST":
            asked = _asked()
            _whole(asked, "times", 1, 1, 10**6)
            _whole(asked, "seconds", 30, 0, 3600)
            faults.order(world, asked)
        return _done(faults=world.holds.faults)


@bp.get("/requests")
def requests() -> Response:
    """The API requests received, oldest first. `?path=/v1/checkout` and `?method=POST` narrow it."""
    path, method = request.args.get("path", "/"), request.args.get("method")
    return _done(
        requests=[
            entry
            for entry in list(_world().requests)
            if entry["path"].startswith(path) and method in (None, entry["method"])
        ]
    )


@bp.get("/summary")
def summary() -> Response:
    world = _world()
    with world.lock:
        return _done(**witness.summary(world))


@bp.post("/reset")
def reset() -> Response:
    """Forget everything, but keep the endpoints named when the sandbox was started."""
    world = _world()
    with world.change():
        world.clear()
        endpoints.register(world)
    return _done(reset=True)


@bp.route("/<path:rest>", methods=["GET", "POST", "DELETE", "PUT"])
def unknown(rest: str) -> Response:
    raise ApiError(f"The sandbox has no control '{rest}'.", status=404)


def _asked() -> dict[str, Any]:
    """The order's values: a JSON object, a form, or nothing. Raises ApiError."""
    if not request.get_data():
        return {}
    values = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(values, dict):
        raise ApiError("The body must be a JSON object.")
    return values


def _whole(asked: dict[str, Any], name: str, default: int | None, low: int, high: int) -> int:
    value = asked.get(name, default)
    if value is None:
        raise ApiError(f"{name} is missing", param=name)
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise ApiError(f"{name} must be a whole number", param=name) from error
    if not low <= number <= high:
        raise ApiError(f"{name} must be from {low} to {high}", param=name)
    return number


def _yes(value: Any) -> bool:
    return value in (True, 1, "1", "true", "yes", "on", "complete")


def _event(world: World, id: str) -> Doc:
    event = world.store.get(id, "event")
    if event is None:
        raise no_such("event", id)
    return event


def _done(**facts: Any) -> Response:
    """JSON; but whoever sent a form from the panel goes back there."""
    if request.mimetype == "application/x-www-form-urlencoded":
        return redirect(url_for("panel.show"), 303)
    return jsonify(facts)


def _world() -> World:
    world: World = current_app.extensions["sandbox"]
    return world
