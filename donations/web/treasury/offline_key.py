"""The offline key: what it has sealed, what waits for it, and how a treasurer unlocks it for some minutes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import PasswordField

from donations import offline_key
from donations.data_keys import offline
from donations.data_keys.offline import PrivateKey
from donations.errors import OfflineKeyRefused
from donations.extensions import db
from donations.offline_key import key_file, unlocks
from donations.staff import notices
from donations.web import sessions
from donations.web.access import fresh
from donations.web.page import now, page
from donations.web.treasury.actions import act
from donations.web.treasury.forms import ActForm, TreasuryForm, needed
from donations.worker.offline_key import carry_out

bp = Blueprint("offline_key", __name__, url_prefix="/offline-key")

# By rule of offline_key.RULES.
SEALED = {
    "donations": _l("Names, email addresses and messages of donors"),
    "names on receipts": _l("Names on receipts"),
    "events of Stripe": _l("Stripe data about each payment"),
    "statement lines": _l("Text of statement lines"),
    "earlier words of statement lines": _l("Text of statement lines in earlier files"),
    "statement lines that were in doubt": _l("Possible duplicate statement lines"),
}
# The same list, in the same words, is in docs/offline-key.md.
STAYS = (
    _l("names, addresses and messages of donations that are not settled, or whose receipt is not sent yet"),
    _l("messages that wait for a decision or are shown, and names or initials that donors allow us to "
"show"),
    _l("unmatched statement lines, files that wait to be imported, and payers whose lines are matched "
"by a rule"),
    _l("failed Stripe events"),
    _l("addresses of subscribers and of unsent emails"),
    _l("forms that are being filled in, for 1 day at most"),
    _l("data that a person asked to see, for 7 days after it was unlocked"),
    _l("payees and their supporting documents, branch returns, and team profiles"),
)  # fmt: skip


class UnlockForm(TreasuryForm):
    """The file with the private half, and its passphrase."""

    file = FileField(validators=[FileRequired(message=_l("Choose the file of the offline key."))])
    passphrase = PasswordField(validators=[needed(_l("Enter the passphrase."))])


@bp.get("")
def show() -> Response:
    return _page(UnlockForm(formdata=None))


@bp.post("/unlock")
@fresh
def unlock() -> Any:
    form = UnlockForm()
    if not form.validate():
        return _page(form, 422)
    try:
        key = key_file.opened(form.file.data.read(key_file.MAX_BYTES + 1), form.passphrase.data)
        _unlock(key)
    except OfflineKeyRefused as error:
        form.refuse(error)
        return _page(form, 422)
    flash(_("Offline key unlocked for 15 minutes."))
    return redirect(url_for("treasury.offline_key.show"), 303)


@bp.post("/lock")
def lock() -> Any:
    with act("offline_key.locked") as done:
        unlocks.end(done.conn, sessions.number())
    offline.unlock(None)
    flash(_("Offline key locked."))
    return redirect(url_for("treasury.offline_key.show"), 303)


def _unlock(key: PrivateKey) -> None:
    with act("offline_key.unlocked", f"key:{key.key_id}") as done:
        until = done.at + unlocks.UNLOCKED_FOR
        unlocks.begin(done.conn, sessions.number(), sessions.cookie_key(), key, until=until)
        notices.tell(done.conn, "unlocked", by=done.actor, at=done.at)
    offline.unlock(key)
    carry_out(now())


def _page(form: TreasuryForm, status: int = 200) -> Response:
    conn = db.session.connection()
    keys = offline_key.keys(conn)
    return page(
        "treasury/offline_key.html", status, cache="no-store", form=form, key_id=keys[0] if keys else None,
        sealed=[(SEALED[one.name], one) for one in offline_key.sealed(conn)] if keys else [], stays=STAYS,
        waiting=offline_key.waiting(conn), until=unlocks.until(sessions.number(), now()), lock=ActForm(formdata=None),
    )  # fmt: skip
