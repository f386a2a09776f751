"""A donor sees, downloads and erases their own data by a mailed link, and a request never reveals who gave."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from donations import audit, data_requests, database, ledger, privacy, receipts
from donations.data_requests import links
from donations.database import write_unit
from donations.errors import BadLink
from donations.extensions import db
from donations.models import (
    Appeal,
    AuditRecord,
    Donation,
    DonationCheck,
    Entry,
    Mail,
    Payment,
    Receipt,
    StripeEvent,
    Subscriber,
    Throttle,
)
from donations.reconciliation.posting_stop.source_entries import rebook
from donations.worker.erasure import erase_personal_data
from tests.data_request_steps import MAYA, NAME, WORDS, ask, fill_in, follow, give, link_in, pay, send_all, typed
from tests.factories import a_donation
from tests.fixtures.outside import MailServer
from tests.fixtures.settings import environ_for

OTHER, STRANGER, DAY = "timur@example.org", "nobody@example.org", timedelta(days=1)


@pytest.fixture
def environ(database_url: str, mail_server: MailServer) -> dict[str, str]:
    return {**environ_for(database_url), "SMTP_URL": mail_server.url}


@pytest.fixture
def at() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def link(app: Flask) -> str:
    """What Maya's mailbox gets."""
    return f"/your-data/{data_requests.link_token(MAYA)}"


def lived(at: datetime) -> None:
    give("maya-1", at - 3 * DAY)
    give("timur-1", at - 3 * DAY, email=OTHER, name="Timur Other")
    follow("maya-1", at)
    fill_in(at)


def erase(client: FlaskClient, link: str) -> str:
    answer = client.post(f"{link}/erase", data={"read": "y"})
    assert answer.status_code == 200
    db.session.rollback()
    return answer.text


def test_a_known_and_an_unknown_address_get_the_same_answer_and_only_the_first_a_mail(
    app: Flask, client: FlaskClient, mail_server: MailServer, at: datetime
) -> None:
    lived(at)
    send_all(datetime.now(UTC) + timedelta(minutes=1))
    before = len(mail_server.mails)
    token = client.get("/your-data").text.partition('name="token" value="')[2].partition('"')[0]
    answers = [
        client.post("/your-data", data={"email": email, "token": token}) for email in (MAYA.upper(), STRANGER)
    ]  # fmt: skip
    assert len({(one.status_code, one.data) for one in answers}) == 1
    # what is queued of the two differs in nothing but the address, and what is written of the unknown one is gone
    assert db.session.query(Mail).filter_by(kind="data_link", state="due").count() == 2
    db.session.rollback()
    send_all(datetime.now(UTC) + timedelta(minutes=1))
    assert [mail["To"] for mail in mail_server.mails[before:]] == [MAYA.upper()]
    db.session.rollback()
    assert [one.state for one in db.session.query(Mail).filter_by(kind="data_link")] == ["sent"]
    assert all(
        STRANGER not in str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table))
    )
    # and the link, which holds no name, opens the page
    path = link_in(mail_server.mails[-1])
    assert MAYA not in path
    page = client.get(path)
    assert page.status_code == 200
    assert NAME in page.text


@pytest.mark.databases("sqlite")
def test_an_address_gets_one_link_an_hour_and_a_network_ten(app: Flask, client: FlaskClient) -> None:
    assert [ask(client) for _ in range(3)] == [200] * 3
    assert db.session.query(Mail).filter_by(kind="data_link").count() == 1
    statuses = [ask(client, f"a{number}@example.org") for number in range(links.MAX_PER_NETWORK)]
    assert statuses.count(429) == 3
    assert ask(client, "b@example.org", address="198.51.100.7") == 200
    # the counts hold no names, and they go
    db.session.rollback()
    assert {len(row.key_hash) for row in db.session.query(Throttle)} == {32}
    erase_personal_data(datetime.now(UTC) + 31 * DAY)
    assert db.session.query(Throttle).count() == 0


@pytest.mark.databases("sqlite")
def test_after_an_hour_another_link_is_sent(app: Flask, at: datetime) -> None:
    for minutes, queued in ((0, 1), (59, 1), (61, 2)):
        with write_unit() as conn:
            data_requests.ask(conn, MAYA, "en", "203.0.113.7", at=at + timedelta(minutes=minutes))
        assert db.session.query(Mail).count() == queued


