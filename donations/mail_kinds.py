"""What each kind of mail says: its subject, its template and the values in it, composed when it is sent. Mails about
receipts and alarms are composed in paper/."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext

from donations import data_requests, outbox, privacy, staff, tokens
from donations.errors import AppealNotFound, MailNotWanted
from donations.extensions import db
from donations.models import AppealUpdate, Mail, Organisation, Staff, Subscriber
from donations.paper import alarm_mails, staff_notices


def _staff_invitation(mail: Mail) -> tuple[str, str, dict[str, object]]:
    person, told = _staff(mail)
    link = f"{told['staff_pages']}/join/{tokens.for_invitation(person.id, person.link_key)}"
    return (
        gettext("Your invitation to %(name)s", name=Organisation.get().name),
        "staff_invitation",
        told | {"link": link},
    )


def _staff_reset(mail: Mail) -> tuple[str, str, dict[str, object]]:
    person, told = _staff(mail)
    link = f"{told['staff_pages']}/reset/{tokens.for_reset(person.id, person.link_key)}"
    return gettext("Reset your password"), "staff_reset", told | {"link": link}


def _staff_sign_in(mail: Mail) -> tuple[str, str, dict[str, object]]:
    _, told = _staff(mail)
    return gettext("New sign-in from a new network"), "staff_sign_in", told | mail.facts | {"link": told["staff_pages"]}


def _data_link(mail: Mail) -> tuple[str, str, dict[str, object]]:
    """Raises MailNotWanted for an unknown address: the page shows the same either way."""
    assert mail.recipient_sealed is not None, "a mail that was sent has no address any more"
    email = privacy.unseal(mail.recipient_sealed, outbox.identity(mail.dedupe_key))
    if not data_requests.is_known(email):
        raise MailNotWanted()
    pages = _pages(mail.language)
    link = f"{pages}/your-data/{data_requests.link_token(email)}"
    told = {"organisation": Organisation.get(), "language": mail.language, "link": link}
    return gettext("What we keep about you"), "data_link", told


def _pages(language: str) -> str:
    """Where our pages begin in a language."""
    prefix = "" if language == Organisation.get().default_language else f"/{language}"
    return f"{current_app.config['SETTINGS'].public_url}{prefix}"


def _staff_notice(mail: Mail) -> tuple[str, str, dict[str, object]]:
    _, told = _staff(mail)
    told |= staff_notices.written(mail) | {"link": f"{told['staff_pages']}/people/changes"}
    return gettext("Security notice: team activity"), "staff_notice", told


def _audit_head(mail: Mail) -> tuple[str, str, dict[str, object]]:
    _, told = _staff(mail)
    return (
        gettext("Audit log: today’s check value"),
        "audit_head",
        told | mail.facts | {"link": f"{told['staff_pages']}/audit"},
    )


def _staff(mail: Mail) -> tuple[Staff, dict[str, object]]:
    """Who of us the mail is for. Links are made when it is sent: none of them is kept anywhere."""
    person = staff.find(int(str(mail.facts["staff_id"])))
    return person, {
        "organisation": Organisation.get(),
        "staff_pages": f"{_pages(mail.language)}/staff",
        "at": mail.created_at,
        "language": mail.language,
    }


def _follow_confirm(mail: Mail) -> tuple[str, str, dict[str, object]]:
    """Whether to send this mail at all. A mail never names a discreet appeal."""
    row, told = _following(mail, "asked")
    link = f"{told['pages']}/subscribers/confirm/{tokens.for_confirming(row.reference)}"
    return gettext("Confirm that you want updates"), "follow_confirm", told | {"link": link}


def _update(mail: Mail) -> tuple[str, str, dict[str, object]]:
    row, told = _following(mail, "confirmed")
    update = db.session.get_one(AppealUpdate, int(str(mail.facts["update"])))
    if not update.is_public:
        raise MailNotWanted()
    if row.appeal.visibility not in ("shown", "amounts_hidden"):
        raise AppealNotFound()  # The mail waits, with its text, until the appeal is shown again.
    words = {"title": _in(mail.language, update.title), "text": _in(mail.language, update.text)}
    link = f"{told['pages']}/appeals/{row.appeal.slug}/updates/{update.id}"
    return gettext("Update on an appeal you subscribed to"), "update", told | words | {"link": link}


def _following(mail: Mail, state: str) -> tuple[Subscriber, dict[str, object]]:
    """The subscriber. Raises MailNotWanted if they have unsubscribed since, or have answered already."""
    row = db.session.get_one(Subscriber, int(str(mail.facts["subscription"])))
    if row.state != state:
        raise MailNotWanted()
    pages = _pages(mail.language)
    return row, {
        "organisation": Organisation.get(),
        "pages": pages,
        "language": mail.language,
        "appeal_title": "" if row.appeal.discreet else _in(mail.language, row.appeal.title),
        "end_link": f"{pages}/subscribers/unsubscribe/{tokens.for_ending(row.reference)}",
    }


def _in(language: str, texts: dict[str, str]) -> str:
    return texts.get(language) or texts.get(Organisation.get().default_language) or next(iter(texts.values()), "")


def more_headers(mail: Mail) -> dict[str, str]:
    """Mail that was asked for can be ended by one click of a mail program (RFC 8058), without a sign-in."""
    if mail.kind not in ("update", "follow_confirm"):
        return {}
    row = db.session.get_one(Subscriber, int(str(mail.facts["subscription"])))
    link = f"{current_app.config['SETTINGS'].public_url}/subscribers/unsubscribe/{tokens.for_ending(row.reference)}"
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


KINDS = {
    "alarm": alarm_mails.compose,
    "staff_invitation": _staff_invitation,
    "staff_reset": _staff_reset,
    "staff_sign_in": _staff_sign_in,
    "staff_notice": _staff_notice,
    "audit_head": _audit_head,
    "follow_confirm": _follow_confirm,
    "data_link": _data_link,
    "update": _update,
}
