"""What a treasurer decides about imports: a line in doubt, and an import that was wrong."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import select

from donations.extensions import db
from donations.models import Statement, StatementLine, StatementLineQuestion
from tests.reconciliation.steps import a_bank_account
from tests.web.staff.conftest import Browser
from tests.web.treasury.snapshots import kept, last_act, refusal
from tests.web.treasury.test_bank_accounts import HEAD, ROWS, lines, look, shelf, take, waits

__all__ = ["shelf"]
ONE = HEAD + "13.11.2026;Maya;tx_000001;10,00\n"


def in_doubt(treasurer: Browser) -> int:
    """A line in doubt, which may be a stored one. Returns the number of the question."""
    a_bank_account()
    take(treasurer, waits(look(treasurer, ONE)))
    take(treasurer, waits(look(treasurer, ONE.replace("tx_000001", "tx_000777"))), doubtful="later")
    return db.session.scalars(select(StatementLineQuestion.id)).one()


def test_a_line_in_doubt_waits_on_the_list_and_is_answered_there(treasurer: Browser, shelf: Path) -> None:
    number = in_doubt(treasurer)
    assert lines() == [1000]
    # then it is on the list, and leads to both lines side by side
    assert f"/treasury/bank-accounts/questions/{number}" in treasurer.get("/treasury/to-do/same_line").text
    shown = treasurer.get(f"/treasury/bank-accounts/questions/{number}").text
    assert shown.count("Maya") == 2
    # when it is answered, twice
    done = treasurer.post(f"/treasury/bank-accounts/questions/{number}", act="same")
    again = treasurer.post(f"/treasury/bank-accounts/questions/{number}", act="another")
    # then once is enough
    assert (done.status_code, again.status_code, lines()) == (303, 409, [1000])
    assert "already been decided" in refusal(again)
    assert last_act() == ("statement_line.decided", f"question:{number}", {"answer": "same"})
    assert f"/treasury/bank-accounts/questions/{number}" not in treasurer.get("/treasury/to-do/same_line").text


def test_different_money_becomes_a_line(treasurer: Browser, shelf: Path) -> None:
    number = in_doubt(treasurer)
    assert treasurer.post(f"/treasury/bank-accounts/questions/{number}", act="nonsense").status_code == 422
    assert treasurer.post(f"/treasury/bank-accounts/questions/{number}", act="another").status_code == 303
    assert lines() == [1000, 1000]


def test_an_import_is_withdrawn_with_a_reason_and_comes_again(treasurer: Browser, shelf: Path) -> None:
    # given an import
    a_bank_account()
    take(treasurer, waits(look(treasurer)))
    number = db.session.scalars(select(Statement.id).order_by(Statement.id.desc())).first()
    page = treasurer.get(f"/treasury/bank-accounts/imports/{number}/withdraw")
    assert (page.status_code, "Withdraw import" in page.text) == (200, True)
    # when no reason is given, then nothing is done
    before = kept()
    assert treasurer.post(f"/treasury/bank-accounts/imports/{number}/withdraw").status_code == 422
    assert kept() == before
    # when one is
    done = treasurer.post(f"/treasury/bank-accounts/imports/{number}/withdraw", reason="Wrong account")
    # then its lines are gone, the log says why, and the file can come again
    assert (done.status_code, lines()) == (303, [])
    act, _, told = last_act()
    assert (act, told["reason"], told["lines"]) == ("statement.withdrawn", "Wrong account", 3)
    assert re.search(r"Withdrawn by .*Wrong account", treasurer.get("/treasury/bank-accounts/1").text)
    assert treasurer.post(f"/treasury/bank-accounts/imports/{number}/withdraw", reason="Again").status_code == 409
    seen = look(treasurer, HEAD + ROWS)
    assert "imported before" not in seen.text
    take(treasurer, waits(seen))
    assert sorted(lines()) == [-2050, 1000, 1000]


def test_only_a_treasurer_decides(signed_in: object, treasurer: Browser, shelf: Path) -> None:
    number = in_doubt(treasurer)
    auditor = signed_in("auditor")  # type: ignore[operator]
    assert auditor.get(f"/treasury/bank-accounts/questions/{number}").status_code == 200
    for path in (f"/treasury/bank-accounts/questions/{number}", "/treasury/bank-accounts/imports/1/withdraw"):
        assert auditor.post(path, act="same", reason="x").status_code == 403
    assert db.session.query(StatementLine).count() == 1
    assert treasurer.get("/treasury/bank-accounts/questions/99").status_code == 404
    assert treasurer.get("/treasury/bank-accounts/imports/99/withdraw").status_code == 404
