"""The API's operations on refunds, disputes, early fraud warnings and payouts. No rules here."""

from . import disputes, fraud_warnings, params, payouts, refunds
from .api import operation
from .routes import Sent, bp
from .store import Doc
from .world import World


@bp.post("/refunds")
@operation("refund")
def create_refund(world: World, sent: Sent) -> Doc:
    return refunds.create(world, sent)


@bp.get("/refunds")
@operation("refund", in_list=True)
def list_refunds(world: World, sent: Sent) -> Doc:
    return refunds.listed(world, sent)


@bp.get("/refunds/<id>")
@operation("refund")
def retrieve_refund(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return refunds.retrieve(world, id)


@bp.post("/refunds/<id>")
@operation("refund")
def update_refund(world: World, sent: Sent, id: str) -> Doc:
    return refunds.update(world, id, sent)


@bp.post("/refunds/<id>/cancel")
@operation("refund")
def cancel_refund(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return refunds.cancel(world, id)


@bp.get("/disputes")
@operation("dispute", in_list=True)
def list_disputes(world: World, sent: Sent) -> Doc:
    return disputes.listed(world, sent)


@bp.get("/disputes/<id>")
@operation("dispute")
def retrieve_dispute(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return disputes.retrieve(world, id)


@bp.post("/disputes/<id>")
@operation("dispute")
def update_dispute(world: World, sent: Sent, id: str) -> Doc:
    return disputes.update(world, id, sent)


@bp.post("/disputes/<id>/close")
@operation("dispute")
def close_dispute(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return disputes.close(world, id)


@bp.get("/radar/early_fraud_warnings")
@operation("radar.early_fraud_warning", in_list=True)
def list_early_fraud_warnings(world: World, sent: Sent) -> Doc:
    return fraud_warnings.listed(world, sent)


@bp.get("/radar/early_fraud_warnings/<id>")
@operation("radar.early_fraud_warning")
def retrieve_early_fraud_warning(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return fraud_warnings.retrieve(world, id)


@bp.post("/payouts")
@operation("payout")
def create_payout(world: World, sent: Sent) -> Doc:
    return payouts.create(world, sent)


@bp.get("/payouts")
@operation("payout", in_list=True)
def list_payouts(world: World, sent: Sent) -> Doc:
    return payouts.listed(world, sent)


@bp.get("/payouts/<id>")
@operation("payout")
def retrieve_payout(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return payouts.retrieve(world, id)


@bp.post("/payouts/<id>/cancel")
@operation("payout")
def cancel_payout(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return payouts.cancel(world, id)
