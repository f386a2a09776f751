"""What a load does to the database: whole or not at all, twice the same as once, and never against the ledger."""

from __future__ import annotations

import re
from datetime import date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select

from donations import appeals, database, totals
from donations.extensions import db
from donations.models import Appeal, AppealTotal, Fund, Organisation
from tests.appeals.steps import DEMO, changed, give, load, one, refused, rows


def test_the_demos_file_makes_its_five_appeals(bare_app: Flask, at: datetime) -> None:
    # when it is loaded into an empty database
    report = load(DEMO, at)
    # then everything is created, in the file's order
    assert len(report.created) == 1 + 5 + 10
    assert (report.changed, report.unchanged, report.notes) == ([], [], [])
    assert [appeal.slug for appeal in appeals.shown()] == re.findall(r'\[\[appeals\]\]\nslug = "(.+)"', DEMO)
    ali = one("hands-off-ali")
    assert [(fund.slug, fund.kind, fund.share) for fund in ali.funds] == [
        ("ali", "detainee", 60), ("ali-family", "family", 20), ("sakharovo", "campaign", 20),
    ]  # fmt: skip
    assert ali.events[0].month_only
    assert one("kurmanov").closed_on == date(2010, 5, 12)
    assert one("fighting-fund").areas[1].name == "West Midlands"
    assert Organisation.get().default_language == "en"
    assert db.session.scalar(select(Fund.slug).where(Fund.kind == "general")) == "general"


def test_loading_the_same_file_again_changes_nothing_and_says_so(app: Flask, at: datetime) -> None:
    before = rows()
    report = load(DEMO, at)
    assert not report.did_anything
    assert len(report.unchanged) == 16
    assert rows() == before


def test_a_bad_file_changes_nothing_at_all(app: Flask, at: datetime) -> None:
    # given a file whose last appeal has two faults, one of them against the database, and whose first is changed
    before = rows()
    text = changed('title.en = "Hands Off Ali"', 'title.en = "Changed"')
    text = text.replace('slug = "kurmanov"\n  kind = "detainee"', 'slug = "ali"\n  kind = "prisoner"')
    # when it is loaded
    said = refused(text, at)
    # then every fault is told, and nothing is written
    assert [fault.split(":")[0] for fault in said] == [
        "appeals[4].funds[0].kind", "appeals[4].funds[0].slug", "appeals[4].funds[0].slug", "appeals[4].funds",
    ]  # fmt: skip
    assert rows() == before


def test_a_changed_file_changes_what_it_says_and_raises_the_version(app: Flask, at: datetime) -> None:
    # given a goal, a text, an event, an area and a fund's name changed
    text = changed('target = "25000"', 'target = "30000"')
    text = text.replace('name.en = "Fighting fund"', 'name.en = "The fund"')
    text = text.replace('name = "London"\n  target = "6000"', 'name = "London"\n  target = "7000"')
    text = text.replace('name = "Wales"', 'name = "Cymru"')
    text = text.replace('on = "2002-09-07"', 'on = "2002-09-08"')
    before = {appeal.slug: totals.public(appeal, at).version for appeal in appeals.shown()}
    # when it is loaded
    report = load(text, at)
    # then the report names them, and only the appeals that changed have a new version
    assert [(change.what, change.fields) for change in report.changed] == [
        ("appeal karaganda-four", ("events",)),
        ("fund general", ("name",)),
        ("appeal fighting-fund", ("goal_minor", "funds", "areas")),
    ]
    fund = one("fighting-fund")
    assert fund.goal_minor == 3_000_000
    assert [area.name for area in fund.areas][3:] == ["Yorkshire", "Cymru", "Bristol and the South West"]
    after = {appeal.slug: totals.public(appeal, at).version for appeal in appeals.shown()}
    assert {slug for slug in after if after[slug] != before[slug]} == {"karaganda-four", "fighting-fund"}
    # and again changes nothing
    assert not load(text, at).did_anything


def test_what_is_left_out_of_the_file_goes_back_to_its_default(app: Flask, at: datetime) -> None:
    text = changed('suggested = ["5", "10", "20", "50"]\n', "").replace("discreet = true\n", "")
    text = re.sub(r'  \[\[appeals.areas\]\]\n  name = ".*"\n  target = ".*"\n', "", text)
    load(text, at)
    assert one("fighting-fund").suggested_minor == []
    assert one("fighting-fund").areas == []
    assert not one("campaign-kazakhstan").discreet


def test_an_operators_pause_and_kill_switch_are_not_undone_by_a_load(app: Flask, at: datetime) -> None:
    # given one appeal paused and one hidden since they were loaded
    with database.write_unit():
        appeals.pause(Appeal.any_by_slug("hands-off-ali"), at)
        appeals.hide(Appeal.any_by_slug("fighting-fund"), "dark", at)
    # when the file, which says open and shown, is loaded again
    report = load(DEMO, at)
    # then both stay as they are and the report says so
    assert one("hands-off-ali").state == "paused"
    assert one("fighting-fund").visibility == "dark"
    assert [note.split(",")[0] for note in report.notes] == [
        "appeal hands-off-ali: its state stays paused",
        "appeal fighting-fund: its state stays paused",
        "appeal fighting-fund: its visibility stays dark",
    ]


