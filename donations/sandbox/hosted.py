"""The hosted pages: where a donor pays, answers the bank, or learns that the session is over.

Plain HTML, no script.
"""

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from . import banks, cards, currencies, pay, payments, sessions
from .errors import ApiError
from .store import Doc
from .world import World

bp = Blueprint("hosted", __name__)
BLANK = {"number": "", "sort_code": "", "expiry": "", "cvc": "", "name": ""}


@bp.get("/c/pay/<id>")
def form(id: str) -> AnyResponse:
    world, session = _found(id)
    if session["status"] != "open":
        return _over(session)
    return _form(world, session, _prefilled(world, session))


@bp.post("/c/pay/<id>")
def pay_session(id: str) -> AnyResponse:
    world, session = _found(id)
    typed = {name: request.form.get(name, "").strip() for name in (*BLANK, "email")}
    try:
        with world.change():
            outcome = _try(world, session, typed)
    except ApiError as error:
        return _form(world, session, typed, error) if session["status"] == "open" else _over(session)
    if outcome == "challenge":
        return redirect(url_for("hosted.challenge", id=id), 303)
    return redirect(sessions.return_url(session), 303)


@bp.get("/c/pay/<id>/challenge")
def challenge(id: str) -> AnyResponse:
    world, session = _found(id)
    intent = world.store.get(session["payment_intent"] or "", "payment_intent")
    if session["status"] != "open" or intent is None or intent["status"] != "requires_action":
        return redirect(url_for("hosted.form", id=id), 303)
    return _page("challenge.html", world, session)


@bp.post("/c/pay/<id>/challenge")
def answer_challenge(id: str) -> AnyResponse:
    world, session = _found(id)
    try:
        with world.change():
            if session["status"] != "complete":
                payments.answer_challenge(world, session, authenticated=request.form.get("outcome") == "complete")
    except ApiError as error:
        return (
            _form(world, session, _prefilled(world, session), error) if session["status"] == "open" else _over(session)
        )
    return redirect(sessions.return_url(session), 303)


@bp.get("/receipts/<id>")
def receipt(id: str) -> AnyResponse:
    world = _world()
    charge = world.store.get(id, "charge") or abort(404)
    return _plain(
        "message.html",
        world,
        title="Receipt",
        lines=[
            currencies.shown(charge["amount"], charge["currency"]),
            f"Paid to {world.settings.organisation}",
            charge["id"],
        ],
    )


def _try(world: World, session: Doc, typed: dict[str, str]) -> str:
    """Paid, or a challenge. A second submission of a paid session is `paid` too, and charges nothing."""
    if session["status"] == "complete":
        return "paid"
    number = typed["sort_code"] + typed["number"]
    pay.check_typed(world, number, typed["expiry"], typed["cvc"])
    email = session["customer_email"] or typed["email"]
    if not email or "@" not in email:
        raise cards.refusal("email_invalid", "Your email is incomplete.", "email")
    return pay.pay(world, session, number, email=email, name=typed["name"] or None)


def _prefilled(world: World, session: Doc) -> dict[str, str]:
    """An empty form, or one filled in with the test card that was picked from the table."""
    typed = {**BLANK, "email": session["customer_email"] or _customers_email(world, session)}
    card, account = cards.BY_KEY.get(request.args.get("card", "")), banks.find(request.args.get("bank", ""))
    if account:
        cut = 6 if account.kind == "bacs_debit" else 0
        typed.update(sort_code=account.number[:cut], number=account.number[cut:], name="Test Donor")
    if card:
        typed.update(
            number=card.grouped,
            expiry=cards.suggested_expiry(world.clock.now()),
            cvc="1234" if card.brand == "amex" else "123",
            name="Test Donor",
        )
    return typed


def _customers_email(world: World, session: Doc) -> str:
    customer = world.store.get(session["customer"] or "", "customer")
    return (customer["email"] or "") if customer else ""


def _form(world: World, session: Doc, typed: dict[str, str], error: ApiError | None = None) -> AnyResponse:
    kind = banks.KINDS.get(session["currency"])
    by_bank = kind and (request.values.get("method") == kind or request.args.get("bank"))
    response = _page(
        "debit.html" if by_bank else "pay.html",
        world,
        session,
        typed=typed,
        error=error,
        cards=cards.CARDS,
        accounts=[each for each in banks.ACCOUNTS if each.kind == kind],
        kind=kind,
        lines=session["_line_items"],
    )
    response.status_code = 402 if error else 200
    return response


def _over(session: Doc) -> AnyResponse:
    world = _world()
    if session["status"] == "complete":
        lines = ["You have paid already. Nothing was charged twice."]
        link = (sessions.return_url(session), "Continue")
    else:
        lines = ["This payment page has expired. Nothing was charged. Go back and start again."]
        link = (session["cancel_url"], f"Back to {world.settings.organisation}") if session["cancel_url"] else ("", "")
    title = "All done" if session["status"] == "complete" else "This page has expired"
    return _plain("message.html", world, title=title, lines=lines, link=link)


def _page(template: str, world: World, session: Doc, **more: Any) -> Response:
    amount = currencies.shown(session["amount_total"], session["currency"])
    return _plain(template, world, session=session, amount=amount, **more)


def _plain(template: str, world: World, **more: Any) -> Response:
    return make_response(render_template(template, organisation=world.settings.organisation, **more))


def _found(id: str) -> tuple[World, Doc]:
    world = _world()
    session = world.store.get(id, "checkout.session") or abort(404)
    if session["status"] == "open" and session["expires_at"] <= world.clock.now():
        with world.change():
            sessions.expire(world, id)
    return world, session


def _world() -> World:
    world: World = current_app.extensions["sandbox"]
    return world
