"""The audit log: a chain that cannot be changed unnoticed, written with its action or not at all, in one order for
all."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from donations import audit
from donations.database import snapshot, write_unit
from donations.extensions import db
from donations.models import AuditRecord, Job

AT = datetime(2026, 11, 21, 20, 0, 0, 123456, tzinfo=UTC)


def record(number: int) -> None:
    with write_unit() as conn:
        details = {"to": "open", "roles": ["b", "a"], "count": number, "none": None, "да": True}
        audit.record(conn, "staff:1", "appeal.opened", f"appeal:{number}", details, at=AT)


@pytest.fixture
def three(app: Flask) -> None:
    for number in (1, 2, 3):
        record(number)


def broken() -> audit.Break | None:
    with snapshot() as conn:
        return audit.verify(conn)


def tamper(statement: str) -> None:
    """Change what may not be changed, as the owner of the database could: the guards are removed first."""
    with db.engine.begin() as conn:
        for name in ("audit_never_changes", "audit_never_deleted"):
            on = "" if conn.dialect.name == "sqlite" else " ON audit"
            conn.exec_driver_sql(f"DROP TRIGGER {name}{on}")
        conn.execute(text(statement))


def test_an_empty_audit_is_whole(app: Flask) -> None:
    assert broken() is None


def test_acts_stand_in_order_each_covering_the_one_before(three: None) -> None:
    acts = db.session.scalars(select(AuditRecord).order_by(AuditRecord.id)).all()

    assert [act.id for act in acts] == [1, 2, 3]
    assert [act.previous_sha256 for act in acts] == [audit.BEFORE_THE_FIRST, acts[0].sha256, acts[1].sha256]
    assert broken() is None


@pytest.mark.parametrize(
    ("change", "at", "said"),
    [
        ("UPDATE audit SET actor = 'staff:2' WHERE id = 2", 2, "was changed"),
        ("UPDATE audit SET act = 'nothing' WHERE id = 1", 1, "was changed"),
        ("UPDATE audit SET about = 'appeal:9' WHERE id = 3", 3, "was changed"),
        ("""UPDATE audit SET details = '{"to": "closed"}' WHERE id = 2""", 2, "was changed"),
        ("UPDATE audit SET at = '2026-11-20 20:00:00' WHERE id = 2", 2, "was changed"),
        ("UPDATE audit SET sha256 = 'hmac:x' WHERE id = 2", 2, "was changed"),
        ("UPDATE audit SET sha256 = 'x' WHERE id = 2", 2, "without the key"),
        ("UPDATE audit SET previous_sha256 = 'x' WHERE id = 2", 2, "does not follow"),
        ("DELETE FROM audit WHERE id = 2", 3, "act 2 is missing"),
        ("DELETE FROM audit WHERE id = 1", 2, "act 1 is missing"),
    ],
)
def test_the_first_break_is_found(three: None, change: str, at: int, said: str) -> None:
    tamper(change)

    found = broken()

    assert found is not None
    assert found.id == at
    assert said in found.said


@pytest.mark.parametrize("statement", ["UPDATE audit SET act = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_refuses_to_change_what_was_done(three: None, statement: str) -> None:
    if statement.startswith("TRUNCATE") and db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    with pytest.raises(DBAPIError, match="audit: what was done"), db.engine.begin() as conn:
        conn.execute(text(statement))


def written_anew(numbers: range, *, keyed: bool, actor: str = "staff:9") -> None:
    """The owner of the database, without a key, rewrites entries with hashes that fit each other."""
    before = audit.BEFORE_THE_FIRST
    for row in db.session.execute(select(AuditRecord.__table__).order_by(AuditRecord.id)).mappings().all():
        told = {**row, "previous_sha256": before}
        if row["id"] in numbers:
            told["actor"] = actor
            told["sha256"] = ("hmac:" if keyed else "") + audit._hash(told)
        before = str(told["sha256"])
        with db.engine.begin() as conn:
            changed = update(AuditRecord).where(AuditRecord.id == row["id"])
            conn.execute(changed.values(actor=told["actor"], sha256=before, previous_sha256=told["previous_sha256"]))
    db.session.rollback()


def keep_head() -> audit.Head:
    with write_unit() as conn:
        known = audit.head(conn)
        assert known is not None
        if db.session.get(Job, audit.HEAD_JOB) is None:
            db.session.add(Job(name=audit.HEAD_JOB, due_at=AT, memory={}))
            db.session.flush()
        audit.keep_head(conn, known)
    return known


@pytest.mark.parametrize("keyed", [True, False])
def test_who_has_no_key_cannot_write_an_act_anew(three: None, keyed: bool) -> None:
    tamper("SELECT 1")
    written_anew(range(2, 4), keyed=keyed)
    found = broken()
    assert found is not None
    assert found.id == 2
    assert ("was changed" if keyed else "without the key") in found.said


def test_acts_of_before_the_key_are_verified_as_before(three: None) -> None:
    # given a log whose acts were written by an earlier version
    tamper("SELECT 1")
    written_anew(range(1, 4), keyed=False, actor="staff:1")
    assert broken() is None
    # when others follow, with the key
    record(4)
    assert broken() is None
    acts = [row.sha256[:5] for row in db.session.scalars(select(AuditRecord).order_by(AuditRecord.id))]
    assert [act == "hmac:" for act in acts] == [False, False, False, True]
    # then the old ones are still held by their hashes
    with db.engine.begin() as conn:
        conn.execute(text("UPDATE audit SET actor = 'staff:2' WHERE id = 1"))
    found = broken()
    assert found is not None
    assert "was changed" in found.said


def test_an_end_that_was_cut_off_shows(three: None) -> None:
    known = keep_head()
    assert broken() is None
    tamper("DELETE FROM audit WHERE id = 3")
    found = broken()
    assert found == audit.Break(3, "act 3 was there before and is cut off")
    # and also what was written after the cut
    record(3)
    record(4)
    assert broken() is None or "another one than before" in str(broken())
    with snapshot() as conn:
        there = conn.execute(select(AuditRecord.sha256).where(AuditRecord.id == 3)).scalar_one()
        assert audit.head_break(conn, audit.Head(known.id, "hmac:" + "0" * 64)) is not None
        assert (audit.head_break(conn, known) is None) == (there == known.sha256)


def test_a_whole_log_written_anew_without_the_key_shows_against_the_end_that_was_kept(three: None) -> None:
    known = keep_head()
    tamper("SELECT 1")
    written_anew(range(1, 4), keyed=False)
    found = broken()
    assert found is not None
    assert "another one than before" in found.said
    # and where what was kept is forged too, or gone, against the end that was mailed
    with write_unit():
        db.session.get_one(Job, audit.HEAD_JOB).memory = {"id": 3, "sha256": "x", "mac": "forged"}
    assert broken() is not None
    with write_unit():
        db.session.get_one(Job, audit.HEAD_JOB).memory = {}
    with snapshot() as conn:
        assert audit.head_break(conn, known) is not None


def test_an_act_that_fails_leaves_no_trace(three: None) -> None:
    def fail() -> None:
        with write_unit() as conn:
            audit.record(conn, "staff:1", "appeal.closed", "appeal:1", at=AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with snapshot() as conn:
        assert audit.count(conn) == 3


def test_many_at_once_make_one_chain(app: Flask) -> None:
    # given eight threads, each with five acts
    failures = []

    def act(first: int) -> None:
        with app.app_context():
            try:
                for number in range(first, first + 5):
                    record(number)
            except Exception as error:
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=act, args=(first,)) for first in range(0, 40, 5)]
    # when all act at once
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # then none was refused and the chain is whole
    assert failures == []
    with snapshot() as conn:
        assert audit.count(conn) == 40
    assert broken() is None
