"""Who may do what. A public form is posted by our own pages only (Sec-Fetch-Site, Origin), one that acts at once with a
signed token younger than six hours; it needs no cookie and no session. A staff page is opened to those whom the table
of roles names."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, current_app, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from wtforms import Field, HiddenField
from wtforms.validators import ValidationError

from donations import tokens
from donations.database import write_unit
from donations.errors import BadLink, WrongRole
from donations.models import Staff
from donations.staff import refusals
from donations.staff import sessions as domain
from donations.web import error_pages, headers, kept_forms, sessions
from donations.web.page import now
from donations.web.route_roles import ANYONE, ROUTE_ROLES, SECOND, STAFF

PROVING_AGAIN = frozenset({"sign_in.ask_again", "sign_in.prove_again", "passkeys.ask_again"})
# Where someone whose role needs a second factor may go before there is one.
SETTING_UP = frozenset(
    {"account.ask_app", "account.confirm_app", "passkeys.ask_new", "passkeys.add", "sign_in.sign_out", *PROVING_AGAIN}
)


def init_app(app: Flask, public: Iterable[Blueprint]) -> None:
    """Guard every form of the public blueprints against posts from other sites."""
    for bp in public:
        app.before_request_funcs.setdefault(bp.name, []).append(refuse_cross_site)


def init_staff(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    """Guard every route of the staff blueprints by the table. Call it after they are registered."""
    for bp in blueprints:
        app.before_request_funcs.setdefault(bp.name, []).append(check_role)
    names = {bp.name for bp in blueprints}
    for endpoint, view in app.view_functions.items():
        if endpoint.partition(".")[0] in names:
            headers.kind("staff")(view)
    app.register_error_handler(CSRFError, _late)


def fresh(view: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a view that needs a confirmation of identity in the last five minutes: irreversible actions, personal data,
    exports. Mark the page with the form too, so that no typing is lost."""
    view.needs_fresh = True  # type: ignore[attr-defined]
    return view


def check_role() -> Any:
    """Ends the request, unless the table opens this route to the signed-in person."""
    wanted = ROUTE_ROLES.get(request.endpoint or "")
    row = sessions.current()
    if wanted is None:
        raise WrongRole()
    if wanted is ANYONE:
        return None
    if row is None or (wanted is SECOND and row.stage == "full"):
        return to_sign_in()
    if row.stage == "first":
        return None if wanted is SECOND else redirect(url_for("sign_in.ask_second"), 303)
    return _check_signed_in(row.staff, wanted)


def _check_signed_in(person: Staff, wanted: frozenset[str]) -> Any:
    sessions.note_seen(now())
    if person.needs_second_factor and request.endpoint not in SETTING_UP:
        return redirect(url_for("account.ask_app"), 303)
    writes = request.method not in ("GET", "HEAD", "OPTIONS")
    may = wanted - {"auditor"} if writes and wanted is not STAFF else wanted
    if not person.roles & may:
        with write_unit() as conn:
            refusals.note(
                conn, refusals.REFUSED, of=person, place=sessions.place(), about=f"route:{request.endpoint}", at=now()
            )
        raise WrongRole()
    if needs_fresh(request.endpoint or "") and not is_fresh():
        return redirect(url_for("sign_in.ask_again", next=kept_forms.keep() or _way_back()), 303)
    return None


def needs_fresh(endpoint: str) -> bool:
    return bool(getattr(current_app.view_functions.get(endpoint), "needs_fresh", False))


def is_fresh() -> bool:
    """Whether who asks has proved who they are in the last five minutes."""
    row = sessions.current()
    return row is not None and domain.is_fresh(row, now())


def to_sign_in() -> Any:
    return redirect(url_for("sign_in.ask", next=kept_forms.keep() or _way_back()), 303)


def _late(error: CSRFError) -> Any:
    """A form of the team whose token is of no session that lives: who sent it signs in, and sees what they typed."""
    wanted = ROUTE_ROLES.get(request.endpoint or "")
    if wanted is None or wanted in (ANYONE, SECOND):
        return error_pages.from_http(error)
    if sessions.signed_in() is None:
        return to_sign_in()
    address = kept_forms.keep()
    return redirect(address, 303) if address else error_pages.from_http(error)


def safe_path(path: str | None) -> str | None:
    """The path, if it is one of our own staff pages."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return None
    parts = urlsplit(path)
    return path if not parts.scheme and not parts.netloc and sessions.is_of_staff(parts.path) else None


def _way_back() -> str | None:
    """Where to go on afterwards: the page asked for, or the page whose form was sent."""
    if request.method in ("GET", "HEAD"):
        return safe_path(request.full_path.rstrip("?"))
    came_from = urlsplit(request.headers.get("Referer", ""))
    return safe_path(came_from.path)


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
    """A form for anyone, without cookie and session: who may send it, refuse_cross_site says."""

    class Meta:
        csrf = False


class TokenForm(PublicForm):
    """A form for anyone that acts at once, so that it carries a signed token. `purpose` binds the token to one form."""

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
            raise ValidationError(_l("This form is incomplete or older than 6 hours. Please send it again."))
        self.form_token = read

    @property
    def fresh_token(self) -> str:
        """A new token for the form as it is shown now."""
        return tokens.for_form(tokens.FormToken(slug=self.purpose, nonce=secrets.token_urlsafe(12)))
