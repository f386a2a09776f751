"""The scoreboard of an appeal with areas, in every form it has: what the areas and the rest come to, where each should
be by today, and that nothing of it is told where it should not be."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import totals
from donations.appeals import goals, scoreboard
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, Area, Donation
from donations.money import Money
from tests import events
from tests.events import fresh
from tests.factories import NOON, gbp
from tests.reconciliation.steps import a_bank_account, a_gift, a_line, accepted, match
from tests.reconciliation.steps import matches as matching
from tests.totals.steps import publish, receive, receive_in_three
from tests.web.conftest import Give
from tests.web.test_weights import weight

SLUG = "fighting-fund"
PAGE, JSON, CSV = f"/appeals/{SLUG}/scoreboard", f"/appeals/{SLUG}/scoreboard.json", f"/appeals/{SLUG}/scoreboard.csv"
FORMS = (PAGE, f"{PAGE}/areas", JSON, CSV, f"/embed/{SLUG}/scoreboard", f"/embed/{SLUG}/scoreboard/areas")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    """Day 52 of the 92 of the quarter, in London."""
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


def area(name: str) -> int:
    return db.session.scalars(select(Area.id).where(Area.name == name)).one()


def board() -> scoreboard.Scoreboard:
    fresh()
    return scoreboard.of(Appeal.any_by_slug(SLUG), NOON)


def raised() -> dict[str, int]:
    return {one.name: one.raised.minor for one in board().areas if one.raised.minor}


def adds_up(client: FlaskClient) -> bool:
    """The areas and the rest are the public total, in the ledger's own figures and in what is told to programs."""
    fresh()
    total = totals.public(Appeal.any_by_slug(SLUG), NOON).raised
    said: Any = client.get(JSON).json
    in_all = sum(one["raised_minor"] for one in said["areas"]) + said["rest_minor"]
    return total is not None and in_all == said["raised_minor"] == total.minor


def test_gifts_of_every_kind_count_for_the_area_they_name(client: FlaskClient) -> None:
    # given donations by card, one of them for no area; cash; and a transfer that a statement line brought
    london, wales = area("London"), area("Wales")
    receive(SLUG, gbp("100.00"), area_id=london)
    receive(SLUG, gbp("7.50"))
    cash = accepted(25000, fund=None, slug=SLUG)
    promised = accepted_transfer(4000)
    with write_unit():
        for donation in db.session.scalars(select(Donation).where(Donation.source.in_(("cash", "bank")))):
            donation.area_id = wales
    # then each is where it belongs, and the rest is what came from no area
    assert raised() == {"London": 10000, "Wales": 29000}
    assert (board().rest, adds_up(client), cash != promised) == (Money(750, "GBP"), True, True)
    shown = client.get(PAGE).text
    assert "£290.00" in shown
    assert "£7.50" in shown


def accepted_transfer(minor: int) -> int:
    gift = a_gift(minor, "bank", fund=None, slug=SLUG)
    match(a_line(a_bank_account(), minor), matching.Said("offline_gift", minor, target=str(gift)))
    return gift


def test_what_is_given_back_or_disputed_is_taken_off_the_area_too(client: FlaskClient) -> None:
    charge = receive(SLUG, gbp("60.00"), area_id=area("Yorkshire"))
    receive(SLUG, gbp("40.00"), area_id=area("Yorkshire"))
    refund = {"id": "re_1", "object": "refund", "amount": 2500, "currency": "gbp", "charge": charge}
    refund |= {"status": "succeeded", "created": int(NOON.timestamp())}
    answer = events.deliver(client, events.event("refund.created", refund))
    assert answer.json == {"handled": True}
    assert (raised(), adds_up(client)) == ({"Yorkshire": 7500}, True)


def test_an_area_that_was_taken_off_the_list_keeps_what_it_has_raised(client: FlaskClient) -> None:
    receive(SLUG, gbp("60.00"), area_id=area("Wales"))
    with write_unit():
        db.session.get_one(Area, area("Wales")).is_listed = False
    assert (raised(), adds_up(client)) == ({"Wales": 6000}, True)
    assert "no longer on the list" in client.get(PAGE).text


