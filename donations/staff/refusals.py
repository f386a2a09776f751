"""What was refused, in the audit log: failed sign-ins, wrong codes, waits, and what somebody's role or the rule of two
people does not allow. An attack must not fill the log: of one kind and one account the first few of an hour are
recorded, then each tenth power."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Table, delete, update
from sqlalchemy.engine import Connection

from donations import audit, counters, privacy
from donations.models import Brake, Staff

ALL_OF = 5  # of an hour are recorded; then the 10th, 100th, 1,000th
NOBODY = "nobody"  # an address that no account has: which one, is not recorded
SIGN_IN, SECOND, PROOF = "staff.sign_in_failed", "staff.second_factor_failed", "staff.proof_failed"
WAIT, REFUSED = "staff.braked", "staff.refused"
_FORGOTTEN_AFTER = timedelta(days=1)


def note(conn: Connection, act: str, *, of: Staff | None, about: str = "", at: datetime) -> None:
    """Record that `act` happened to an account, or to an address that is none's. `about`: what was asked for, if it is
    not the account itself."""
    who = of.actor if of is not None else NOBODY
    times = _count(conn, f"{act} {who} {at:%Y%m%d%H}", at)
    if times <= ALL_OF or str(times) == "1" + "0" * (len(str(times)) - 1):
        audit.record(conn, who, act, about or who, {"times_this_hour": times}, at=at)


def _count(conn: Connection, what: str, at: datetime) -> int:
    conn.execute(delete(_brake).where(_brake.c.failed_at < at - _FORGOTTEN_AFTER))
    (row,) = counters.locked(conn, [privacy.lookup_hash(what, "staff refusals")], at=at)
    times = int(row.failures) + 1
    conn.execute(update(_brake).where(_brake.c.key_hash == row.key_hash).values(failures=times, failed_at=at))
    return times


_brake: Table = Brake.__table__  # type: ignore[assignment]
