"""What the public sees of an appeal that is hidden in part or whole: nothing that the hiding is for."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import tokens
from donations.extensions import db
from donations.models import Donation
from tests.web.conftest import Give, kept

pytestmark = pytest.mark.databases("sqlite")
HIDDEN_WORDS = ("Ali Feruz", "Hands Off Ali", "Sakharovo", "ali-family", "£6,391.50", "639150")
PATHS = ("/appeals/hands-off-ali", "/appeals/hands-off-ali/total", "/appeals/hands-off-ali/total.json")


@pytest.fixture(autouse=True)
def _raised(raise_to) -> None:
    raise_to("hands-off-ali", 639150, donations=214)


def test_hidden_amounts_stand_nowhere(client: FlaskClient, change) -> None:
    change("hands-off-ali", visibility="amounts_hidden")

    texts = [client.get(path).text for path in (*PATHS, "/", "/ru/")]

    assert not any(figure in text for text in texts for figure in ("6,391", "639150", "6 391", "214", "53%", "12,000"))
    assert "not shown at the moment" in texts[1]
    said = client.get(PATHS[2]).json
    assert [said[key] for key in ("raised_minor", "raised", "goal_minor", "percent", "donations")] == [None] * 5
    assert said["also"] == []


def test_an_appeal_with_hidden_amounts_still_takes_gifts(give: Give, change) -> None:
    change("hands-off-ali", visibility="amounts_hidden")

    assert give().status_code == 303


def test_a_holding_page_says_nothing_of_the_appeal(client: FlaskClient, change) -> None:
    change("hands-off-ali", visibility="holding_page", state="paused")

    answers = [client.get(path) for path in PATHS]

    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert "This appeal is temporarily unavailable" in answers[0].text
    assert "<form" not in answers[0].text
    for text in [answer.text for answer in answers] + [client.get("/").text]:
        assert not any(word in text for word in HIDDEN_WORDS)


def test_a_form_sent_to_a_holding_page_shows_nothing_and_keeps_nothing(give: Give, change) -> None:
    change("hands-off-ali", visibility="holding_page", state="paused")

    answer = give()

    assert answer.status_code == 422
    assert not any(word in answer.text for word in HIDDEN_WORDS)
    assert kept() == 0


@pytest.mark.parametrize("columns", [{"visibility": "dark"}, {"state": "draft"}])
def test_a_dark_or_draft_appeal_is_as_if_it_were_not(client: FlaskClient, give: Give, change, columns) -> None:
    change("hands-off-ali", **columns)

    unknown = client.get("/appeals/no-such-appeal")
    assert [client.get(path).status_code for path in PATHS] == [404] * 3
    assert give().status_code == 404
    assert client.get(PATHS[0]).text.replace("hands-off-ali", "no-such-appeal") == unknown.text
    assert not any(word in client.get("/").text for word in HIDDEN_WORDS)


def test_a_paused_appeal_says_so_and_has_no_form(client: FlaskClient, change) -> None:
    change("hands-off-ali", state="paused")

    page = client.get("/appeals/hands-off-ali").text

    assert "This appeal is paused" in page
    assert 'id="give"' not in page


def test_a_closed_appeal_shows_its_outcome_and_has_no_form(client: FlaskClient) -> None:
    page = client.get("/appeals/kurmanov").text

    assert "Released on 12 May 2010 after two weeks." in page
    assert "Closed on 12 May 2010" in page
    assert 'id="give"' not in page


def test_the_donation_of_a_hidden_appeal_does_not_name_it(client: FlaskClient, give: Give, change) -> None:
    give()
    token = tokens.for_return(db.session.scalars(select(Donation)).one().reference)
    change("hands-off-ali", visibility="dark", state="paused")

    page = client.get(f"/donations/{token}").text

    assert "£20.00" in page
    assert not any(word in page for word in HIDDEN_WORDS)
    assert "/again" not in page
