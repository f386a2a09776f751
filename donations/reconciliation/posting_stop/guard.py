"""The guard of the posting stop: a correction passes it, in its own transaction and nothing else, and one that would
leave the ledger with a new fault is rolled back whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import Table, select
from sqlalchemy.engine import Connection

from donations import facts, ledger
from donations.database import INTEGRITY_ERRORS
from donations.errors import CorrectionMadeWorse, EntriesFirst, FindingGone, PostingNotStopped
from donations.extensions import db
from donations.ledger import Finding
from donations.models import Correction, PostingStop


@contextmanager
def cure(conn: Connection) -> Iterator[None]:
    """Post inside although posting is stopped. One at a time: the row of the stop is locked. Afterwards every grave
    invariant is asked again. Raises PostingNotStopped, EntriesFirst if the ledger refuses, and CorrectionMadeWorse if
    there is a finding that was not there."""
    _lock(conn)
    before = {(one.invariant, one.subject) for one in ledger.grave(conn)}
    try:
        with facts.posting_despite_stop(conn):
            yield
            db.session.flush()
    except INTEGRITY_ERRORS as error:
        raise EntriesFirst() from error
    for one in ledger.grave(conn):
        if (one.invariant, one.subject) not in before:
            raise CorrectionMadeWorse(finding=one.said)


def find(conn: Connection, code: str) -> Finding:
    """The grave finding of that code, as the ledger is now. Raises FindingGone."""
    found = next((one for one in ledger.grave(conn) if one.code == code), None)
    if found is None:
        raise FindingGone()
    return found


def awaiting_answer(conn: Connection, attempt_id: int) -> bool:
    """Whether this refund was requested as a correction, so that Stripe's answer may be recorded under the stop."""
    asked = select(_correction.c.id).where(_correction.c.refund_attempt_id == attempt_id, _correction.c.state == "made")
    return conn.execute(asked).first() is not None


@contextmanager
def posted_despite_stop(conn: Connection, attempt_id: int) -> Iterator[None]:
    """A context in which Stripe's answer to a refund is recorded, under the stop too if it is a correction."""
    with facts.posting_despite_stop(conn) if awaiting_answer(conn, attempt_id) else nullcontext():
        yield


def _lock(conn: Connection) -> None:
    if conn.execute(select(_posting_stop.c.id).with_for_update()).first() is None:
        raise PostingNotStopped()


_posting_stop: Table = PostingStop.__table__  # type: ignore[assignment]
_correction: Table = Correction.__table__  # type: ignore[assignment]
