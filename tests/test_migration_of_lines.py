"""Statement lines from before evidence was stored: their keys and texts stay, and they are recognised by their numbers
from the first import on. What an account remembered no longer counts as a person's answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text

from donations import create_app, data_keys
from donations.data_keys import seals
from donations.database import write_unit
from donations.extensions import db
from donations.models import BankAccount, Statement, StatementLine, triggers
from donations.money import Money
from donations.reconciliation import statement_withdrawal, statements
from donations.reconciliation.readers import ReadLine
from donations.reconciliation.statement_lines import details
from donations.reconciliation.statement_lines.evidence import SEPARATOR
from donations.reconciliation.statement_lines.identity import KEY_PURPOSE
from tests.fixtures.settings import environ_for

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
LINE = ReadLine(2, date(2026, 11, 13), None, Money(2000, "GBP"), "tx_00009Abc", "Ada Alder", "", "Gift")
MAP = {"date": "Date", "amount": "Amount", "name": "Name", "id": "Transaction ID", "text": ["Reference"],
       "dates": "ymd", "decimal": ".", "delimiter": ";"}  # fmt: skip
FILE = "Date;Name;Reference;Transaction ID;Amount\n13.11.2026;Ada Alder;{words};tx_00009Abc;20,00\n"


@pytest.fixture
def before(empty_database_url: str) -> Iterator[Flask]:
    """An account with one line and a remembered guess, as the version before left them."""
    app = create_app(environ_for(empty_database_url), TESTING=True)
    with app.app_context():
        flask_migrate.upgrade(revision="0022")
        with db.engine.begin() as conn:
            conn.execute(
                text("INSERT INTO bank_account (id, name, currency, column_map) VALUES (7, 'C', 'GBP', :map)"),
                {"map": json.dumps(MAP)},
            )
            conn.execute(
                text(
                    "INSERT INTO statement (id, bank_account_id, file_name, file_sha256, format, lines_new,"
                    " lines_known, imported_by, imported_at) VALUES (9003, 7, 'a.csv', 'x', 'CSV', 1, 0, 'maya', :at)"
                ),
                {"at": "2026-11-14 12:00:00"},
            )
            conn.execute(
                text(
                    "INSERT INTO bank_line (id, bank_account_id, statement_id, position, booked_on, amount_minor,"
                    " currency, details_sealed, personal_until, dedupe_key, occurrence) VALUES (11, 7, 9003, 1,"
                    " '2026-11-13', 2000, 'GBP', :sealed, '2032-11-14', :key, 1)"
                ),
                sealed_and_hashed(app),
            )
        yield app
        db.session.remove()
        db.engine.dispose()


def sealed_and_hashed(app: Flask) -> dict[str, bytes]:
    """The details and the key of the line, as that version made them: by the keys of DATA_KEY alone."""
    key_id, key = next(iter(app.config["SETTINGS"].data_keys.items()))
    said = SEPARATOR.join(("7", "2026-11-13", "2000", "GBP", LINE.native_id, LINE.name, "", LINE.text))
    seal = seals.sealer(key_id, key)
    return {
        "sealed": seal(details.made(LINE), details.identity(11)), "key": seals.hasher(key, KEY_PURPOSE)(said),
    }  # fmt: skip


def bring(words: str) -> tuple[int, int]:
    account = db.session.get_one(BankAccount, 7)
    read = statements.read_file(FILE.format(words=words).encode(), "b.csv", account)
    with write_unit() as conn:
        done = statements.import_file(conn, account, read, by="maya", at=AT)
    return done.new, done.known


def test_lines_of_before_keep_their_keys_and_are_known_by_their_numbers(before: Flask) -> None:
    # when the database is brought up to date
    flask_migrate.upgrade()
    with write_unit() as conn:
        data_keys.record(conn, at=AT)  # as `serve` does
    with db.engine.connect() as conn:
        assert triggers.missing(conn) == []
    key = db.session.get_one(StatementLine, 11).key
    # then the same text is recognised, and so is another under the bank's own number
    assert [bring("Gift"), bring("Gift #oak"), bring("Gift")] == [(0, 1)] * 3
    line = db.session.get_one(StatementLine, 11)
    assert line.key == key
    assert details.opened(line.details_sealed, details.identity(11))["text"] == "Gift #oak"
    # and the older import can be withdrawn too
    with write_unit() as conn:
        assert statement_withdrawal.withdraw(conn, 9003, reason="wrong", by="maya", at=AT).lines == 1
    assert db.session.scalars(select(Statement.withdrawn_reason).where(Statement.id == 9003)).one() == "wrong"
    assert bring("Gift") == (1, 0)
