"""What was refused, in the audit log: failed sign-ins, wrong codes, waits, and actions that a role or the rule of two
people does not allow. An attack must not fill the log: of one kind and one account the first few of an hour are
recorded, then each tenth power. Each entry has a keyed hash of the network it came from, and how many of the hour came
from there, so that an auditor sees whether a hundred refusals are one place or many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Table, delete, update
from sqlalchemy.engine import Connection

from donations import audit, counters, privacy
from donations.models import Staff, Throttle

NETWORK_LETTERS = 16  # enough to tell networks apart
ALL_OF = 5  # of an hour are recorded; then the 10th, 100th, 1,000th
NOBODY = "nobody"  # an address that no account has: which one, is not recorded
SIGN_IN, SECOND, PROOF = "staff.sign_in_failed", "staff.second_factor_failed", "staff.proof_failed"
WAIT, REFUSED = "staff.braked", "staff.refused"
_FORGOTTEN_AFTER = timedelta(days=1)


def note(conn: Connection, act: str, *, of: Staff | None, place: bytes, about: str = "", at: datetime) -> None:
    """Record that `act` happened to an account, or to an address that is none's. `place`: the keyed hash of the network
    it came from (throttling.place_of). `about`: what was asked for, if it is not the account itself."""
    who = of.actor if of is not None else NOBODY
    kind, network = f"{act} {who} {at:%Y%m%d%H}", place.hex()[:NETWORK_LETTERS]
    times, from_there = _count(conn, (kind, f"{kind} {network}"), at)
    if times <= ALL_OF or str(times) == "1" + "0" * (len(str(times)) - 1):
        details: audit.Details = {"times_this_hour": times, "network": network, "times_from_network": from_there}
        audit.record(conn, who, act, about or who, details, at=at)


def _count(conn: Connection, kinds: Sequence[str], at: datetime) -> list[int]:
    """How often each happened, this time too."""
    conn.execute(delete(_throttle).where(_throttle.c.failed_at < at - _FORGOTTEN_AFTER))
    keys = [privacy.lookup_hash(kind, "staff refusals") for kind in kinds]
    times = {row.key_hash: int(row.failures) + 1 for row in counters.locked(conn, keys, at=at)}
    for key, count in times.items():
        conn.execute(update(_throttle).where(_throttle.c.key_hash == key).values(failures=count, failed_at=at))
    return [times[key] for key in keys]


_throttle: Table = Throttle.__table__  # type: ignore[assignment]
