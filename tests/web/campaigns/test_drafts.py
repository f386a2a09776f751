"""Writing an appeal: the draft, its faults beside their fields, the preview; what donations keep unchangeable."""

from __future__ import annotations

import pytest
from flask import Flask

from donations.models import AppealDraft
from tests.appeals.steps import give, one, rows
from tests.web.campaigns.draft_steps import NEW, acts, count, publish, write
from tests.web.staff.conftest import Browser


def test_a_new_appeal_is_written_looked_at_and_published(organiser: Browser, client) -> None:
    # given what an organiser has written
    answer = organiser.post("/campaigns/drafts/new", **NEW)
    assert answer.status_code == 303
    # when it is looked at, by its writer and by the public
    preview = organiser.get(answer.headers["Location"])
    assert preview.status_code == 200
    assert "Preview" in preview.text
    assert "She <strong>wrote</strong>." in preview.text
    assert "Свободу Майе" in organiser.get(f"/ru{answer.headers['Location']}").text
    assert client.get("/appeals/free-maya").status_code == 404
    assert "Free Maya" not in client.get("/").text
    assert client.get(answer.headers["Location"]).status_code == 303
    # then publishing it opens it to everybody
    assert publish(organiser).status_code == 303
    page = client.get("/appeals/free-maya").text
    assert "Free Maya" in page
    assert "£1,200" in page
    appeal = one("free-maya")
    assert (appeal.state, appeal.discreet, appeal.suggested_minor) == ("open", True, [500, 1000, 2000])
    assert [area.name for area in appeal.areas] == ["London"]
    assert [act.about for act in acts("appeal.published")] == ["appeal:free-maya"]


def test_the_same_form_sent_twice_begins_one_draft(organiser: Browser) -> None:
    first, again = organiser.post("/campaigns/drafts/new", **NEW), organiser.post("/campaigns/drafts/new", **NEW)

    assert first.headers["Location"] == again.headers["Location"]
    assert count(AppealDraft) == 1
    assert len(acts("appeal.written")) == 1


def test_a_form_shown_and_sent_back_changes_nothing(organiser: Browser, app: Flask) -> None:
    for slug in ("hands-off-ali", "campaign-kazakhstan", "karaganda-four", "fighting-fund", "kurmanov"):
        before = rows()
        assert write(organiser, slug).status_code == 303
        assert "The draft is the same as the published version." in organiser.get(f"/campaigns/{slug}").text
        assert publish(organiser).status_code == 303
        assert rows() == before


def test_a_change_is_seen_only_once_it_is_published(organiser: Browser, client) -> None:
    write(organiser, "hands-off-ali", **{"title-en": "Free Ali"})
    assert "Free Ali" not in client.get("/appeals/hands-off-ali").text
    assert "Changed:" in organiser.get("/campaigns/hands-off-ali").text

    publish(organiser)

    assert "Free Ali" in client.get("/appeals/hands-off-ali").text
    assert count(AppealDraft) == 0


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"slug": "Free Maya"}, "slug", "cannot be used in a web address"),
        ({"slug": "hands-off-ali"}, "slug", "Another appeal already has this address"),
        ({"slug": ""}, "slug", "This is missing. Add it."),
        ({"title-en": ""}, "title-en", "We show it where another language has none"),
        ({"target": "lots"}, "target", "in figures"),
        ({"currency": "USD", "target": "0"}, "target", "is zero"),
        ({"currency": "PND"}, "currency", "not a valid value"),
        ({"suggested": "5 5"}, "suggested", "twice"),
        ({"discreet": ""}, "discreet", "Choose when the public total changes."),
        ({"funds-0-kind": ""}, "funds-0-kind", "missing"),
        ({"funds-0-slug": "ali"}, "funds-0-slug", "belongs to the appeal"),
        ({"funds-0-share": "x"}, "funds-0-share", "not a whole number"),
        (
            {"funds-2-slug": "maya", "funds-2-kind": "family", "funds-2-name-en": "M"},
            "funds-2-slug",
            "already used by row 1",
        ),
        ({"events-0-on": "2026-02-30"}, "events-0-on", "is not in the calendar"),
        ({"areas-1-target": ""}, "areas-1-target", "missing"),
    ],
)
@pytest.mark.databases("sqlite")
def test_a_fault_stands_beside_its_field_and_nothing_is_lost(
    organiser: Browser, typed: dict[str, str], field: str, said: str
) -> None:
    answer = organiser.post("/campaigns/drafts/new", **{**NEW, **typed})

    assert answer.status_code == 422
    error = answer.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert said in error
    assert f'href="#{field}"' in answer.text
    assert "Now she is held." in answer.text
    assert count(AppealDraft) == 0
    assert acts("appeal.written") == []


