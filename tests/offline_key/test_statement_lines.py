"""Statement lines under the offline key: a file that tells of them again loses nothing and doubles nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from donations.database import write_unit
from donations.errors import StatementLooksKnown
from donations.extensions import db
from donations.models import StatementLine
from donations.reconciliation import matches
from donations.reconciliation.statement_lines import details
from tests.factories import NOON
from tests.offline_key.steps import match_all, opened_by_the_machine, seal, turn_on, unlock, unlocked
from tests.reconciliation.readers.examples import example
from tests.reconciliation.test_statements import an_account, bring

LATER = NOON + timedelta(minutes=5)


def test_a_line_whose_match_is_undone_is_read_again_after_an_unlock(app: Flask) -> None:
    turn_on()
    account = an_account("Current account")
    bring(account, example("camt053.xml").decode(), NOON)
    lines = [(one.id, one.payer_hash) for one in db.session.scalars(select(StatementLine))]
    match_all(NOON)
    seal(LATER)
    number, payer = next(one for one in lines if one[1])
    with write_unit() as conn:
        matches.undo(conn, number, actor="tara", at=LATER)
    assert words_of(number) == {}
    # a file that says it again changes nothing of what is sealed
    assert bring(account, example("camt053.xml").decode().replace("Maya Example", "M Example"), LATER).new >= 0
    unlock(LATER)
    assert words_of(number)["name"] == "Maya Example"
    assert db.session.get_one(StatementLine, number).payer_hash == payer


def test_what_a_file_adds_while_the_key_is_unlocked_is_sealed_again(app: Flask) -> None:
    turn_on()
    account = an_account("Current account")
    bring(account, example("camt053.xml").decode(), NOON)
    match_all(NOON)
    seal(LATER)
    with unlocked():
        bring(account, example("camt053.xml").decode().replace("Maya Example", "Maya Example Featherstone"), LATER)
    assert any("Featherstone" in one for one in opened_by_the_machine()["statement_line.details_sealed"])
    seal(LATER)
    assert [one for one in opened_by_the_machine()["statement_line.details_sealed"] if "Example" in one] == []


def words_of(number: int) -> details.Details:
    db.session.rollback()
    return details.opened(db.session.get_one(StatementLine, number).details_sealed, details.identity(number))


@pytest.mark.parametrize("change", ["in other words", "on another day"])
def test_a_locked_line_that_comes_again_is_asked_about_and_never_lost(app: Flask, change: str) -> None:
    turn_on()
    account = an_account("Current account")
    row = "{day};Ada Alder;Gift;;Booked;{amount}\n"
    head = "Date;Name;Reference;Transaction ID;Status;Amount\n"
    first, second = (
        row.format(day=day, amount=amount) for day, amount in (("10.11.2026", "30,00"), ("12.11.2026", "5,00"))
    )
    bring(account, head + first + second, NOON)
    match_all(NOON)
    seal(LATER)
    again = {
        "in other words": row.format(day="10.11.2026", amount="30,00").replace("Gift", "A present"),
        "on another day": row.format(day="09.11.2026", amount="30,00"),
    }[change]
    with pytest.raises(StatementLooksKnown):
        bring(account, head + again + second, LATER)
