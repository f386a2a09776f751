"""Pages that had another address once: bookmarks and forms that were open during an update are led on."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from donations.web.headers import kind

bp = Blueprint("moved", __name__)
# Up to 2026, each with everything below it. Who may open a page is asked at its new address.
MOVED = {
    "/treasury/bank": "/treasury/bank-accounts",
    "/treasury/books": "/treasury/exports",
    "/treasury/gifts": "/treasury/offline-donations",
    "/treasury/lines": "/treasury/statement-lines",
    "/treasury/pay-ins": "/treasury/branch-returns",
    "/treasury/payments": "/treasury/card-payments",
    "/treasury/slips": "/treasury/paying-in-slips",
    "/treasury/spending": "/treasury/payment-requests",
    "/treasury/stop": "/treasury/posting-stop",
    "/treasury/stripe-transactions": "/treasury/balance-transactions",
}


_OLD = f"/treasury/<any({', '.join(repr(old.removeprefix('/treasury/')) for old in MOVED)}):old>"


@bp.route(_OLD, methods=["GET", "POST"])
@bp.route(f"{_OLD}/<path:rest>", methods=["GET", "POST"])
@kind("staff")
def lead_on(old: str, rest: str = "") -> Response:
    """308 to the new address with the same language, method, body and query (RFC 9110, 15.4.9)."""
    query = request.query_string.decode("ascii", "replace")
    language = f"/{g.prefix}" if g.prefix else ""
    below = f"/{rest}" if rest else ""
    new = MOVED[f"/treasury/{old}"]
    answer = redirect(request.script_root + language + new + below + (f"?{query}" if query else ""), 308)
    answer.headers["Cache-Control"] = "no-store"
    return answer
