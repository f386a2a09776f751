"""Navigation for signed-in people: the links in the header of every staff page. The table in route_roles.py decides
which roles open each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Flask, request, url_for
from flask_babel import lazy_gettext as _l

from donations.web import sessions
from donations.web.route_roles import ROUTE_ROLES

# The first page of each part, in the order shown.
PARTS = (
    ("treasury.index", _l("Treasury")),
    ("campaigns.index", _l("Appeals")),
    ("people.index", _l("Team")),
    ("audit_log.index", _l("Audit log")),
    ("account.show", _l("Your profile")),
)


@dataclass(frozen=True, slots=True)
class Way:
    path: str
    title: str
    is_current: bool


def init_app(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    for bp in blueprints:
        app.template_context_processors.setdefault(bp.name, []).append(lambda: {"ways": ways, "may": may})


def ways() -> list[Way]:
    """The parts that are open to the signed-in person; none before the sign-in."""
    part = (request.endpoint or "").partition(".")[0]
    return [
        Way(url_for(endpoint), str(title), endpoint.startswith(f"{part}."))
        for endpoint, title in PARTS
        if may(endpoint)
    ]


def may(endpoint: str) -> bool:
    """Whether a role of the signed-in person opens this route. An auditor sees no button that changes something."""
    person = sessions.signed_in()
    wanted = ROUTE_ROLES[endpoint]
    return person is not None and not person.needs_second_factor and bool(person.roles & wanted)
