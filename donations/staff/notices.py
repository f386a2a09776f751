"""Mails to every admin and treasurer when a person gets access, a new credential, or a copy of the ledger, so that the
others know what one insider does. The queue holds only numbers; names are written when a mail is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations import audit, outbox
from donations.extensions import db
from donations.models import Staff, StaffRole
from donations.staff import people

TOLD = ("admin", "treasurer")


def tell(
    conn: Connection, what: str, *, by: str, at: datetime, about: int = 0, change: int = 0, roles: Sequence[str] = (),
    once_a_day: bool = False,
) -> None:  # fmt: skip
    """Tell them, and whom it is about, `what` was done or asked for. `change` is the number of the one that waits; 0:
    it has taken effect. `once_a_day`: the same once more on that day is not mailed again."""
    facts: dict[str, object] = {"what": what, "by": by, "about": about, "change": change, "roles": sorted(roles)}
    told = {person.id: person for person in watchers()}
    of = db.session.get(Staff, about) if about else None
    if of is not None and of.state == "active":
        told[of.id] = of
    when = f"{at:%Y-%m-%d}" if once_a_day else f"{at.timestamp()}"
    for person in told.values():
        key = f"staff-notice:{person.id}:{what}:{about}:{change}:{by}:{when}"
        outbox.queue(
            conn, "staff_notice", key, to=people.email_of(person), language=person.language, at=at,
            facts={**facts, "staff_id": person.id},
        )  # fmt: skip


def tell_head(conn: Connection, known: audit.Head, *, at: datetime) -> None:
    """Mail them the last act of the audit log, once a day."""
    for person in watchers():
        outbox.queue(
            conn, "audit_head", f"audit-head:{person.id}:{at:%Y%m%d}", to=people.email_of(person),
            language=person.language, at=at, facts={"staff_id": person.id, "act": known.id, "sha256": known.sha256},
        )  # fmt: skip


def watchers() -> Sequence[Staff]:
    """Who is told: all who may sign in as admin or treasurer."""
    with_role = select(StaffRole.staff_id).where(StaffRole.role.in_(TOLD))
    return db.session.scalars(
        select(Staff).where(Staff.id.in_(with_role), Staff.state == "active").order_by(Staff.id)
    ).all()
