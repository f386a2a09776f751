"""The appeals as they are run: the list, pausing, opening, closing with an outcome, hiding at once, showing again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from donations.extensions import db
from donations.models import AppealDraft, AuditRecord
from donations.web import cached_copies
from tests.appeals.steps import one
from tests.web.campaigns.draft_steps import write
from tests.web.staff.conftest import Browser

SLUG = "hands-off-ali"
PATHS = ("pause", "hide", "open", "show", "close")


def acts() -> list[tuple[str, str]]:
    db.session.rollback()
    found = db.session.scalars(select(AuditRecord).where(AuditRecord.act.startswith("appeal.")))
    return [(act.act, act.about) for act in found.all()]


def do(browser: Browser, what: str, slug: str = SLUG, **typed: str) -> Any:
    return browser.post(f"/campaigns/{slug}/{what}", **typed)


def test_the_list_says_how_each_stands_and_what_waits_for_somebody(organiser: Browser) -> None:
    write(organiser, SLUG, **{"title-en": "Free Ali"})
    organiser.post(f"/campaigns/{SLUG}/updates/new", **{"title-en": "A", "text-en": "B", "form_key": "x"})

    page = organiser.get("/campaigns/").text

    for said in (
        "Hands Off Ali",
        "Free Ainur Kurmanov",
        "Closed",
        "Delayed total",
        "unpublished draft",
        "1 unpublished update",
    ):
        assert said in page
    assert "Free Ali" not in page


@pytest.mark.parametrize(
    ("what", "typed", "state", "visibility", "act"),
    [
        ("pause", {}, "paused", "shown", "appeal.paused"),
        ("hide", {"how": "amounts_hidden"}, "paused", "amounts_hidden", "appeal.hidden"),
        ("hide", {"how": "holding_page"}, "paused", "holding_page", "appeal.hidden"),
        ("hide", {"how": "dark"}, "paused", "dark", "appeal.hidden"),
        ("close", {}, "closed", "shown", "appeal.closed"),
    ],
)
def test_each_change_is_one_click_recorded_once_and_seen_at_once(
    organiser: Browser, client: FlaskClient, what: str, typed: dict[str, str], state: str, visibility: str, act: str
) -> None:
    # given what caches know the total by
    before = client.get(f"/appeals/{SLUG}/total").headers["ETag"]
    # when it is changed, twice
    for _ in range(2):
        assert do(organiser, what, **typed).status_code == 303
    # then it is done, with one entry in the audit log, and the ETag of caches and embeds has changed
    appeal = one(SLUG)
    assert (appeal.state, appeal.visibility) == (state, visibility)
    assert acts() == [(act, f"appeal:{SLUG}")]
    after = client.get(f"/appeals/{SLUG}/total", headers={"If-None-Match": before})
    assert after.status_code != 304


def test_what_was_hidden_or_paused_comes_back(organiser: Browser, client: FlaskClient) -> None:
    do(organiser, "hide", how="dark")
    assert client.get(f"/appeals/{SLUG}").status_code == 404
    assert organiser.get(f"/campaigns/{SLUG}").status_code == 200
    assert do(organiser, "show").status_code == 303
    assert client.get(f"/appeals/{SLUG}").status_code == 200
    do(organiser, "pause")
    assert do(organiser, "open").status_code == 303
    assert (one(SLUG).state, one(SLUG).visibility) == ("open", "shown")


def test_who_hides_is_told_what_still_shows_it(organiser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    # given one address that still shows it, one without a clear answer, or a server that cannot reach itself
    some = cached_copies.Report(3, ("/embed/hands-off-ali",), ("/appeals/hands-off-ali/card.png",))
    for report, told in (
        (some, "1 address still shows what you have hidden"),
        (some, '<code dir="ltr">/embed/hands-off-ali</code>'),
        (some, "No clear answer"),
        (cached_copies.Report(1, (), ("/",)), "We cannot check from here"),
    ):
        monkeypatch.setattr(cached_copies, "ask_all", lambda _, report=report: report)
        # when it is hidden
        answer = do(organiser, "hide", how="dark")
        # then the page that comes says so
        assert answer.location == f"/campaigns/{SLUG}/copies"
        assert told in organiser.get(answer.location).text
    # and where nothing is left, one sentence does
    monkeypatch.setattr(cached_copies, "ask_all", lambda _: cached_copies.Report(300, (), ()))
    assert do(organiser, "hide", how="dark").location == f"/campaigns/{SLUG}"
    assert "None of them shows what you have hidden." in organiser.get(f"/campaigns/{SLUG}").text
    # and an appeal that is shown has no copies to look for
    do(organiser, "show")
    assert organiser.get(f"/campaigns/{SLUG}/copies").location == f"/campaigns/{SLUG}"


def test_closing_tells_how_it_ended(organiser: Browser, client: FlaskClient) -> None:
    answer = do(organiser, "close", **{"outcome-en": "He is out. Thank you.", "outcome-ru": "Он на воле."})

    assert answer.status_code == 303
    assert "He is out. Thank you." in client.get(f"/appeals/{SLUG}").text
    assert "Он на воле." in client.get(f"/ru/appeals/{SLUG}").text
    assert db.session.scalars(select(AppealDraft)).all() == []


@pytest.mark.databases("sqlite")
def test_an_outcome_without_the_first_language_is_refused_and_nothing_is_closed(organiser: Browser) -> None:
    answer = do(organiser, "close", **{"outcome-ru": "Он на воле."})

    assert answer.status_code == 422
    assert 'id="outcome-en-error"' in answer.text
    assert "Он на воле." in answer.text
    assert one(SLUG).state == "open"
    assert acts() == []


def test_where_two_are_needed_closing_is_at_once_and_the_outcome_waits(organiser: Browser, second: Browser) -> None:
    do(organiser, "close", **{"outcome-en": "He is out."})

    appeal = one(SLUG)
    assert (appeal.state, appeal.outcome) == ("closed", {})
    draft = db.session.scalars(select(AppealDraft)).one()
    path, version = f"/campaigns/drafts/{draft.id}/publish", str(draft.version)
    assert organiser.post(path, version=version).status_code == 403
    assert second.post(path, version=version).status_code == 303
    assert one(SLUG).outcome == {"en": "He is out."}


def test_an_outcome_does_not_carry_an_unpublished_draft_with_it(organiser: Browser, client: FlaskClient) -> None:
    write(organiser, SLUG, **{"title-en": "Not to be seen yet"})

    do(organiser, "close", **{"outcome-en": "He is out."})

    assert "Not to be seen yet" not in client.get(f"/appeals/{SLUG}").text
    assert one(SLUG).state == "closed"


def test_what_exposes_or_ends_needs_a_fresh_proof_and_hiding_does_not(
    organiser: Browser, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(minutes=6))
    assert do(organiser, "hide", how="dark").status_code == 303
    assert one(SLUG).visibility == "dark"

    assert do(organiser, "show").headers["Location"].startswith("/staff/again")
    assert do(organiser, "open").headers["Location"].startswith("/staff/again")
    closing = do(organiser, "close", **{"outcome-en": "He is out."})

    assert closing.headers["Location"].startswith("/staff/again?next=/staff/kept/")  # with what was typed
    assert organiser.get(f"/campaigns/{SLUG}/close").headers["Location"].startswith("/staff/again")
    assert (one(SLUG).state, one(SLUG).visibility) == ("paused", "dark")


@pytest.mark.databases("sqlite")
def test_how_to_hide_must_be_known(organiser: Browser) -> None:
    for how in ("", "shown", "nonsense"):
        assert do(organiser, "hide", how=how).status_code == 422
    assert one(SLUG).visibility == "shown"


@pytest.mark.databases("sqlite")
def test_a_draft_loaded_from_a_file_cannot_be_closed(organiser: Browser, change: Callable[..., None]) -> None:
    change(SLUG, state="draft")

    answer = do(organiser, "close")

    assert answer.status_code == 409
    assert one(SLUG).state == "draft"


@pytest.mark.parametrize("role", ["treasurer", "auditor"])
@pytest.mark.databases("sqlite")
def test_who_only_looks_changes_nothing(signed_in: Callable[..., Browser], role: str) -> None:
    looker = signed_in(role)

    page = looker.get(f"/campaigns/{SLUG}")

    assert page.status_code == 200
    assert "Hide appeal" not in page.text
    assert looker.get("/campaigns/").status_code == 200
    for what in PATHS:
        assert do(looker, what, how="dark").status_code == 403
    assert (one(SLUG).state, acts()) == ("open", [])


@pytest.mark.parametrize("what", PATHS)
@pytest.mark.databases("sqlite")
def test_what_is_not_there_or_not_so_is_said(organiser: Browser, client: FlaskClient, what: str) -> None:
    assert do(organiser, what, slug="no-such-appeal", how="dark").status_code == 404
    assert organiser.get(f"/campaigns/{SLUG}/{what}").status_code == (200 if what == "close" else 405)
    assert organiser.post(f"/campaigns/{SLUG}/{what}", csrf=False, how="dark").status_code == 400
    assert client.post(f"/campaigns/{SLUG}/{what}").status_code in (303, 400)
    assert (one(SLUG).state, one(SLUG).visibility, acts()) == ("open", "shown", [])


@pytest.mark.databases("sqlite")
def test_every_page_stands_in_russian_too(organiser: Browser) -> None:
    for path in ("/campaigns/", f"/campaigns/{SLUG}", f"/campaigns/{SLUG}/edit", f"/campaigns/{SLUG}/close",
                 "/campaigns/drafts/new", f"/campaigns/{SLUG}/updates/new"):  # fmt: skip
        answer = organiser.get(f"/ru{path}")
        assert answer.status_code == 200, path
        assert '<html lang="ru"' in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
