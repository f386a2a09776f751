"""Fighting Fund. create_app binds the extensions and registers web and cli; nothing else happens here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from donations import config, database
from donations.extensions import babel, csrf, db, htmx, migrate

ROOT = Path(__file__).resolve().parent.parent


def create_app(environ: Mapping[str, str] | None = None, **overrides: Any) -> Flask:
    """The app, set up from the environment (or the mapping given instead). Raises BadSetting on a bad value.

    `overrides` go into Flask's own config; tests use them."""
    settings = config.read(environ)
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(settings.database_url),
        FILES_FOLDER=settings.files_folder,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=128 * 1024,
        BABEL_DEFAULT_LOCALE="en",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "donations" / "translations"),
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.config.update(overrides)
    db.init_app(app)
    database.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=False)
    csrf.init_app(app)
    htmx.init_app(app)

    from donations import cli, web  # They import from the whole house, so they come last.
    from donations.staff import flask_security

    flask_security.bind(app)
    web.init_app(app, babel)
    cli.init_app(app)
    return app
