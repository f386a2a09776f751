"""How an order to the control API is read and answered: shared by all modules that take orders. No orders here."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, current_app, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .currencies import KNOWN
from .errors import ApiError
from .world import World

bp = Blueprint("control", __name__, url_prefix="/sandbox")
MAX_MINOR = 10**12


@bp.before_request
def from_here_only() -> Response | None:
    """A page of another site, open in the same browser, must not be able to order anything."""
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "none") not in (
        "none",
        "same-origin",
    ):
        return refused(ApiError("The sandbox takes orders from its own page only.", status=403))
    return None


@bp.errorhandler(ApiError)
def refused(error: ApiError) -> Response:
    """JSON; or a page for whoever sent a form from the panel."""
    if _from_panel():
        link = (url_for("panel.show"), "Back to the control page")
        page = render_template("message.html", title="That did not work", lines=[error.message], link=link)
        return make_response(page, error.status)
    response = jsonify(error.body())
    response.status_code = error.status
    return response


def world() -> World:
    found: World = current_app.extensions["sandbox"]
    return found


def asked() -> dict[str, Any]:
    """The order's values: a JSON object, a form, or nothing. Raises ApiError."""
    if not request.get_data():
        return {}
    if not request.is_json:
        # A field of the panel that was left empty means: as usual.
        return {name: value for name, value in request.form.items() if value.strip()}
    values = request.get_json(silent=True)
    if not isinstance(values, dict):
        raise ApiError("The body must be a JSON object.")
    return values


def done(**facts: Any) -> Response:
    """JSON; but whoever sent a form from the panel goes back there."""
    if _from_panel():
        return redirect(url_for("panel.show", _anchor=request.form.get("at") or None), 303)
    return jsonify(facts)


def whole(asked: dict[str, Any], name: str, default: int | None, low: int, high: int) -> int:
    value = asked.get(name, default)
    if value is None:
        raise ApiError(f"{name} is missing", param=name)
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise ApiError(f"{name} must be a whole number", param=name) from error
    if not low <= number <= high:
        raise ApiError(f"{name} must be from {low} to {high}", param=name)
    return number


def minor(asked: dict[str, Any], name: str, low: int = 1) -> int | None:
    """An amount in minor units, or None where none is given."""
    return whole(asked, name, None, low, MAX_MINOR) if asked.get(name) is not None else None


def choice(asked: dict[str, Any], name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = str(asked.get(name, default))
    if value not in allowed:
        raise ApiError(f"{name} must be one of {', '.join(allowed)}", param=name)
    return value


def currency(asked: dict[str, Any], default: str) -> str:
    code = str(asked.get("currency", default)).lower()
    if code not in KNOWN:
        raise ApiError(f"{code} is no currency", param="currency")
    return code


def decimal(asked: dict[str, Any], name: str) -> Decimal:
    try:
        number = Decimal(str(asked.get(name)))
    except InvalidOperation as error:
        raise ApiError(f"{name} must be a number", param=name) from error
    if not number.is_finite() or number <= 0:
        raise ApiError(f"{name} must be above 0", param=name)
    return number


def yes(value: Any) -> bool:
    return value in (True, 1, "1", "true", "yes", "on", "complete")


def _from_panel() -> bool:
    return request.mimetype == "application/x-www-form-urlencoded"
