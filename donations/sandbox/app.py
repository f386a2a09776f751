"""The sandbox as a Flask app around one world. Serving it is the work of `server`."""

from flask import Flask, Response

from . import (
    control,
    control_account,
    control_captures,
    control_params,
    control_payments,
    hosted,
    panel,
    routes,
    routes_money,
)
from .world import World

# They add their routes to a blueprint of another module.
ROUTES = (control, control_account, control_captures, control_payments, routes_money)
# No form-action: browsers apply it to the redirect back to the app too.
PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def create(world: World) -> Flask:
    app = Flask("donations.sandbox", static_url_path="/sandbox/static")
    app.extensions["sandbox"] = world
    app.url_map.strict_slashes = False
    for bp in (routes.bp, hosted.bp, control_params.bp, panel.bp):
        app.register_blueprint(bp)
    app.after_request(_headers)
    return app


def _headers(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