def test_the_page_shows_everything_and_nothing_of_others(
    app: Flask, client: FlaskClient, link: str, at: datetime
) -> None:
    lived(at)
    label = db.session.scalar(select(Receipt.label).join(Donation).where(Donation.reference == "maya-1"))
    db.session.rollback()
    page = client.get(link)
    for said in (MAYA, NAME, WORDS, str(label), "Almaty", "Updates by email", "Unsent forms"):
        assert said in page.text, said
    assert "<dt>City</dt>" in page.text
    assert "billing details" not in page.text
    assert "Timur" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers
    # the copies hold the same
    copy = client.get(f"{link}/copy.json")
    read = json.loads(copy.text)
    assert copy.headers["Content-Disposition"].startswith("attachment")
    assert read["donations"][0]["name"] == NAME
    assert read["donations"][0]["amount"] == {"minor": 2000, "currency": "GBP"}
    assert read["told_by_stripe"][0]["details"]["billing_details.address.city"] == "Almaty"
    assert [read[part] != [] for part in ("subscriptions", "forms", "mails")] == [True] * 3
    readable = client.get(f"{link}/copy.html").text
    assert WORDS in readable
    assert "<script" not in readable
    assert "Timur" not in copy.text + readable


def test_erasing_takes_all_of_it_and_the_books_stay(app: Flask, client: FlaskClient, link: str, at: datetime) -> None:
    lived(at)
    with write_unit() as conn:
        conn.execute(db.update(Mail).values(state="parked"))
    entries = db.session.query(Entry).count()
    event_id = db.session.scalar(select(StripeEvent.id).where(StripeEvent.email_hash == hash_at_stripe(MAYA)))
    payload = db.session.scalar(select(Receipt.payload).join(Donation).where(Donation.reference == "maya-1"))
    # when she has not confirmed that she has read the consequences, nothing is erased
    assert client.post(f"{link}/erase").status_code == 422
    assert not data_requests.find(MAYA).is_empty
    db.session.rollback()
    page = erase(client, link)
    # then nothing is left of her, and all of the other donor
    assert "Your data is erased" in page
    assert "still needs" not in page
    assert data_requests.find(MAYA).is_empty
    assert "We keep nothing under" in client.get(link).text
    gone, there = Donation.by_reference("maya-1"), Donation.by_reference("timur-1")
    assert [gone.name_sealed, gone.email_sealed, gone.email_hash, gone.message_sealed] == [None] * 4
    assert all((there.name_sealed, there.email_hash))
    assert db.session.get_one(StripeEvent, event_id).payload_sealed is None
    assert db.session.query(StripeEvent).filter(StripeEvent.payload_sealed.is_not(None)).count() == 1
    assert db.session.query(Subscriber).one().email_sealed is None
    assert db.session.query(DonationCheck).count() == 0
    named = [one for one in db.session.query(Receipt) if one.person_sealed]
    assert [receipts.person_of(one) for one in named] == ["Timur Other"]
    assert [one.recipient_sealed is None for one in db.session.query(Mail).order_by(Mail.created_at)].count(True) == 1
    assert_the_books_are_as_before(gone, payload, entries, at)


def assert_the_books_are_as_before(gone: Donation, payload: str | None, entries: int, at: datetime) -> None:
    """Amount, day and fund stay, the receipt is still true, and replaying and converging write nothing new."""
    assert (gone.amount_minor, gone.state, gone.allocations[0].amount_minor) == (2000, "paid", 2000)
    receipt = db.session.scalars(select(Receipt).where(Receipt.donation_id == gone.id)).one()
    assert (receipt.state, receipt.payload) == ("live", payload)
    db.session.rollback()
    with write_unit() as conn:
        for payment_id in conn.scalars(select(Payment.id)).all():
            rebook(conn, ("payment", payment_id), actor="cli:test", at=at)
    assert db.session.query(Entry).count() == entries
    assert ledger.check(db.session.connection(), at).findings == ()
    row = db.session.query(AuditRecord).order_by(AuditRecord.id.desc()).first()
    assert row is not None
    assert (row.actor, row.act) == ("donor", "personal_data.erased")
    assert MAYA not in json.dumps(row.details)
    assert audit.verify(db.session.connection()) is None


def hash_at_stripe(email: str) -> bytes:
    return privacy.lookup_hash(email, "event email")


