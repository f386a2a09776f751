"""How Flask-Security is bound: with its weak defaults changed, and without the hooks by which it would read the
session, the query and the body of every request, the public ones too (docs/decisions/0011-staff.md)."""

from __future__ import annotations

from flask import Flask
from flask_login.utils import _user_context_processor
from flask_security import UserDatastore

from donations.extensions import security
from donations.models import Staff, StaffRole

MIN_LENGTH = 15
SETTINGS = {
    # argon2id with 19 MiB, two passes, one lane, as OWASP says. No second hash around it, whose key could be lost.
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__type": "ID",
        "argon2__memory_cost": 19 * 1024,
        "argon2__time_cost": 2,
        "argon2__parallelism": 1,
    },
    "SECURITY_PASSWORD_LENGTH_MIN": MIN_LENGTH,
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
}


def bind(app: Flask) -> None:
    """Bind it to the app. Its views are not registered: staff have pages of ours."""
    provider = app.json
    app.config.update(SETTINGS)
    people = UserDatastore(Staff, StaffRole)  # type: ignore[arg-type]  # Its mixins are for its own views.
    security.init_app(app, people, register_blueprint=False)
    app.json = provider  # It would replace how every answer in JSON is written.
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    app.after_request_funcs[None].remove(security.login_manager._update_remember_cookie)
    app.template_context_processors[None].remove(_user_context_processor)
