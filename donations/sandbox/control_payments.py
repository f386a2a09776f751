"""Orders about single payments: their debits, refunds, disputes and warnings, and the rates of their conversion."""

from decimal import Decimal
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from . import charges, conversion, debits, disputes, fraud_warnings, intents, refunds
from .control_params import asked, bp, choice, currency, decimal, done, minor, world, yes
from .errors import ApiError
from .store import Doc
from .world import World

PENDING = ("processing", "insufficient_funds", "charge_pending")


@bp.post("/charges/<id>/succeed")
def succeed_debit(id: str) -> Response:
    """A pending bank debit succeeds now."""
    here = world()
    with here.change():
        return done(charge=debits.succeed(here, charges.retrieve(here, id))["id"], status="succeeded")


@bp.post("/charges/<id>/fail")
def fail_debit(id: str) -> Response:
    """A bank debit fails, pending or already succeeded. `failure_code`, e.g. insufficient_funds."""
    here, sent = world(), asked()
    with here.change():
        code = str(sent.get("failure_code", "debit_not_authorized"))
        charge = debits.fail(here, charges.retrieve(here, id), code)
        return done(charge=id, status="failed", failure_balance_transaction=charge["failure_balance_transaction"])


@bp.post("/refunds")
def refund_in_dashboard() -> Response:
    """Refund `charge` or `payment_intent` (`amount`, `reason`), as a person does in the Dashboard.

    `status`: succeeded, pending (with `pending_reason`) or requires_action, whatever the card would do.
    """
    here, sent = world(), asked()
    with here.change():
        status = choice(sent, "status", ("succeeded", "pending", "requires_action")) if "status" in sent else None
        because = choice(sent, "pending_reason", PENDING, "processing")
        refund = refunds.make(
            here,
            _charge(here, sent),
            minor(sent, "amount"),
            sent.get("reason"),
            {str(key): str(value) for key, value in (sent.get("metadata") or {}).items()},
            status=status,
            pending_reason=because,
        )
        return done(**_told(refund))


@bp.post("/refunds/<id>/become")
def refund_becomes(id: str) -> Response:
    """`status` succeeded, failed (with `failure_reason`), canceled, pending or requires_action."""
    here, sent = world(), asked()
    with here.change():
        status = choice(sent, "status", ("succeeded", "failed", "canceled", "pending", "requires_action"))
        reason = choice(sent, "failure_reason", refunds.FAILURES, "expired_or_canceled_card")
        because = choice(sent, "pending_reason", PENDING) if "pending_reason" in sent else None
        return done(**_told(refunds.become(here, id, status, reason, because)))


@bp.post("/disputes")
def open_dispute() -> Response:
    """Dispute `charge`: `amount`, `reason`, `fee`, `inquiry`; `withdraw` false leaves the money for later."""
    here, sent = world(), asked()
    with here.change():
        dispute = disputes.open(
            here,
            _charge(here, sent),
            amount=minor(sent, "amount"),
            reason=choice(sent, "reason", disputes.REASONS, "fraudulent"),
            inquiry=yes(sent.get("inquiry")),
            fee=minor(sent, "fee", 0),
            withdraw_now=yes(sent.get("withdraw", True)),
        )
        return done(**_told(dispute))


@bp.post("/disputes/<id>/withdraw")
def withdraw(id: str) -> Response:
    """The money goes now, with the `fee`."""
    here, sent = world(), asked()
    with here.change():
        return done(**_told(disputes.withdraw(here, disputes.retrieve(here, id), minor(sent, "fee", 0))))


@bp.post("/disputes/<id>/escalate")
def escalate(id: str) -> Response:
    """An inquiry becomes a dispute, and the money goes, with the `fee`."""
    here, sent = world(), asked()
    with here.change():
        return done(**_told(disputes.escalate(here, disputes.retrieve(here, id), minor(sent, "fee", 0))))


@bp.post("/disputes/<id>/win")
def win(id: str) -> Response:
    """Won: `reinstate` false leaves the money for later; `amount`: only a part of it; `fee_back` of the fee."""
    here, sent = world(), asked()
    with here.change():
        dispute = disputes.become(here, disputes.retrieve(here, id), "won")
        if yes(sent.get("reinstate", True)) and dispute["_transactions"]:
            disputes.reinstate(here, dispute, minor(sent, "amount"), minor(sent, "fee_back", 0) or 0)
        return done(**_told(dispute))


@bp.post("/disputes/<id>/lose")
def lose(id: str) -> Response:
    here = world()
    with here.change():
        return done(**_told(disputes.become(here, disputes.retrieve(here, id), "lost")))


@bp.post("/disputes/<id>/reinstate")
def reinstate(id: str) -> Response:
    """Money comes back, whatever the status: all that is withheld, or `amount`; `fee_back` of the fee."""
    here, sent = world(), asked()
    with here.change():
        dispute = disputes.retrieve(here, id)
        disputes.reinstate(here, dispute, minor(sent, "amount"), minor(sent, "fee_back", 0) or 0)
        return done(**_told(dispute))


@bp.post("/disputes/<id>/become")
def dispute_becomes(id: str) -> Response:
    """Any other `status` of Stripe's, without money."""
    here, sent = world(), asked()
    with here.change():
        status = choice(sent, "status", disputes.STATUSES)
        return done(**_told(disputes.become(here, disputes.retrieve(here, id), status)))


@bp.post("/early_fraud_warnings")
def warn() -> Response:
    """The network suspects `charge`: `fraud_type`."""
    here, sent = world(), asked()
    with here.change():
        kind = choice(sent, "fraud_type", fraud_warnings.FRAUD_TYPES, "misc")
        warning = fraud_warnings.warn(here, _charge(here, sent), kind)
        return done(id=warning["id"], charge=warning["charge"], actionable=warning["actionable"])


@bp.route("/rates", methods=["GET", "POST", "DELETE"])
def rates() -> Response:
    """One unit of `currency` is `rate` of the default currency, `for` a charge, refund, dispute or what comes back."""
    here = world()
    with here.change():
        if request.method == "DELETE":
            here.holds.rates = {}
        if request.method == "POST":
            sent = asked()
            kind = choice(sent, "for", conversion.KINDS, "charge")
            here.holds.rates[kind, currency(sent, "")] = decimal(sent, "rate")
        return done(rates=[_rate(*key, value) for key, value in here.holds.rates.items()])


def _charge(here: World, sent: dict[str, Any]) -> Doc:
    """The charge that is named, or the one of the payment intent that is. Raises ApiError."""
    if sent.get("charge"):
        return charges.retrieve(here, str(sent["charge"]))
    if not sent.get("payment_intent"):
        raise ApiError("charge or payment_intent is missing", param="charge")
    intent = intents.retrieve(here, str(sent["payment_intent"]))
    return charges.retrieve(here, intent["latest_charge"] or "")


def _told(doc: Doc) -> dict[str, Any]:
    """What whoever ordered it wants to know first."""
    names = ("id", "charge", "payment_intent", "amount", "currency", "status", "failure_balance_transaction")
    told = {name: doc[name] for name in names if name in doc}
    if doc["object"] == "dispute":
        return {**told, "balance_transactions": doc["_transactions"]}
    return {**told, "balance_transaction": doc["balance_transaction"]}


def _rate(kind: str, code: str, rate: Decimal) -> dict[str, str]:
    return {"for": kind, "currency": code, "rate": str(rate)}
