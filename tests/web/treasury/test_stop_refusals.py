"""Corrections of a posting stop that are refused: of what has changed, without a reason, not offered, sent twice, or
leaving the ledger worse than before. Nothing is written then."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.engine import Connection

from donations import giving
from donations.database import write_unit
from tests.ledger.test_checks import books
from tests.web.staff.conftest import Browser
from tests.web.treasury.stop_steps import PAGE, acts, correct_all, corrupt, grave, links, press, stopped

__all__ = ["books"]
ALI = "(SELECT id FROM fund WHERE slug = 'ali')"
FIRST = "(SELECT id FROM entry WHERE idem_key = 'bt:txn_1' AND revision = 1)"


def test_a_correction_of_a_finding_that_has_changed_is_refused(books: str, treasurer: Browser) -> None:
    corrupt(f"UPDATE fund_total SET raised_minor = raised_minor + 1 WHERE fund_id = {ALI}")
    stopped()
    link = links(treasurer)[0]
    corrupt(f"UPDATE fund_total SET raised_minor = raised_minor + 1 WHERE fund_id = {ALI}")
    assert treasurer.get(link).status_code == 404
    answer = treasurer.post(link, form_key="k", reason="as seen")
    assert answer.status_code == 409
    assert "This finding has changed or is gone" in answer.text
    assert grave() == ["I10"]


def test_the_same_form_corrects_once(books: str, treasurer: Browser, clock: time_machine.Traveller) -> None:
    corrupt("UPDATE receipt SET amount_minor = 3001 WHERE number = 1")
    stopped()
    link = links(treasurer)[0]
    for _ in range(3):
        assert treasurer.post(link, form_key="the same", reason="as seen").status_code == 303
        clock.shift(timedelta(seconds=1))
    with write_unit() as conn:
        assert conn.execute(text("SELECT count(*) FROM receipt")).scalar() == 3
    assert list(acts("cure.made")) == ["cure.made"]


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_correction_needs_a_reason(books: str, treasurer: Browser, reason: str) -> None:
    corrupt("DELETE FROM fund_total")
    stopped()
    answer = treasurer.post(links(treasurer)[0], form_key="k", reason=reason)
    assert answer.status_code == 422
    assert "Enter a reason" in answer.text
    assert grave() == ["I10"]


def test_what_was_not_found_is_not_corrected(books: str, treasurer: Browser) -> None:
    corrupt("DELETE FROM fund_total")
    stopped()
    code = re.findall(r"/treasury/posting-stop/(\w+)/", links(treasurer)[0])[0]
    for kind in ("accept", "refund", "nothing"):
        assert treasurer.get(f"{PAGE}/{code}/{kind}?target={books}").status_code == 404
        assert treasurer.post(f"{PAGE}/{code}/{kind}?target={books}", form_key=kind, reason="x").status_code == 409
    assert grave() == ["I10"]


def test_a_correction_that_would_leave_a_new_fault_changes_nothing(
    books: str, treasurer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a correction that does its work, and damage beside it
    corrupt("UPDATE receipt SET amount_minor = 3001 WHERE number = 1")
    stopped()
    link = links(treasurer, "reissue")[0]
    settle = giving.settle

    def clumsy(conn: Connection, *more: Any, **named: Any) -> None:
        settle(conn, *more, **named)
        conn.execute(text("UPDATE fund_total SET raised_minor = raised_minor + 1"))

    monkeypatch.setattr(giving, "settle", clumsy)
    # when it is made
    answer = press(treasurer, link)
    # then it is refused whole, and may be made again
    assert answer.status_code == 409
    assert "the ledger would have a new error" in answer.text
    assert (grave(), list(acts("cure.made"))) == (["I11 amount"], [])
    monkeypatch.undo()
    assert press(treasurer, link).status_code == 303
    assert grave() == []


def test_what_needs_the_entries_first_is_refused_in_words(books: str, treasurer: Browser) -> None:
    # given a receipt that is wrong and an entry of the same payment that does not balance
    corrupt(
        "UPDATE receipt SET amount_minor = 3001 WHERE number = 1",
        f"UPDATE posting SET amount_minor = amount_minor + 1 WHERE entry_id = {FIRST} AND line = 1",
    )
    stopped()
    answer = press(treasurer, links(treasurer, "reissue")[0])
    assert answer.status_code == 409
    assert "First correct the entries that do not balance" in answer.text
    # when they are taken in their order
    correct_all(treasurer)
    assert grave() == []
