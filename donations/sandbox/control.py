"""The control API under `/sandbox/`: what a test or a person may order, and what the sandbox witnessed.

JSON in and out; a plain form may order the same things and comes back to the panel. Not part of Stripe.
"""

import random

from flask import request
from werkzeug.wrappers import Response

from . import balance, endpoints, events, faults, intents, pay, payments, payouts, sessions, summary, timers
from .control_params import asked, bp, done, whole, world, yes
from .errors import ApiError


@bp.post("/deliveries/hold")
def hold_deliveries() -> Response:
    with world().change():
        world().deliveries.hold()
    return done(held=True)


@bp.post("/deliveries/release")
def release_deliveries() -> Response:
    here, sent = world(), asked()
    dice = random.Random(sent.get("seed"))  # noqa: S311 (a seed makes the order repeatable)
    order = dice if yes(sent.get("shuffle")) else None
    with here.change():
        count = here.deliveries.release(times=whole(sent, "times", 1, 1, 20), order=order)
    return done(held=False, sent=count)


@bp.post("/deliveries/wait")
def wait_for_deliveries() -> Response:
    """`settled` is false if something was still on its way after `seconds`."""
    return done(settled=world().deliveries.wait(whole(asked(), "seconds", 10, 0, 300)))


@bp.post("/events/<id>/deliver")
def deliver_event(id: str) -> Response:
    here = world()
    with here.change():
        return done(sent=here.deliveries.again(events.retrieve(here, id), whole(asked(), "times", 1, 1, 100)))


@bp.post("/events/<id>/drop")
def drop_event(id: str) -> Response:
    here = world()
    with here.change():
        here.deliveries.drop(events.retrieve(here, id))
    return done(dropped=id)


@bp.post("/events/<id>/copy")
def copy_event(id: str) -> Response:
    """The same fact as a second event of its own, sent like any."""
    here = world()
    with here.change():
        return done(event=events.copied(here, events.retrieve(here, id))["id"])


@bp.route("/events/lose", methods=["GET", "POST", "DELETE"])
def lose_events() -> Response:
    """Never send the next `times` events of `type` (`charge.*`, or all); with `forget` the API lists them neither."""
    here = world()
    with here.change():
        if request.method == "DELETE":
            here.holds.losses = []
        if request.method == "POST":
            sent = asked()
            times = whole(sent, "times", 1, 1, 10**6)
            loss = {"type": str(sent.get("type", "*")), "times": times, "forget": yes(sent.get("forget"))}
            here.holds.losses.append(loss)
        return done(losses=here.holds.losses)


@bp.post("/balance_transactions/hold")
def hold_balance_transactions() -> Response:
    with world().change():
        world().holds.balance_transactions = True
    return done(held=True)


@bp.post("/balance_transactions/release")
def release_balance_transactions() -> Response:
    """Fill in all that are late, or only that of `charge` or `refund`; later ones follow the delay again."""
    here, sent = world(), asked()
    only = sent.get("charge") or sent.get("refund")
    with here.change():
        chosen = [subject for subject in balance.late(here) if only in (None, subject["id"])]
        if only is None:
            here.holds.balance_transactions = False
        for subject in chosen:
            balance.fill(here, subject)
    return done(held=here.holds.balance_transactions, filled=[subject["id"] for subject in chosen])


@bp.post("/fees/next")
def set_next_fee() -> Response:
    """The exact fee of the next balance transaction, in minor units of the settlement currency."""
    fee = whole(asked(), "fee", None, 0, 10**9)
    with world().change():
        world().holds.next_fee_minor = fee
    return done(fee=fee)


@bp.post("/pay")
def pay_session() -> Response:
    """Pay `session` with `card` (a card, a bank account, or a name of either), as the hosted page would.

    A decline is 402. `authenticate`: complete or fail a 3-D Secure challenge at once; without it the answer
    says `challenge`. `hold`: the money is only held on the card; `on_behalf_of`: it is another account's sale.
    """
    here, sent = world(), asked()
    with here.change():
        session = sessions.retrieve(here, str(sent.get("session", "")))
        email = sent.get("email") or session["customer_email"] or "donor@example.org"
        key = str(sent.get("card", "pm_card_visa"))
        if yes(sent.get("hold")) or sent.get("on_behalf_of"):
            method = {"capture_method": "manual"} if yes(sent.get("hold")) else {}
            intents.of_session(here, session).update(on_behalf_of=sent.get("on_behalf_of"), **method)
        outcome = pay.pay(here, session, key, email=email, name=sent.get("name"))
        if outcome == "challenge" and "authenticate" in sent:
            payments.answer_challenge(here, session, authenticated=yes(sent["authenticate"]))
            outcome = "paid"
        intent = intents.retrieve(here, session["payment_intent"])
        return done(
            outcome=outcome,
            session=session["id"],
            payment_intent=intent["id"],
            charge=intent["latest_charge"],
            success_url=sessions.return_url(session),
        )


@bp.post("/sessions/<id>/expire")
def expire_session(id: str) -> Response:
    here = world()
    with here.change():
        return done(session=sessions.expire(here, id)["id"], status="expired")


@bp.get("/later")
def planned() -> Response:
    """What is planned to happen by itself: refunds, debits and disputes that are still to be decided."""
    return done(planned=[{name: plan[name] for name in ("action", "of", "due")} for plan in timers.planned(world())])


@bp.post("/later/run")
def run_later() -> Response:
    """Let it happen now: all of it, or what is planned for the object `of`."""
    here, sent = world(), asked()
    with here.change():
        done_now = timers.run(here, sent.get("of"))
    return done(done=[{name: plan[name] for name in ("action", "of")} for plan in done_now])


@bp.post("/clock/date")
def set_date() -> Response:
    """The `Date` header of every answer is so many `seconds` ahead (behind, if less than 0) of this machine's clock."""
    seconds = whole(asked(), "seconds", 0, -(10**6), 10**6)
    with world().change():
        world().holds.date_ahead_seconds = seconds
    return done(seconds=seconds)


@bp.post("/clock/advance")
def advance_clock() -> Response:
    """Move the sandbox's time forward by `seconds`; what falls due happens at once."""
    here = world()
    here.timetable.advance(whole(asked(), "seconds", None, 0, 10**9))
    return done(now=here.clock.now())


@bp.route("/faults", methods=["GET", "POST", "DELETE"])
def order_fault() -> Response:
    here = world()
    with here.change():
        if request.method == "DELETE":
            here.holds.faults = []
        if request.method == "POST":
            sent = asked()
            whole(sent, "times", 1, 1, 10**6)
            whole(sent, "seconds", 30, 0, 3600)
            faults.order(here, sent)
        return done(faults=here.holds.faults)


@bp.get("/requests")
def requests() -> Response:
    """The API requests received, oldest first. `?path=/v1/checkout` and `?method=POST` narrow it."""
    path, method = request.args.get("path", "/"), request.args.get("method")
    return done(
        requests=[
            entry
            for entry in list(world().requests)
            if entry["path"].startswith(path) and method in (None, entry["method"])
        ]
    )


@bp.get("/summary")
def show_summary() -> Response:
    here = world()
    with here.lock:
        return done(**summary.summary(here))


@bp.post("/reset")
def reset() -> Response:
    """Forget everything, but keep the endpoints named when the sandbox was started."""
    here = world()
    with here.change():
        here.clear()
        endpoints.register(here)
        payouts.watch(here)
    return done(reset=True)


@bp.route("/<path:rest>", methods=["GET", "POST", "DELETE", "PUT"])
def unknown(rest: str) -> Response:
    raise ApiError(f"The sandbox has no control '{rest}'.", status=404)
