"""Writing an appeal: the draft, its faults beside their fields, the preview, publishing, and what two must do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from donations.extensions import db
from donations.models import Appeal, AppealDraft, AuditRecord
from tests.appeals.steps import give, one, rows
from tests.web.campaigns.conftest import fields_of
from tests.web.staff.conftest import Browser

NEW = {
    "slug": "free-maya", "title-en": "Free Maya", "title-ru": "Свободу Майе", "summary-en": "Held for a year.",
    "story-en": "She **wrote**.\n\nNow she is held.", "target": "1,200", "currency": "GBP", "fee_bearer": "fund",
    "suggested": "5, 10 20", "discreet": "yes", "funds-0-kind": "detainee", "funds-0-slug": "maya",
    "funds-0-name-en": "Maya", "events-0-on": "2026-03", "events-0-text-en": "Arrested.", "areas-1-name": "London",
    "areas-1-target": "600", "form_key": "k1", "version": "0",
}  # fmt: skip


def draft() -> AppealDraft:
    db.session.rollback()
    return db.session.scalars(select(AppealDraft)).one()


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def acts(name: str) -> list[AuditRecord]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditRecord).where(AuditRecord.act == name)))


def write(browser: Browser, which: str, **typed: str) -> Any:
    sent = fields_of(browser.get(f"/campaigns/{which}/edit").text)
    return browser.post(f"/campaigns/{which}/edit", **{**sent, **typed})


def publish(browser: Browser, version: int | None = None) -> Any:
    number, known = draft().id, draft().version
    return browser.post(f"/campaigns/drafts/{number}/publish", version=str(version or known))


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
        assert "It says the same as what is published." in organiser.get(f"/campaigns/{slug}").text
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
        ({"slug": "Free Maya"}, "slug", "cannot stand in an address"),
        ({"slug": "hands-off-ali"}, "slug", "Another appeal has this address"),
        ({"slug": ""}, "slug", "This is missing. Add it."),
        ({"title-en": ""}, "title-en", "There is no text in"),
        ({"target": "lots"}, "target", "in figures"),
        ({"currency": "USD", "target": "0"}, "target", "is nothing"),
        ({"currency": "PND"}, "currency", "not known here"),
        ({"suggested": "5 5"}, "suggested", "twice"),
        ({"discreet": ""}, "discreet", "Choose whether"),
        ({"funds-0-kind": ""}, "funds-0-kind", "missing"),
        ({"funds-0-slug": "ali"}, "funds-0-slug", "belongs to the appeal"),
        ({"funds-0-share": "x"}, "funds-0-share", "not a whole number"),
        ({"funds-2-slug": "maya", "funds-2-kind": "family", "funds-2-name-en": "M"}, "funds-2-slug", "taken by row 1"),
        ({"events-0-on": "2026-02-30"}, "events-0-on", "no such day"),
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
    assert "An appeal needs a fund" in answer.text.partition('id="funds-error">')[2]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"currency": "EUR"}, "currency", "Money has come in"),
        ({"slug": "other"}, "slug", "The address stays"),
        ({"funds-0-kind": "campaign"}, "funds-0-kind", "Money was given to the fund"),
        ({"funds-2-slug": "", "funds-2-kind": "", "funds-2-share": "", "funds-2-name-en": "", "funds-2-name-ru": ""},
         "funds", "never taken away"),
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
    assert "Write why the goal changes" in refused.text.partition('id="reason-error">')[2]

    write(organiser, "hands-off-ali", target="15000", reason="A second lawyer")
    publish(organiser)

    page = organiser.get("/campaigns/hands-off-ali").text
    for said in ("£12,000", "£15,000", "A second lawyer", "Organiser"):
        assert said in page
    assert acts("appeal.published")[0].details["goals"] == [": 1200000 > 1500000"]


def test_where_two_are_needed_the_writer_is_refused_and_another_publishes(
    organiser: Browser, second: Browser, client
) -> None:
    # given a change that one has written
    write(organiser, "hands-off-ali", **{"title-en": "Free Ali"})
    assert "somebody else must look at it" in organiser.get(f"/campaigns/drafts/{draft().id}/preview").text
    # when its writer publishes it all the same
    answer = publish(organiser)
    # then nothing is published, and it is said why
    assert answer.status_code == 403
    assert "Somebody else must publish this" in answer.text
    assert "Free Ali" not in client.get("/appeals/hands-off-ali").text
    assert acts("appeal.published") == []
    # when the other mends it last, that one may not either, and the first may
    write(second, "hands-off-ali", **{"title-en": "Free Ali now"})
    assert publish(second).status_code == 403
    assert publish(organiser).status_code == 303
    assert "Free Ali now" in client.get("/appeals/hands-off-ali").text


def test_what_was_changed_since_it_was_looked_at_is_not_published(organiser: Browser, second: Browser) -> None:
    write(organiser, "hands-off-ali", **{"title-en": "Looked at"})
    looked_at = draft().version
    write(organiser, "hands-off-ali", **{"title-en": "Slipped in"})

    answer = publish(second, version=looked_at)

    assert answer.status_code == 409
    assert one("hands-off-ali").title["en"] == "Hands Off Ali"


def test_who_writes_over_somebody_else_is_told_and_loses_nothing(organiser: Browser, signed_in) -> None:
    other = signed_in("organiser", name="olga")
    sent = fields_of(organiser.get("/campaigns/hands-off-ali/edit").text)
    write(other, "hands-off-ali", **{"title-en": "Olga's title"})

    answer = organiser.post("/campaigns/hands-off-ali/edit", **{**sent, "title-en": "My title"})

    assert answer.status_code == 409
    assert "Somebody else has changed this meanwhile" in answer.text
    assert "My title" in answer.text
    assert draft().values["title"]["en"] == "Olga's title"


def test_publishing_asks_for_a_fresh_proof(organiser: Browser, clock: time_machine.Traveller) -> None:
    write(organiser, "hands-off-ali", **{"title-en": "Free Ali"})
    clock.shift(timedelta(minutes=6))

    answer = publish(organiser)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/staff/again")
    assert one("hands-off-ali").title["en"] == "Hands Off Ali"


def test_a_draft_thrown_away_is_gone_and_what_is_published_stays(organiser: Browser) -> None:
    write(organiser, "hands-off-ali", **{"title-en": "Free Ali"})
    number, version = draft().id, draft().version

    answer = organiser.post(f"/campaigns/drafts/{number}/discard", version=str(version))

    assert answer.status_code == 303
    assert count(AppealDraft) == 0
    assert organiser.get(f"/campaigns/drafts/{number}/preview").status_code == 404
    assert one("hands-off-ali").title["en"] == "Hands Off Ali"
    assert len(acts("appeal.draft_thrown_away")) == 1


@pytest.mark.parametrize("role", ["treasurer", "auditor"])
@pytest.mark.databases("sqlite")
def test_who_only_looks_sees_the_preview_and_no_button(organiser: Browser, signed_in, role: str) -> None:
    write(organiser, "hands-off-ali", **{"title-en": "Free Ali"})
    looker, number = signed_in(role), draft().id

    preview = looker.get(f"/campaigns/drafts/{number}/preview")

    assert preview.status_code == 200
    assert "/publish" not in preview.text
    for path in (f"drafts/{number}/publish", f"drafts/{number}/discard", f"drafts/{number}", "hands-off-ali/edit"):
        assert looker.post(f"/campaigns/{path}", version="1").status_code == 403
    assert looker.get("/campaigns/hands-off-ali/edit").status_code == 403
    assert count(AppealDraft) == 1
    assert count(Appeal) == 5


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


def test_of_two_new_appeals_with_one_address_the_second_is_not_published(organiser: Browser) -> None:
    # given two drafts for the same address, each good when it was written
    numbers = []
    for key in ("a", "b"):
        answer = organiser.post("/campaigns/drafts/new", **{**NEW, "form_key": key})
        numbers.append(answer.headers["Location"].split("/")[-2])
    # when both are published
    first, second = [organiser.post(f"/campaigns/drafts/{number}/publish", version="1") for number in numbers]
    # then the second is refused with what does not fit any more
    assert (first.status_code, second.status_code) == (303, 422)
    assert "Another appeal has this address" in second.text
    assert count(Appeal) == 6
