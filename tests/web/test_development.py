"""The pages for who works on the pages: there in development, and as if they were not where real money moves."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import create_app
from donations.extensions import db
from donations.models import Donation
from donations.web import catalog, pseudo_locale
from tests.web.conftest import Give

pytestmark = pytest.mark.databases("sqlite")
PATHS = (
    "/styleguide",
    "/ru/styleguide",
    "/ar-XB/",
    "/ar-XB/appeals/hands-off-ali",
    "/ar-XB/appeals/hands-off-ali/total",
)


@pytest.mark.parametrize("path", PATHS)
def test_they_are_there_in_development_and_nowhere_else(
    client: FlaskClient, environ: dict[str, str], path: str
) -> None:
    live = {**environ, "STRIPE_API_BASE": "", "STRIPE_SECRET_KEY": "sk_live_" + "x" * 9}
    at_stripe = {**environ, "STRIPE_API_BASE": ""}

    assert client.get(path).status_code == 200
    for elsewhere in (live, at_stripe):
        assert create_app(elsewhere, TESTING=True).test_client().get(path).status_code == 404


def test_nobody_is_led_there(client: FlaskClient) -> None:
    for path in ("/", "/ru/", "/about", "/appeals/hands-off-ali"):
        page = client.get(path).text
        assert "styleguide" not in page
        assert pseudo_locale.CODE not in page


def test_the_trial_language_runs_from_right_to_left_and_is_longer(client: FlaskClient) -> None:
    page = client.get("/ar-XB/about").text

    assert '<html lang="ar-XB" dir="rtl">' in page
    assert pseudo_locale.said("About us") in page
    assert len(pseudo_locale.said("A sentence of some length.")) >= 1.4 * len("A sentence of some length.")


def test_the_trial_language_leaves_alone_what_is_filled_in() -> None:
    for message in catalog.read("ru"):
        for text in [message.id] if isinstance(message.id, str) else list(message.id):
            if text:
                assert set(pseudo_locale._LEFT_ALONE.findall(text)) == set(
                    pseudo_locale._LEFT_ALONE.findall(pseudo_locale.said(text))
                )


def test_a_gift_in_the_trial_language_is_answered_in_a_real_one(give: Give, client: FlaskClient) -> None:
    assert give(prefix="/ar-XB").status_code == 303
    assert db.session.scalars(select(Donation)).one().language == "en"
