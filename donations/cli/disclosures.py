"""A command that gives out ledger data or personal data is reported like an export in the browser: an entry in the
audit log, and a mail to every admin and treasurer. Every such command is in the list."""

from __future__ import annotations

from datetime import UTC, datetime

from donations import audit
from donations.cli.actor import actor
from donations.database import write_unit
from donations.staff import notices

# By command: what the mail says. A file leaves with each run; what is only shown is told once a day.
FILES = {
    "ledger export": "export",
    "ledger statement": "export",
    "receipts statement": "export_receipts",
}
SHOWN = {
    "messages list": "export_messages",
    "messages show": "export_messages",
    "bank questions": "export_lines",
    "staff list": "export_team",
    "staff changes": "export_team",
}


def tell(command: str) -> None:
    """Call it before anything is given out: what could not be told stays here."""
    at, what = datetime.now(UTC), (FILES | SHOWN)[command]
    with write_unit() as conn:
        notices.tell(conn, what, by=actor(), at=at, once_a_day=command in SHOWN)
        audit.record(conn, actor(), "books.exported" if what == "export" else "personal_data.exported",
                     f"command:{command}", at=at)  # fmt: skip
