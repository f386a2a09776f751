"""The API's operations: which path leads to which function. No rules here."""

from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import InternalServerError

from . import account, balance, charges, customers, endpoints, events, intents, params, products, sessions, transactions
from .api import broken, operation, respond
from .errors import ApiError
from .store import Doc
from .world import World

bp = Blueprint("api", __name__, url_prefix="/v1")
Sent = dict[str, Any]


@bp.get("/account")
@operation("account")
def retrieve_account(world: World, sent: Sent) -> Doc:
    params.checked(sent, {})
    return account.retrieve(world)


@bp.get("/balance")
@operation("balance")
def retrieve_balance(world: World, sent: Sent) -> Doc:
    params.checked(sent, {})
    return balance.retrieve(world)


@bp.get("/balance_transactions")
@operation("balance_transaction", in_list=True)
def list_balance_transactions(world: World, sent: Sent) -> Doc:
    return transactions.listed(world, sent)


@bp.get("/balance_transactions/<id>")
@operation("balance_transaction")
def retrieve_balance_transaction(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return transactions.retrieve(world, id)


@bp.get("/charges")
@operation("charge", in_list=True)
def list_charges(world: World, sent: Sent) -> Doc:
    return charges.listed(world, sent)


@bp.get("/charges/<id>")
@operation("charge")
def retrieve_charge(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return charges.retrieve(world, id)


@bp.post("/checkout/sessions")
@operation("checkout.session")
def create_session(world: World, sent: Sent) -> Doc:
    return sessions.create(world, sent)


@bp.get("/checkout/sessions")
@operation("checkout.session", in_list=True)
def list_sessions(world: World, sent: Sent) -> Doc:
    return sessions.listed(world, sent)


@bp.get("/checkout/sessions/<id>")
@operation("checkout.session")
def retrieve_session(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return sessions.retrieve(world, id)


@bp.post("/checkout/sessions/<id>/expire")
@operation("checkout.session")
def expire_session(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return sessions.expire(world, id)


@bp.get("/checkout/sessions/<id>/line_items")
@operation("item", in_list=True)
def list_line_items(world: World, sent: Sent, id: str) -> Doc:
    return sessions.line_items(world, id, sent)


@bp.post("/customers")
@operation("customer")
def create_customer(world: World, sent: Sent) -> Doc:
    return customers.create(world, sent)


@bp.get("/customers")
@operation("customer", in_list=True)
def list_customers(world: World, sent: Sent) -> Doc:
    return customers.listed(world, sent)


@bp.get("/customers/<id>")
@operation("customer")
def retrieve_customer(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return customers.retrieve(world, id)


@bp.post("/customers/<id>")
@operation("customer")
def update_customer(world: World, sent: Sent, id: str) -> Doc:
    return customers.update(world, id, sent)


@bp.get("/events")
@operation("event", in_list=True)
def list_events(world: World, sent: Sent) -> Doc:
    return events.listed(world, sent)


@bp.get("/events/<id>")
@operation("event")
def retrieve_event(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return events.retrieve(world, id)


@bp.get("/payment_intents")
@operation("payment_intent", in_list=True)
def list_payment_intents(world: World, sent: Sent) -> Doc:
    return intents.listed(world, sent)


@bp.get("/payment_intents/<id>")
@operation("payment_intent")
def retrieve_payment_intent(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return intents.retrieve(world, id)


@bp.post("/products")
@operation("product")
def create_product(world: World, sent: Sent) -> Doc:
    return products.create(world, sent)


@bp.get("/products")
@operation("product", in_list=True)
def list_products(world: World, sent: Sent) -> Doc:
    return products.listed(world, sent)


@bp.get("/products/<id>")
@operation("product")
def retrieve_product(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return products.retrieve(world, id)


@bp.post("/products/<id>")
@operation("product")
def update_product(world: World, sent: Sent, id: str) -> Doc:
    return products.update(world, id, sent)


@bp.post("/webhook_endpoints")
@operation("webhook_endpoint")
def create_endpoint(world: World, sent: Sent) -> Doc:
    return endpoints.create(world, sent)


@bp.get("/webhook_endpoints")
@operation("webhook_endpoint", in_list=True)
def list_endpoints(world: World, sent: Sent) -> Doc:
    return endpoints.listed(world, sent)


@bp.get("/webhook_endpoints/<id>")
@operation("webhook_endpoint")
def retrieve_endpoint(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return endpoints.retrieve(world, id)


@bp.post("/webhook_endpoints/<id>")
@operation("webhook_endpoint")
def update_endpoint(world: World, sent: Sent, id: str) -> Doc:
    return endpoints.update(world, id, sent)


@bp.delete("/webhook_endpoints/<id>")
@operation("webhook_endpoint")
def delete_endpoint(world: World, sent: Sent, id: str) -> Doc:
    params.checked(sent, {})
    return endpoints.delete(world, id)


@bp.errorhandler(InternalServerError)
def failed(error: InternalServerError) -> Response:
    return broken()


@bp.route("/", defaults={"rest": ""}, methods=["GET", "POST", "DELETE"])
@bp.route("/<path:rest>", methods=["GET", "POST", "DELETE"])
def unknown(rest: str) -> Response:
    def refuse(world: World, sent: Sent) -> Doc:
        raise ApiError(
            f"Unrecognized request URL (/v1/{rest}). Either Stripe has no such address, or it is not yet "
            "in this sandbox.",
            status=404,
        )

    return respond(refuse, "", False)
