"""The ledger guards itself: every way of editing, unbalancing or adding to it is tried in plain SQL, past all of our
code, and the database itself refuses, on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from donations import database
from donations.database import OrphanPosting
from donations.extensions import db
from donations.models import triggers

DAY = date(2026, 11, 21)
# Whichever layer is the first to see it: our own look, SQLAlchemy or the driver.
REFUSED = (OrphanPosting, IntegrityError, psycopg.IntegrityError)
POSTING = text("INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor)"
               " VALUES (:entry_id, :line, :account, :fund_id, :currency, :amount)")  # fmt: skip
ENTRY = text("INSERT INTO entry (id, entry_date, fact_date, posted_at, kind, idem_key, revision, actor, memo,"
             " source_type, source_id) VALUES (:id, :day, :day, '2026-11-21 12:00:00', 'gift', :key, 1, 'test', '',"
             " 'payment', 1)")  # fmt: skip
TWENTY = [(1105, "ali", "GBP", 2000), (4000, "ali", "GBP", -2000)]


@pytest.fixture
def conn(app: Flask) -> Iterator[Connection]:
    """A connection as the app has it, beside any session."""
    with db.engine.connect() as connection:
        yield connection


def write_postings(conn: Connection, entry_id: int, postings: list[tuple[int, str, str, int]], first: int = 0) -> None:
    funds = {slug: fund_id for slug, fund_id in conn.execute(text("SELECT slug, id FROM fund"))}  # noqa: C416
    for line, (account, fund, currency, amount) in enumerate(postings, first):
        row = {"entry_id": entry_id, "line": line, "account": account, "fund_id": funds[fund], "currency": currency}
        conn.execute(POSTING, {**row, "amount": amount})


def write_entry(conn: Connection, entry_id: int, day: date = DAY) -> None:
    conn.execute(ENTRY, {"id": entry_id, "day": day.isoformat(), "key": f"charge:ch_{entry_id}:gift"})


@pytest.fixture
def books(conn: Connection) -> Connection:
    """The ledger with one donation of 20.00, committed."""
    write_postings(conn, 1, TWENTY)
    write_entry(conn, 1)
    conn.commit()
    return conn


def content(conn: Connection) -> list[object]:
    """All entries and postings, as the next reader finds them."""
    if conn.in_transaction():
        conn.rollback()
    entries = conn.execute(text("SELECT id, entry_date, idem_key, memo FROM entry ORDER BY id")).all()
    return [*entries, *conn.execute(text("SELECT entry_id, line, fund_id, amount_minor FROM posting ORDER BY 1, 2"))]


EDITS = [
    "UPDATE posting SET amount_minor = amount_minor * 2",
    "UPDATE posting SET fund_id = (SELECT id FROM fund WHERE slug = 'general')",
    "UPDATE posting SET clear_ref = 'x'",
    "UPDATE posting SET entry_id = 2",
    "UPDATE entry SET memo = 'x'",
    "UPDATE entry SET entry_date = '2026-11-20'",
    "UPDATE entry SET id = 2",
    "DELETE FROM posting",
    "DELETE FROM posting WHERE line = 1",
    "DELETE FROM entry",
    "DELETE FROM entry WHERE id = 1",
    "INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor) SELECT entry_id, 0, account,"
    " fund_id, currency, 1 FROM posting WHERE line = 0 ON CONFLICT (entry_id, line) DO UPDATE SET amount_minor = 1",
]


@pytest.mark.parametrize("statement", EDITS)
def test_what_is_written_is_never_edited_or_deleted(books: Connection, statement: str) -> None:
    before = content(books)
    with pytest.raises(IntegrityError, match="ledger:"):
        books.execute(text(statement))
    assert content(books) == before


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("table", ["posting", "entry"])
def test_replacing_a_row_does_not_slip_past_the_delete_trigger(books: Connection, table: str) -> None:
    before = content(books)
    with pytest.raises(IntegrityError, match="ledger:"):
        books.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))
    assert content(books) == before


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("statement", EDITS[:-1])
def test_a_stranger_with_the_file_in_hand_is_refused_too(books: Connection, statement: str) -> None:
    # given a connection that none of our code has prepared
    stranger = sqlite3.connect(make_url(str(books.engine.url)).database or "")
    try:
        # when it tries
        # then the triggers are in the file itself
        with pytest.raises(sqlite3.IntegrityError, match="ledger:"):
            stranger.execute(statement)
    finally:
        stranger.close()


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("table", ["posting", "entry", "posting, entry", "fund CASCADE", "receipt", "donation CASCADE"])
def test_the_tables_of_the_books_cannot_be_emptied(books: Connection, table: str) -> None:
    before = content(books)
    with pytest.raises(DBAPIError, match=r"ledger:|receipts:|referenced in a foreign key"):
        books.execute(text(f"TRUNCATE {table}"))
    assert content(books) == before


@pytest.mark.parametrize(
    ("postings", "said"),
    [
        ([], "two postings or more"),
        ([(1105, "ali", "GBP", 2000)], "two postings or more|sum to zero"),
        ([(1105, "ali", "GBP", 2000), (4000, "ali", "GBP", -1999)], "sum to zero"),
        ([(1105, "ali", "GBP", 2000), (4000, "sakharovo", "GBP", -2000)], "sum to zero"),
        ([(1105, "ali", "GBP", 2000), (4000, "ali", "EUR", -2000)], "sum to zero"),
        (
            [
                (1105, "ali", "GBP", 5),
                (4000, "ali", "GBP", -4),
                (1105, "kozlov", "GBP", 4),
                (4000, "kozlov", "GBP", -5),
            ],
            "sum to zero",
        ),
    ],
)
def test_an_entry_that_does_not_balance_per_fund_and_currency_is_refused(
    conn: Connection, postings: list[tuple[int, str, str, int]], said: str
) -> None:
    write_postings(conn, 1, postings)
    with pytest.raises(IntegrityError, match=said):
        write_entry(conn, 1)
    assert content(conn) == []


def test_a_posting_of_nothing_is_refused(conn: Connection) -> None:
    with pytest.raises(IntegrityError, match="amount_not_zero"):
        write_postings(conn, 1, [(1105, "ali", "GBP", 0)])


def test_a_posting_to_a_sealed_entry_is_refused_even_if_it_balances(books: Connection) -> None:
    before = content(books)
    with pytest.raises(IntegrityError, match="sealed already"):
        write_postings(books, 1, TWENTY, first=2)
    assert content(books) == before


def test_a_posting_to_an_entry_of_the_same_transaction_is_refused(conn: Connection) -> None:
    write_postings(conn, 1, TWENTY)
    write_entry(conn, 1)
    with pytest.raises(IntegrityError, match="sealed already"):
        write_postings(conn, 1, TWENTY, first=2)


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        (date(2026, 9, 30), False),
        (date(2026, 10, 1), True),
        (date(2026, 10, 15), True),
        (date(2026, 10, 31), True),
        (date(2026, 11, 1), False),
    ],
)
def test_an_entry_dated_inside_a_closed_period_is_refused(conn: Connection, day: date, refused: bool) -> None:
    # given October, closed, and November, open
    conn.execute(text("INSERT INTO period (starts_on, ends_on, state) VALUES ('2026-10-01', '2026-10-31', 'closed')"))
    conn.execute(text("INSERT INTO period (starts_on, ends_on, state) VALUES ('2026-11-01', '2026-11-30', 'open')"))
    write_postings(conn, 1, TWENTY)
    # when an entry is dated
    # then only October's days refuse it
    if refused:
        with pytest.raises(IntegrityError, match="period of this entry is closed"):
            write_entry(conn, 1, day)
    else:
        write_entry(conn, 1, day)
        conn.commit()
        assert len(content(conn)) == 3


def test_an_entry_is_written_once_for_each_revision(books: Connection) -> None:
    write_postings(books, 2, TWENTY)
    with pytest.raises(IntegrityError, match=r"idem_key"):
        books.execute(ENTRY, {"id": 2, "day": DAY.isoformat(), "key": "charge:ch_1:gift"})


def test_a_posting_without_its_entry_is_refused_at_the_commit(conn: Connection) -> None:
    write_postings(conn, 7, TWENTY)
    with pytest.raises(IntegrityError):
        conn.commit()
    conn.close()
    with db.engine.connect() as another:
        assert content(another) == []


def test_a_posting_without_its_entry_is_refused_before_the_savepoint_is_released(app: Flask) -> None:
    # given a write unit in which something else must be kept
    with database.write_unit() as conn:
        conn.execute(text("INSERT INTO heartbeat (worker, at) VALUES ('w', '2026-11-21 12:00:00')"))
        # when the savepoint ends with a posting that nothing seals
        with pytest.raises(REFUSED), database.savepoint(conn):
            write_postings(conn, 7, TWENTY)
    # then the rest is kept and the posting is gone
    with db.engine.connect() as conn:
        assert content(conn) == []
        assert conn.execute(text("SELECT count(*) FROM heartbeat")).scalar_one() == 1


def test_a_savepoint_with_a_whole_entry_is_released(app: Flask) -> None:
    with database.write_unit() as conn, database.savepoint(conn):
        write_postings(conn, 7, TWENTY)
        write_entry(conn, 7)
    with db.engine.connect() as conn:
        assert len(content(conn)) == 3


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("forged", [False, True], ids=["as it comes", "with the first session's mark"])
def test_a_second_session_cannot_attach_a_posting_to_an_entry_it_does_not_see(conn: Connection, forged: bool) -> None:
    # given an entry of one session, not committed yet
    write_postings(conn, 1, TWENTY)
    write_entry(conn, 1)
    mark = conn.execute(text("SELECT CAST(xid AS text) FROM entry WHERE id = 1")).scalar_one()
    # when another session, to which the entry does not exist, writes a posting for it, and the first commits
    with db.engine.connect() as second:
        column, value = (", xid", ", CAST(:mark AS xid8)") if forged else ("", "")
        more = (
            f"INSERT INTO posting (entry_id, line, account, fund_id, currency, amount_minor{column})"
            f" SELECT 1, 9, 1105, id, 'GBP', 5{value} FROM fund WHERE slug = 'ali'"
        )
        second.execute(text(more), {"mark": mark} if forged else {})
        conn.commit()
        # then the second cannot
        with pytest.raises(IntegrityError, match="fk_posting_entry_id_xid_entry"):
            second.commit()
    assert len(content(conn)) == 3


def test_every_trigger_stands_and_no_other(conn: Connection) -> None:
    kind = conn.dialect.name
    found = set(conn.exec_driver_sql(triggers._QUERY[kind]).scalars())
    assert found == triggers.EXPECTED[kind]
    assert triggers.missing(conn) == []


def test_a_lost_trigger_is_noticed(conn: Connection) -> None:
    for name in sorted(triggers.EXPECTED[conn.dialect.name]):
        table = next(table for table in sorted(db.metadata.tables, key=len, reverse=True) if name.startswith(table))
        conn.exec_driver_sql(f"DROP TRIGGER {name}" + ("" if conn.dialect.name == "sqlite" else f" ON {table}"))
        assert triggers.missing(conn) == [name]
        conn.rollback()


@pytest.mark.databases("postgresql")
def test_a_trigger_that_is_switched_off_counts_as_lost(conn: Connection) -> None:
    conn.exec_driver_sql("ALTER TABLE posting DISABLE TRIGGER posting_never_deleted")
    assert triggers.missing(conn) == ["posting_never_deleted"]
    conn.rollback()
