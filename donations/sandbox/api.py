"""What every API request goes through: key, version, parameters, idempotency, faults, expansion, the log.

The operations themselves are listed in `routes`.
"""

import base64
import functools
import json
import time
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from . import expansion, faults, form, idempotency, ids, params
from .errors import ApiError
from .idempotency import Answer
from .settings import API_VERSION
from .store import Doc
from .world import Caller, World, caller

Operation = Callable[..., Doc]
DROP = "sandbox.drop"  # In the WSGI environment: close the connection instead of answering.
LOGGED_HEADERS = ("Idempotency-Key", "Stripe-Version", "Stripe-Account", "User-Agent", "Content-Type")


def operation(kind: str, *, in_list: bool = False) -> Callable[[Operation], Callable[..., Response]]:
    """Make a view of a function that takes world, parameters and the path's ids, and answers a `kind`."""

    def wrap(work: Operation) -> Callable[..., Response]:
        @functools.wraps(work)
        def view(**path_ids: str) -> Response:
            return respond(lambda world, sent: work(world, sent, **path_ids), kind, in_list)

        return view

    return wrap


def respond(work: Callable[[World, dict[str, Any]], Doc], kind: str, in_list: bool) -> Response:
    """One request from its headers to its answer, logged."""
    world: World = current_app.extensions["sandbox"]
    entry = _entry(world)
    try:
        answer = _answer(world, entry, work, kind, in_list)
    except ApiError as error:
        answer = Answer(error.status, error.body(), begun=False)
    entry.update(status=answer.status, replayed=answer.replayed)
    if entry["fault"] in ("reset_before", "reset_after"):
        request.environ[DROP] = True
    response = Response(json.dumps(answer.body, indent=2) + "\n", answer.status, content_type="application/json")
    response.headers["Request-Id"] = entry["id"]
    response.headers["Stripe-Version"] = API_VERSION
    if key := request.headers.get("Idempotency-Key"):
        response.headers["Idempotency-Key"] = key
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if answer.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return response


def _entry(world: World) -> dict[str, Any]:
    """The line of this request in the log; secrets are not in it."""
    entry: dict[str, Any] = {
        "id": ids.new("req", 14),
        "at": world.clock.now(),
        "method": request.method,
        "path": request.path,
        "headers": {name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers},
        "query": form.parsed_leniently(request.query_string.decode("latin-1")),
        "form": form.parsed_leniently(request.get_data(as_text=True)),
        "status": None,
        "replayed": False,
        "fault": None,
    }
    world.requests.append(entry)
    return entry


def _answer(
    world: World,
    entry: dict[str, Any],
    work: Callable[[World, dict[str, Any]], Doc],
    kind: str,
    in_list: bool,
) -> Answer:
    _authenticate()
    _check_version()
    fault = faults.strike(world, request.method, request.path)
    entry["fault"] = fault.get("mode")
    if entry["fault"] in ("429", "500", "reset_before"):
        return _refused(entry["fault"])
    pairs = form.pairs(request.query_string.decode("latin-1")) + _body()
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    who = Caller(entry["id"], key)

    def execute() -> Answer:
        answer = _execute(world, pairs, who, fault, work, kind, in_list)
        if fault.get("mode") == "slow":
            time.sleep(fault["seconds"])
        return answer

    return idempotency.once(world, key, request.path, pairs, execute) if key else execute()


def _execute(
    world: World,
    pairs: form.Pairs,
    who: Caller,
    fault: dict[str, Any],
    work: Callable[[World, dict[str, Any]], Doc],
    kind: str,
    in_list: bool,
) -> Answer:
    """Do the work under the lock and keep its answer in the same breath."""
    sent = form.nested(pairs)
    paths = params.listing(params.text())(sent.pop("expand", {}), "expand")
    expansion.check(paths, kind, in_list=in_list)
    token = caller.set(who)
    try:
        with world.change():
            answer = Answer(200, expansion.expanded(world, work(world, sent), paths))
            if fault.get("mode") == "500_after":
                answer = Answer(500, _broken())
            if who.idempotency_key:
                idempotency.keep(world, who.idempotency_key, request.path, pairs, answer)
            return answer
    finally:
        caller.reset(token)


def broken() -> Response:
    """The answer when the sandbox itself fails: still in Stripe's shape."""
    return Response(json.dumps(_broken()), 500, content_type="application/json")


def _refused(mode: str) -> Answer:
    """What is answered when nothing was executed."""
    if mode == "429":
        raise ApiError(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            status=429,
            code="rate_limit",
        )
    return Answer(500, _broken(), begun=False)


def _broken() -> dict[str, Any]:
    return ApiError("An unknown error occurred.", status=500, type="api_error").body()


def _authenticate() -> None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        key = base64.b64decode(key + "==").decode("utf-8", "replace").split(":")[0]
    if not key or scheme.lower() not in ("bearer", "basic"):
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization "
            "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not key.startswith(("sk_test_", "rk_test_")):
        raise ApiError(f"Invalid API Key provided: {key[:8]}{'*' * 12}", status=401)


def _check_version() -> None:
    version = request.headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise ApiError(f"Invalid Stripe API version: {version}. This sandbox speaks {API_VERSION} only.")


def _body() -> form.Pairs:
    raw = request.get_data()
    if not raw:
        return []
    if request.mimetype != "application/x-www-form-urlencoded":
        raise ApiError(
            f"Invalid request: the content type must be application/x-www-form-urlencoded, not {request.mimetype}."
        )
    return form.pairs(raw.decode("latin-1"))
