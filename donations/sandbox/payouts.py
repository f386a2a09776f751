"""Payouts: what is available goes to the bank, arrives, or comes back; and which balance transactions it paid out.

The members of an automatic payout are all that is available and was not paid out before, an earlier manual payout's
own transaction among them; the list by payout (in `transactions`) holds them and the payout's own.
"""

from functools import partial
from typing import Any

from . import events, lists, params, payout_documents, timers, transactions
from .errors import ApiError, no_such
from .store import Doc
from .world import World

CREATE_FIELDS: params.Fields = {
    "amount": params.integer(1),
    "currency": params.currency,
    "description": params.text(),
    "metadata": params.metadata,
    "method": params.choice("standard", "instant"),
    "statement_descriptor": params.text(22),
    **dict.fromkeys(("destination", "payout_method", "source_type"), params.absent),
}
LIST_FIELDS: params.Fields = {
    **lists.FIELDS,
    "arrival_date": params.created,
    "destination": params.text(),
    "status": params.choice("pending", "in_transit", "paid", "failed", "canceled"),
}
# From each status, where a payout may go: paid can turn into failed within five working days.
STEPS = {
    "pending": ("in_transit", "paid", "failed", "canceled"),
    "in_transit": ("paid", "failed"),
    "paid": ("failed",),
}


def create(world: World, sent: dict[str, Any]) -> Doc:
    """By the API payouts are manual, and nothing is kept of what they consist of. Raises ApiError."""
    given = params.checked(sent, CREATE_FIELDS, ("amount", "currency"))
    return manual(world, given.pop("amount"), given.pop("currency"), **given)


def manual(world: World, amount: int, currency: str, **given: Any) -> Doc:
    """Raises ApiError for more than is available."""
    if amount > available(world, currency):
        raise ApiError(
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient",
            param="amount",
        )
    return _send(world, payout_documents.new(world, amount, currency, automatic=False, **given))


def automatic(world: World, currency: str, **given: Any) -> Doc:
    """All that is available; a negative sum is taken from the bank. Raises ApiError if there is nothing."""
    members = unpaid(world, currency)
    amount = sum(each["net"] for each in members)
    if not amount:
        raise ApiError(f"There is nothing to pay out in {currency.upper()}.", param="currency")
    payout = payout_documents.new(world, amount, currency, automatic=True, **given)
    payout["_members"] = [each["id"] for each in members]
    for each in members:
        each["_payout"] = payout["id"]
        world.store.save(each)
    return _send(world, payout)


def unpaid(world: World, currency: str) -> list[Doc]:
    """The available transactions that no payout has paid out, oldest first."""
    return [
        each
        for each in world.store.oldest_first("balance_transaction")
        if each["currency"] == currency
        and each["status"] == "available"
        and each["balance_type"] == "payments"
        and not each.get("_payout")
    ]


def available(world: World, currency: str) -> int:
    return sum(
        each["net"]
        for each in world.store.oldest_first("balance_transaction")
        if each["currency"] == currency and each["status"] == "available" and each["balance_type"] == "payments"
    )


def reconcile(world: World, payout: Doc) -> Doc:
    """From now on the list of its members is complete. Raises ApiError where there is nothing to reconcile."""
    if payout["reconciliation_status"] != "in_progress":
        raise ApiError(f"The reconciliation of {payout['id']} is {payout['reconciliation_status']}.")
    payout["reconciliation_status"] = "completed"
    world.store.save(payout)
    events.emit(world, "payout.reconciliation_completed", payout)
    return payout


def advance(
    world: World, payout: Doc, to: str, *, failure_code: str = "account_closed", keep_members: bool = False
) -> Doc:
    """The next status, with its event. Raises ApiError for a step that Stripe does not make.

    When it fails, its members are unpaid again; with `keep_members` the returned sum is a member of the next one.
    """
    if to not in STEPS.get(payout["status"], ()):
        raise ApiError(f"A payout that is {payout['status']} cannot become {to}.", param="to")
    previous, payout["status"] = {"status": payout["status"]}, to
    if to in ("in_transit", "paid"):
        payout["trace_id"] = {"status": "supported", "value": payout["_trace"]}
    else:
        _come_back(world, payout, failure_code, keep_members=keep_members)
    world.store.save(payout)
    if to == "in_transit":
        events.emit(world, "payout.updated", payout, previous)
    else:
        events.emit(world, f"payout.{to}", payout)
    return payout


