"""What pages weigh on a bad line: a first view with everything it loads, and a fragment fetched every ten seconds."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import Give

pytestmark = pytest.mark.databases("sqlite")
FIRST_VIEW, FRAGMENT = 60_000, 600
PAGES = (
    "/", "/appeals/hands-off-ali", "/appeals/campaign-kazakhstan", "/appeals/fighting-fund", "/appeals/kurmanov",
    "/about", "/no/such/page",
)  # fmt: skip
SLUGS = ("hands-off-ali", "campaign-kazakhstan", "karaganda-four", "fighting-fund", "kurmanov")


def weight(client: FlaskClient, page: str) -> int:
    """The bytes of a page and of all it loads, compressed."""
    files = {urlsplit(address).path for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    bodies = [page.encode(), *(client.get(file, buffered=True).data for file in sorted(files))]
    return sum(len(gzip.compress(body, 6)) for body in bodies)


@pytest.mark.parametrize("prefix", ["", "/ru"])
@pytest.mark.parametrize("path", PAGES)
def test_a_first_view_weighs_at_most_60_kilobytes(client: FlaskClient, prefix: str, path: str) -> None:
    assert weight(client, client.get(prefix + path).text) <= FIRST_VIEW


def test_the_check_and_the_form_with_errors_weigh_no_more(client: FlaskClient, fill_in: Give) -> None:
    for answer in (client.get(fill_in().location), fill_in(amount="a lot")):
        assert weight(client, answer.text) <= FIRST_VIEW


@pytest.mark.parametrize("prefix", ["", "/ru"])
@pytest.mark.parametrize("slug", SLUGS)
def test_a_fragment_weighs_at_most_600_bytes(client: FlaskClient, raise_to, prefix: str, slug: str) -> None:
    for minor in (0, 1234567, 1234567890):
        raise_to(slug, minor, donations=minor // 1000)
        assert len(gzip.compress(client.get(f"{prefix}/appeals/{slug}/total").data, 6)) <= FRAGMENT


def test_a_planted_weight_is_found(client: FlaskClient) -> None:
    page = client.get("/about").text
    assert weight(client, page + '<script src="/static/vendor/htmx.min.js">') > weight(client, page) + 5_000