def test_it_says_where_an_area_should_be_by_the_end_of_today(client: FlaskClient) -> None:
    # London has taken on £6,000 for the 92 days of the quarter; NOON is its 52nd.
    (london,) = (one for one in board().areas if one.name == "London")
    assert london.due == Money(600000 * 52 // 92, "GBP")
    assert (board().days_left, london.short_by) == (40, london.due)
    assert "£3,391.30 behind schedule" in client.get(PAGE).text


def test_a_target_that_was_raised_says_so_and_one_that_is_passed_is_celebrated(client: FlaskClient) -> None:
    # given a target that was raised in the middle of the drive
    with write_unit():
        appeal = Appeal.any_by_slug(SLUG)
        before = list(goals.standing(appeal))
        next(one for one in appeal.areas if one.name == "Wales").target_minor = 250000
        goals.note_changes(before, by="test", at=NOON)
    receive(SLUG, gbp("2600.00"), area_id=area("Wales"))
    # then the page states both in words
    page = client.get(PAGE).text
    assert "Target changed from £2,300 to £2,500 on 21 November 2026" in page
    assert "★ Target reached" in page
    assert "and £100 more" in page
    assert "Wales leads with 104% of its target: £2,600 of £2,500." in page


def test_the_paragraph_says_the_total_the_leader_and_what_is_missing(client: FlaskClient) -> None:
    receive(SLUG, gbp("600.00"), area_id=area("London"))
    page = client.get(PAGE).text
    assert "The fighting fund: £600 raised of £25,000." in page
    assert "London leads with 10% of its target: £600 of £6,000." in page
    assert "£24,400 still to raise, with 40 days left." in page
    assert client.get(f"/ru{PAGE}").status_code == 200


@pytest.mark.parametrize("value", ["Bristol and the South West", "bristol-and-the-south-west"])
def test_a_link_presets_the_area_and_the_form_keeps_it(client: FlaskClient, give: Give, value: str) -> None:
    page = client.get(f"/appeals/{SLUG}", query_string={"area": value}).text
    assert "<option selected>Bristol and the South West</option>" in page
    assert give(SLUG, area=value, fund="general").status_code == 303
    (donation,) = db.session.scalars(select(Donation))
    assert donation.area_id == area("Bristol and the South West")


@pytest.mark.parametrize("value", ["Atlantis", "<script>", "-", "'; DROP TABLE area", "1"])
def test_an_area_that_there_is_not_is_refused(client: FlaskClient, give: Give, value: str) -> None:
    answer = give(SLUG, area=value, fund="general")
    assert (answer.status_code, "This appeal has no such region." in answer.text) == (422, True)
    assert "<script>" not in client.get(f"/appeals/{SLUG}", query_string={"area": value}).text
    # An appeal without areas takes no notice of a link of another.
    assert give("hands-off-ali", area=value).status_code == 303


def test_the_table_holds_no_formula(client: FlaskClient) -> None:
    with write_unit():
        db.session.get_one(Area, area("Wales")).name = "=cmd()"
    answer = client.get(CSV)
    rows = list(csv.reader(answer.text.splitlines()))
    assert rows[0] == ["area", "currency", "raised", "target", "percent", "due_today"]
    assert ("'=cmd()" in [row[0] for row in rows], rows[-1][0]) == (True, "(none)")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("hidden", ["dark", "holding_page", "amounts_hidden"])
@pytest.mark.parametrize("path", FORMS)
def test_a_hidden_appeal_has_no_scoreboard_in_any_form(client: FlaskClient, change, path: str, hidden: str) -> None:
    assert client.get(path).status_code == 200
    change(SLUG, visibility=hidden)
    answer = client.get(path)
    assert (answer.status_code, "London" in answer.text) == (404, False)


@pytest.mark.parametrize("path", FORMS)
def test_an_appeal_without_areas_or_an_unknown_one_has_none(client: FlaskClient, path: str) -> None:
    for slug in ("hands-off-ali", "no-such-appeal"):
        assert client.get(path.replace(SLUG, slug)).status_code == 404


def test_of_a_discreet_appeal_only_the_snapshot_is_told(client: FlaskClient, change) -> None:
    # given a discreet appeal with its snapshot
    change(SLUG, discreet=True)
    receive_in_three(SLUG, gbp("58.00"), area_id=area("London"))
    publish(SLUG)
    before = [client.get(path).data for path in FORMS]
    assert raised() == {"London": 5000}
    # when other donations come, then nothing changes before the tick
    receive_in_three(SLUG, gbp("500.00"), area_id=area("Wales"))
    assert [client.get(path).data for path in FORMS] == before
    publish(SLUG)
    assert raised() == {"London": 5000, "Wales": 50000}
    assert (adds_up(client), board().rest) == (True, Money(500, "GBP"))
    # and a lone one for an area moves neither the area nor the whole
    receive(SLUG, gbp("900.00"), area_id=area("London"))
    publish(SLUG)
    assert raised() == {"London": 5000, "Wales": 50000}
    assert board().rest == Money(500, "GBP")


def test_the_frame_is_light_and_speaks_the_language_asked_for(client: FlaskClient) -> None:
    page = client.get(f"/embed/{SLUG}/scoreboard?lang=ru&theme=dark&accent=a3201a")
    assert ('lang="ru"' in page.text, 'data-theme="dark"' in page.text, "Set-Cookie" in page.headers) == (
        True,
        True,
        False,
    )
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert weight(client, page.text) <= 20_000
    assert len(gzip.compress(client.get(f"{PAGE}/areas").data)) <= 2_500
    assert weight(client, client.get(PAGE).text) <= 60_000
