"""A form that was sent too late, shown again to the person who typed it. It is never processed by itself: they look at
it, and send it once more."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder

from donations.errors import DonationsError, ShownAgain
from donations.staff import kept_forms
from donations.staff.kept_forms import Sent
from donations.web.access import is_fresh, needs_fresh, safe_path
from donations.web.audited_action import me
from donations.web.filters import sentence
from donations.web.page import now

bp = Blueprint("kept_forms", __name__, url_prefix="/staff")


@bp.get("/kept/<code>")
def show(code: str) -> Any:
    sent = kept_forms.find(code, me().id, now())
    endpoint = _endpoint(sent)
    if needs_fresh(endpoint) and not is_fresh():
        return redirect(url_for("sign_in.ask_again", next=request.path), 303)
    g.is_shown_again = True
    try:
        with current_app.request_context(_environ(sent)):
            for name in sent.files:
                flash(_("The file %(name)s was not saved. Choose it again.", name=name))
            answer: Response = current_app.make_response(
                current_app.preprocess_request() or current_app.dispatch_request()
            )
    except DonationsError as error:  # Nothing was typed into such a form but which button was pressed.
        flash(sentence(error))
        return redirect(safe_path(sent.came_from) or url_for("account.show"), 303)
    if answer.status_code == ShownAgain.status:
        answer.status_code = 200
    return answer


def _endpoint(sent: Sent) -> str:
    urls = current_app.url_map.bind("")
    try:
        return str(urls.match(sent.path.partition("?")[0], "POST")[0])
    except HTTPException:
        return ""


def _environ(sent: Sent) -> dict[str, Any]:
    """The request as it was sent, by who asks now."""
    fields = MultiDict([(name, value) for name, value in sent.fields])
    fields["csrf_token"] = generate_csrf()
    path, _mark, query = sent.path.partition("?")
    headers = Headers({"Cookie": request.headers.get("Cookie", ""), "Referer": request.host_url})
    builder = EnvironBuilder(
        path=path, query_string=query, base_url=request.host_url, method="POST", data=fields,
        headers=headers, environ_base={"REMOTE_ADDR": request.remote_addr},
    )  # fmt: skip
    return builder.get_environ()
