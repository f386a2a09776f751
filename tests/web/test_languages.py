"""Languages: no prefix is the default one, never negotiated; /ru/ mirrors the rest; others are not there."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import nodes

pytestmark = pytest.mark.databases("sqlite")


def test_an_address_without_prefix_is_never_negotiated(client: FlaskClient) -> None:
    plain = client.get("/about")
    asking = client.get("/about", headers={"Accept-Language": "ru"})

    assert asking.text == plain.text
    assert "Accept-Language" not in asking.headers.get("Vary", "")


def test_every_public_address_has_its_russian_mirror(app: Flask) -> None:
    # Other sites ask for a language by ?lang=.
    elsewhere = {"static", "embeds", "badge", "oembed", "feed", "overlay", "framed_scoreboard"}
    public = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] not in elsewhere}
    machines = {"/healthz", "/livez", "/webhooks/stripe", "/robots.txt", "/sitemap.xml"}

    for rule in public:
        if not rule.startswith("/<language:language>") and rule not in machines:
            assert f"/<language:language>{rule}" in public


def test_a_russian_page_speaks_russian_and_links_stay_in_it(client: FlaskClient) -> None:
    page = client.get("/ru/appeals/hands-off-ali").text

    assert '<html lang="ru" dir="ltr">' in page
    assert "Руки прочь от Али" in page
    assert 'action="/ru/appeals/hands-off-ali/donations"' in page
    assert 'hx-get="/ru/appeals/hands-off-ali/total"' in page
    assert 'href="/ru/about"' in page
    assert 'href="/appeals/hands-off-ali" hreflang="en"' in page


def test_a_text_without_translation_stands_in_its_own_language_and_says_so(client: FlaskClient) -> None:
    page = client.get("/ru/appeals/hands-off-ali").text

    assert re.search(r'<div class="story" lang="en">\s*<p>Ali Feruz writes', page)
    assert re.search(
        r'id="timeline">.*?class="tongue">[^<]*английский</p>.*?<p lang="en">First arrest', page, re.DOTALL
    )
    assert '<p class="lede" lang="ru">' in page
    assert 'class="tongue"' not in client.get("/appeals/hands-off-ali").text


@pytest.mark.parametrize("path", ["/", "/ru/", "/appeals/kurmanov", "/ru/appeals/kurmanov", "/about"])
def test_every_page_names_its_other_languages_to_search_engines(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    english = path.removeprefix("/ru")

    assert f'<link rel="canonical" href="http://localhost{path}">' in page
    assert f'<link rel="alternate" hreflang="en" href="http://localhost{english}">' in page
    assert f'<link rel="alternate" hreflang="ru" href="http://localhost/ru{english}">' in page
    assert f'<link rel="alternate" hreflang="x-default" href="http://localhost{english}">' in page


@pytest.mark.parametrize("path", ["/de/", "/de/about", "/xx/appeals/hands-off-ali", "/de/appeals/hands-off-ali/total"])
def test_a_language_that_is_not_offered_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_default_language_has_one_address_only(client: FlaskClient) -> None:
    answer = client.get("/en/appeals/hands-off-ali?amount=20")

    assert (answer.status_code, answer.location) == (308, "/appeals/hands-off-ali?amount=20")


@pytest.mark.parametrize("path", ["/en//evil.example", "/en//evil.example/about", "/en/\\evil.example"])
def test_the_redirect_leads_nowhere_else(client: FlaskClient, path: str) -> None:
    assert "//evil" not in (client.get(path).location or "").removeprefix("http://localhost")


def test_russian_counts_in_three_ways(client: FlaskClient, raise_to) -> None:
    said = []
    for count in (1, 3, 5, 21, 111):
        raise_to("fighting-fund", 100, donations=count)
        said.append(re.search(r"<span>(\d+ \w+)</span>", client.get("/ru/appeals/fighting-fund/total").text)[1])

    assert said == ["1 пожертвование", "3 пожертвования", "5 пожертвований", "21 пожертвование", "111 пожертвований"]


def test_an_unknown_page_below_a_prefix_speaks_its_language(client: FlaskClient) -> None:
    answer = client.get("/ru/no/such/page")

    assert (answer.status_code, "Страница не найдена" in answer.text) == (404, True)


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/en/receipts/check/R%0d%0aSet-Cookie:a=b/x", "/receipts/check/R%0D%0ASet-Cookie%3Aa%3Db/x"),
        ("/en/donations/a%3Fb?c=%0d%0ad", "/donations/a%3Fb?c=%0d%0ad"),
        ("/en/about?a=1&b=ü", "/about?a=1&b=%C3%BC"),
    ],
)
def test_the_default_language_in_front_leads_to_the_same_address_without_it(
    client: FlaskClient, asked: str, leads_to: str
) -> None:
    answer = client.get(asked)

    assert (answer.status_code, answer.location) == (308, leads_to)
    assert "Set-Cookie" not in answer.headers


def test_the_end_of_the_bar_is_written_as_the_reader_writes_it_whoever_came_first(client: FlaskClient) -> None:
    english = client.get("/appeals/hands-off-ali/total").text
    russian = client.get("/ru/appeals/hands-off-ali/total").text

    assert ">100%</text>" in english
    assert ">100\N{NO-BREAK SPACE}%</text>" in russian


def test_no_template_gives_a_filter_a_fixed_value(app: Flask) -> None:
    """It would be calculated once, in the language of the first visitor."""
    env = app.jinja_env
    assert env.loader is not None
    templates = [name for name in env.list_templates() if name.endswith((".html", ".txt"))]

    for name in templates:
        source = env.loader.get_source(env, name)[0]
        fixed = [one for one in env.parse(source).find_all(nodes.Filter) if isinstance(one.node, nodes.Const)]
        assert [(name, one.lineno) for one in fixed] == []
    assert "components/figures.html" in templates
