"""Drafts of appeals: checked by the rules of an appeals file, invisible until published, and published by another
person where that is required."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from donations import totals
from donations.appeals import drafts, file, file_writer, goals
from donations.database import write_unit
from donations.errors import DraftChanged, NeedsAnotherToPublish, ReasonNeeded
from donations.extensions import db
from donations.models import Appeal, AppealDraft, Organisation
from tests.appeals.steps import ALL_TABLES, DEMO, give, load, one, rows

NEW: dict[str, Any] = {
    "slug": "free-maya",
    "currency": "GBP",
    "target": "1200",
    "title": {"en": "Free Maya"},
    "discreet": False,
    "funds": [{"slug": "maya", "kind": "detainee", "name": {"en": "Maya"}, "share": 0}],
}


def write(slug: str, at: datetime, by: str = "staff:1", reason: str = "", **changed: Any) -> AppealDraft:
    with write_unit():
        appeal = Appeal.any_by_slug(slug)
        draft = drafts.of_appeal(appeal)
        written = {**(draft.values if draft else file_writer.of(appeal)), **changed}
        assert drafts.faults(written, appeal) == []
        version = draft.version if draft else 0
        return drafts.keep(
            written, appeal, draft, version=version, form_key="key", reason=reason, by=by, at=at
        )  # fmt: skip


def write_new(at: datetime, **changed: Any) -> AppealDraft:
    with write_unit():
        wanted = {**NEW, **changed}
        assert drafts.faults(wanted, None) == []
        return drafts.keep(wanted, None, None, version=0, form_key="new", reason="", by="staff:1", at=at)


def publish(draft: AppealDraft, at: datetime, by: str = "staff:2", version: int | None = None) -> Appeal:
    number, looked_at = draft.id, version or draft.version
    with write_unit():
        return drafts.publish(drafts.find(number), version=looked_at, by=by, at=at)[0]


def ask_for_two() -> None:
    with write_unit():
        Organisation.get().publish_needs_second = True


def test_every_appeal_of_the_demo_written_as_a_table_and_read_again_is_the_same(app: Flask, at: datetime) -> None:
    for appeal in db.session.query(Appeal).all():
        draft = write(appeal.slug, at)
        before = rows()
        publish(draft, at)
        assert rows() == before


def test_a_draft_changes_nothing_until_it_is_published(app: Flask, at: datetime) -> None:
    # given an appeal with a draft of another text
    before = rows()
    draft = write("hands-off-ali", at, title={"en": "Free Ali"})
    assert rows() == before
    version = totals.public(one("hands-off-ali"), at).version
    # when it is published
    publish(draft, at)
    # then it says so, and the version that caches obey has moved
    assert one("hands-off-ali").title == {"en": "Free Ali"}
    assert totals.public(one("hands-off-ali"), at).version != version
    assert db.session.query(AppealDraft).count() == 0


def test_a_new_appeal_is_open_once_it_is_published_and_not_there_before(app: Flask, at: datetime) -> None:
    draft = write_new(at)
    assert db.session.query(Appeal).filter_by(slug="free-maya").count() == 0

    publish(draft, at)

    appeal = one("free-maya")
    assert (appeal.state, appeal.visibility, appeal.goal_minor) == ("open", "shown", 120_000)
    assert [fund.slug for fund in appeal.funds] == ["maya"]


def test_the_same_faults_are_found_as_in_a_file(app: Flask, at: datetime) -> None:
    wrong = {**NEW, "slug": "Free Maya", "currency": "PND", "target": "0", "title": {"ru": "Свободу"}, "funds": []}

    found = {fault.path: str(fault) for fault in drafts.faults(wrong, None)}

    assert set(found) == {"slug", "currency", "target", "title", "funds"}
    assert "cannot be used in a web address" in found["slug"]
    text = '[[appeals]]\nslug = "Free Maya"\ncurrency = "PND"\ntarget = "0"\ntitle.ru = "Свободу"\n'
    known = {"languages": ["en", "ru"], "offered_currencies": ["GBP", "EUR", "USD"]}
    assert [f"appeals[0].{said}" for said in found.values()] == file.read(text, known).faults


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"slug": "hands-off"}, "slug"),
        ({"currency": "EUR"}, "currency"),
        ({"period": "month"}, "period"),
    ],
)
def test_what_an_appeal_with_gifts_may_not_change_is_refused(
    app: Flask, at: datetime, changed: dict[str, Any], path: str
) -> None:
    give("ali")
    appeal = one("hands-off-ali")

    found = drafts.faults({**file_writer.of(appeal), **changed}, appeal)

    assert [fault.path for fault in found] == [path]
    assert "back." in found[0]


def test_the_kind_of_a_fund_stays_once_money_was_given_to_it(app: Flask, at: datetime) -> None:
    # given an appeal whose first fund is for a detained person
    appeal = one("hands-off-ali")
    written = file_writer.of(appeal)
    written["funds"][0]["kind"] = "campaign"
    assert drafts.faults(written, appeal) == []
    # when money has come in
    give("ali")
    # then it stays so, by page and by file
    appeal = one("hands-off-ali")
    assert [fault.path for fault in drafts.faults(written, appeal)] == ["funds[0].kind"]
    with pytest.raises(Exception, match=r"appeals\[0\]\.funds\[0\]\.kind: the fund 'ali' has received donations"):
        load(DEMO.replace('kind = "detainee"', 'kind = "campaign"', 1), at)


def test_two_who_write_at_once_do_not_overwrite_each_other(app: Flask, at: datetime) -> None:
    draft = write("hands-off-ali", at, title={"en": "First"})
    number, version = draft.id, draft.version
    write("hands-off-ali", at, title={"en": "Second"})

    appeal, stale = one("hands-off-ali"), drafts.find(number)
    with pytest.raises(DraftChanged):
        drafts.keep(stale.values, appeal, stale, version=version, form_key="k", reason="", by="staff:3", at=at)
    with pytest.raises(DraftChanged):
        publish(drafts.find(number), at, version=version)
    assert one("hands-off-ali").title["en"] == "Hands Off Ali"


def test_a_draft_is_not_published_over_a_change_from_elsewhere(app: Flask, at: datetime) -> None:
    draft = write("hands-off-ali", at, title={"en": "Free Ali"})
    load(DEMO.replace('target = "12000"', 'target = "13000"', 1), at)

    with pytest.raises(DraftChanged):
        publish(draft, at)

    assert one("hands-off-ali").goal_minor == 1_300_000


def test_where_two_are_asked_for_nobody_publishes_what_they_have_written_last(app: Flask, at: datetime) -> None:
    # given a draft that one began and another went on with
    ask_for_two()
    write("hands-off-ali", at, by="staff:1", title={"en": "Free Ali"})
    draft = write("hands-off-ali", at, by="staff:2", title={"en": "Free Ali now"})
    # when who wrote last publishes it, nothing is published
    with pytest.raises(NeedsAnotherToPublish):
        publish(draft, at, by="staff:2")
    assert one("hands-off-ali").title["en"] == "Hands Off Ali"
    # then the other may
    publish(draft, at, by="staff:1")
    assert one("hands-off-ali").title["en"] == "Free Ali now"


def test_a_new_goal_is_kept_with_the_old_one_its_day_who_and_why(app: Flask, at: datetime) -> None:
    # given an appeal whose goal was not changed yet
    with pytest.raises(ReasonNeeded):
        write("hands-off-ali", at, target="15000")
    # when it is changed
    publish(write("hands-off-ali", at, by="staff:1", reason="A second lawyer", target="15000"), at, by="staff:2")
    # then the old and the new one are in its history
    appeal = one("hands-off-ali")
    change = goals.history(appeal)[0]
    assert (change.before_minor, change.after_minor, change.currency) == (1_200_000, 1_500_000, "GBP")
    assert (change.changed_by, change.reason, change.changed_at) == ("staff:1", "A second lawyer", at)
    assert goals.goal_on(appeal, at.date() - timedelta(days=1)) == 1_200_000
    assert goals.goal_on(appeal, at.date()) == 1_500_000


def test_what_areas_have_taken_on_has_a_history_by_page_and_by_file(app: Flask, at: datetime) -> None:
    # given areas, one of which gets a higher target by a file, while another leaves the list by page
    today, later = at.date(), at + timedelta(days=40)
    load(DEMO.replace('target = "2700"', 'target = "3000"', 1), at)
    areas = file_writer.of(one("fighting-fund"))["areas"]
    publish(write("fighting-fund", later, areas=[area for area in areas if area["name"] != "Wales"]), later)
    # when they are asked about
    appeal = one("fighting-fund")
    # then each day knows its own
    assert goals.area_target_on(appeal, "West Midlands", today - timedelta(days=1)) == 270_000
    assert goals.area_target_on(appeal, "West Midlands", today) == 300_000
    assert goals.area_target_on(appeal, "Wales", later.date() - timedelta(days=1)) == 230_000
    assert goals.area_target_on(appeal, "Wales", later.date()) is None
    assert goals.area_target_on(appeal, "London", today) == 600_000


def test_looking_at_a_draft_writes_nothing(app: Flask, at: datetime) -> None:
    draft = write("hands-off-ali", at, title={"en": "Free Ali"}, areas=[{"name": "London", "target": "5"}])
    before = rows()

    shown = drafts.as_published(draft)
    db.session.flush()

    assert (shown.title, shown.areas[0].name, len(shown.funds)) == ({"en": "Free Ali"}, "London", 3)
    assert not db.session.new
    assert rows() == before
    assert set(ALL_TABLES) <= set(before)
