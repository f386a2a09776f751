"""Decisions about a posting stop, and lost receipt numbers, are kept for ever: the database itself
refuses to change or delete them, past all of our code."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from donations.database import write_unit

MOMENT = "'2026-11-21 12:00:00'"
MADE = (
    "INSERT INTO correction (id, form_key, kind, invariant, subject, figure, said, target, reason, state, requested_by,"
    f" requested_at, decided_by, decided_at) VALUES (1, 'k', 'accept', 'I13', 'act:1', 'x', 'x', '', 'x', 'made', 'a',"
    f" {MOMENT}, 'b', {MOMENT}), (2, 'l', 'accept', 'I13', 'act:2', 'x', 'x', '', 'x', 'requested', 'a', {MOMENT},"
    " NULL, NULL)"
)
LOST = (
    "INSERT INTO receipt_gap (id, series_id, first_number, last_number, reason, actor, at)"
    f" SELECT 1, id, 1, 2, 'x', 'a', {MOMENT} FROM receipt_series WHERE prefix = 'R'"
)


def run(statement: str) -> int:
    with write_unit() as conn:
        return int(conn.execute(text(statement)).rowcount)


@pytest.fixture
def decided(app: Flask) -> None:
    assert (run(MADE), run(LOST)) == (2, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE correction SET figure = 'y' WHERE id = 1",
        "UPDATE correction SET state = 'refused' WHERE id = 1",
        "DELETE FROM correction WHERE id = 1",
        "DELETE FROM correction WHERE id = 2",
        "UPDATE receipt_gap SET last_number = 3",
        "DELETE FROM receipt_gap",
    ],
)
def test_what_was_decided_is_neither_changed_nor_deleted(decided: None, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"what was decided stands|a lost number stays lost"):
        run(statement)


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("table", ["correction", "receipt_gap"])
def test_a_table_of_decisions_is_not_emptied(decided: None, table: str) -> None:
    with pytest.raises(DBAPIError, match=r"what was decided stands|a lost number stays lost"):
        run(f"TRUNCATE {table}")


def test_what_waits_for_a_second_person_may_be_decided(decided: None) -> None:
    assert run(f"UPDATE correction SET state = 'made', decided_by = 'b', decided_at = {MOMENT} WHERE id = 2") == 1
