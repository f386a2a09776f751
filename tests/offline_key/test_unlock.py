"""Work that waits for the offline key is listed, is done once it is unlocked, and its data is sealed again
afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from donations import data_keys, data_requests, facts, giving, inbox, privacy, receipts
from donations.data_keys import offline
from donations.database import write_unit
from donations.errors import OfflineKeyLocked
from donations.extensions import db
from donations.facts import Refund
from donations.giving import messages
from donations.models import (
    Appeal,
    Donation,
    Fund,
    Mail,
    OfflineRequest,
    OfflineUnlock,
    Payment,
    Receipt,
    StripeEvent,
)
from donations.offline_key import key_file, unlocks
from donations.reconciliation import donation_moves, to_do
from donations.staff import people, sessions
from donations.worker.erasure import erase_personal_data
from tests import events
from tests.data_request_steps import MAYA, NAME, WORDS, give, link_in, pay, send_all
from tests.factories import NOON, a_donation, gbp
from tests.fixtures.outside import MailServer, plain_text
from tests.offline_key.steps import KEY, counts, opened_by_the_machine, seal, turn_on, unlock, unlocked

LATER, DAY = NOON + timedelta(minutes=5), timedelta(days=1)
CARD = "c" * 20


@pytest.fixture
def sealed(app: Flask) -> None:
    """A card donation whose receipt was mailed and that is sealed since."""
    turn_on()
    give(CARD, NOON)
    with write_unit():
        messages.hide(CARD, by="tara", at=NOON)
    send_all(LATER)
    seal(LATER)
    assert counts()["donations"] == (1, 0)


def refund() -> None:
    """Stripe reports that half of it was refunded."""
    paid = db.session.query(Payment).one()
    told = Refund(events.new_id("re"), str(paid.charge_id), gbp("10.00"), "succeeded", LATER)
    with write_unit() as conn:
        known = facts.record_refund(conn, told, at=LATER)
        assert known is not None
        giving.settle(conn, known, at=LATER)


def mails() -> dict[str, str]:
    db.session.rollback()
    return {mail.kind: mail.state for mail in db.session.scalars(select(Mail).order_by(Mail.id))}


def test_a_receipt_that_is_replaced_meanwhile_is_mailed_once_the_key_is_unlocked(
    sealed: None, mail_server: MailServer
) -> None:
    refund()
    assert mails() == {"receipt": "sent", "receipt_replaced": "locked"}
    send_all(LATER + DAY)
    assert len(mail_server.mails) == 1
    newest = db.session.scalars(select(Receipt).where(Receipt.state == "live")).one()
    assert receipts.person_if_open(newest) == (None, True)
    with unlocked():
        assert receipts.person_of(newest) == NAME

    unlock(LATER + DAY)
    send_all(LATER + DAY)
    assert mails() == {"receipt": "sent", "receipt_replaced": "sent"}
    assert mail_server.recipients[-1] == [MAYA]
    assert NAME in plain_text(mail_server.mails[-1])
    # and then it is sealed again
    seal(LATER + DAY)
    assert counts()["donations"] == (1, 0)
    assert counts()["names on receipts"] == (2, 0)
    assert NAME not in str(opened_by_the_machine())
    with unlocked():
        assert receipts.person_of(db.session.get_one(Receipt, newest.id)) == NAME


def test_who_asks_for_their_data_is_answered_once_the_key_is_unlocked(sealed: None, mail_server: MailServer) -> None:
    for email in (MAYA, "nobody@example.org"):
        with write_unit() as conn:
            data_requests.ask(conn, email, "en", "203.0.113.7", at=LATER)
    send_all(LATER + timedelta(minutes=1))
    assert db.session.query(OfflineRequest).count() == 2
    assert MAYA not in str(opened_by_the_machine()["offline_request.email_sealed"])
    before = len(mail_server.mails)

    unlock(LATER + DAY)
    send_all(LATER + DAY)
    assert mail_server.recipients[before:] == [[MAYA]]
    assert db.session.query(OfflineRequest).count() == 0
    # and the link shows all of it without the key, for a week
    found = data_requests.find(data_requests.email_of(link_in(mail_server.mails[-1]).rsplit("/", 1)[1]))
    (donation,) = found.donations
    assert (donation.name, donation.email, donation.message) == (NAME, MAYA, WORDS)
    assert donation.receipts[0].name == NAME
    seal(LATER + 6 * DAY)
    assert counts()["donations"] == (0, 1)
    seal(LATER + 9 * DAY)
    assert counts()["donations"] == (1, 0)


def test_donations_are_found_by_their_address_with_the_key_only(sealed: None) -> None:
    assert data_requests.find(MAYA).donations == ()
    unlock(LATER)
    assert data_requests.find(MAYA).donations == ()
    with unlocked():
        found = data_requests.find(MAYA)
        assert [one.name for one in found.donations] == [NAME]
        assert [one.reference for one in found.told_by_stripe] == [CARD]
        assert receipts.of_donor(MAYA, 2026) != []


def test_what_was_erased_meanwhile_gets_no_mail(sealed: None, mail_server: MailServer) -> None:
    refund()
    with write_unit():
        donation = Donation.by_reference(CARD)
        donation.email_sealed = donation.name_sealed = None
    unlock(LATER + DAY)
    send_all(LATER + DAY)
    assert mails() == {"receipt": "sent"}
    assert len(mail_server.mails) == 1


def test_an_event_is_replayed_with_the_key_only(sealed: None) -> None:
    event_id = db.session.scalars(select(StripeEvent.id)).first()
    assert event_id is not None
    with pytest.raises(OfflineKeyLocked), write_unit() as conn:
        inbox.replay(conn, event_id, at=LATER)
    with unlocked(), write_unit() as conn:
        assert inbox.replay(conn, event_id, at=LATER)
    assert inbox.handle_due(event_id, at=LATER) == "handled"


def test_a_hidden_message_is_approved_with_the_key_only(sealed: None) -> None:
    assert messages.find(CARD).text == messages.LOCKED
    with pytest.raises(OfflineKeyLocked), write_unit():
        messages.approve(CARD, by="tara", at=LATER)
    with unlocked(), write_unit():
        messages.approve(CARD, by="tara", at=LATER)
    assert messages.opened(Donation.by_reference(CARD), "message") == WORDS


def test_the_machine_can_be_given_another_data_key(sealed: None) -> None:
    assert privacy.is_sealed_today(Donation.by_reference(CARD).name_sealed or b"") is False
    assert data_keys.needed(db.session.connection(), ["k1"])[""] == 0


def test_the_file_opens_with_its_passphrase_and_nothing_else() -> None:
    passphrase = "seven otters ferry lanterns upstream"
    written = key_file.written(KEY, passphrase)
    assert key_file.opened(written, passphrase) == KEY
    assert re.search(rb"07070707|BwcHBwc", written) is None
    for data, typed, error in (
        (written, passphrase + ".", "OfflineKeyNotOpened"), (b"a letter", passphrase, "NotAnOfflineKey"),
        (written[:-60], passphrase, "OfflineKeyNotOpened"), (written * 50, passphrase, "NotAnOfflineKey"),
    ):  # fmt: skip
        with pytest.raises(Exception) as raised:  # noqa: PT011 - its name is asked below
            key_file.opened(data, typed)
        assert type(raised.value).__name__ == error


def test_what_a_browser_has_unlocked_is_erased_when_its_time_is_over(app: Flask) -> None:
    with write_unit() as conn:
        person = people.invite(conn, "a@example.org", ["treasurer"], language="en", by="cli:test", at=NOON)
        session, key = sessions.begin(person, stage="full", place=b"x", browser="Firefox", at=NOON)
    turn_on()
    with write_unit() as conn:
        unlocks.begin(conn, session.id, key, KEY, until=NOON + unlocks.UNLOCKED_FOR)
    assert unlocks.read(session.id, key, NOON + timedelta(minutes=14)) == KEY
    assert unlocks.read(session.id, key, NOON + timedelta(minutes=15)) is None
    db.session.rollback()
    erase_personal_data(NOON + timedelta(minutes=15))
    assert db.session.query(OfflineUnlock).count() == 0


def test_who_typed_their_address_at_stripe_only_is_answered_too(app: Flask, mail_server: MailServer) -> None:
    turn_on()
    with write_unit():
        at_stripe = {"name_sealed": None, "email_sealed": None, "email_hash": None}
        a_donation(Appeal.any_by_slug("hands-off-ali"), at=NOON, reference=CARD, **at_stripe)
    pay(CARD, NOON)
    seal(LATER)
    with write_unit() as conn:
        data_requests.ask(conn, MAYA, "en", "203.0.113.7", at=LATER)
    send_all(LATER)
    assert [one["Subject"] for one in mail_server.mails] == []
    unlock(LATER + DAY)
    send_all(LATER + DAY)
    (mail,) = mail_server.mails
    found = data_requests.find(data_requests.email_of(link_in(mail).rsplit("/", 1)[1]))
    assert [one.reference for one in found.donations] == [CARD]
    assert len(found.told_by_stripe) == 1
    seal(LATER + 9 * DAY)
    assert counts()["events of Stripe"] == (1, 0)


def test_who_asks_three_times_gets_one_second_mail(sealed: None, mail_server: MailServer) -> None:
    for hours in range(3):
        with write_unit() as conn:
            data_requests.ask(conn, MAYA, "en", "203.0.113.7", at=LATER + timedelta(hours=2 * hours))
    assert len(to_do.of_kind(db.session.connection(), "locked_request", LATER)) == 1
    send_all(LATER + DAY)
    before = len(mail_server.mails)
    unlock(LATER + DAY)
    send_all(LATER + DAY)
    assert len(mail_server.mails) == before + 1


def test_a_request_that_this_key_does_not_open_holds_nothing_up(sealed: None) -> None:
    other = type(KEY)(b"\x08" * 32)
    with write_unit() as conn:
        sealed_to_it = offline.sealer(other.public)(MAYA, "offline_request:1:email")
        conn.execute(insert(OfflineRequest).values(id=1, email_sealed=sealed_to_it, language="en", asked_at=NOON))
    refund()
    unlock(LATER)
    assert mails()["receipt_replaced"] == "due"
    assert db.session.query(OfflineRequest).count() == 1


def test_a_message_that_waits_again_after_a_move_is_read_after_an_unlock(sealed: None) -> None:
    charge_id = str(db.session.query(Payment).one().charge_id)
    with write_unit() as conn:
        fund = db.session.scalars(select(Fund).where(Fund.slug == "kozlov")).one()
        donation_moves.move(conn, charge_id, fund, reason="a letter", actor="tara", at=LATER)
    assert messages.find(CARD).text == messages.LOCKED
    unlock(LATER)
    assert messages.find(CARD).text == WORDS
    seal(LATER)
    assert messages.find(CARD).text == WORDS
