"""Paying a session with whatever test card or test bank account was named: which module is to do it."""

from datetime import UTC, datetime

from . import banks, cards, debits, payments
from .errors import ApiError
from .store import Doc
from .world import World


def pay(world: World, session: Doc, key: str, *, email: str | None, name: str | None) -> str:
    """`paid`, `challenge`, `pending` or `failed` (a debit refused at once).

    Raises ApiError: 402 for a decline or an unknown number, 400 for a session that is no longer open.
    """
    account = banks.find(key)
    if account is not None:
        return debits.pay(world, session, account, email=email, name=name)
    if banks.looks_like_one(key):
        raise cards.refusal("bank_account_unusable", "Only test bank accounts work here.", "number")
    return payments.pay(world, session, cards.find(key), email=email, name=name)


def check_typed(world: World, number: str, expiry: str, cvc: str) -> None:
    """What a card has and a bank account or a `pm_card_...` name has not. Raises ApiError (402)."""
    if banks.find(number) or banks.looks_like_one(number) or number.startswith("pm_card_"):
        return
    cards.check_typed(expiry, cvc, cards.find(number), datetime.fromtimestamp(world.clock.now(), UTC))


def failure(world: World, session: Doc) -> ApiError | None:
    """Why the last attempt failed, for whoever shows it."""
    intent = world.store.get(session["payment_intent"] or "", "payment_intent")
    error = (intent or {}).get("last_payment_error")
    return ApiError(error["message"], status=402, code=error["code"]) if error else None