def test_what_a_payment_on_its_way_needs_is_erased_when_its_receipt_is_sent(
    app: Flask, client: FlaskClient, link: str, mail_server: MailServer
) -> None:
    now = datetime.now(UTC)
    give("maya-1", now, paid=False)
    assert "still needs" in erase(client, link)
    assert Donation.by_reference("maya-1").email_sealed is not None
    erase_personal_data(now + timedelta(minutes=10))
    db.session.rollback()
    assert Donation.by_reference("maya-1").email_sealed is not None
    # when the money comes, she gets the receipt, and then everything goes without being asked again
    pay("maya-1", now)
    send_all(now + timedelta(hours=1))
    assert [mail["To"] for mail in mail_server.mails] == [MAYA]
    erase_personal_data(now + timedelta(hours=1))
    db.session.rollback()
    assert Donation.by_reference("maya-1").email_sealed is None
    assert db.session.query(Receipt).one().person_sealed is None
    assert db.session.query(Mail).one().recipient_sealed is None


@pytest.mark.databases("sqlite")
def test_what_never_arrives_is_not_awaited_for_ever(app: Flask, client: FlaskClient, link: str, at: datetime) -> None:
    with write_unit():
        give_by_transfer(at)
    erase(client, link)
    for days, there in ((29, True), (31, False)):
        erase_personal_data(at + days * DAY)
        db.session.rollback()
        assert (Donation.by_reference("by-bank").email_sealed is not None) is there


def give_by_transfer(at: datetime) -> None:
    a_donation(Appeal.any_by_slug("hands-off-ali"), at=at, reference="by-bank", source="bank", **typed("by-bank"))


def test_an_event_that_nobody_has_handled_is_erased_once_it_is(
    app: Flask, client: FlaskClient, link: str, at: datetime
) -> None:
    lived(at)
    with write_unit() as conn:
        conn.execute(db.update(StripeEvent).values(state="due", next_attempt_at=at))
    assert "still needs" in erase(client, link)
    mine = select(StripeEvent).where(StripeEvent.email_hash == hash_at_stripe(MAYA))
    assert db.session.scalars(mine).one().payload_sealed is not None
    with write_unit() as conn:
        conn.execute(db.update(StripeEvent).values(state="handled"))
    erase_personal_data(at + timedelta(minutes=10))
    db.session.rollback()
    assert db.session.scalars(mine).first() is None


@pytest.mark.databases("sqlite")
def test_who_typed_an_address_at_stripe_only_is_found_too(app: Flask, client: FlaskClient, at: datetime) -> None:
    give("typed-at-stripe", at - DAY)
    with write_unit() as conn:
        conn.execute(db.update(Donation).values(email_sealed=None, email_hash=None))
    found = data_requests.find(MAYA)
    assert [one.reference for one in found.donations] == ["typed-at-stripe"]
    # also by an event that came before its address was hashed
    with write_unit() as conn:
        conn.execute(db.update(StripeEvent).values(email_hash=None))
    assert data_requests.find(MAYA).told_by_stripe == found.told_by_stripe
    assert data_requests.find(STRANGER).is_empty
    # but never the donation of a person who typed another address with us
    with write_unit() as conn:
        conn.execute(db.update(Donation).values(email_hash=privacy.lookup_hash(OTHER, "email")))
    assert data_requests.find(MAYA).donations == ()


@pytest.mark.databases("sqlite")
def test_a_link_works_for_a_day_for_its_address_and_is_not_to_be_made_up(
    app: Flask, client: FlaskClient, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get(link).status_code == 200
    for wrong in (link[:-1], f"{link}x", "/your-data/x", f"/your-data/{'x' * 200}"):
        assert client.get(wrong).status_code == 404
        assert client.post(f"{wrong}/erase", data={"read": "y"}).status_code == 404
    monkeypatch.setattr("donations.tokens.DATA_REQUEST_LIFETIME_SECONDS", -1)
    assert client.get(link).status_code == 404
    with pytest.raises(BadLink):
        data_requests.email_of(link.rpartition("/")[2])


@pytest.mark.databases("sqlite")
def test_not_a_byte_of_it_is_left_in_the_files_of_sqlite_after_the_next_run(
    app: Flask, client: FlaskClient, link: str, at: datetime
) -> None:
    lived(at)
    donation = Donation.by_reference("maya-1")
    sealed = [donation.name_sealed, donation.email_sealed, donation.message_sealed]
    sealed += [db.session.scalars(select(Receipt.person_sealed).where(Receipt.donation_id == donation.id)).one()]
    sealed += [db.session.scalars(select(DonationCheck.fields_sealed)).one()]
    erase(client, link)
    erase_personal_data(datetime.now(UTC))
    assert database.truncate_wal()
    file = app.config["SETTINGS"].database_file
    bytes_there = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert all(value and value not in bytes_there for value in sealed)
