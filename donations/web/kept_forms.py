"""Forms of the team that were sent too late: after the session had ended, or when who they are must be proved
once more. What was typed is kept for the person to whom the form was shown, which its token says."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

from donations.database import write_unit
from donations.staff import kept_forms
from donations.staff import sessions as domain
from donations.web.page import now
from donations.web.route_roles import ANYONE, ROUTE_ROLES, SECOND

_SECRETS = frozenset({"password", "current_password", "code", "credential", "passphrase"})
# A script asks the first two, and reads JSON; who leaves when the session has ended has left.
_NOTHING_TO_KEEP = frozenset({"passkeys.ask_new", "passkeys.ask_again", "sign_in.sign_out"})


def keep() -> str | None:
    """Keep the form of this request. Returns the address where its sender sees it again; None where there is nothing to
    keep, or the form was not one of ours."""
    owner = _shown_to() if request.method == "POST" and _may_be_kept() else None
    if owner is None:
        return None
    fields = [[name, value] for name, value in request.form.items(multi=True) if name != "csrf_token"]
    files = [one.filename for one in request.files.values() if one.filename]
    came_from = urlsplit(request.headers.get("Referer", "")).path
    sent = kept_forms.Sent(request.full_path.rstrip("?"), fields, files, came_from)
    with write_unit():
        code = kept_forms.keep(owner, sent, now())
    return url_for("kept_forms.show", code=code)


def _may_be_kept() -> bool:
    """Any form of a signed-in person, unless it asks for a secret: secrets are asked for again, and never kept."""
    roles = ROUTE_ROLES.get(request.endpoint or "", ANYONE)
    if roles in (ANYONE, SECOND) or request.endpoint in _NOTHING_TO_KEEP:
        return False
    return not _SECRETS & set(request.form)


def _shown_to() -> int | None:
    """Whose session the token of the form was made for, ended or not: no stranger can make one."""
    signed = URLSafeTimedSerializer(current_app.secret_key or "", salt="wtf-csrf-token")
    try:
        token = signed.loads(request.form.get("csrf_token", ""))
    except BadData:
        return None
    return domain.staff_of_token(token, now())
