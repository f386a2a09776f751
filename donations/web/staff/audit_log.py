"""The audit, to be read: newest first, by person, act or what it is about."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy import Select, select

from donations import ledger, staff
from donations.database import snapshot
from donations.errors import BadSeal
from donations.extensions import db
from donations.models import AuditRecord
from donations.models.base import MAX_ID
from donations.web.page import page
from donations.web.staff import audit_labels

bp = Blueprint("audit_log", __name__, url_prefix="/staff/audit")
PAGE_LENGTH = 50
FILTERS = ("actor", "act", "about")


@bp.get("")
def index() -> Response:
    wanted = {name: request.args.get(name, "").strip()[:100] for name in FILTERS}
    before = request.args.get("before", type=int)
    found = db.session.scalars(_asked(wanted, before)).all()
    with snapshot() as conn:
        broken = ledger.broken_act(conn)
    return page(
        "staff/audit_log.html", cache="no-store", acts=found[:PAGE_LENGTH], wanted=wanted, broken=broken,
        older=found[PAGE_LENGTH - 1].id if len(found) > PAGE_LENGTH else None, names=_names(), before=before,
        acts_named=audit_labels.ACTS, details_named=audit_labels.DETAILS,
    )  # fmt: skip


def _asked(wanted: dict[str, str], before: int | None) -> Select[AuditRecord]:
    asked = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(PAGE_LENGTH + 1)
    for name, value in wanted.items():
        if value:
            asked = asked.where(getattr(AuditRecord, name).startswith(value, autoescape=True))
    return asked.where(AuditRecord.id < before) if before and 0 < before <= MAX_ID else asked


def _names() -> dict[str, str]:
    """The names behind user numbers, for readers of the audit log, which holds no names itself."""
    names = {}
    for person in staff.listed():
        try:
            names[person.actor] = staff.name_of(person)
        except BadSeal:
            names[person.actor] = person.actor
    return names
