"""How many people must approve: the rule by amount, and its change by two people or by an appeals file."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from donations import appeals, approvals
from donations.database import write_unit
from donations.errors import AlreadyDone, BadAppealsFile, DecisionWaiting, NeedsAnother, SentBefore
from donations.extensions import db
from donations.models import ApprovalRule, Organisation
from donations.money import Money
from tests.events import fresh
from tests.factories import NOON, eur, gbp

FILE = (Path(__file__).parents[1] / "appeals.toml").read_text(encoding="utf-8")


def ask(required: int, up_to: Money | None = None, *, key: str = "k", actor: str = "ada") -> int:
    with write_unit():
        asked = approvals.Asked(key, required, up_to or gbp("0.00"), "the meeting of May")
        return approvals.ask(asked, actor=actor, at=NOON).id


def decide(number: int, *, yes: bool = True, actor: str = "tara") -> ApprovalRule:
    with write_unit():
        return approvals.decide(number, yes=yes, actor=actor, at=NOON)


def load(value: str) -> None:
    with write_unit():
        appeals.load(FILE.replace("[organisation]\n", f"[organisation]\napprovals_required = {value}\n", 1), NOON)


def rule() -> tuple[int, int]:
    fresh()
    house = Organisation.get()
    return house.approvals_required, house.one_approval_up_to_minor


def test_a_rule_changes_when_a_second_person_agrees_and_not_before(app: Flask) -> None:
    assert rule() == (1, 0)
    number = ask(2, gbp("100.00"))
    assert rule() == (1, 0)
    with pytest.raises(NeedsAnother):
        decide(number, actor="ada")
    decide(number)
    assert rule() == (2, 10000)
    # nor can one person lower it again
    number = ask(1, key="l")
    with pytest.raises(NeedsAnother):
        decide(number, actor="ada")
    assert rule() == (2, 10000)
    decide(number, yes=False, actor="ada")  # but withdraw their own request
    with pytest.raises(AlreadyDone):
        decide(number)
    assert rule() == (2, 10000)


def test_only_a_small_amount_in_the_organisations_own_currency_needs_one(app: Flask) -> None:
    assert [approvals.required(amount) for amount in (None, gbp("0.01"), eur("0.01"))] == [1, 1, 1]
    decide(ask(2, gbp("100.00")))
    amounts = (None, gbp("0.01"), gbp("100.00"), gbp("100.01"), -gbp("100.01"), eur("0.01"))
    assert [approvals.required(amount) for amount in amounts] == [2, 1, 1, 2, 2, 2]


def test_one_request_waits_at_a_time_and_a_form_asks_once(app: Flask) -> None:
    number = ask(2)
    assert ask(2) == number
    with pytest.raises(SentBefore):
        ask(1)
    with pytest.raises(DecisionWaiting):
        ask(2, key="another")
    assert db.session.query(ApprovalRule).count() == 1


def test_a_file_sets_or_raises_the_number_and_never_lowers_it(app: Flask) -> None:
    load("2")
    assert rule() == (2, 0)
    with pytest.raises(BadAppealsFile, match=r"organisation\.approvals_required.*cannot lower"):
        load("1")
    load("2")
    with write_unit():
        appeals.load(FILE, NOON)  # one that does not speak of it leaves it as it is
    assert rule() == (2, 0)


@pytest.mark.parametrize("value", ["0", "3", "true", '"2"', "1.5"])
@pytest.mark.databases("sqlite")
def test_a_file_with_another_number_is_refused(app: Flask, value: str) -> None:
    with pytest.raises(BadAppealsFile, match=r"organisation\.approvals_required.*is not 1 or 2"):
        load(value)
    assert rule() == (1, 0)
