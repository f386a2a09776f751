"""Bank debits: promised on the page, decided days later, and sometimes taken back after that.

The sequences are those of Stripe's guide to delayed payment methods. Functions expect the world's lock to be held.
"""

from . import balance, banks, cards, charges, disputes, events, intents, refunds, sessions, timers, transactions
from .banks import Account
from .errors import ApiError
from .store import Doc
from .world import World

OUTCOME: Doc = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "not_assessed",
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def pay(world: World, session: Doc, account: Account, *, email: str | None, name: str | None) -> str:
    """Promise to pay an open session: `pending`, or `failed` if the bank refuses at once. Raises ApiError.

    payment_intent.processing, charge.pending, checkout.session.completed with payment_status unpaid.
    """
    sessions.require_open(world, session)
    if session["currency"] != account.currency:
        raise cards.refusal(
            "payment_method_currency_mismatch", f"This bank account pays in {account.currency.upper()} only.", "number"
        )
    billing = intents.billing_details(session, email, name)
    method = world.store.add(banks.payment_method(account, billing, world.clock.now()))
    intent = intents.of_session(world, session)
    intent["_attempt"] = {"bank": account.number, "method": method["id"], "email": billing["email"], "name": name}
    intents.complete(world, session, intent, "unpaid")
    charge = _pending(world, intent, account, method)
    intent.update(
        status="processing",
        latest_charge=charge["id"],
        payment_method=method["id"],
        last_payment_error=None,
        next_action=None,
    )
    world.store.save(intent)
    events.emit(world, "payment_intent.processing", intent)
    events.emit(world, "charge.pending", charge)
    events.emit(world, "checkout.session.completed", session)
    if account.does == "refuse":
        fail(world, charge, account.code)
        return "failed"
    timers.plan(world, world.settings.later_seconds, "debit.decide", charge["id"])
    return "pending"


def succeed(world: World, charge: Doc) -> Doc:
    """The money came: charge.succeeded, payment_intent.succeeded, checkout.session.async_payment_succeeded."""
    _require(charge, "pending")
    intent, session = _around(world, charge)
    if charge["balance_transaction"] is None and "_bt" not in charge:
        balance.settle(world, charge)
    charge.update(
        status="succeeded", paid=True, receipt_url=f"{world.base_url}/receipts/{charge['id']}", _succeeded=True
    )
    intent.update(status="succeeded", amount_received=intent["amount"])
    session["payment_status"] = "paid"
    for doc in (charge, intent, session):
        world.store.save(doc)
    events.emit(world, "charge.succeeded", charge)
    events.emit(world, "payment_intent.succeeded", intent)
    events.emit(world, "checkout.session.async_payment_succeeded", session)
    refunds.charge_decided(world, charge)
    return charge


def fail(world: World, charge: Doc, code: str = "debit_not_authorized") -> Doc:
    """The money did not come, or was taken back after it had come (then the session stays as it was: paid).

    While pending: charge.failed, payment_intent.payment_failed, checkout.session.async_payment_failed.
    After success: charge.failed, payment_intent.payment_failed. What was booked is booked back, without the fee.
    """
    _require(charge, "pending", "succeeded")
    was_pending = charge["status"] == "pending"
    intent, session = _around(world, charge)
    message = banks.MESSAGES.get(code, "The bank could not process this payment.")
    if not was_pending:
        balance.fill(world, charge)
    charge.update(status="failed", paid=False, failure_code=code, failure_message=message)
    _take_back(world, charge)
    world.store.save(charge)
    events.emit(world, "charge.failed", charge)
    error = ApiError(message, status=402, type="card_error", code=code, charge=charge["id"])
    intents.failed(world, intent, world.store.known(charge["payment_method"]), error)
    if was_pending:
        events.emit(world, "checkout.session.async_payment_failed", session)
        refunds.charge_decided(world, charge)
    return charge


@timers.action("debit.decide")
def decide(world: World, id: str) -> None:
    """What the test account says, unless it was decided by order before."""
    charge = charges.retrieve(world, id)
    account = banks.find(charge["_bank"])
    if charge["status"] != "pending" or account is None:
        return
    if account.does == "fail":
        fail(world, charge, account.code)
        return
    succeed(world, charge)
    if account.does == "dispute":
        # Debits that come back weeks later are disputes that are lost at once.
        dispute = disputes.open(world, charge, reason="debit_not_authorized")
        disputes.become(world, dispute, "lost")


def _pending(world: World, intent: Doc, account: Account, method: Doc) -> Doc:
    charge = charges.document(
        world, intent, method, "pending", details=banks.charge_details(account), outcome=dict(OUTCOME)
    )
    charge["_bank"] = account.number
    if world.settings.debit_books_while_pending:
        balance.settle(world, charge)
    return world.store.add(charge)


def _take_back(world: World, charge: Doc) -> None:
    """The reverse of the charge's balance transaction: type payment_failure_refund. Nothing, if nothing was booked."""
    balance.forget(charge)
    booked = world.store.get(charge["balance_transaction"] or "")
    if booked is None:
        return
    back = transactions.book(
        world,
        -booked["amount"],
        booked["currency"],
        "payment_failure_refund",
        "charge_failure",
        source=charge["id"],
        description=f"Payment failure refund for {charge['id']}",
        rate=booked["exchange_rate"],
        available_on=booked["available_on"],
    )
    charge["failure_balance_transaction"] = back["id"]


def _require(charge: Doc, *statuses: str) -> None:
    if charge["payment_method_details"]["type"] == "card" or charge["status"] not in statuses:
        raise ApiError(f"{charge['id']} is no bank debit that is {' or '.join(statuses)}.", param="charge")


def _around(world: World, charge: Doc) -> tuple[Doc, Doc]:
    intent = world.store.known(charge["payment_intent"])
    return intent, world.store.known(intent["_session"])
