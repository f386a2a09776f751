"""Closing a period: obstacles are named, the signatures are counted, what was signed never changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from donations.database import write_unit
from donations.errors import AlreadyDone, OpenItemsNotAccepted, PeriodNotReady
from donations.extensions import db
from donations.models import Appeal, Organisation, Period, PeriodBalance, PeriodSignature
from donations.reconciliation import matches, period_close
from donations.reconciliation.matches import Said
from tests.events import a_charge, fresh, hear
from tests.factories import NOON, a_donation, gbp
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted
from tests.reconciliation.test_classification import an_unknown_transaction, classify

END = date(2026, 11, 30)
LATER = NOON + timedelta(days=14)


def a_period() -> int:
    with write_unit():
        return period_close.prepare(END).id


def sign(period_id: int, actor: str, accepted: str = "") -> bool:
    with write_unit() as conn:
        return period_close.sign(conn, db.session.get_one(Period, period_id), actor=actor, at=LATER, accepted=accepted)


def test_a_period_is_closed_by_its_signatures_and_then_refuses_entries(app: Flask) -> None:
    # given a donation in November, and an organisation that has two people
    accepted(5000)
    with write_unit():
        Organisation.get().approvals_required = 2
    period = a_period()
    # when both sign
    assert sign(period, "tara") is False
    with pytest.raises(AlreadyDone):
        sign(period, "tara")
    assert sign(period, "theo") is True
    # then the trial balance is kept, and a late fact is entered on the first open day
    fresh()
    kept = db.session.query(PeriodBalance).one()
    fund_id = kept.figures[0][1]
    assert kept.figures == [[1010, fund_id, "GBP", 5000], [4010, fund_id, "GBP", -5000]]
    with write_unit():
        reference = a_donation_of_november()
    hear(a_charge(reference, gbp("20.00")), at=LATER)
    dates = db.session.execute(text("SELECT entry_date, fact_date FROM entry WHERE kind = 'gift' ORDER BY id")).all()
    assert [str(day)[:10] for day in dates[1]] == ["2026-12-01", "2026-11-21"]
    assert period_close.changed_since_closed(db.session.connection()) == []


def a_donation_of_november() -> str:
    return a_donation(Appeal.any_by_slug("hands-off-ali"), gbp("20.00")).reference


def test_what_stands_in_the_way_is_named(app: Flask) -> None:
    # given a suggestion that was not reviewed
    line = a_line(a_bank_account(), 3000)
    with write_unit() as conn:
        matches.propose(conn, line, [Said("unidentified", 3000, score=5, reasons=("amount",))], rule="scored", at=NOON)
    period = a_period()
    # when a person signs, then it is refused with a reason
    with pytest.raises(PeriodNotReady, match="with a suggested match to review: 1"):
        sign(period, "tara")
    # and once it is looked at, it goes through with a reason, because it is not known yet whose it is
    with write_unit() as conn:
        matches.confirm(conn, line, [Said("unidentified", 3000)], rule="by hand", actor="tara", at=NOON)
    with pytest.raises(OpenItemsNotAccepted):
        sign(period, "tara")
    assert sign(period, "tara", accepted="the payer will ring in January") is True
    kept = db.session.query(PeriodSignature).one()
    assert kept.reason == "the payer will ring in January"


def test_a_period_that_is_not_over_cannot_be_closed(app: Flask) -> None:
    period = a_period()
    with pytest.raises(PeriodNotReady, match="not over yet"), write_unit() as conn:
        period_close.sign(conn, db.session.get_one(Period, period), actor="tara", at=NOON)


def test_a_period_is_opened_again_with_a_reason_and_must_be_signed_anew(app: Flask) -> None:
    accepted(5000)
    period = a_period()
    assert sign(period, "tara") is True
    with write_unit():
        period_close.reopen(db.session.get_one(Period, period), actor="tara", reason="a line was missing", at=LATER)
    fresh()
    assert db.session.get_one(Period, period).state == "open"
    later = LATER + timedelta(minutes=1)
    with write_unit() as conn:
        assert period_close.sign(conn, db.session.get_one(Period, period), actor="tara", at=later) is True
    assert db.session.query(PeriodBalance).count() == 2


def test_what_was_signed_never_changes(app: Flask) -> None:
    accepted(5000)
    assert sign(a_period(), "tara") is True
    for statement in ("UPDATE period_balance SET sha256 = 'x'", "DELETE FROM period_balance"):
        with pytest.raises(DatabaseError, match="never changed"), write_unit() as conn:
            conn.execute(text(statement))


def test_the_next_period_begins_where_the_last_one_ended(app: Flask) -> None:
    a_period()
    with write_unit():
        following = period_close.prepare(date(2026, 12, 31))
        assert following.starts_on == date(2026, 12, 1)
    with write_unit(), pytest.raises(PeriodNotReady):
        period_close.prepare(date(2026, 11, 15))


def test_what_lies_open_in_a_period_is_named_with_its_age_and_accepted_with_a_reason(app: Flask) -> None:
    # given an unmatched line, cash not accepted, and an unclassified Stripe transaction
    a_line(a_bank_account(), 12345, on=END - timedelta(days=1))
    a_gift(8650)
    transaction = an_unknown_transaction()
    # and a line of the next period, which is no matter of this one
    a_line(a_bank_account("Savings"), 100, on=END + timedelta(days=1))
    period = a_period()
    found = period_close.checklist(db.session.connection(), db.session.get_one(Period, period), LATER)
    # then the transaction blocks, and the others are named
    assert [one.facts for one in found.blockers] == [{"amount": "6 GBP"}]
    assert [(one.kind, one.count, one.oldest[0].since) for one in found.to_accept] == [
        ("line", 1, END - timedelta(days=1)), ("cash", 1, NOON.date()),
    ]  # fmt: skip
    with pytest.raises(PeriodNotReady, match="unclassified Stripe transactions"):
        sign(period, "tara", accepted="never mind")
    # and once it is named, they are accepted with a reason
    classify(transaction)
    with pytest.raises(OpenItemsNotAccepted):
        sign(period, "tara")
    assert sign(period, "tara", accepted="the bank was asked") is True
