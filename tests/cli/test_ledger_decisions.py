"""`donations ledger assign`, `classify`, `close` and `resume`: what a treasurer decides from the command line."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from donations.cli.actor import operator
from donations.database import write_unit
from donations.errors import NothingToDecide, PostingStopped
from donations.extensions import db
from donations.models import Classification, Decision, PostingStop, StripeEvent
from donations.worker.ledger_checks import check_ledger
from tests import events
from tests.events import a_charge, balances, fresh, hear, rows
from tests.factories import NOON, gbp
from tests.inbox.steps import receive
from tests.reconciliation.test_classification import an_unknown_transaction, lines_of
from tests.reconciliation.test_payment_requests import two_must_approve


@pytest.fixture
def charge_id(app: Flask) -> str:
    """A charge of 20.00 with no known fund."""
    charge = a_charge(None, gbp("20.00"))
    hear(charge)
    return charge.charge_id


def ledger(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["ledger", *words])


def assign(app: Flask, charge_id: str, slug: str) -> Result:
    return ledger(app, "assign", charge_id, slug, "--reason", "Her letter names Ali.")


def spoil(by: int) -> None:
    """Move what is stored of every fund away from what is posted."""
    with write_unit() as conn:
        assert conn.execute(text("UPDATE fund_total SET raised_minor = raised_minor + :by"), {"by": by}).rowcount


def halt() -> None:
    with write_unit():
        db.session.add(PostingStop(id=1, since=NOON, reason="I10"))


def test_a_charge_is_given_to_a_fund(app: Flask, charge_id: str) -> None:
    done = assign(app, charge_id, "ali")
    assert (done.exit_code, done.output) == (0, f"{charge_id} now belongs to ali.\n")
    fresh()
    assert balances() == {(1105, "ali", "GBP", charge_id): 2000, (4000, "ali", "GBP", None): -2000}
    decision = db.session.query(Decision).one()
    assert (decision.actor, decision.reason) == ("cli:" + operator(), "Her letter names Ali.")
    assert ledger(app, "check").exit_code == 0


def test_a_decision_needs_a_reason(app: Flask, charge_id: str) -> None:
    done = ledger(app, "assign", charge_id, "ali")
    assert done.exit_code == 2
    assert "--reason" in done.output
    assert rows("decision") == 0


def test_an_unknown_fund_is_wrong_usage(app: Flask, charge_id: str) -> None:
    done = assign(app, charge_id, "nobody")
    assert done.exit_code == 2
    assert "No fund is called nobody." in done.output
    assert rows("decision") == 0


@pytest.mark.parametrize(("charge", "slug"), [("ch_unknown", "ali"), (None, "suspense")])
def test_what_cannot_be_decided_is_said_and_nothing_is_written(
    app: Flask, charge_id: str, charge: str | None, slug: str
) -> None:
    done = assign(app, charge or charge_id, slug)
    assert done.exit_code == 1
    assert isinstance(done.exception, NothingToDecide)  # `main` says it in a sentence
    assert (rows("decision"), rows("donation"), rows("entry")) == (0, 0, 1)


def test_nothing_is_decided_while_posting_is_stopped(app: Flask, charge_id: str) -> None:
    halt()
    done = assign(app, charge_id, "ali")
    assert done.exit_code == 1
    assert isinstance(done.exception, PostingStopped)
    assert (rows("decision"), rows("donation")) == (0, 0)


def test_resuming_what_was_not_stopped_says_so(app: Flask) -> None:
    done = ledger(app, "resume")
    assert (done.exit_code, done.output) == (0, "Posting was not stopped.\n")


def test_posting_goes_on_and_what_waited_is_due_at_once(app: Flask, charge_id: str) -> None:
    halt()
    said = events.succeeded(None)
    assert receive(said) == "due"
    done = ledger(app, "resume")
    assert (done.exit_code, done.output) == (0, "Posting goes on. Events to process: 1. Next: donations ledger check\n")
    fresh()
    assert rows("posting_stop") == 0
    event = db.session.get_one(StripeEvent, said["id"])
    assert (event.state, event.attempts) == ("due", 0)
    assert event.next_attempt_at is not None
    assert event.next_attempt_at > NOON


def test_resuming_is_refused_while_the_books_are_not_sound(app: Flask, charge_id: str) -> None:
    assign(app, charge_id, "ali")
    spoil(-1)
    check_ledger(NOON)
    for _ in range(2):
        done = ledger(app, "resume")
        assert done.exit_code == 1
        assert "Check failed (I10)" in done.output
        assert "Posting stays stopped." in done.output
    fresh()
    assert rows("posting_stop") == 1
    spoil(1)
    assert ledger(app, "resume").exit_code == 0
    assert assign(app, charge_id, "kozlov").exit_code == 0


def test_an_unknown_stripe_transaction_is_classified(app: Flask) -> None:
    transaction = an_unknown_transaction()
    done = ledger(app, "classify", transaction, "5020", "general", "--reason", "Stripe's letter")
    assert (done.exit_code, done.output) == (0, f"{transaction} is now recorded on 5020 for general.\n")
    assert lines_of(transaction) == [(1100, "general", "GBP", -600), (5020, "general", "GBP", 600)]
    # and not as just anything
    wrong = ledger(app, "classify", transaction, "4000", "general", "--reason", "x")
    assert wrong.exit_code == 2


def test_where_two_people_approve_the_command_line_only_asks(app: Flask, charge_id: str) -> None:
    two_must_approve()
    done = assign(app, charge_id, "ali")
    assert (done.exit_code, "Another treasurer must approve this" in done.output) == (0, True)
    assert rows("decision") == 0
    asked = ledger(app, "classify", an_unknown_transaction(), "5020", "general", "--reason", "x")
    assert "Another treasurer must approve this" in asked.output
    fresh()
    assert [row.state for row in db.session.query(Classification)] == ["requested", "requested"]


def test_a_period_with_something_open_is_closed_with_a_reason_only(app: Flask, charge_id: str) -> None:
    said = ledger(app, "close", "2026-11-21")
    assert said.exit_code == 1
    assert "to do: receipt 1, oldest since 2026-11-21" in said.output
    assert "--accept" in said.output
    done = ledger(app, "close", "2026-11-21", "--accept", "asked at Stripe")
    assert (done.exit_code, done.output.splitlines()[-1].endswith(": closed.")) == (0, True), done.output
