"""Every small statement of bank_files/ comes out as it must, twice as once: what is read, what is left out, what is
refused before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from donations.database import write_unit
from donations.errors import DonationsError
from donations.extensions import db
from donations.models import BankAccount, StatementLine, StatementLineQuestion
from donations.money import Money
from donations.reconciliation import statements
from donations.reconciliation.statement_lines import details
from donations.reconciliation.statements import Imported
from tests.reconciliation.bank_cases import CASES, FOLDER, Case

AT = datetime(2026, 11, 21, 20, tzinfo=UTC)
SAID = {case.file: case.said for case in CASES}
pytestmark = pytest.mark.databases("sqlite")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_small_statement_comes_out_as_it_must(app: Flask, case: Case) -> None:
    # given
    account_id = an_account(case.currency)
    before = bring(account_id, case.after) if case.after else None
    count = before.new if before else 0
    # when
    if case.is_refused:
        before_it = remembered(account_id)
        with pytest.raises(DonationsError) as refused:
            bring(account_id, case.file)
        # then nothing is written, and nothing learnt
        assert (len(lines()), remembered(account_id)) == (count, before_it)
        assert refused.value.status in (409, 422)
        return
    done = bring(account_id, case.file)
    # then
    found = lines()[count:]
    assert [(day, Decimal(amount)) for day, amount, _ in found] == [(day, Decimal(it)) for day, it, _ in case.lines]
    for (_, _, words), (_, _, wanted) in zip(found, case.lines, strict=True):
        assert [word for word in wanted if word not in words] == []
    assert done.pending == case.pending
    # and twice is as once
    again = bring(account_id, case.file)
    assert (again.new, again.waiting, len(lines())) == (0, 0, count + len(case.lines))


def an_account(currency: str) -> int:
    with write_unit():
        account = BankAccount(name="A", currency=currency)
        db.session.add(account)
        db.session.flush()
        return account.id


def bring(account_id: int, file: str) -> Imported:
    account = db.session.get_one(BankAccount, account_id)
    read = statements.read_file((FOLDER / file).read_bytes(), file, account, SAID[file] or None)
    with write_unit() as conn:
        return statements.import_file(conn, account, read, by="maya", at=AT, ask_later=True)


def remembered(account_id: int) -> tuple[object, ...]:
    db.session.rollback()
    account = db.session.get_one(BankAccount, account_id)
    return account.identifier_hash, account.column_map


def lines() -> list[tuple[str, str, str]]:
    """(day, amount, all words) of each line, in the order of import; and no question waits."""
    db.session.rollback()
    assert db.session.scalars(select(StatementLineQuestion)).all() == []
    found = []
    for line in db.session.scalars(select(StatementLine).order_by(StatementLine.id)):
        said = details.opened(line.details_sealed, details.identity(line.id))
        words = f"{said['name']} {said['account']} {details.all_text(said)}"
        found.append((line.booked_on.isoformat(), Money(line.amount_minor, line.currency).plain(), words))
    return found