@pytest.mark.databases("sqlite")
def test_an_appeal_without_a_fund_is_refused_where_funds_stand(organiser: Browser) -> None:
    answer = organiser.post("/campaigns/drafts/new", **{key: NEW[key] for key in NEW if not key.startswith("funds")})

    assert answer.status_code == 422
    assert "An appeal needs at least one fund" in answer.text.partition('id="funds-error">')[2]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"currency": "EUR"}, "currency", "Money has already been received"),
        ({"slug": "other"}, "slug", "The address must stay"),
        ({"funds-0-kind": "campaign"}, "funds-0-kind", "has received donations as kind"),
        ({"funds-2-slug": "", "funds-2-kind": "", "funds-2-share": "", "funds-2-name-en": "", "funds-2-name-ru": ""},
         "funds", "no fund can be deleted"),
    ],
)  # fmt: skip
@pytest.mark.databases("sqlite")
def test_what_gifts_hold_fast_is_refused_with_the_reason(
    organiser: Browser, typed: dict[str, str], field: str, said: str
) -> None:
    give("ali")

    answer = write(organiser, "hands-off-ali", **typed)

    assert answer.status_code == 422
    assert said in answer.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert count(AppealDraft) == 0


@pytest.mark.databases("sqlite")
def test_more_rows_are_shown_without_a_script_and_nothing_is_kept(organiser: Browser) -> None:
    answer = organiser.post("/campaigns/drafts/new", **NEW, step="rows")

    assert answer.status_code == 200
    assert 'id="funds-3-slug"' in answer.text
    assert "Now she is held." in answer.text
    assert count(AppealDraft) == 0


def test_a_new_goal_needs_its_reason_and_has_a_history(organiser: Browser) -> None:
    refused = write(organiser, "hands-off-ali", target="15000")
    assert refused.status_code == 422
    assert "Enter the reason for the new goal" in refused.text.partition('id="reason-error">')[2]

    write(organiser, "hands-off-ali", target="15000", reason="A second lawyer")
    publish(organiser)

    page = organiser.get("/campaigns/hands-off-ali").text
    for said in ("£12,000", "£15,000", "A second lawyer", "Organiser"):
        assert said in page
    assert acts("appeal.published")[0].details["goals"] == [": 1200000 > 1500000"]


@pytest.mark.parametrize(
    "typed",
    [
        {"version": "²"},
        {"version": "9" * 5000},
        {"funds-0-share": "9" * 5000},
        {"funds-0-share": "²"},
        {"target": "1e999999"},
        {"events-0-on": "٢٠٢٦-٠٣-٠١"},
        {"title-en": "a\x00b\ud800" + "x" * 200_000},
        {"currency": "\x00"},
        {"suggested": ",,,;"},
        {"step": "rows", "funds-59-slug": "x", "funds-60-slug": "y", "funds--1-slug": "z"},
    ],
)
@pytest.mark.databases("sqlite")
def test_whatever_is_typed_is_answered(organiser: Browser, typed: dict[str, str]) -> None:
    sent = {name: text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for name, text in typed.items()}

    assert organiser.post("/campaigns/drafts/new", **{**NEW, **sent}).status_code in (200, 303, 409, 422)
