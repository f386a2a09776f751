"""The wording of an appeal: a new one while donated money is in the funds needs a reason and, where two people decide,
a second person, by every road; what earlier donors were told stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from donations import appeals
from donations.appeals import drafts, file_writer, wordings
from donations.database import write_unit
from donations.errors import BadAppealsFile, WordingNeedsAnother, WordingReasonNeeded
from donations.extensions import db
from donations.models import Appeal, AppealWording, Fund, Organisation
from tests.appeals.steps import DEMO, changed, load, one
from tests.appeals.test_drafts import publish, write
from tests.events import a_charge, a_transaction, hear
from tests.factories import a_donation, gbp
from tests.reconciliation.steps import a_gift, accepted, banked

ALI = "hands-off-ali"
PAPER = {"en": "What is left goes to the paper."}
FILE = changed("what is left goes to the others held at Sakharovo.", "what is left goes to the paper.")
RENAMED = changed('name.en = "Ali Feruz"', 'name.en = "The paper"')


def pending() -> None:
    with write_unit():
        a_donation(Appeal.any_by_slug(ALI))


def at_stripe() -> None:
    with write_unit():
        reference = a_donation(Appeal.any_by_slug(ALI)).reference
    charge = a_charge(reference, gbp("20.00"))
    hear(charge)
    hear(a_transaction(charge.charge_id, gbp("20.00"), 50))


def by_branch() -> None:
    a_gift(2000, "cheque")


MONEY: dict[str, Callable[[], Any]] = {
    "a donation that may still come": pending,
    "money at Stripe": at_stripe,
    "an offline donation to accept": by_branch,
    "cash in hand": lambda: accepted(2000),
    "money in the bank": lambda: banked(2000),
}


def versions(slug: str = ALI) -> list[tuple[int, str, str | None, bool]]:
    """(number, written by, approved by, whether the one before lives on), the oldest first."""
    rows = wordings.history(one(slug))
    return [(row.number, row.written_by, row.approved_by, row.keeps_earlier) for row in reversed(rows)]


def two_decide() -> None:
    with write_unit():
        Organisation.get().approvals_required = 2


def test_every_appeal_has_its_first_wording_from_the_day_it_was_made(app: Flask) -> None:
    for appeal in db.session.query(Appeal):
        (row,) = wordings.history(appeal)
        assert (row.number, row.surplus, row.source) == (1, appeal.surplus, "file")
        assert [fund["name"] for fund in row.funds] == [fund.name for fund in appeal.funds]


@pytest.mark.parametrize("kind", MONEY)
def test_a_file_does_not_change_what_was_promised_of_money_that_is_there(app: Flask, at: datetime, kind: str) -> None:
    # given money of donors, wherever it is
    MONEY[kind]()
    # when a file says something else about a surplus, or calls their fund by another name
    for file, path in ((FILE, "appeals[0].surplus"), (RENAMED, "appeals[0].funds[0].name")):
        with pytest.raises(BadAppealsFile) as refusal:
            load(file, at)
        # then it is refused with the place and the way out
        (fault,) = str(refusal.value.facts["faults"]).strip().split("\n")
        assert fault.startswith(f"{path}: donations were made under the present wording")
        assert "--change-wording" in fault
    assert "Sakharovo" in one(ALI).surplus["en"]
    assert len(versions()) == 1


def test_with_a_reason_it_does_and_both_versions_stand(app: Flask, at: datetime) -> None:
    pending()
    with write_unit():
        report = appeals.load(FILE, at, by="cli:maya", change_wording="Ali is free, and wants it so.")
    assert report.wordings == ["hands-off-ali: 2"]
    assert [line for line in report.lines() if "wording 2 holds from now on" in line]
    assert versions()[1:] == [(2, "cli:maya", None, True)]
    newest = wordings.latest(one(ALI))
    assert newest is not None
    assert (newest.reason, newest.valid_from) == ("Ali is free, and wants it so.", at)


def test_where_two_people_decide_no_file_does_even_with_a_reason(app: Flask, at: datetime) -> None:
    two_decide()
    pending()
    with pytest.raises(BadAppealsFile, match="2 people must agree"), write_unit():
        appeals.load(FILE, at, change_wording="because")
    assert len(versions()) == 1


def test_without_money_it_is_written_as_one_likes(app: Flask, at: datetime) -> None:
    load(FILE, at)
    assert versions()[1:] == [(2, "file", None, False)]
    assert wordings.shown(one(ALI)) == wordings.Shown()


def test_loading_the_same_file_again_makes_no_version(app: Flask, at: datetime) -> None:
    load(DEMO, at)
    load(DEMO, at + timedelta(days=1))
    assert db.session.query(AppealWording).count() == db.session.query(Appeal).count()


def test_a_new_fund_is_a_new_version_and_breaks_no_promise(app: Flask, at: datetime) -> None:
    pending()
    funds = [*file_writer.of(one(ALI))["funds"], {"slug": "lawyers", "kind": "campaign", "name": {"en": "Lawyers"}}]
    publish(write(ALI, at, funds=funds), at)
    assert versions()[1:] == [(2, "staff:1", "staff:2", False)]
    assert wordings.shown(one(ALI)) == wordings.Shown()


def test_a_draft_with_another_wording_needs_a_reason_while_money_is_there(app: Flask, at: datetime) -> None:
    pending()
    with pytest.raises(WordingReasonNeeded):
        write(ALI, at, surplus=PAPER)
    publish(write(ALI, at, surplus=PAPER, reason="Ali is free."), at, by="staff:1")
    assert versions()[1:] == [(2, "staff:1", None, True)]


def test_money_that_came_after_it_was_written_asks_for_the_reason_too(app: Flask, at: datetime) -> None:
    draft = write(ALI, at, surplus=PAPER)
    pending()
    with pytest.raises(WordingReasonNeeded):
        publish(draft, at)
    assert one(ALI).surplus != PAPER


def test_a_draft_of_before_the_money_does_not_hold_up_the_outcome_of_an_appeal(app: Flask, at: datetime) -> None:
    # given a new wording in a draft, and money that came afterwards
    write(ALI, at, surplus=PAPER)
    pending()
    # when an organiser closes the appeal and says how it ended
    with write_unit():
        is_public = drafts.write_outcome(Appeal.any_by_slug(ALI), {"en": "Ali is free."}, by="staff:1", at=at)
    # then the text waits in the draft, and the wording still needs its reason
    assert is_public is False
    draft = drafts.of_appeal(one(ALI))
    assert draft is not None
    with pytest.raises(WordingReasonNeeded):
        publish(draft, at)


def test_where_two_decide_who_wrote_the_wording_does_not_publish_it(app: Flask, at: datetime) -> None:
    # given a wording by one person, in a draft that another has gone on with
    two_decide()
    pending()
    write(ALI, at, by="staff:1", surplus=PAPER, reason="Ali is free.")
    draft = write(ALI, at, by="staff:2", title={"en": "Free Ali"}, reason="Ali is free.")
    # when the first publishes it, because the last change was the other's
    with pytest.raises(WordingNeedsAnother):
        publish(draft, at, by="staff:1")
    assert len(versions()) == 1
    # then only the other may, and both names are kept
    publish(draft, at, by="staff:2")
    assert versions()[1:] == [(2, "staff:1", "staff:2", True)]


def test_where_two_decide_another_title_needs_nobody(app: Flask, at: datetime) -> None:
    two_decide()
    pending()
    publish(write(ALI, at, by="staff:1", title={"en": "Free Ali"}), at, by="staff:1")
    assert one(ALI).title == {"en": "Free Ali"}


def test_the_page_says_since_when_and_keeps_what_was_said_before(app: Flask, at: datetime) -> None:
    # given three wordings with money under the first two
    pending()
    later = at + timedelta(days=12)
    publish(write(ALI, at, surplus=PAPER, reason="first"), at)
    pending()
    publish(write(ALI, later, surplus={"en": "It goes to the lawyers."}, reason="second"), later)
    # when the page is asked
    shown = wordings.shown(one(ALI))
    # then each earlier one is listed with the day on which it ended
    assert shown.since == later.date()
    told = [(one.until, one.surplus["en"]) for one in shown.earlier]
    assert told[0] == (later.date(), "What is left goes to the paper.")
    assert told[1][0] == at.date()
    assert told[1][1].endswith("goes to the others held at Sakharovo.")
    assert not any(one.is_lost for one in shown.earlier)


def test_a_new_name_of_a_fund_stands_beside_the_old_one(app: Flask, at: datetime) -> None:
    pending()
    funds = file_writer.of(one(ALI))["funds"]
    funds[0]["name"] = {"en": "The paper"}
    publish(write(ALI, at, funds=funds, reason="Ali is free."), at)
    assert wordings.shown(one(ALI)).earlier[0].funds == ({"en": "Ali Feruz", "ru": "Али Феруз"},)


def test_the_version_of_a_moment_and_of_a_day(app: Flask, at: datetime) -> None:
    publish(write(ALI, at, surplus=PAPER), at)
    appeal = one(ALI)
    newest, first = (row.id for row in wordings.history(appeal))
    moments = (at - timedelta(days=900), at - timedelta(seconds=1), at, at + timedelta(days=1))
    assert [wordings.version_at(appeal.id, moment) for moment in moments] == [first, first, newest, newest]
    days = (at.date() - timedelta(days=1), at.date())
    assert [wordings.version_on(appeal.id, day) for day in days] == [first, newest]


def test_the_database_keeps_what_was_told(app: Flask, at: datetime) -> None:
    # given a donation under the first of two wordings
    pending()
    publish(write(ALI, at, surplus=PAPER, reason="so"), at)
    other = db.session.query(AppealWording).join(Appeal).filter(Appeal.slug == "karaganda-four").one().id
    # when it is tried to say something else, in plain SQL
    wrong = {
        "UPDATE appeal_wording SET surplus = '{}'": "what supporters were told is never changed",
        "UPDATE appeal_wording SET valid_from = '2020-01-01 00:00:00'": "what supporters were told is never changed",
        "DELETE FROM appeal_wording WHERE number = 2": "what supporters were told is never changed",
        "UPDATE donation SET wording_id = (SELECT max(id) FROM appeal_wording WHERE number = 2)": "stays",
        "UPDATE donation SET wording_id = NULL": "stays",
        f"UPDATE donation SET appeal_id = (SELECT appeal_id FROM appeal_wording WHERE id = {other})": "donations: ",
    }
    # then it is refused
    for statement, said in wrong.items():
        with pytest.raises(IntegrityError, match=said), db.engine.begin() as conn:
            conn.execute(text(statement))


def test_no_donation_is_taken_without_a_wording_of_its_appeal(app: Flask) -> None:
    foreign = db.session.query(AppealWording).join(Appeal).filter(Appeal.slug == "karaganda-four").one().id
    for wording_id in (foreign, 10**9):
        with pytest.raises(IntegrityError), write_unit():
            a_donation(Appeal.any_by_slug(ALI), wording_id=wording_id)
    assert db.session.query(Fund).count()  # The ledger is as it was.
