"""The data kept of one person, for a treasurer who answers their letter: looked up by the address, given as a copy,
erased with a reason. The address is in no link, and each look is in the audit log, which names no one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response
from flask_babel import lazy_gettext as _l
from wtforms.validators import Email

from donations import data_requests, offline_key
from donations.data_keys import offline
from donations.data_requests import Kept
from donations.errors import OfflineKeyLocked
from donations.extensions import db
from donations.staff import notices
from donations.web.access import fresh
from donations.web.page import now, page
from donations.web.supporters.forms import EMAIL_LENGTH
from donations.web.supporters.kept_data_labels import words as kept_words
from donations.web.supporters.your_data import json_copy, readable_copy
from donations.web.treasury.actions import act
from donations.web.treasury.forms import TEXT, LineField, TreasuryForm, needed
from donations.worker.offline_key import note_hashes

bp = Blueprint("data_requests", __name__, url_prefix="/personal-data/person")


class PersonForm(TreasuryForm):
    """Whose data is looked for."""

    email = LineField(
        needed(_l("Enter the email address.")),
        Email(message=_l("Enter a whole email address, like name@example.org.")),
        most=EMAIL_LENGTH,
    )  # fmt: skip


class CopyForm(PersonForm):
    kind = LineField()


class ErasureForm(PersonForm):
    reason = LineField(needed(_l("Enter a reason, such as the day of the letter.")), most=TEXT)


@bp.get("")
@fresh
def ask() -> Response:
    return _page(PersonForm(formdata=None))


@bp.post("")
@fresh
def look_up() -> Response:
    form = PersonForm()
    if not form.validate():
        return _page(form, 422)
    if _needs_key(form):
        return _page(form, 409)
    return _page(form, found=_find(form, "personal_data.looked_up"))


@bp.post("/copy")
@fresh
def copy() -> Response:
    form = CopyForm()
    if not form.validate():
        return _page(form, 422)
    if _needs_key(form):
        return _page(form, 409)
    found = _find(form, "personal_data.copied", told="person_copied")
    return json_copy(found) if form.kind.data == "json" else readable_copy(found)


@bp.post("/erase")
@fresh
def erase() -> Response:
    form = ErasureForm()
    if not form.validate():
        is_known = not form.email.errors
        return _page(form, 422, found=_find(form, "personal_data.looked_up") if is_known else None)
    if _needs_key(form):
        return _page(form, 409)
    with act("personal_data.erased") as done:
        found = data_requests.find(form.email.data)
        erased = data_requests.erase(done.conn, found, at=done.at)
        done.details |= {**_named(found), **erased.counts, "reason": form.reason.data}
    return _page(PersonForm(formdata=None), erased=erased)


def _needs_key(form: TreasuryForm) -> bool:
    """Refuses while the offline key is locked: the page would report sealed data as absent."""
    if offline.unlocked():
        note_hashes(now())  # Also of what was sealed since the key was unlocked.
        return False
    if not offline_key.keys(db.session.connection()):
        return False
    form.refuse(OfflineKeyLocked())
    return True


def _find(form: PersonForm, what: str, told: str = "") -> Kept:
    """`told` is what all admins and treasurers are told by mail, where something leaves."""
    with act(what) as done:
        found = data_requests.find(form.email.data)
        done.details |= _named(found)
        if told:
            notices.tell(done.conn, told, by=done.actor, at=done.at)
    return found


def _named(found: Kept) -> dict[str, list[str]]:
    """Whose data it was, for who reads the log later: by what stays when the names are gone."""
    return {"of": [one.reference for one in found.donations]}


def _page(form: TreasuryForm, status: int = 200, **told: Any) -> Response:
    return page("treasury/data_request.html", status, cache="no-store", form=form, kept_words=kept_words, **told)
