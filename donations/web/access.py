"""Who may post a public form: our own pages only (Sec-Fetch-Site, Origin), with a signed token that is younger than six
hours. It needs no cookie and no session. Staff sign in elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, current_app, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField
from wtforms.validators import ValidationError

from donations import tokens
from donations.errors import BadLink


def init_app(app: Flask, public: Iterable[Blueprint]) -> None:
    """Guard every form of the public blueprints against posts from other sites."""
    for bp in public:
        app.before_request_funcs.setdefault(bp.name, []).append(refuse_cross_site)


def refuse_cross_site() -> None:
    """Ends the request with 403 if another site sent this form."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site == "cross-site" or (origin and not _is_ours(origin, site)):
        abort(403)


def _is_ours(origin: str, site: str | None) -> bool:
    if origin == "null":  # A browser that hides where it comes from; Sec-Fetch-Site says it all the same.
        return site in ("same-origin", "none")
    public = urlsplit(current_app.config["SETTINGS"].public_url)
    return origin in (request.host_url.rstrip("/"), f"{public.scheme}://{public.netloc}")


class PublicForm(FlaskForm):  # type: ignore[misc]
    """A form for anyone: a signed token instead of cookie and session. `purpose` binds the token to one form."""

    class Meta:
        csrf = False

    token = HiddenField()

    def __init__(self, purpose: str, **kwargs: Any) -> None:
        self.purpose = purpose
        self.form_token: tokens.FormToken | None = None
        super().__init__(**kwargs)

    def validate_token(self, field: Field) -> None:
        try:
            read = tokens.read_form(field.data or "")
        except BadLink:
            read = None
        if read is None or read.slug != self.purpose:
            raise ValidationError(_l("This form is incomplete or older than six hours. Please send it again."))
        self.form_token = read

    @property
    def fresh_token(self) -> str:
        """A new token for the form as it is shown now."""
        return tokens.for_form(tokens.FormToken(slug=self.purpose, nonce=secrets.token_urlsafe(12)))
