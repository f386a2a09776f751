"""The worker matches statement lines when a statement was imported, and every ten minutes; not while posting is
stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from donations import references
from donations.database import write_unit
from donations.extensions import db
from donations.models import PostingStop, Statement
from donations.worker import matching
from tests.factories import NOON
from tests.reconciliation.matching_steps import expected, is_now, said
from tests.reconciliation.steps import a_bank_account

MINUTE = timedelta(minutes=1)


@pytest.fixture
def line(app: Flask) -> int:
    return said(a_bank_account(), 2000, references.code_of_offline_donation(expected(2000)))


def test_a_new_statement_is_matched_at_once(line: int) -> None:
    assert matching.match_lines(NOON) == 1
    assert is_now(line)[0] == "confirmed"


def test_without_a_statement_there_is_nothing_to_do(app: Flask) -> None:
    assert matching.match_lines(NOON) == 0


def test_what_was_recorded_since_is_matched_ten_minutes_later_or_with_the_next_statement(line: int) -> None:
    matching.match_lines(NOON)
    # given a line without its donation, which is recorded later
    account = db.session.query(Statement).one().bank_account_id
    later = said(account, 3000, "")
    expected(3000)
    assert matching.match_lines(NOON + 9 * MINUTE) == 0
    assert is_now(later) == ("open", [])
    # when it is time
    matching.match_lines(NOON + 10 * MINUTE)
    assert is_now(later)[0] == "proposed"
    # or when another statement comes
    third = said(account, 4000, references.code_of_offline_donation(expected(4000)))
    with write_unit():
        db.session.add(
            Statement(
                bank_account_id=account, file_name="y", file_sha256="y", format="csv", lines_new=0, lines_known=0,
                imported_by="test", imported_at=NOON,
            )
        )  # fmt: skip
    assert matching.match_lines(NOON + 11 * MINUTE) == 1
    assert is_now(third)[0] == "confirmed"


def test_while_posting_is_stopped_the_lines_wait(line: int) -> None:
    with write_unit():
        db.session.add(PostingStop(id=1, since=NOON, reason="a test"))
    assert matching.match_lines(NOON) == 0
    assert is_now(line) == ("open", [])
    with write_unit():
        db.session.delete(db.session.query(PostingStop).one())
    assert matching.match_lines(NOON + MINUTE) == 1


def test_more_than_one_go_takes_is_gone_on_with(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST", 1)
    account = a_bank_account()
    for _ in range(2):
        said(account, 2000, references.code_of_offline_donation(expected(2000)))
    assert [matching.match_lines(NOON + MINUTE * turn) for turn in range(3)] == [1, 1, 0]
