"""A used form of an organiser says so, or shows what it made; changed text in it is not lost, but refused and kept on
the page."""

from __future__ import annotations

from donations.models import AppealDraft, AppealUpdate
from tests.web.campaigns.draft_steps import NEW, count
from tests.web.campaigns.steps import WORDS, write
from tests.web.staff.conftest import Browser

USED = "This form has already been used. Nothing new was recorded."


def test_an_update_sent_again_is_one_and_says_so(organiser: Browser) -> None:
    first = write(organiser)
    assert write(organiser) == first
    assert USED in organiser.get(f"/campaigns/hands-off-ali/updates/{first}").text
    assert count(AppealUpdate) == 1


def test_an_update_with_other_words_in_a_used_form_is_refused_with_its_words_kept(organiser: Browser) -> None:
    write(organiser)
    answer = organiser.post("/campaigns/hands-off-ali/updates/new", **{**WORDS, "text-en": "Another day."})
    assert answer.status_code == 409
    assert "Another day." in answer.text
    assert "was sent before" in answer.text
    assert count(AppealUpdate) == 1


def test_a_used_form_of_one_appeal_writes_nothing_for_another(organiser: Browser) -> None:
    write(organiser)
    assert organiser.post("/campaigns/fighting-fund/updates/new", **WORDS).status_code == 409
    assert count(AppealUpdate) == 1


def test_a_draft_sent_again_is_one_and_is_shown(organiser: Browser) -> None:
    answers = [organiser.post("/campaigns/drafts/new", **NEW) for _ in range(2)]
    assert answers[0].location == answers[1].location
    assert NEW["title-en"] in organiser.get(str(answers[1].location)).text
    assert count(AppealDraft) == 1


def test_a_draft_with_other_words_in_a_used_form_is_refused_with_its_words_kept(organiser: Browser) -> None:
    organiser.post("/campaigns/drafts/new", **NEW)
    answer = organiser.post("/campaigns/drafts/new", **{**NEW, "summary-en": "Two years now."})
    assert answer.status_code == 409
    assert "Two years now." in answer.text
    assert "was sent before" in answer.text
    assert count(AppealDraft) == 1
