"""The mail that tells every admin and treasurer what one of the team did or asked for: its sentences, in the language
of who reads it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from donations import staff
from donations.errors import NoSuchStaff
from donations.extensions import db
from donations.models import Mail, StaffChange
from donations.staff import changes

_l = lazy_gettext
# By what was done: as it is asked for, and as it was done at once.
_SAID = {
    "roles": (
        _l("%(by)s asked to change the roles of %(about)s to: %(roles)s."),
        _l("%(by)s changed the roles of %(about)s to: %(roles)s."),
    ),
    "invitation": (
        _l("%(by)s asked to invite %(about)s as: %(roles)s."),
        _l("%(by)s invited %(about)s as: %(roles)s."),
    ),
    "enabled": (
        _l("%(by)s asked to reactivate the account of %(about)s, with the roles: %(roles)s."),
        _l("%(by)s reactivated the account of %(about)s, with the roles: %(roles)s."),
    ),
    "disabled": (_l("%(by)s deactivated the account of %(about)s."),) * 2,
    "factors": (_l("%(by)s reset two-step verification for %(about)s, who must set it up again at the next sign-in."),)
    * 2,
    "password": (
        _l("%(about)s asked to reset the password by email."),
        _l("%(about)s set a new password with the link from the email."),
    ),
    "totp": (
        _l("%(about)s asked to change the authenticator app."),
        _l("%(about)s set up an authenticator app."),
    ),
    "passkey": (_l("%(about)s asked to add a passkey."), _l("%(about)s added a passkey.")),
    "recovery_codes": (_l("%(about)s asked for new recovery codes."), _l("%(about)s created new recovery codes.")),
    "unlocked": (_l("%(by)s unlocked the offline key and can read the names of all donors for 15 minutes."),) * 2,
    "person_copied": (_l("%(by)s downloaded what we keep about one person, to answer a request."),) * 2,
    "export": (_l("%(by)s exported the accounts."),) * 2,
    "export_receipts": (_l("%(by)s exported one donor’s receipts to a file."),) * 2,
    "export_messages": (_l("%(by)s listed supporters' messages."),) * 2,
    "export_lines": (_l("%(by)s listed statement lines with the names on them."),) * 2,
    "export_team": (_l("%(by)s listed the names and addresses of the team."),) * 2,
}
ROLE_NAMES = {
    "treasurer": _l("Treasurer"),
    "organiser": _l("Organiser"),
    "auditor": _l("Auditor"),
    "admin": _l("Administrator"),
}


def written(mail: Mail) -> dict[str, Any]:
    """The values for its template: `said`, and the change where it waits."""
    facts: dict[str, Any] = mail.facts
    row = db.session.get(StaffChange, int(facts["change"])) if facts["change"] else None
    told = {
        "by": name_of(str(facts["by"])),
        "about": _about(facts, row),
        "roles": ", ".join(str(ROLE_NAMES[role]) for role in facts["roles"]),
    }
    asked, done = _SAID[facts["what"]]
    return {"said": str(asked if row is not None else done) % told, "change": row}


def name_of(actor: str) -> str:
    """The name of an actor for people: a team member, or a person at the server."""
    kind, _colon, who = actor.partition(":")
    if kind == "staff" and who.isdigit():
        try:
            return staff.name_of(staff.find(int(who)))
        except NoSuchStaff:
            return str(gettext("a former team member"))
    return str(gettext("%(user)s, on the server", user=who) if kind == "cli" else gettext("the system"))


def _about(facts: dict[str, Any], row: StaffChange | None) -> str:
    if facts["about"]:
        return staff.name_of(staff.find(int(facts["about"])))
    return (changes.shown(row).about if row is not None else "") or gettext("unnamed person")
