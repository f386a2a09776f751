"""The promises under Privacy, checked against everything the database holds and every page there is: no name can be
read, no visitor is recorded, secrets are on no page, and no page asks for a card."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations.appeals import subscribers
from donations.database import write_unit
from donations.extensions import db
from donations.giving import messages
from donations.models import Donation, Subscriber
from donations.web.headers import kind_of
from donations.worker.subscribers import mail_subscribers
from tests import events
from tests.reconciliation.steps import a_gift
from tests.web.conftest import Give
from tests.web.staff.conftest import NOON, Browser, clock, join
from tests.web.treasury.branch_return_steps import Branch
from tests.web.treasury.conftest import branch, signed_in, treasurer

__all__ = ["branch", "clock", "join", "signed_in", "treasurer"]
NAME, EMAIL, MESSAGE, CARD = "Zuleika Quillfeather", "zuleika@quill.example", "Ravenous courage", "4242424242424242"
# What only its owner's link opens, and files that are the same for all.
PERSONAL = {"token", "check_code", "filename"}
VALUES = {"slug": "hands-off-ali", "language": "ru", "colour": "a3201a", "number": "1"}
LOOKER = {"User-Agent": "Watchful/7", "Referer": "https://elsewhere.example/who?reader=xyzzy", "Cookie": "id=xyzzy"}
LOOKERS_ADDRESS = "192.0.2.77"


def everything() -> dict[str, list[str]]:
    """Every row of every table, as text. Bytes are read as the letters that they hold."""
    events.fresh()
    return {
        table.name: sorted(str([_letters(value) for value in row]) for row in db.session.execute(select(table)))
        for table in db.metadata.sorted_tables
    }


def _letters(value: object) -> object:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def holding(*needles: str) -> list[tuple[str, str]]:
    """(table, needle) of each text that can be read in it."""
    return [
        (table, needle)
        for table, rows in everything().items()
        for needle in needles
        if any(needle.casefold() in row.casefold() for row in rows)
    ]


def paths(app: Flask, belongs: Callable[[str], bool]) -> Iterator[str]:
    """The address of each page that is shown without a private link, of the routes that belong there."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and belongs(rule.endpoint) and not rule.arguments & PERSONAL:
            yield re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda part: VALUES.get(part[1], "1"), str(rule.rule))


def is_public(endpoint: str) -> bool:
    return kind_of(endpoint) not in ("staff", "static", "machine")


def paid(client: FlaskClient, give: Give, **typed: Any) -> str:
    """A donation with a name, an address and a message, that has come by card. Returns its reference."""
    known = set(db.session.scalars(select(Donation.reference)))
    give(name=NAME, email=EMAIL, message=MESSAGE, updates="y", **typed)
    (reference,) = set(db.session.scalars(select(Donation.reference))) - known
    details = {"name": NAME, "email": EMAIL, "address": None, "phone": None}
    assert events.deliver(client, events.succeeded(reference, billing_details=details)).status_code == 200
    return reference


def test_no_name_address_or_message_can_be_read_in_the_database(
    client: FlaskClient, give: Give, fill_in: Give, branch: Branch
) -> None:
    # given donors by card, by hand and beside a form that is never sent on, one who follows, and a branch
    paid(client, give)
    fill_in(name=NAME, email=EMAIL, message=MESSAGE)
    a_gift(2500, "bank")
    mail_subscribers(datetime.now(UTC))
    with write_unit():
        subscribers.confirm(db.session.scalars(select(Subscriber)).one(), datetime.now(UTC))
    branch.hands_in(handed_in_by=NAME, first_counter=f"{NAME} the elder", second_counter=f"{NAME} the younger")
    # when everything that is kept is read
    kept = everything()
    # then there is something of each, and nothing of them can be read
    for table in ("donation", "donation_check", "stripe_event", "receipt", "mail", "subscriber", "branch_return"):
        assert kept[table], table
    assert holding("Zuleika", "Quillfeather", "quill.example", "Ravenous", "Maya", "maya@example.org") == [
        row for row in holding("Maya") if row[0] in TOLD_BY_THE_HOUSE
    ]


# The texts of the demonstration's own appeals.
TOLD_BY_THE_HOUSE = {"appeal", "appeal_wording", "fund", "organisation"}


def test_the_search_would_find_a_name(client: FlaskClient, give: Give) -> None:
    reference = paid(client, give)
    with write_unit():
        Donation.by_reference(reference).name_sealed = NAME.encode()

    assert holding("quillfeather") == [("donation", "quillfeather")]


@pytest.mark.databases("sqlite")
def test_who_looks_leaves_no_trace(app: Flask, client: FlaskClient, give: Give) -> None:
    # given all that is kept
    paid(client, give)
    before = everything()
    # when a visitor looks at every page there is
    looked_at = list(paths(app, is_public))
    for path in looked_at:
        client.get(path, headers=LOOKER, environ_base={"REMOTE_ADDR": LOOKERS_ADDRESS})
    # then nothing has changed, nothing has come but the site that showed a frame, and no visitor is known
    assert len(looked_at) > 30
    after = everything()
    sites = after.pop("embedding_site"), before.pop("embedding_site")
    assert after == before
    assert [len(rows) for rows in sites] == [1, 0]
    assert not re.search(f"xyzzy|who|Watchful|{re.escape(LOOKERS_ADDRESS)}", sites[0][0])


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("display", ["secret", "name"])
def test_a_name_that_is_to_stay_secret_is_on_no_page_of_the_public_or_of_organisers(
    app: Flask, client: FlaskClient, give: Give, signed_in: Callable[..., Browser], display: str
) -> None:
    # given a donation whose message is shown, with or without its name
    reference = paid(client, give, display=display)
    with write_unit():
        messages.approve(reference, by="a treasurer", at=NOON)
    # when the public and an organiser look at everything that they may see
    organiser = signed_in("organiser")
    told = {path: client.get(path).data.decode(errors="replace") for path in paths(app, is_public)}
    told |= {path: organiser.get(path).text for path in paths(app, lambda endpoint: kind_of(endpoint) == "staff")}
    # then the message is there, and the name only where its donor wants it
    assert MESSAGE in told["/appeals/hands-off-ali"]
    named = [path for path, page in told.items() if "Quillfeather" in page or "quill.example" in page]
    assert ("/appeals/hands-off-ali" in named) == (display == "name")
    assert display == "name" or named == []


@pytest.mark.databases("sqlite")
def test_no_page_asks_for_a_card_and_one_that_is_sent_all_the_same_is_not_kept(
    app: Flask, client: FlaskClient, give: Give
) -> None:
    for path in paths(app, is_public):
        page = client.get(path)
        if page.mimetype == "text/html":
            assert not re.search(r'autocomplete="cc-|name="(?:card|cvc|cvv|number_of_card)', page.text), path

    give(card_number=CARD, cvc="123", **{"card[number]": CARD})

    assert holding(CARD) == []
