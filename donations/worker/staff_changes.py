"""Makes changes of the team take effect whose day is over, and mails the end of the audit log to those who watch."""

from __future__ import annotations

from datetime import datetime

from donations import audit
from donations.database import write_unit
from donations.staff import changes, notices

AUDIT_HEAD = audit.HEAD_JOB


def make_staff_changes(at: datetime) -> int:
    """Gives how many were due."""
    with write_unit() as conn:
        return changes.make_due(conn, at)


def mail_audit_head(at: datetime) -> None:
    """Record the last entry of the audit log, and mail its number and hash to every admin and treasurer: an attacker
    who cuts or rewrites the log cannot change their mailboxes."""
    with write_unit() as conn:
        known = audit.head(conn)
        if known is not None:
            audit.keep_head(conn, known)
            notices.tell_head(conn, known, at=at)
