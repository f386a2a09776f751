"""What an operator should hear about the data keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.engine import Connection

from donations.data_keys.columns import needed
from donations.data_keys.ring import faults
from donations.models import DataKey


def findings(conn: Connection, keys: Mapping[str, bytes]) -> Iterator[tuple[str, str, str]]:
    """(level, what, sentence) for `donations doctor`."""
    rows = conn.execute(select(DataKey.__table__).order_by(DataKey.number)).all()
    wrong = [str(fault) for fault in faults(rows, keys)]
    yield from (("fault", "DATA_KEY", sentence) for sentence in wrong)
    left, first = needed(conn, [row.key_id for row in rows]), next(iter(keys))
    for row in rows:
        count = left[row.key_id]
        if row.key_id == first or row.lost_at is not None:
            continue
        if row.retired_at is None:
            fix = "Keep it behind the new one, and run `donations keys rotate data`"
            yield "warning", "DATA_KEY", f"{row.key_id} is old, and {count} sealed values still need it. {fix}"
        elif row.key_id in keys:
            yield "warning", "DATA_KEY", f"{row.key_id} is not needed any more. Take it out of DATA_KEY"
    if not rows:
        yield "warning", "DATA_KEY", "is not recorded yet. Start `donations serve` once"
    elif not wrong:
        yield "ok", "DATA_KEY", f"{first} seals, and fits this database"
