"""R14 as it happens for real: an event that can never be handled, in the middle of others, through HTTP and a worker
of its own process. It is kept and parked, the others flow, and once the cause is removed, a replay posts it once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text, update

from donations.database import is_sqlite, write_unit
from donations.extensions import db
from donations.models import Appeal, StripeEvent
from tests.events import charge, event
from tests.factories import a_donation
from tests.faults.conftest import inside
from tests.faults.installation import Installation, wait_for
from tests.faults.senders import Delivery, Sender

POISON = "ch_poison"
SLUG = "hands-off-ali"

# The row that a poisoned payment leaves in `poison` refers to nothing. It is refused as it is written (here on
# PostgreSQL) or late, and then on SQLite by the COMMIT only.
_TABLE = "CREATE TABLE poison (ref bigint REFERENCES fund(id) {late})"
_SQLITE = (
    "CREATE TRIGGER poisoned AFTER INSERT ON payment WHEN NEW.charge_id = 'ch_poison'"
    " BEGIN INSERT INTO poison VALUES (-1); END"
)
_POSTGRESQL = (
    "CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO poison VALUES (-1); RETURN NEW; END $$",
    "CREATE TRIGGER poisoned AFTER INSERT ON payment FOR EACH ROW WHEN (NEW.charge_id = 'ch_poison')"
    " EXECUTE FUNCTION poisoned()",
)


def poison(late: bool) -> None:
    with write_unit() as conn:
        conn.execute(text(_TABLE.format(late="DEFERRABLE INITIALLY DEFERRED" if late else "")))
        for statement in (_SQLITE,) if is_sqlite() else _POSTGRESQL:
            conn.exec_driver_sql(statement)


def repair() -> None:
    with write_unit() as conn:
        conn.execute(text("DROP TRIGGER poisoned" + ("" if is_sqlite() else " ON payment")))


@contextmanager
def hurried(event_id: str) -> Iterator[Any]:
    """Gives a question: has this event been parked? Between its tries it is made due again, so that the test does not
    wait for the pauses, which grow to an hour."""

    def is_parked() -> bool:
        with write_unit() as conn:
            pending = (StripeEvent.id == event_id, StripeEvent.state == "due", StripeEvent.leased_until.is_(None))
            conn.execute(update(StripeEvent).where(*pending).values(next_attempt_at=datetime.now(UTC)))
        return db.session.get_one(StripeEvent, event_id).state == "parked"

    yield is_parked


@pytest.mark.slow
def test_a_poisoned_event_is_parked_while_the_others_flow_and_is_booked_once_after_the_mend(
    installation: Installation,
) -> None:
    # given donations, one of which the database refuses
    with inside(installation.environ):
        with write_unit():
            appeal = Appeal.by_slug(SLUG)
            references = [a_donation(appeal).reference for _ in range(21)]
        poison(late=is_sqlite())
        bad = event("charge.succeeded", charge(references[10], id=POISON))
        good = [event("charge.succeeded", charge(reference)) for reference in references if reference != references[10]]
    installation.start()

    # when all are delivered, the poisoned one first, between and last
    deliveries = [Delivery(said) for said in (bad, *good[:10], bad, *good[10:], bad)]
    Sender(installation.port, deliveries).run()

    # then all are answered 200 at the first try, and the others are booked
    assert [(each.status, each.tries) for each in deliveries] == [(200, 1)] * len(deliveries)
    wait_for("the others", lambda: installation.total(SLUG)["raised_minor"] == 20 * 2000, 10)

    # and the worker tries the poisoned one until it parks it, and says so
    check_parked(installation, bad["id"])

    # and once the cause is removed, a replay posts it, once
    with inside(installation.environ):
        repair()
    for _ in range(2):
        replayed = installation.command("inbox", "replay", bad["id"])
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    said = installation.total(SLUG)
    assert (said["raised_minor"], said["donations"]) == (21 * 2000, 21)
    checked = installation.command("ledger", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def check_parked(installation: Installation, event_id: str) -> None:
    with inside(installation.environ), hurried(event_id) as is_parked:
        wait_for("the poisoned event to be parked", is_parked)
        kept = db.session.get_one(StripeEvent, event_id)
        assert (kept.attempts, kept.next_attempt_at, kept.payload_sealed is not None) == (10, None, True)
    listed = json.loads(installation.command("inbox", "list", "--state", "parked", "--json").stdout)
    assert listed["counts"] == {"handled": 20, "parked": 1}
    assert [said["id"] for said in listed["events"]] == [event_id]
    assert installation.total(SLUG)["donations"] == 20