def reverse(world: World, payout: Doc) -> Doc:
    """Take a payout back from the bank that has it, by a payout of its own. Raises ApiError."""
    if payout["status"] != "paid" or payout["reversed_by"] or payout["original_payout"]:
        raise ApiError(f"{payout['id']} cannot be taken back.")
    back = payout_documents.new(world, -payout["amount"], payout["currency"], automatic=False)
    back["original_payout"], payout["reversed_by"] = payout["id"], back["id"]
    world.store.save(payout)
    return _send(world, back, "payout_reversal")


def cancel(world: World, id: str) -> Doc:
    payout = retrieve(world, id)
    if payout["status"] != "pending" or payout["automatic"]:
        raise ApiError("Payouts can only be canceled while they are pending, and only manual ones.")
    return advance(world, payout, "canceled")


def retrieve(world: World, id: str) -> Doc:
    payout = world.store.get(id, "payout")
    if payout is None:
        raise no_such("payout", id, "payout")
    return payout


def listed(world: World, sent: dict[str, Any]) -> Doc:
    wanted = params.checked(sent, LIST_FIELDS)
    matches = lists.only(wanted, "destination", "status")
    bounds = wanted.get("arrival_date", {})

    def shown(doc: Doc) -> bool:
        arrives = all(lists.BOUNDS[name](doc["arrival_date"], bound) for name, bound in bounds.items())
        return arrives and matches(doc)

    return lists.page(world, "payout", wanted, "/v1/payouts", shown)


def watch(world: World) -> None:
    """Pay out by the schedule of the options, if there is one."""
    every = world.settings.payout_every_seconds
    if every > 0:
        world.timetable.at(world.clock.now() + every, partial(_pay_out_all, world))


@timers.action("payout.leave")
def leave(world: World, id: str) -> None:
    payout = retrieve(world, id)
    if payout["reconciliation_status"] == "in_progress":
        reconcile(world, payout)
    if payout["status"] == "pending":
        advance(world, payout, "in_transit")
    timers.plan(world, world.settings.later_seconds, "payout.arrive", id)


@timers.action("payout.arrive")
def arrive(world: World, id: str) -> None:
    payout = retrieve(world, id)
    if payout["status"] == "in_transit":
        advance(world, payout, "paid")


def _pay_out_all(world: World) -> None:
    with world.change():
        for currency in {each["currency"] for each in world.store.oldest_first("balance_transaction")}:
            if sum(each["net"] for each in unpaid(world, currency)):
                payout = automatic(world, currency)
                timers.plan(world, world.settings.later_seconds, "payout.leave", payout["id"])
        watch(world)


def _send(world: World, payout: Doc, category: str = "payout") -> Doc:
    own = transactions.book(
        world,
        -payout["amount"],
        payout["currency"],
        "payout",
        category,
        source=payout["id"],
        description=payout["description"],
        fee=payout.pop("_fee", 0),
        fee_name="Instant payout fee",
    )
    own["_payout"] = payout["id"] if payout["automatic"] else None
    payout["balance_transaction"] = own["id"]
    world.store.add(payout)
    events.emit(world, "payout.created", payout)
    return payout


def _come_back(world: World, payout: Doc, failure_code: str, *, keep_members: bool) -> None:
    failed = payout["status"] == "failed"
    back = transactions.book(
        world,
        payout["amount"],
        payout["currency"],
        "payout_failure" if failed else "payout_cancel",
        "payout_reversal",
        source=payout["id"],
        description=f"{'PAYOUT FAILURE' if failed else 'PAYOUT CANCELED'} ({payout['id']})",
    )
    payout["failure_balance_transaction"] = back["id"]
    if failed:
        payout.update(failure_code=failure_code, failure_message=payout_documents.failure_message(failure_code))
    if not payout["automatic"] or keep_members:
        return
    back["_payout"] = payout["id"]
    for id in payout["_members"]:
        member = world.store.known(id)
        member["_payout"] = None
        world.store.save(member)
    payout["_members"] = []
