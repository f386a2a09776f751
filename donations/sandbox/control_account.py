"""Orders about the account as a whole: what Stripe books by itself, what becomes available, and payouts."""

from typing import Any

from werkzeug.wrappers import Response

from . import account_transactions, payouts, transactions
from .control_params import MAX_MINOR, asked, bp, choice, currency, done, minor, whole, world, yes
from .errors import ApiError
from .store import Doc

NEXT = ("in_transit", "paid", "failed", "canceled")


@bp.post("/movements")
def move() -> Response:
    """Stripe books `kind` by itself: `amount`, `currency`, `fee`, `description`, `pending`; `paired` of reserves.

    `type` and `reporting_category` take the place of those of the kind, known to Stripe or not.
    """
    here, sent = world(), asked()
    with here.change():
        booked = account_transactions.make(
            here,
            choice(sent, "kind", tuple(account_transactions.KINDS)),
            whole(sent, "amount", None, -MAX_MINOR, MAX_MINOR),
            currency(sent, here.settings.currency),
            fee=whole(sent, "fee", 0, -MAX_MINOR, MAX_MINOR),
            pending=yes(sent.get("pending")),
            paired=yes(sent.get("paired", True)),
            type=sent.get("type"),
            category=sent.get("reporting_category"),
            description=sent.get("description"),
        )
        names = ("id", "amount", "fee", "net", "currency", "type", "reporting_category", "balance_type")
        return done(balance_transactions=[{name: each[name] for name in names} for each in booked])


@bp.post("/balance_transactions/available")
def make_available() -> Response:
    """What is pending is available now: all of it, or one `transaction`."""
    here, only = world(), asked().get("transaction")
    with here.change():
        pending = [
            each["id"]
            for each in here.store.oldest_first("balance_transaction")
            if each["status"] == "pending" and only in (None, each["id"])
        ]
        for id in pending:
            transactions.make_available(here, id)
    return done(available=pending)


@bp.post("/payouts")
def pay_out() -> Response:
    """Pay out now all that is available in `currency`; with an `amount`, a manual payout.

    `to` in_transit, paid, failed or canceled takes it there at once; `reconcile` completes its list of members;
    `destination`: another bank account; `method` instant has a `fee`.
    """
    here, sent = world(), asked()
    with here.change():
        code, amount = currency(sent, here.settings.currency), minor(sent, "amount")
        more: dict[str, Any] = {"destination": sent.get("destination"), "fee": minor(sent, "fee", 0)}
        more["method"] = choice(sent, "method", ("standard", "instant"), "standard")
        payout = payouts.automatic(here, code, **more) if amount is None else payouts.manual(here, amount, code, **more)
        if yes(sent.get("reconcile")):
            payouts.reconcile(here, payout)
        if "to" in sent:
            payouts.advance(here, payout, choice(sent, "to", NEXT))
        return done(**_told(payout))


@bp.post("/payouts/<id>/advance")
def advance_payout(id: str) -> Response:
    """`to` in_transit, paid, failed (with `failure_code`, `keep_members`) or canceled."""
    here, sent = world(), asked()
    with here.change():
        payout = payouts.advance(
            here,
            payouts.retrieve(here, id),
            choice(sent, "to", NEXT),
            failure_code=str(sent.get("failure_code", "account_closed")),
            keep_members=yes(sent.get("keep_members")),
        )
        return done(**_told(payout))


@bp.post("/payouts/<id>/reverse")
def reverse_payout(id: str) -> Response:
    """Take it back from the bank by another payout."""
    here = world()
    with here.change():
        return done(**_told(payouts.reverse(here, payouts.retrieve(here, id))))


@bp.post("/payouts/<id>/reconcile")
def reconcile_payout(id: str) -> Response:
    here = world()
    with here.change():
        return done(**_told(payouts.reconcile(here, payouts.retrieve(here, id))))


@bp.post("/payouts/<id>/list")
def spoil_list(id: str) -> Response:
    """The worst of lists: leave out `hide`, show `repeat` twice (ids of members); with neither, right again."""
    here, sent = world(), asked()
    with here.change():
        payout = payouts.retrieve(here, id)
        for name in ("hide", "repeat"):
            if name in sent and here.store.get(str(sent[name]), "balance_transaction") is None:
                raise ApiError(f"No such balance transaction: {sent[name]}", param=name)
        payout["_hidden"] = [*payout.get("_hidden", ()), sent["hide"]] if "hide" in sent else []
        payout["_repeated"] = [*payout.get("_repeated", ()), sent["repeat"]] if "repeat" in sent else []
        here.store.save(payout)
        return done(hidden=payout["_hidden"], repeated=payout["_repeated"])


def _told(payout: Doc) -> dict[str, Any]:
    names = ("id", "amount", "currency", "status", "automatic", "reconciliation_status", "balance_transaction")
    return {**{name: payout[name] for name in names}, "members": payout["_members"]}
