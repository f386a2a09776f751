"""Open, pause, close, hide and show: what an appeal may become, and that the public total's version follows at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from donations import appeals, database, totals
from donations.errors import AppealClosed, AppealNotFound, AppealPaused, NotAllowedInState
from donations.extensions import db
from donations.models import Appeal
from tests.events import balances
from tests.factories import gbp
from tests.totals.steps import receive

Verb = Callable[[Appeal, datetime], bool]


@pytest.fixture
def ali(app: Flask) -> Appeal:
    return Appeal.any_by_slug("hands-off-ali")


def do(verb: Verb, appeal: Appeal, at: datetime) -> bool:
    """In a write unit of its own, as a command does it."""
    with database.write_unit():
        changed = verb(appeal, at)
    db.session.rollback()
    return changed


def hide(how: str) -> Verb:
    return lambda appeal, at: appeals.hide(appeal, how, at)


def put(appeal: Appeal, state: str) -> None:
    with database.write_unit():
        appeal.state = state
        appeal.closed_on = date(2026, 1, 1) if state == "closed" else None
    db.session.rollback()


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        ("open", appeals.pause, "paused"),
        ("open", appeals.close, "closed"),
        ("paused", appeals.close, "closed"),
        ("paused", appeals.open_again, "open"),
        ("closed", appeals.open_again, "open"),
        ("draft", appeals.open_again, "open"),
    ],
)
def test_an_appeal_moves_from_state_to_state(ali: Appeal, at: datetime, before: str, verb: Verb, after: str) -> None:
    put(ali, before)
    assert do(verb, ali, at)
    assert ali.state == after
    assert (ali.closed_on is not None) == (after == "closed")


@pytest.mark.parametrize(
    ("before", "verb"), [("draft", appeals.pause), ("closed", appeals.pause), ("draft", appeals.close)]
)
def test_a_move_that_makes_no_sense_is_refused(ali: Appeal, at: datetime, before: str, verb: Verb) -> None:
    put(ali, before)
    with pytest.raises(NotAllowedInState):
        do(verb, ali, at)
    db.session.rollback()
    assert ali.state == before


@pytest.mark.parametrize(
    ("before", "verb"), [("open", appeals.open_again), ("paused", appeals.pause), ("closed", appeals.close)]
)
def test_saying_it_twice_changes_nothing(ali: Appeal, at: datetime, before: str, verb: Verb) -> None:
    put(ali, before)
    version = totals.public(ali, at).version
    assert not do(verb, ali, at)
    assert totals.public(ali, at).version == version


def test_an_appeal_is_closed_on_the_day_of_the_organisations_zone(ali: Appeal) -> None:
    # given half past eleven at night in universal time, in summer, when it is past midnight in London
    do(appeals.close, ali, datetime.fromisoformat("2026-07-31T23:30:00+00:00"))
    assert ali.closed_on == date(2026, 8, 1)


@pytest.mark.parametrize("how", ["amounts_hidden", "holding_page", "dark"])
def test_the_kill_switch_hides_pauses_and_is_taken_back(ali: Appeal, at: datetime, how: str) -> None:
    # when an open appeal is hidden
    assert do(hide(how), ali, at)
    # then nothing else of it is shown and no donation is taken
    assert (ali.visibility, ali.state) == (how, "paused")
    with pytest.raises(AppealPaused):
        ali.check_takes_donations()
    # and when it is shown, all is as before
    assert do(appeals.show, ali, at)
    assert (ali.visibility, ali.state) == ("shown", "open")
    ali.check_takes_donations()


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_showing_does_not_open_what_was_not_open(ali: Appeal, at: datetime, state: str) -> None:
    put(ali, state)
    do(hide("dark"), ali, at)
    do(appeals.show, ali, at)
    assert ali.state == state


def test_hiding_more_and_more_is_taken_back_at_once(ali: Appeal, at: datetime) -> None:
    for how in ("amounts_hidden", "holding_page", "dark", "dark"):
        do(hide(how), ali, at)
    do(appeals.show, ali, at)
    assert (ali.visibility, ali.state) == ("shown", "open")


def test_showing_brings_back_hidden_amounts_that_were_hidden_before(ali: Appeal, at: datetime) -> None:
    # given an appeal whose organisers never show its amounts
    with database.write_unit():
        ali.visibility = "amounts_hidden"
    # when the kill switch is turned on and off
    do(hide("dark"), ali, at)
    do(appeals.show, ali, at)
    # then the amounts are still hidden
    assert (ali.visibility, ali.state) == ("amounts_hidden", "open")


@pytest.mark.parametrize(("verb", "state"), [(appeals.pause, "paused"), (appeals.close, "closed")])
def test_what_is_decided_while_it_is_hidden_stays_decided(ali: Appeal, at: datetime, verb: Verb, state: str) -> None:
    do(hide("holding_page"), ali, at)
    do(verb, ali, at)
    do(appeals.show, ali, at)
    assert (ali.visibility, ali.state) == ("shown", state)


def test_a_refused_move_while_it_is_hidden_forgets_nothing(ali: Appeal, at: datetime) -> None:
    put(ali, "draft")
    do(hide("dark"), ali, at)
    with pytest.raises(NotAllowedInState):
        do(appeals.pause, ali, at)
    db.session.rollback()
    do(appeals.show, ali, at)
    assert ali.state == "draft"


@pytest.mark.parametrize("verb", [appeals.pause, appeals.close, hide("amounts_hidden"), hide("holding_page")])
def test_what_the_public_sees_has_a_new_version_at_once(ali: Appeal, at: datetime, verb: Verb) -> None:
    before = totals.public(ali, at).version
    do(verb, ali, at + timedelta(seconds=5))
    assert totals.public(ali, at + timedelta(seconds=5)).version != before


def test_the_home_page_leaves_out_drafts_and_dark_ones(app: Flask, at: datetime) -> None:
    assert len(appeals.shown()) == 5
    put(Appeal.any_by_slug("kurmanov"), "draft")
    do(hide("dark"), Appeal.any_by_slug("hands-off-ali"), at)
    do(hide("holding_page"), Appeal.any_by_slug("karaganda-four"), at)
    assert [appeal.slug for appeal in appeals.shown()] == ["campaign-kazakhstan", "karaganda-four", "fighting-fund"]


@pytest.mark.parametrize("how", ["draft", "dark", "unknown"])
def test_the_public_cannot_tell_a_draft_or_dark_appeal_from_none(ali: Appeal, at: datetime, how: str) -> None:
    if how == "draft":
        put(ali, "draft")
    elif how == "dark":
        do(hide("dark"), ali, at)
    with pytest.raises(AppealNotFound):
        Appeal.by_slug("hands-off-ali" if how != "unknown" else "hands-off-nobody")


def test_a_closed_appeal_says_that_it_has_ended(ali: Appeal, at: datetime) -> None:
    do(appeals.close, ali, at)
    with pytest.raises(AppealClosed):
        ali.check_takes_donations()


@pytest.mark.parametrize(
    "verb", [appeals.pause, appeals.close, *(hide(how) for how in ("amounts_hidden", "holding_page", "dark"))]
)
def test_whatever_becomes_of_an_appeal_donations_stay_in_their_fund(ali: Appeal, at: datetime, verb: Verb) -> None:
    # given a donation that is in the ledger of its fund
    receive(ali.slug, gbp("20.00"), at=at)
    before = balances()
    assert before
    # when the appeal is paused, closed or hidden
    assert do(verb, ali, at)
    # then every balance is what it was, and a donation that was on its way joins it
    assert balances() == before
    receive(ali.slug, gbp("5.00"), at=at)
    assert sum(balances().values()) == 0
    assert balances() != before
