"""Publishing: what two must do, what was looked at, who may, and what is thrown away."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from donations.database import write_unit
from donations.models import Appeal, AppealDraft, Organisation
from tests.appeals.steps import one
from tests.factories import a_donation
from tests.web.campaigns.conftest import fields_of
from tests.web.campaigns.draft_steps import NEW, acts, count, draft, publish, write
from tests.web.staff.conftest import Browser


def test_where_two_are_needed_the_writer_is_refused_and_another_publishes(
    organiser: Browser, second: Browser, client
) -> None:
    # given a change that one has written
    write(organiser, "hands-off-ali", **{"title-en": "Free Ali"})
    assert "must review and publish this" in organiser.get(f"/campaigns/drafts/{draft().id}/preview").text
    # when its writer publishes it all the same
    answer = publish(organiser)
    # then nothing is published, and the page says why
    assert answer.status_code == 403
    assert "Another person must publish this" in answer.text
    assert "Free Ali" not in client.get("/appeals/hands-off-ali").text
    assert acts("appeal.published") == []
    # when the other edits it last, that one may not either, and the first may
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
    assert "This text has changed since you opened it" in answer.text
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
    assert "Another appeal already has this address" in second.text
    assert count(Appeal) == 6


def given() -> None:
    with write_unit():
        a_donation(Appeal.any_by_slug("hands-off-ali"))


SURPLUS = {"surplus-en": "What is left goes to the paper."}


def test_a_new_wording_while_money_is_there_needs_a_reason_and_the_page_says_both(organiser: Browser, client) -> None:
    # given an appeal with a donation
    given()
    # when another wording is written without a reason
    answer = write(organiser, "hands-off-ali", **SURPLUS)
    # then it is not kept, and the field says what to do
    assert answer.status_code == 422
    assert "Enter the reason for the new wording" in answer.text
    assert count(AppealDraft) == 0
    # when it is written with one, and published
    write(organiser, "hands-off-ali", **SURPLUS, reason="Ali is free.")
    preview = organiser.get(f"/campaigns/drafts/{draft().id}/preview").text
    assert "This changes what supporters were promised" in preview
    assert "Earlier donations keep the earlier wording" in preview
    assert publish(organiser).status_code == 303
    # then the public page has both, and the audit who and why
    page = client.get("/appeals/hands-off-ali").text
    for words in ("What is left goes to the paper.", "goes to the others held at Sakharovo", "earlier wording"):
        assert words in page, words
    assert "Ali is free." not in page  # Why is for the team only.
    assert client.get("/ru/appeals/hands-off-ali").status_code == 200
    assert client.get("/appeals/hands-off-ali/funds").text.count("keep the earlier wording") == 1
    assert acts("appeal.published")[0].details["wording_reason"] == "Ali is free."
    listed = organiser.get("/campaigns/hands-off-ali").text
    assert "Reason: Ali is free." in listed


def test_where_two_decide_another_person_publishes_the_wording(organiser: Browser, signed_in) -> None:
    # given an organisation in which two people decide about money
    with write_unit():
        Organisation.get().approvals_required = 2
    given()
    write(organiser, "hands-off-ali", **SURPLUS, reason="Ali is free.")
    # when its writer looks at the preview and publishes all the same
    preview = organiser.get(f"/campaigns/drafts/{draft().id}/preview").text
    assert "Another person must publish the new wording" in preview
    answer = publish(organiser)
    # then it is refused, and another may
    assert (answer.status_code, "Another person must publish this" in answer.text) == (403, True)
    assert "Sakharovo" in one("hands-off-ali").surplus["en"]
    assert publish(signed_in("organiser", name="olga")).status_code == 303
    assert one("hands-off-ali").surplus == {"en": "What is left goes to the paper."}
