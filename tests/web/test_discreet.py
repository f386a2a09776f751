"""Discreet mode, on every public address there is: between two ticks nothing that happens to a donation changes a byte
or a header of any public answer. A new route is walked as well."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from donations.database import write_unit
from donations.extensions import db
from donations.giving import messages
from donations.models import Donation
from donations.web.headers import kind_of
from donations.worker import jobs
from tests import events
from tests.factories import NOON, gbp
from tests.totals.steps import receive
from tests.web.conftest import Give

pytestmark = pytest.mark.databases("sqlite")  # What is sent is looked at, which no database changes.
TOLD_BEFORE = 12
SECRET, OPEN = "campaign-kazakhstan", "hands-off-ali"
BETWEEN, NEXT = NOON + timedelta(minutes=5), NOON + timedelta(minutes=15)
PERSONAL = {"token", "check_code", "filename"}  # Links that only their owner has, and files that are the same for all.
VARIANTS: dict[str, dict[str, str]] = {
    "plain": {},
    "squeezed": {"Accept-Encoding": "gzip"},
    "for htmx": {"HX-Request": "true"},
    "unless changed since": {"If-Modified-Since": "Sat, 21 Nov 2026 12:04:00 GMT"},
}
QUERIES = ("messages=2", "page=2", "lang=ru", "amount=20&display=name", "nocache=1")
Seen = dict[str, tuple[int, list[tuple[str, str]], bytes]]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    """It stands still: what differs then is a leak."""
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


class World:
    """Supporters who give and are refunded through the real form and the real webhook."""

    def __init__(self, client: FlaskClient, give: Give, slug: str) -> None:
        self.client, self.post, self.slug = client, give, slug

    def begins(self, amount: str = "50", **typed: Any) -> str:
        known = set(db.session.scalars(select(Donation.reference)))
        assert self.post(self.slug, amount=amount, **typed).status_code == 303
        (new,) = set(db.session.scalars(select(Donation.reference))) - known
        return new

    def gives(self, amount: str = "50", **typed: Any) -> tuple[str, dict[str, Any]]:
        """Gives the reference and the charge."""
        reference = self.begins(amount, **typed)
        charge = events.charge(reference, int(amount) * 100)
        self.hears("charge.succeeded", charge)
        return reference, charge

    def takes_back(self, charge: dict[str, Any]) -> None:
        refund = {"id": events.new_id("re"), "object": "refund", "amount": charge["amount"], "currency": "gbp"}
        refund |= {"charge": charge["id"], "status": "succeeded", "created": int(NOON.timestamp())}
        self.hears("refund.created", refund)

    def hears(self, type: str, about: dict[str, Any]) -> None:
        answer = events.deliver(self.client, events.event(type, about))
        assert (answer.status_code, answer.json) == (200, {"handled": True})

    def approves(self, reference: str) -> None:
        with write_unit():
            messages.approve(reference, by="a treasurer", at=BETWEEN)


Happening = Callable[[World, dict[str, Any]], object]
WORDS = {"name": "Maya Example", "display": "name"}


def _approved_donation(world: World, _early: dict[str, Any]) -> None:
    world.approves(world.gives(message="Hold on, friends.", **WORDS)[0])


def _donation_reversed(world: World, _early: dict[str, Any]) -> None:
    world.takes_back(world.gives("500")[1])


def _message_of_before(world: World, early: dict[str, Any]) -> None:
    reference = early["metadata"]["donation"]
    assert messages.find(reference).state == "approved"
    world.takes_back(early)


HAPPENINGS: dict[str, Happening] = {
    "a gift": lambda world, _: world.gives("500", message="Hold on.", **WORDS),
    "a gift that is only begun": lambda world, _: world.begins(message="Hold on.", **WORDS),
    "a gift whose message is approved": _approved_donation,
    "a gift that is taken back at once": _donation_reversed,
    "an earlier gift is taken back, and with it a message": _message_of_before,
}


def told_before(world: World) -> dict[str, Any]:
    """Enough donations that their number is shown, one of them with a message, and a tick. Returns the charge of that
    one."""
    for _ in range(TOLD_BEFORE - 1):
        receive(world.slug, gbp("20.00"))
    reference, charge = world.gives("100", message="We think of you.", name="Anna Early", display="initials")
    world.approves(reference)
    jobs.publish_totals(NOON)
    return charge


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_between_two_ticks_no_public_byte_tells_of_a_gift(
    app: Flask, client: FlaskClient, give: Give, clock: time_machine.Coordinates, happening: str
) -> None:
    # given a discreet appeal with its snapshot, and all that the public can fetch
    world = World(client, give, SECRET)
    early = told_before(world)
    clock.move_to(BETWEEN)
    before = everything_public(app, client, SECRET)
    assert "We think of you." in said(before, f"/appeals/{SECRET}")
    # when something happens to a donation
    HAPPENINGS[happening](world, early)
    # then not a byte of it is another one
    assert differences(before, everything_public(app, client, SECRET, known=before)) == []


def test_the_tick_tells_of_gifts_and_their_messages(
    app: Flask, client: FlaskClient, give: Give, clock: time_machine.Coordinates
) -> None:
    world = World(client, give, SECRET)
    told_before(world)
    clock.move_to(BETWEEN)
    before = everything_public(app, client, SECRET)
    _approved_donation(world, {})
    for _ in range(2):
        receive(world.slug, gbp("20.00"))
    jobs.publish_totals(NEXT)
    after = everything_public(app, client, SECRET)
    changed = differences(before, after)
    for path in ("/", "/ru/", *(f"{prefix}/appeals/{SECRET}{end}" for prefix in ("", "/ru") for end in ENDS)):
        for variant in VARIANTS:
            assert f"GET {path} ({variant})" in changed
    assert "£410.00" in said(after, f"/appeals/{SECRET}/total")
    assert "Maya Example" in said(after, f"/appeals/{SECRET}")


ENDS = ("", "/total", "/total.json")


def test_the_walk_would_see_a_gift(
    app: Flask, client: FlaskClient, give: Give, clock: time_machine.Coordinates
) -> None:
    # given an appeal that is not discreet, walked in the same way
    world = World(client, give, OPEN)
    told_before(world)
    clock.move_to(BETWEEN)
    before = everything_public(app, client, OPEN)
    # when a donation is paid
    world.gives("500")
    # then it is seen at every address that has the total, and only there
    changed = differences(before, everything_public(app, client, OPEN, known=before))
    assert {f"GET {path} (plain)" for path in ("/", f"/appeals/{OPEN}", f"/ru/appeals/{OPEN}/total")} <= set(changed)
    assert f"GET /appeals/{OPEN}/total (if other than known)" in changed
    assert "GET /about (plain)" not in changed


def test_hiding_a_message_does_not_wait_for_the_tick(client: FlaskClient, give: Give) -> None:
    world = World(client, give, SECRET)
    reference = told_before(world)["metadata"]["donation"]
    with write_unit():
        messages.hide(reference, by="a treasurer", at=BETWEEN)
    assert "We think of you." not in client.get(f"/appeals/{SECRET}").text


def everything_public(app: Flask, client: FlaskClient, slug: str, known: Seen | None = None) -> Seen:
    """All that anybody can fetch of this appeal or beside it. `known` are answers of before, whose ETag is sent."""
    seen: Seen = {}
    client.get("/staff/sign-in")  # The first page of staff that is looked at brings a session along; later ones do not.
    for path in public_paths(app, slug):
        for name, headers in VARIANTS.items():
            seen[f"GET {path} ({name})"] = whole(client.get(path, headers=headers))
        for query in QUERIES:
            seen[f"GET {path}?{query}"] = whole(client.get(f"{path}?{query}"))
        seen[f"HEAD {path}"] = whole(client.head(path))
        etag = dict((known or seen)[f"GET {path} (plain)"][1]).get("ETag")
        if etag:
            seen[f"GET {path} (if other than known)"] = whole(client.get(path, headers={"If-None-Match": etag}))
    # The form that is shown again with its errors is a page of the appeal, too.
    seen["POST the form, empty"] = whole(client.post(f"/appeals/{slug}/donations"))
    return seen


def public_paths(app: Flask, slug: str) -> list[str]:
    """Every address that answers GET and needs no secret. A new kind of part in an address needs a value here."""
    # The number of the receipt that the next donation will get: a guess must not reveal that it exists.
    guessed = {"label": f"R-{TOLD_BEFORE + 1:06d}", "code": "guessed", "charge_id": "1"}
    values = {
        "slug": slug,
        "language": "ru",
        "number": "1",
        "payout_id": "1",
        "colour": "a3201a",
        "rest": "1",
        **guessed,
    }
    paths = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            # What staff see asks for a sign-in, whatever happened; that is tried with each role.
            if "GET" in (rule.methods or ()) and not rule.arguments & PERSONAL and kind_of(rule.endpoint) != "staff":
                known = values | dict(rule.defaults or {})
                built = rule.build({name: known[name] for name in rule.arguments})
                assert built is not None, rule
                paths.append(built[1])
    assert {f"/appeals/{slug}/total", f"/ru/appeals/{slug}", "/", "/healthz"} <= set(paths)
    return sorted(paths)


def whole(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    """Without the token of a form, which is another one each time."""
    headers = sorted(pair for pair in answer.headers if pair[0] != "Content-Length")
    body = gzip.decompress(answer.data) if answer.content_encoding == "gzip" else answer.data
    return answer.status_code, headers, re.sub(rb'name="token" value="[^"]*"', b"", body)


def said(seen: Seen, path: str) -> str:
    return seen[f"GET {path} (plain)"][2].decode()


def differences(before: Seen, after: Seen) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
