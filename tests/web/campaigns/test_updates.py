"""Updates: written, previewed, published, read by the public, withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations.extensions import db
from donations.models import AppealUpdate, AuditRecord
from donations.worker.subscribers import mail_subscribers
from tests.web.campaigns.steps import WORDS, follow, mails, only, post, write
from tests.web.staff.conftest import Browser


def test_an_update_is_seen_by_nobody_until_it_is_posted(organiser: Browser, client: FlaskClient) -> None:
    # given one that is written
    number = write(organiser)
    assert "<strong>Free</strong> at last." in organiser.get(f"/campaigns/hands-off-ali/updates/{number}").text
    assert client.get(f"/appeals/hands-off-ali/updates/{number}").status_code == 404
    assert "He is out" not in client.get("/appeals/hands-off-ali").text
    # when it is posted
    assert post(organiser, number).status_code == 303
    # then it is on the page of the appeal and on its own, in each language
    assert "He is out" in client.get("/appeals/hands-off-ali").text
    assert "<strong>Free</strong> at last." in client.get(f"/appeals/hands-off-ali/updates/{number}").text
    assert "Он на воле" in client.get(f"/ru/appeals/hands-off-ali/updates/{number}").text
    assert client.get(f"/appeals/fighting-fund/updates/{number}").status_code == 404
    about = [act.about for act in db.session.scalars(select(AuditRecord).where(AuditRecord.act == "update.posted"))]
    assert about == [f"update:{number}"]


def test_the_newest_update_comes_first(organiser: Browser, client: FlaskClient, clock: Any) -> None:
    post(organiser, write(organiser, form_key="a", **{"title-en": "Older"}))
    clock.shift(60)
    post(organiser, write(organiser, form_key="b", **{"title-en": "Newer"}))

    page = client.get("/appeals/hands-off-ali").text

    assert page.index("Newer") < page.index("Older")


def test_the_same_update_sent_or_posted_twice_is_one(organiser: Browser) -> None:
    first, again = write(organiser), write(organiser)
    assert first == again
    assert [post(organiser, first).status_code for _ in range(2)] == [303, 303]
    posted = only(AppealUpdate).published_at
    assert posted is not None
    acts = db.session.scalars(select(AuditRecord.act).where(AuditRecord.act.startswith("update."))).all()
    assert sorted(acts) == ["update.posted", "update.written"]


@pytest.mark.parametrize("field", ["title-en", "text-en"])
@pytest.mark.databases("sqlite")
def test_an_update_without_words_is_refused_beside_its_field(organiser: Browser, field: str) -> None:
    answer = organiser.post("/campaigns/hands-off-ali/updates/new", **{**WORDS, field: ""})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Он на воле" in answer.text
    assert db.session.scalars(select(AppealUpdate)).all() == []


def test_where_two_are_needed_who_wrote_an_update_does_not_post_it(organiser: Browser, second: Browser) -> None:
    number = write(organiser)

    assert organiser.post(f"/campaigns/hands-off-ali/updates/{number}/post").status_code == 403
    assert second.post(f"/campaigns/hands-off-ali/updates/{number}/post", seen="x").status_code == 409
    assert only(AppealUpdate).published_at is None
    assert post(second, number).status_code == 303
    assert (
        organiser.post(f"/campaigns/hands-off-ali/updates/{number}/edit", **{**WORDS, "title-en": "X"}).status_code
        == 403
    )
    assert only(AppealUpdate).title["en"] == "He is out"


def test_an_update_taken_back_is_gone_for_the_public_and_is_not_mailed(
    organiser: Browser, client: FlaskClient, app: Flask
) -> None:
    follow()
    number = write(organiser)
    post(organiser, number)
    assert organiser.post(f"/campaigns/hands-off-ali/updates/{number}/withdraw").status_code == 303

    mail_subscribers(datetime.now(UTC))

    assert mails("update") == []
    assert client.get(f"/appeals/hands-off-ali/updates/{number}").status_code == 404
    assert "He is out" not in client.get("/appeals/hands-off-ali").text


@pytest.mark.parametrize("role", ["treasurer", "auditor"])
@pytest.mark.databases("sqlite")
def test_who_only_looks_posts_nothing(organiser: Browser, signed_in: Any, role: str) -> None:
    number, looker = write(organiser), signed_in(role)

    assert looker.get(f"/campaigns/hands-off-ali/updates/{number}").status_code == 200
    for path in (f"{number}/post", f"{number}/withdraw", f"{number}/edit", "new"):
        assert looker.post(f"/campaigns/hands-off-ali/updates/{path}", **WORDS).status_code == 403
    assert looker.get("/campaigns/hands-off-ali/updates/999").status_code == 404