def test_a_new_appeal_for_people_in_danger_is_asked_whether_it_is_discreet(bare_app: Flask, at: datetime) -> None:
    # given a file that says it of one such appeal, and of another does not
    report = load(changed("discreet = true\n", ""), at)
    # then only the silent one is asked, in plain words, and it is loaded all the same
    assert [note.split(":")[0] for note in report.notes] == ["appeal campaign-kazakhstan"]
    assert "anyone watching sees each donation and its exact time" in report.notes[0]
    # and when it is loaded again, there is no question
    assert load(changed("discreet = true\n", ""), at).notes == []


def test_a_new_appeal_is_added_behind_the_others(app: Flask, at: datetime) -> None:
    more = """
[[appeals]]
slug = "free-nina"
state = "open"
currency = "EUR"
title.en = "Free Nina"
  [[appeals.funds]]
  slug = "nina"
  kind = "detainee"
  name.en = "Nina"
"""
    # when a file with nothing but it is loaded
    report = load(more, at)
    # then it comes last, and the rest is left alone
    assert report.created == ["appeal free-nina", "fund nina"]
    assert [appeal.slug for appeal in appeals.shown()][-2:] == ["kurmanov", "free-nina"]
    assert db.session.scalar(select(func.count()).select_from(AppealTotal)) == 6


def test_a_file_in_another_order_changes_the_order_of_the_home_page(app: Flask, at: datetime) -> None:
    head, *parts = DEMO.split("[[appeals]]\n")
    report = load("[[appeals]]\n".join([head, *reversed(parts)]), at)
    assert [change.what for change in report.changed] == ["order of the appeals"]
    assert appeals.shown()[0].slug == "kurmanov"


def test_a_new_fund_joins_its_appeal(app: Flask, at: datetime) -> None:
    new = '  [[appeals.funds]]\n  slug = "lawyers"\n  kind = "campaign"\n  name.en = "Lawyers"\n'
    report = load(changed("  [[appeals.events]]\n", new + "  [[appeals.events]]\n"), at)
    assert report.created == ["fund lawyers"]
    assert [fund.slug for fund in one("hands-off-ali").funds] == ["ali", "ali-family", "sakharovo", "lawyers"]


def test_a_fund_is_never_taken_away(app: Flask, at: datetime) -> None:
    text = re.sub(r'  \[\[appeals.funds\]\]\n  slug = "atabek"\n.*\n.*\n', "", DEMO)
    assert [fault.split(":")[0] for fault in refused(text, at)] == ["appeals[1].funds"]


def test_a_fund_is_never_moved_to_another_appeal(app: Flask, at: datetime) -> None:
    # given the file with Atabek's fund under the appeal for Karaganda
    fund = '  [[appeals.funds]]\n  slug = "{}"\n  kind = "detainee"\n  name.en = "Aron Atabek"\n'
    text = DEMO.replace(fund.format("atabek"), fund.format("atabek-2"))
    place = '  [[appeals.funds]]\n  slug = "karaganda-defence"'
    text = text.replace(place, fund.format("atabek") + place)
    # when it is loaded
    # then it is refused
    said = refused(text, at)
    assert any("belongs to the appeal 'campaign-kazakhstan'" in fault for fault in said)


def test_a_restricted_fund_never_becomes_the_general_one(app: Flask, at: datetime) -> None:
    text = changed('slug = "ali"\n  kind = "detainee"', 'slug = "ali"\n  kind = "general"')
    text = text.replace('slug = "general"\n  kind = "general"', 'slug = "general"\n  kind = "campaign"')
    said = refused(text, at)
    assert any("the ledger records the fund 'ali' as kind 'detainee'" in fault for fault in said)


ALI = 'slug = "hands-off-ali"\nstate = "open"\ncurrency = "GBP"'


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (ALI, ALI.replace("GBP", "EUR"), "appeals[0].currency"),
        ('target = "12000"', 'target = "12000"\nperiod = "year"', "appeals[0].period"),
    ],
)  # fmt: skip
def test_what_money_was_counted_by_cannot_change_once_there_is_money(
    app: Flask, at: datetime, old: str, new: str, path: str
) -> None:
    # given money in one fund of the appeal
    give("sakharovo")
    before = rows()
    # when the file says otherwise
    # then it is refused
    assert [fault.split(":")[0] for fault in refused(changed(old, new), at)] == [path]
    assert rows() == before


def test_the_currency_of_an_appeal_without_money_may_change(app: Flask, at: datetime) -> None:
    give("kozlov")
    load(changed(ALI, ALI.replace("GBP", "EUR")), at)
    assert one("hands-off-ali").currency == "EUR"


def test_an_appeal_closed_without_a_date_is_closed_today(bare_app: Flask, at: datetime) -> None:
    load(DEMO.replace('closed_on = "2010-05-12"\n', ""), at.replace(hour=23, minute=59))
    assert one("kurmanov").closed_on == date(2026, 11, 21)


def test_the_organisation_is_one_row_that_a_load_changes(app: Flask, at: datetime) -> None:
    report = load(changed('name = "Solidarity Fighting Fund"', 'name = "Another"\nabout.en = "Who we are."'), at)
    assert [(change.what, change.fields) for change in report.changed] == [("organisation", ("name", "about"))]
    assert Organisation.get().name == "Another"
    assert db.session.scalar(select(func.count()).select_from(Organisation)) == 1


def test_a_file_that_is_read_from_disk_as_windows_wrote_it_is_the_same(app: Flask, at: datetime) -> None:
    assert not load(DEMO.replace("\n", "\r\n"), at).did_anything
