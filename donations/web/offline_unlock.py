"""The offline key as the session of the request has unlocked it: looked for only where something needs it."""

from __future__ import annotations

from flask import Flask, has_request_context

from donations.data_keys import offline
from donations.data_keys.offline import PrivateKey
from donations.offline_key import unlocks
from donations.web import sessions
from donations.web.page import now


def init_app(app: Flask) -> None:
    offline.set_source(app, _of_session)
    app.teardown_request(lambda _error: offline.forget())
    app.jinja_env.globals["met_locked"] = offline.met_locked


def _of_session() -> PrivateKey | None:
    row = sessions.signed_in_session() if has_request_context() else None
    return unlocks.read(row.id, sessions.cookie_key(), now()) if row is not None else None
