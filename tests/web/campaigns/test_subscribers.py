"""Who follows an appeal by mail: asked, confirmed by double opt-in, told once, ended by one click."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import appeals, mailer, tokens, worker
from donations.appeals import subscribers
from donations.database import write_unit
from donations.extensions import db
from donations.models import Appeal, AppealUpdate, Donation, Subscriber
from donations.worker.subscribers import erase_subscribers, mail_subscribers
from tests.events import a_charge, hear
from tests.factories import gbp
from tests.web.campaigns.steps import MAYA, follow, mails, only, pay, post, write, written
from tests.web.conftest import Give
from tests.web.staff.conftest import Browser


def test_who_ticks_the_box_is_asked_once_when_the_gift_has_come(give: Give, client: FlaskClient, clock: Any) -> None:
    # given a donation with an address and the box ticked, sent twice
    for _ in range(2):
        assert give(email=MAYA, updates="y").status_code == 303
    row = only(Subscriber)
    assert row.state == "asked"
    assert MAYA.encode() not in row.email_sealed
    # when nothing has been paid, no mail is sent
    mail_subscribers(datetime.now(UTC))
    assert mails("follow_confirm") == []
    # when it has, one mail goes out, that names nothing in its subject
    pay()
    for _ in range(2):
        mail_subscribers(datetime.now(UTC))
    (mail,) = mails("follow_confirm")
    message = written(mail, datetime.now(UTC))
    assert message["To"] == MAYA
    assert "Ali" not in message["Subject"]
    # then its link asks, and its button says yes
    link = re.search(r"/subscribers/confirm/\S+", message.get_body(("plain",)).get_content())
    assert link
    assert client.get(link[0]).status_code == 200
    assert only(Subscriber).state == "asked"
    assert client.post(link[0]).status_code == 200
    assert only(Subscriber).state == "confirmed"
    assert client.post(link[0]).status_code == 200


@pytest.mark.databases("sqlite")
def test_the_box_needs_an_address_and_without_it_nobody_follows(give: Give) -> None:
    answer = give(updates="y")
    assert answer.status_code == 422
    assert "Enter your email address to get updates" in answer.text
    assert give(email=MAYA).status_code == 303
    assert db.session.scalars(select(Subscriber)).all() == []


@pytest.mark.databases("sqlite")
def test_the_box_ticked_goes_along_through_the_check(client: FlaskClient, fill_in: Give) -> None:
    page = client.get(fill_in(email=MAYA, updates="y").location).text

    assert "once you have confirmed your address" in page


@pytest.mark.parametrize("paid", [0, 1, 2])
def test_a_donation_that_is_never_paid_takes_no_updates_away_from_one_that_was(
    give: Give, app: Flask, paid: int
) -> None:
    # given three donations of one address with the box ticked, begun before any of them has come
    for _ in range(3):
        give(email=MAYA, updates="y")
    references = list(db.session.scalars(select(Donation.reference).order_by(Donation.id)))
    # when one of them comes, whichever it is
    hear(a_charge(references[paid], gbp("20.00")))
    for _ in range(2):
        mail_subscribers(datetime.now(UTC))
    # then its address is asked, once
    assert len(mails("follow_confirm")) == 1


def test_a_donation_begun_after_a_paid_one_takes_no_updates_away(give: Give, app: Flask) -> None:
    # given one that was paid, and another that is begun before the worker has looked
    give(email=MAYA, updates="y")
    pay()
    give(email=MAYA, updates="y")
    # when it looks
    mail_subscribers(datetime.now(UTC))
    # then the address is asked all the same
    assert len(mails("follow_confirm")) == 1


def test_a_donation_beside_which_nobody_asked_brings_no_mail(give: Give, app: Flask) -> None:
    give(email=MAYA, updates="y")
    give(email=MAYA)
    references = list(db.session.scalars(select(Donation.reference).order_by(Donation.id)))
    hear(a_charge(references[1], gbp("20.00")))
    mail_subscribers(datetime.now(UTC))
    assert mails("follow_confirm") == []


def test_an_update_is_mailed_once_to_each_who_said_yes_and_to_nobody_else(organiser: Browser, app: Flask) -> None:
    # given who follows, in two languages, who ended it, and who follows another appeal
    for number in range(3):
        follow(f"m{number}@example.org", language="ru" if number else "en")
    gone = follow("gone@example.org")
    follow("other@example.org", slug="fighting-fund")
    with write_unit():
        subscribers.end(db.session.get_one(Subscriber, gone.id), datetime.now(UTC))
    # when an update is posted, and the worker looks twice
    post(organiser, write(organiser))
    for _ in range(2):
        mail_subscribers(datetime.now(UTC))
    # then each has one mail, in their language, which one click ends
    messages = [written(mail, datetime.now(UTC)) for mail in mails("update")]
    assert sorted(message["To"] for message in messages) == ["m0@example.org", "m1@example.org", "m2@example.org"]
    for message in messages:
        assert "Ali" not in message["Subject"]
        assert "Али" not in message["Subject"]
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert re.fullmatch(r"<http\S+/subscribers/unsubscribe/\S+>", message["List-Unsubscribe"])
    bodies = {message["To"]: message.get_body(("plain",)).get_content() for message in messages}
    assert "He is out" in bodies["m0@example.org"]
    assert "Он на воле" in bodies["m1@example.org"]
    assert only(AppealUpdate).mailed_at is not None


def test_batches_reach_everybody_once(organiser: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "BATCH", 2)
    for number in range(5):
        follow(f"m{number}@example.org")
    post(organiser, write(organiser))

    mail_subscribers(datetime.now(UTC))

    assert len(mails("update")) == 5


def test_one_click_ends_it_without_a_sign_in_and_erases_the_address(
    organiser: Browser, client: FlaskClient, app: Flask
) -> None:
    # given a mail that is queued already
    row = follow()
    post(organiser, write(organiser))
    mail_subscribers(datetime.now(UTC))
    path = f"/subscribers/unsubscribe/{tokens.for_ending(row.reference)}"
    # when its page is only opened, nothing changes
    assert client.get(path).status_code == 200
    assert only(Subscriber).state == "confirmed"
    # when a mail program posts its one click, twice
    for _ in range(2):
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    # then no address is kept, and queued mail does not go out
    ended = only(Subscriber)
    assert (ended.state, ended.email_sealed, ended.email_hash) == ("ended", None, None)
    worker.queues.send_mails(datetime.now(UTC))
    assert mails("update") == []
    assert "Set-Cookie" not in client.get(path).headers


@pytest.mark.parametrize("path", ["/subscribers/unsubscribe/x", "/subscribers/confirm/x"])
@pytest.mark.databases("sqlite")
def test_a_link_that_is_not_ours_opens_nothing(client: FlaskClient, app: Flask, path: str) -> None:
    row = follow()
    others = (tokens.for_return(row.reference), tokens.for_receipt(row.reference))
    for bad in (path, *(path.replace("x", token) for token in others)):
        assert client.get(bad).status_code == 404
        assert client.post(bad).status_code == 404
    assert client.put(path).status_code == 405


def test_a_link_to_say_yes_is_good_for_two_weeks_and_then_the_address_goes(
    give: Give, client: FlaskClient, clock: Any
) -> None:
    give(email=MAYA, updates="y")
    path = f"/subscribers/confirm/{tokens.for_confirming(only(Subscriber).reference)}"
    clock.shift(timedelta(days=15))

    assert client.post(path).status_code == 404
    assert erase_subscribers(datetime.now(UTC)) == 1
    assert only(Subscriber).email_sealed is None


def test_an_appeal_that_is_hidden_tells_nothing_until_it_is_shown_again(organiser: Browser, app: Flask) -> None:
    follow()
    post(organiser, write(organiser))
    with write_unit():
        appeals.hide(Appeal.any_by_slug("hands-off-ali"), "dark", datetime.now(UTC))
    mail_subscribers(datetime.now(UTC))
    assert mails("update") == []

    with write_unit():
        appeals.show(Appeal.any_by_slug("hands-off-ali"), datetime.now(UTC))
    mail_subscribers(datetime.now(UTC))

    assert len(mails("update")) == 1


def test_the_mail_that_asks_about_a_discreet_appeal_does_not_name_it(give: Give, app: Flask, clock: Any) -> None:
    give("campaign-kazakhstan", email=MAYA, updates="y")
    pay()
    mail_subscribers(datetime.now(UTC))

    message = written(mails("follow_confirm")[0], datetime.now(UTC))

    assert "Kozlov" not in str(message)
    assert "kazakhstan" not in str(message).lower()


def test_a_long_link_to_end_it_is_not_broken_on_its_way(organiser: Browser, app: Flask) -> None:
    # given an update, and an installation with a long name
    follow()
    post(organiser, write(organiser))
    mail_subscribers(datetime.now(UTC))
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, public_url=f"https://{'a-long-name.' * 5}example.org")
    # when the mail is written for the wire
    wire = mailer.compose(mails("update")[0], datetime.now(UTC)).as_bytes()
    # then the link is there letter by letter, and every line may be sent
    assert re.search(rb"\r\nList-Unsubscribe: <https://a-long-name\S+/subscribers/unsubscribe/\S+>\r\n", wire)
    assert max(len(line) for line in wire.split(b"\r\n")) < 998
