"""Putting an appeal on other sites: what there is to copy, how it looks, who may show it and where it was seen."""

from __future__ import annotations

from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from donations.extensions import db
from donations.models import Appeal, AuditRecord
from tests.web.staff.conftest import Browser

pytestmark = pytest.mark.databases("sqlite")
PAGE = "/campaigns/hands-off-ali/embeds"


def allowed() -> list[str]:
    db.session.rollback()
    return list(Appeal.any_by_slug("hands-off-ali").embed_sites)


def test_what_is_copied_shows_what_was_chosen(appeals, organiser: Browser, client: FlaskClient) -> None:
    page = unescape(organiser.get(f"{PAGE}?size=bar&theme=dark&lang=ru&accent=%231f6f54&button=no").text)

    query = "lang=ru&size=bar&theme=dark&accent=1f6f54&button=no"
    assert f'<iframe src="http://localhost/embed/hands-off-ali?{query}"' in unescape(page)
    link = 'data-lang="ru" data-size="bar" data-theme="dark" data-accent="1f6f54" data-button="no">'
    assert f'<a href="http://localhost/ru/appeals/hands-off-ali" data-fighting-fund="hands-off-ali" {link}' in page
    assert '<script src="http://localhost/embed.js" async></script>' in page
    assert client.get(f"/embed/hands-off-ali?{query}").status_code == 200


def test_a_title_comes_out_of_the_snippet_as_it_went_in(appeals, organiser: Browser, change) -> None:
    change("hands-off-ali", title={"en": 'A & "B" </textarea><script>x</script>'})

    page = organiser.get(PAGE).text

    assert "<script>x" not in page
    assert "&amp;lt;script&amp;gt;x" in page  # Escaped for the other site's page, and once more for this one.


def test_a_change_fetches_the_part_that_changes(appeals, organiser: Browser) -> None:
    part = organiser.client.get(f"{PAGE}?size=bar", headers={"HX-Request": "true"}).text.strip()

    assert part.startswith('<section id="chosen">')
    assert part.endswith("</section>")


def test_the_sites_that_may_show_it_are_kept_as_origins(appeals, organiser: Browser, client: FlaskClient) -> None:
    typed = "https://Example.org/some/page?x=1\n\n http://paper.example:8080 \nhttps://example.org"

    answer = organiser.post(PAGE, sites=typed)

    assert answer.status_code == 200
    assert allowed() == ["https://example.org", "http://paper.example:8080"]
    policy = client.get("/embed/hands-off-ali").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://example.org http://paper.example:8080")
    acts = db.session.scalars(select(AuditRecord).where(AuditRecord.act == "appeal.sites")).all()
    assert [one.details["sites"] for one in acts] == [allowed()]


@pytest.mark.parametrize("typed", ["example.org", "javascript:alert(1)", "https://a.example; script-src *", "https://"])
def test_what_is_no_address_is_refused_and_kept_in_the_field(appeals, organiser: Browser, typed: str) -> None:
    answer = organiser.post(PAGE, sites=f"https://good.example\n{typed}")

    assert answer.status_code == 422
    assert typed in unescape(answer.text)
    assert 'id="sites-error"' in answer.text
    assert allowed() == []


def test_the_sites_where_it_was_seen_are_listed(appeals, organiser: Browser, client: FlaskClient) -> None:
    client.get("/embed/hands-off-ali", headers={"Referer": "https://blog.example/post"})

    assert "https://blog.example" in organiser.get(PAGE).text


def test_a_look_is_for_all_of_staff_and_a_change_for_organisers(appeals, signed_in) -> None:
    treasurer = signed_in("treasurer")
    assert treasurer.get(PAGE).status_code == 200
    assert treasurer.post(PAGE, sites="https://example.org").status_code == 403
    assert allowed() == []


def test_an_unknown_appeal_has_no_such_page(appeals, organiser: Browser) -> None:
    assert organiser.get("/campaigns/no-such-appeal/embeds").status_code == 404
    assert organiser.post("/campaigns/no-such-appeal/embeds", sites="").status_code == 404
